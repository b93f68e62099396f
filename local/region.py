"""The process of a region: an emulated AWS API on a loopback port, and what is real behind it.

What exists in the region is in this process's memory. When it comes back after a crash, it begins empty and
first ends whatever its predecessor had started, so that nothing runs that the API does not know.
"""

import argparse
import json
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from local import caches, databases
from local.authority import tls
from local.gaps import fill_gaps
from local.hosts import Hosts
from local.plane import Plane
from local.servers import HOST
from local.supervision import Supervisor
from local.target import IDENTITY, PROGRAM


def identified(
    application: Callable[..., Iterable[bytes]], directory: Path
) -> Callable[..., Iterable[bytes]]:
    """The application, and an answer to who it is."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != IDENTITY:
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"directory": str(directory)}).encode()]

    return answer


def serve(directory: Path, port: int) -> None:
    """Answer AWS calls until the process ends."""
    server = make_server(
        HOST,
        port,
        identified(DomainDispatcherApplication(create_backend_app), directory),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    plane = Plane(directory, Supervisor(directory), tls(directory))
    plane.clear(kept=PROGRAM)
    fill_gaps()
    databases.attach(plane)
    caches.attach(plane)
    Hosts(plane, f"http://{HOST}:{port}").attach()
    server.serve_forever()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("port", type=int)
    arguments = parser.parse_args()
    serve(arguments.directory, arguments.port)
