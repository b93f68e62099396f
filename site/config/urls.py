"""The site's addresses; /healthz is not here: covid.health answers it before the Host header is looked at."""

from django.contrib import admin
from django.urls import path

from covid import views

urlpatterns = [
    path("", views.home, name="home"),
    path("uncached/", views.uncached, name="uncached"),
    path("cached/", views.cached, name="cached"),
    path("cache/clear/", views.clear, name="clear"),
    path("admin/", admin.site.urls),
]
