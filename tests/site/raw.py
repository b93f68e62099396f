"""A client that says to the site whatever bytes it likes."""

import contextlib
import http.client
import socket
from dataclasses import dataclass

PATIENCE = 60.0  # seconds: what never comes is an error, what is slow is not
HOST = b"127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 where the connection was closed without an answer."""

    status: int
    headers: http.client.HTTPMessage | dict[str, str]
    body: bytes


def request(
    path: bytes = b"/", method: bytes = b"GET", *headers: bytes, body: bytes = b"", host: bytes = HOST
) -> bytes:
    """A request as it goes over the wire; its body is announced."""
    lines = [b"%b %b HTTP/1.1" % (method, path), b"Host: " + host, b"Connection: close", *headers]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])


def connect(port: int, source: str = "") -> socket.socket:
    """A connection to the site, from another loopback address if one is named."""
    return socket.create_connection(
        ("127.0.0.1", port), timeout=PATIENCE, source_address=(source, 0) if source else None
    )


def say(port: int, data: bytes, source: str = "") -> Answer:
    """Send the bytes, then close our end; the first answer. TimeoutError when the site leaves us hanging."""
    with connect(port, source) as connection:
        # The site may have refused and closed before it has read all.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        return hear(connection, data.partition(b" ")[0])


def hear(connection: socket.socket, method: bytes = b"GET") -> Answer:
    """The next answer on a connection."""
    response = http.client.HTTPResponse(connection, method=method.decode("latin-1"))
    try:
        response.begin()
        return Answer(response.status, response.headers, response.read())
    except (http.client.BadStatusLine, ConnectionResetError, http.client.IncompleteRead):
        return Answer(0, {}, b"")
    finally:
        response.close()
