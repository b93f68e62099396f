"""The addresses on the loopback listener: the public ones, and the admin."""

from django.contrib import admin
from django.urls import path

from config.urls import urlpatterns as public

urlpatterns = [*public, path("admin/", admin.site.urls)]
