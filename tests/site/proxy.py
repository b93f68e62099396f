"""A TCP proxy in front of a real server, that can change what the server says, or say nothing more."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

CHUNK = 65_536


class Proxy:
    """Hands everything on between its own port and another; replies pass through `alter` on their way."""

    def __init__(self, listener: socket.socket, target: int) -> None:
        self.port: int = listener.getsockname()[1]
        self.alter: Callable[[bytes], bytes] = bytes
        self.connections = 0
        self._listener = listener
        self._target = target
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def serve(self) -> None:
        """Take connections until close()."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self._target))
            self._ends += [client, server]
            self._start(self._hand_on, client, server, bytes)
            self._start(self._hand_on, server, client, lambda data: self.alter(data))

    def start(self) -> None:
        self._start(self.serve)

    def close(self) -> None:
        """End every connection, and wait for every thread."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for end in self._ends:
            with contextlib.suppress(OSError):  # it is down already
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()

    def _start(self, run: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=run, args=args)
        self._threads.append(thread)
        thread.start()

    def _hand_on(self, source: socket.socket, sink: socket.socket, alter: Callable[[bytes], bytes]) -> None:
        with contextlib.suppress(OSError):  # an end was closed
            while data := source.recv(CHUNK):
                sink.sendall(alter(data))
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def proxied(target: int) -> Iterator[Proxy]:
    """A proxy before a port of this machine, for the time of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(listener, target)
        proxy.start()
        try:
            yield proxy
        finally:
            proxy.close()
