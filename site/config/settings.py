"""The site's settings. Whatever differs from host to host comes from the environment (environment.py)."""

import os
from pathlib import Path

from config import environment, metadata

environment.check()

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = False
SECRET_KEY = os.environ["SECRET_KEY"]
ADMIN_PASSWORD = os.environ["ADMIN_PASSWORD"]
ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS") + metadata.public_addresses("INSTANCE_METADATA")
ADMIN_BIND = environment.loopback("ADMIN_BIND")
TLS_PROXIES = environment.proxies("TLS_PROXIES")
RELEASE = os.environ.get("RELEASE", "")
ARTICLES = os.environ.get("ARTICLES", "")
DATABASE_CA, CACHE_CA = environment.authorities("DATABASE_CA"), environment.authorities("CACHE_CA")
DATABASE_READ_TIMEOUT = environment.seconds("DATABASE_READ_TIMEOUT")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "covid",  # before the admin, whose templates it adds to
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "config.security.BrowserPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.listeners.ListenerMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "covid.health.HealthMiddleware",
    "covid.timing.TimingMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "covid.outage.DatabaseOutMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.mysql",
        "HOST": os.environ["DATABASE_HOST"],
        "PORT": environment.port("DATABASE_PORT"),
        "NAME": os.environ["DATABASE_NAME"],
        "USER": os.environ["DATABASE_USER"],
        "PASSWORD": os.environ["DATABASE_PASSWORD"],
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "charset": "utf8mb4",
            "isolation_level": "read committed",
            "init_command": "SET sql_mode = 'TRADITIONAL'",  # strict: what does not fit is an error
            "connect_timeout": 5,
            **({"read_timeout": DATABASE_READ_TIMEOUT} if DATABASE_READ_TIMEOUT else {}),
            "local_infile": True,  # the loader's LOAD DATA LOCAL INFILE
            **({"ssl_mode": "VERIFY_IDENTITY", "ssl": {"ca": DATABASE_CA}} if DATABASE_CA else {}),
        },
        "TEST": {"CHARSET": "utf8mb4"},
    }
}

CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "{scheme}://{host}:{port}/0".format(
            scheme="rediss" if CACHE_CA else "redis",
            host=os.environ["CACHE_HOST"],
            port=environment.port("CACHE_PORT"),
        ),
        "TIMEOUT": 60,
        "OPTIONS": {
            "PASSWORD": os.environ["CACHE_PASSWORD"],
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            # Together the most that a dead or hung Redis costs a request before the breaker opens.
            "SOCKET_CONNECT_TIMEOUT": 0.1,
            "SOCKET_TIMEOUT": 0.18,
            "CONNECTION_POOL_KWARGS": {
                "protocol": 2,  # RESP3's handshake costs more round trips and gains nothing here
                **({"ssl_ca_certs": CACHE_CA} if CACHE_CA else {}),
            },
        },
    },
    # What each worker can count by itself while Redis is out.
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

STORAGES = {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = False
STATIC_URL = "/static/"
STATIC_ROOT = os.environ["STATIC_ROOT"]

# TLS mode: a proxy in front of the site ends TLS. That a request came over TLS is gunicorn's word, which
# takes it from these proxies alone (gunicorn.conf.py). The loopback listener stays plain: config.listeners.
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = bool(TLS_PROXIES)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # load balancers ask without TLS
# One day, because tomorrow a demonstration's name may stand for something else. It is too short for the list
# of names that browsers come with, so "preload" commits nobody to anything.
SECURE_HSTS_SECONDS = 86_400 if TLS_PROXIES else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = bool(TLS_PROXIES)
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# In a cookie: a message about the cache must not need the database.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"seldom": {"()": "config.logs.Seldom"}},
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "seldom": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["seldom"]},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "django.request": {"level": "ERROR"},  # not what anybody gets wrong in an address
        "django.security": {"handlers": ["seldom"], "propagate": False},
        "covid.throttle": {"handlers": ["seldom"], "propagate": False},
    },
}
