"""An address becomes a temporary file: resumed where it broke off, bounded in size and in patience."""

import http.client
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlsplit

from covid.loading.errors import LoadError

CHUNK = 2**17  # bytes


class Unreachable(LoadError):
    """The address gave no data set: no connection, an error status, or a connection that kept breaking."""


@dataclass(frozen=True)
class Limits:
    """How much a server may ask of us. Sizes in bytes, times in seconds."""

    size: int = 2**32
    silence: float = 20  # without a single byte
    window: float = 60  # in which `least` bytes have to come
    least: int = 2**16
    attempts: int = 6
    pause: float = 1  # before the second attempt; twice that before the third, and so on


Report = Callable[[int, int], None]  # bytes that are here, bytes in all (0: unknown)


def download(url: str, report: Report, limits: Limits | None = None) -> BinaryIO:
    """The address's content as an unnamed temporary file at its start, which closing removes.

    Raises Unreachable when it can't be had, LoadError when what comes is not a data set.
    """
    limits = limits or Limits()
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
    try:
        _Transfer(url, file, limits, report).run()
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def public_address(url: str) -> str:
    """The address without what may be secret in it: user, password, query. LoadError if it is none."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise LoadError(f"not an address: {error}") from None
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


class _Broken(Exception):
    """This attempt failed; another one may not."""


class _Transfer:
    def __init__(self, url: str, file: BinaryIO, limits: Limits, report: Report) -> None:
        self._url = url
        self._name = public_address(url)
        self._file = file
        self._limits = limits
        self._report = report
        self._have = 0
        self._validator = ""  # an ETag or a date: what is there must still be what it was

    def run(self) -> None:
        for attempt in range(1, self._limits.attempts + 1):
            try:
                return self._attempt()
            except _Broken as broken:
                if attempt == self._limits.attempts:
                    raise Unreachable(
                        f"cannot download {self._name}: {broken} ({attempt} attempts)"
                    ) from None
                time.sleep(self._limits.pause * 2 ** (attempt - 1))  # a back-off: nothing to wait for
        return None

    def _attempt(self) -> None:
        try:
            with self._open() as response:
                total = self._begin(response)
                self._receive(response, total)
        except (http.client.HTTPException, OSError) as error:
            raise _Broken(_reason(error)) from None

    def _open(self) -> http.client.HTTPResponse:
        headers = {"Accept-Encoding": "identity", "User-Agent": "load_articles"}
        if self._have and self._validator:
            headers |= {"Range": f"bytes={self._have}-", "If-Range": self._validator}
        try:
            request = urllib.request.Request(self._url, headers=headers)
            return urllib.request.urlopen(request, timeout=self._limits.silence)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (408, 416, 429) or error.code >= 500:
                self._validator = ""  # 416: what we have no longer fits what is there
                raise _Broken(f"HTTP {error.code} {error.reason}") from None
            raise Unreachable(f"cannot download {self._name}: HTTP {error.code} {error.reason}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            if self._have:
                raise _Broken(_reason(error)) from None
            raise Unreachable(f"cannot reach {self._name}: {_reason(error)}") from None

    def _begin(self, response: http.client.HTTPResponse) -> int:
        """Check what the server is about to send; returns the whole file's size, 0 if it doesn't say."""
        if response.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
            raise LoadError("it answers with a web page, not with a data set")
        if response.status == http.HTTPStatus.PARTIAL_CONTENT:
            expected = f"bytes {self._have}-"
            if not response.headers.get("Content-Range", "").startswith(expected):
                self._validator = ""
                raise _Broken("the server resumed at another place")
        else:
            self._have = 0
            self._file.seek(0)
            self._file.truncate()
        etag = response.headers.get("ETag", "")
        self._validator = response.headers.get("Last-Modified", "") if etag[:2] in ("", "W/") else etag
        length = response.headers.get("Content-Length", "")
        total = self._have + int(length) if length.isdigit() else 0
        if total > self._limits.size:
            raise LoadError(f"it has {total:,} bytes, and at most {self._limits.size:,} are downloaded")
        return total

    def _receive(self, response: http.client.HTTPResponse, total: int) -> None:
        since, before = time.monotonic(), self._have
        while data := response.read1(CHUNK):
            self._keep(data)
            if self._have > self._limits.size:
                raise LoadError(f"it sends more than {self._limits.size:,} bytes")
            if time.monotonic() - since > self._limits.window:
                if self._have - before < self._limits.least:
                    raise _Broken(f"under {self._limits.least:,} bytes in {self._limits.window:g} seconds")
                since, before = time.monotonic(), self._have
            self._report(self._have, total)
        if self._have < total:
            raise _Broken(f"the connection ended after {self._have:,} of {total:,} bytes")

    def _keep(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:  # the disk's fault: the server would be asked again in vain
            raise LoadError(
                f"cannot keep the download in {tempfile.gettempdir()}: {error.strerror}"
            ) from None
        self._have += len(data)


def _reason(error: Exception) -> str:
    """The error in one line, without urllib's wrapping."""
    if isinstance(error, urllib.error.URLError):
        return _reason(error.reason) if isinstance(error.reason, Exception) else str(error.reason)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
