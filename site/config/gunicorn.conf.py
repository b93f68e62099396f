"""How gunicorn serves the site on two cores: two workers of eight threads, loaded once and forked.

`python bench/cache.py --servers` compares other numbers. Single-threaded workers answer as many hits, but two
readers who wait for MySQL would block them all; more threads gain nothing, and wait for each other.
"""

import gc
import logging
import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # --chdir counts only after this file

from config import environment
from config.logs import Seldom
from config.worker import CONNECTIONS

# A page gives up on a database that hangs; commands, which may have to wait for long statements, don't.
os.environ.setdefault("DATABASE_READ_TIMEOUT", "10")

bind = [os.environ.get("BIND", "127.0.0.1:8008")]
if "ADMIN_BIND" in os.environ:  # what logs in is not on the open internet: config.listeners
    bind.append(os.environ["ADMIN_BIND"])
worker_class = "config.worker.Worker"
worker_connections = CONNECTIONS
workers = 2
threads = 8
timeout = 60  # seconds without a sign of life after which a worker is replaced
graceful_timeout = 20  # seconds that requests in flight get when the site stops
keepalive = 5
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
# These alone may say, by a header, that a request came over TLS; of anybody else headers are only headers.
try:
    forwarded_allow_ips = ",".join(environment.proxies("TLS_PROXIES"))
except ImproperlyConfigured as error:
    sys.exit(f"The site can't start: {error}")
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
forwarder_headers = ""
preload_app = True  # a setting that is wrong ends the start at once, and the workers share memory
accesslog = None  # Server-Timing and X-Cache tell more, and a line a request would cost more than a hit
errorlog = "-"
control_socket_disable = True

logging.getLogger("gunicorn.error").addFilter(Seldom("Invalid request"))


def when_ready(server: object) -> None:
    """What is loaded by now stays: the collector need not walk it, nor copy its pages in each worker."""
    gc.collect()
    gc.freeze()
