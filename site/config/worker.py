"""gunicorn's threaded worker, without a proxy in front: slow clients hold nothing up, a stop drops nobody.

gunicorn's own gives a thread to every client that has sent a byte, or reads its answer, for as long as the
client likes: as many slow clients as there are threads, and nobody else is answered. Here the main loop does
the waiting. A thread gets a request that is whole, and leaves to the loop what the client does not take of
the answer at once. What remains possible: whoever keeps opening all CONNECTIONS of each worker is in
everybody's way. A site that has to bear that needs a load balancer in front.

When gunicorn's own worker stops, whoever has connected and was not accepted yet is reset. This one accepts
them first, and closes its listeners then: who comes later is refused.
"""

import re
import select
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any, BinaryIO

from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

CONNECTIONS = 800  # at once, of a worker: Linux gives a process 1,024 files if it does not ask for more
HEAD = 32 * 1024  # bytes of a request line with its headers; a browser sends about 1,000
BODY = 128 * 1024  # bytes; the admin's longest form has some 50,000
PATIENCE = 10.0  # seconds that a client gets for its request, however it spreads them
SENDING = 60.0  # seconds that it gets to read the answer
MOMENT = 0.02  # of them, those that a thread spends on it: most clients need less
LINGER = 2.0  # seconds that it gets to close its end, and to send what a worker that stops still takes
HELD = 64 * 1024 * 1024  # bytes that a worker holds for slow clients; who would need more is cut off

FIRST_LINE = re.compile(rb"(?:\r\n)?[^\r\n]+ HTTP/\d\.\d\r\n")
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.IGNORECASE)
CHUNKS = re.compile(rb"\r\ntransfer-encoding[ \t]*:", re.IGNORECASE)

Refusal = tuple[int, str]


def judge(data: bytes) -> Refusal | bool:
    """Is this a whole request? Or the status and reason to refuse it with. gunicorn parses what is whole."""
    end = data.find(b"\r\n\r\n")
    head = data[: end + 4] if end >= 0 else data
    if len(head) > HEAD:
        return 431, "Request Header Fields Too Large"
    # The end of what is not HTTP/1 would be waited for in vain.
    if head.count(b"\n") != head.count(b"\r\n") or (b"\r\n" in head[2:] and not FIRST_LINE.match(head)):
        return 400, "Bad Request"
    if end < 0:
        return False
    if CHUNKS.search(head):
        return 411, "Length Required"
    length = LENGTH.search(head)
    body = length[1].lstrip(b"0") if length else b""
    if len(body) > len(str(BODY)) or int(body or b"0") > BODY:
        return 413, "Content Too Large"
    return len(data) >= end + 4 + int(body or b"0")


@dataclass
class Wait:
    """A connection that waits for its client: since when, for how long, and what has come or is yet to go.

    A client that is late with its request is told so, with the status and reason `late`.
    """

    patience: float
    late: Refusal | None = None
    began: float = field(default_factory=time.monotonic)
    data: bytearray = field(default_factory=bytearray)


class Outgoing:
    """The connection's socket, as it is to the thread that answers: it waits for a moment and no longer."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.rest = bytearray()  # what the client has not taken yet

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def sendall(self, data: bytes) -> None:
        unsent, until = memoryview(data), time.monotonic() + MOMENT
        while unsent and not self.rest and (left := until - time.monotonic()) > 0:
            self._sock.settimeout(left)
            try:
                unsent = unsent[self._sock.send(unsent) :]
            except TimeoutError:
                break
        self.rest += unsent

    def sendfile(self, file: BinaryIO, offset: int, count: int) -> None:
        file.seek(offset)
        self.sendall(file.read(count))


class Worker(ThreadWorker):
    """Reads requests and waits for clients to close in the main loop; whole requests go to the threads."""

    def init_process(self) -> None:
        self._waits: dict[TConn, Wait] = {}
        super().init_process()

    def is_parent_alive(self) -> bool:
        """Stop like one that was told to where the master is dead: another one wants the port."""
        alive: bool = super().is_parent_alive()
        if not alive:  # and never set to True: a signal may have come meanwhile
            self.alive = False
        return alive

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept or not; when this worker stops, whoever has connected already, and then nobody any more."""
        super().set_accept_enabled(enabled and self.alive)
        if not self.alive:
            for listener in filter(lambda one: one.sock, self.sockets):
                while select.select([listener], [], [], 0)[0]:
                    self.accept(listener)
                listener.close()

    def enqueue_req(self, conn: TConn) -> None:
        """Give the connection to a thread; not before it has brought a whole request."""
        wait = self._waits.setdefault(conn, Wait(PATIENCE, late=(408, "Request Timeout")))
        if conn.initialized:
            wait.data += conn.parser.unreader.take_buffered()  # of a client that does not await its answers
        ended = self._read(conn, wait.data)
        verdict = judge(bytes(wait.data))
        if verdict is True:
            del self._waits[conn]
            if not conn.initialized:
                conn.init()
                conn.sock = Outgoing(conn.sock)
            conn.parser.unreader.unread(bytes(wait.data))
            super().enqueue_req(conn)
        elif verdict:
            self._refuse(conn, verdict)
        elif ended:
            self._drop(conn)
        else:
            self._on(EVENT_READ, conn, self.enqueue_req)

    def finish_request(self, conn: TConn, fs: Future) -> None:
        """Keep the connection, or close it, once the client has its answer; without waiting for that here."""
        if conn.sock.rest:
            self._hold(conn, fs)
        elif fs.cancelled() or fs.exception() or not fs.result():
            self._leave(conn)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Close the connections whose client has had its time, with a word if a request had begun."""
        for conn, wait in list(self._waits.items()):
            patience = LINGER if wait.late and not self.alive else wait.patience
            if time.monotonic() - wait.began > patience:
                self.poller.unregister(conn.sock)
                if wait.late and wait.data:
                    self._refuse(conn, wait.late)
                else:
                    self._drop(conn)

    def _read(self, conn: TConn, data: bytearray) -> bool:
        """Take what has arrived, up to the most that a request may have; True when nothing can follow."""
        conn.sock.setblocking(False)
        try:
            while len(data) <= HEAD + BODY:
                piece = conn.sock.recv(HEAD)
                if not piece:
                    return True
                data += piece
                if len(piece) < HEAD:
                    break  # most often that is all; if not, the poller says so
        except BlockingIOError:
            pass
        except OSError:
            return True
        return False

    def _on(self, event: int, conn: TConn, then: Callable[[TConn], None]) -> None:
        """Go on when the client has sent or taken something, or closed its end."""

        def ready(sock: socket.socket) -> None:
            self.poller.unregister(sock)
            then(conn)

        self.poller.register(conn.sock, event, ready)

    def _hold(self, conn: TConn, fs: Future) -> None:
        """Send the rest of the answer as the client takes it, then finish the request."""
        rest, conn.sock.rest = conn.sock.rest, bytearray()
        if sum(len(wait.data) for wait in self._waits.values()) + len(rest) > HELD:
            self._drop(conn)
            return
        self._waits[conn] = Wait(SENDING, data=rest)
        conn.sock.setblocking(False)

        def send(conn: TConn) -> None:
            try:
                del rest[: conn.sock.send(rest)]
            except BlockingIOError:
                pass
            except OSError:
                self._drop(conn)
                return
            if rest:
                self._on(EVENT_WRITE, conn, send)
            else:
                del self._waits[conn]
                self.finish_request(conn, fs)

        self._on(EVENT_WRITE, conn, send)

    def _refuse(self, conn: TConn, refusal: Refusal) -> None:
        """Answer with an error, and close."""
        try:
            util.write_error(conn.sock, *refusal, "")
        except OSError:
            self.log.debug("a client did not hear why it was refused")
        self._leave(conn)

    def _leave(self, conn: TConn) -> None:
        """Close our end, and the rest when the client has closed its own: else it may miss the answer."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        self._waits[conn] = Wait(LINGER)
        self._drain(conn)

    def _drain(self, conn: TConn) -> None:
        """Throw away what still comes, until the client closes its end."""
        wait = self._waits[conn]
        ended = self._read(conn, bytearray())
        if ended or time.monotonic() - wait.began > wait.patience:
            self._drop(conn)
        else:
            self._on(EVENT_READ, conn, self._drain)

    def _drop(self, conn: TConn) -> None:
        self._waits.pop(conn, None)
        self.nr_conns -= 1
        conn.close()
