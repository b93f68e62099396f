"""The instance metadata service, version 2: what an instance may ask about itself, for a token."""

import secrets
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local.servers import HOST

Facts = Callable[[], Mapping[str, str]]
"""Gives the paths below /latest/meta-data/ with their texts, as they are at this moment."""


class MetadataService:
    """One instance's metadata service, on a loopback port of its own, from its making until `close`."""

    def __init__(self, facts: Facts) -> None:
        tokens: set[str] = set()

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                if self.path != "/latest/api/token":
                    self._answer(404)
                elif "X-aws-ec2-metadata-token-ttl-seconds" not in self.headers:
                    self._answer(400)
                else:
                    tokens.add(token := secrets.token_urlsafe(32))
                    self._answer(200, token)

            def do_GET(self) -> None:
                if self.headers.get("X-aws-ec2-metadata-token") not in tokens:
                    self._answer(401)
                    return
                text = facts().get(self.path.removeprefix("/latest/meta-data/"))
                if text is None:
                    self._answer(404)
                else:
                    self._answer(200, text)

            def _answer(self, status: int, text: str = "") -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: a boot asks often."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens: what an instance knows as http://169.254.169.254."""
        return f"http://{HOST}:{self._server.server_port}"

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
