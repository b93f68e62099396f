"""Settings for Django's usual ways to cache the page. PEER names the way; django_pages.py has the pages.

The middleware and the templates are the site's, without its short way to anonymous pages.
"""

import os

from config.settings import *  # noqa: F403  (a settings module is made of names)
from config.settings import CACHES, INSTALLED_APPS, MIDDLEWARE

PEER = os.environ["PEER"]
TTL = 3600  # seconds: nothing of theirs expires while it is measured

ROOT_URLCONF = "bench.contest.django_pages"
MIDDLEWARE = [name for name in MIDDLEWARE if name != "covid.anonymous.AnonymousPagesMiddleware"]
if PEER == "cache_page_gzip":
    MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *MIDDLEWARE]

_default = CACHES["default"]
_options = {name: value for name, value in _default["OPTIONS"].items() if name != "SERIALIZER"}
CACHES = {"default": _default | {"TIMEOUT": TTL, "KEY_PREFIX": PEER, "OPTIONS": _options}}

if PEER == "cachalot":
    INSTALLED_APPS = [*INSTALLED_APPS, "cachalot"]
    CACHALOT_TIMEOUT = TTL
if PEER == "cacheops":
    INSTALLED_APPS = [*INSTALLED_APPS, "cacheops"]
    CACHEOPS_REDIS = {
        "host": os.environ["CACHE_HOST"],
        "port": int(os.environ["CACHE_PORT"]),
        "password": os.environ["CACHE_PASSWORD"],
        "db": 1,
    }
    CACHEOPS = {"covid.*": {"ops": "all", "timeout": TTL}}
