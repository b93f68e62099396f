"""The public addresses; config.admin_urls has those of the loopback listener.

/healthz is in neither: covid.health answers it before the Host header is looked at.
"""

from django.urls import path

from covid import compare, dashboard, home, views
from covid.levels import LEVELS

urlpatterns = [
    path("", home.home, name="home"),
    *(path(f"{level.name}/", views.at_level, {"level": level}, name=level.name) for level in LEVELS),
    path("cached/table/", views.table, name="table"),
    path("reports/", views.reports, name="reports"),
    path("compare/", compare.compare, name="compare"),
    path("cache/", dashboard.cache_page, name="cache"),
    path("cache/clear/", views.clear, name="clear"),
]
