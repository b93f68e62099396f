"""The site's addresses; /healthz is not here: covid.health answers it before the Host header is looked at."""

from django.contrib import admin
from django.urls import path

from covid import views

urlpatterns = [
    path("", views.home, name="home"),
    path("uncached/", views.ANONYMOUS["uncached"], name="uncached"),
    path("rows/", views.ANONYMOUS["rows"], name="rows"),
    path("cached/", views.ANONYMOUS["cached"], name="cached"),
    path("cached/table/", views.ANONYMOUS["table"], name="table"),
    path("compare/", views.compare, name="compare"),
    path("cache/clear/", views.clear, name="clear"),
    path("admin/", admin.site.urls),
]
