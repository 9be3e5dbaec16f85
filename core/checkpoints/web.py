# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading from a web server so that waiting for it never blocks.

urllib knows proxies (HTTPS_PROXY, NO_PROXY) and redirections, but its reads block. They happen in a
thread of their own, which hands over pieces; whoever takes them can stop at any moment.
"""

from __future__ import annotations

import contextlib
import functools
import os
import queue
import ssl
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import IO

from ..errors import CancelledError
from .addresses import Trust, check_address, check_redirect
from .transfer_progress import Cancelled

TIMEOUT = 30.0  # seconds without a byte after which a connection counts as lost
_PIECE = 2**20  # bytes
NO_TRUST = Trust()
_WAIT = 0.1  # seconds between two looks at `cancelled`


@dataclass(frozen=True)
class Answer:
    """A response: its status, its headers, and its body in pieces."""

    status: int
    headers: Message
    pieces: Iterator[bytes]


@contextlib.contextmanager
def get(
    url: str, headers: Mapping[str, str], cancelled: Cancelled, trust: Trust = NO_TRUST
) -> Iterator[Answer]:
    """Asks for `url`.

    Raises what urllib raises (OSError, http.client.HTTPException), also while the pieces are
    taken, DownloadError for an address or a redirect that was not agreed to, and CancelledError.
    """
    check_address(url, trust)
    reader = _Reader(url, headers, trust)
    try:
        status, answered = reader.take(cancelled)
        yield Answer(status, answered, reader.pieces(cancelled))
    finally:
        reader.stopped.set()


class _StoppedError(Exception):
    """Nobody takes the pieces any more."""


class _Reader:
    """A thread that reads and a queue of what it read."""

    def __init__(self, url: str, headers: Mapping[str, str], trust: Trust) -> None:
        self.trust = trust
        self.request = urllib.request.Request(url, headers={"User-Agent": "Parts4D", **headers})
        self.queue: queue.Queue[object] = queue.Queue(maxsize=4)
        self.stopped = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(_StoppedError):
            self._hand_over()

    def _hand_over(self) -> None:
        try:
            with _opener(self.trust).open(self.request, timeout=TIMEOUT) as response:
                self._put((response.status, response.headers))
                while piece := response.read1(_PIECE):
                    self._put(piece)
                # read1 does not notice an end that came too early; read does.
                response.read()
            self._put(None)
        except _StoppedError:
            raise
        except Exception as error:
            self._put(error)

    def _put(self, item: object) -> None:
        while not self.stopped.is_set():
            with contextlib.suppress(queue.Full):
                self.queue.put(item, timeout=1)
                return
        raise _StoppedError

    def take(self, cancelled: Cancelled) -> tuple[int, Message]:
        """Status and headers."""
        item = self._next(cancelled)
        assert isinstance(item, tuple)
        return item

    def pieces(self, cancelled: Cancelled) -> Iterator[bytes]:
        while (item := self._next(cancelled)) is not None:
            assert isinstance(item, bytes)
            yield item

    def _next(self, cancelled: Cancelled) -> object:
        while True:
            if cancelled():
                raise CancelledError
            try:
                item = self.queue.get(timeout=_WAIT)
            except queue.Empty:
                continue
            if isinstance(item, Exception):
                raise item
            return item


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows where that is allowed."""

    def __init__(self, trust: Trust) -> None:
        self.trust = trust

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str,
        headers: Message, newurl: str,
    ) -> urllib.request.Request | None:  # fmt: skip
        check_redirect(req.full_url, newurl, self.trust)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


@functools.cache
def _opener(trust: Trust) -> urllib.request.OpenerDirector:
    """Knows http and https only, apart from the proxies of the system."""
    https = urllib.request.HTTPSHandler(context=_certificates())
    return urllib.request.build_opener(https, _Redirects(trust))


def _certificates() -> ssl.SSLContext:
    """The system's certificates, those of REQUESTS_CA_BUNDLE, and those Python's packages bring.

    SSL_CERT_FILE is read by OpenSSL itself. Blender's own Python on macOS and Windows finds no
    certificates of the system, but brings the package certifi.
    """
    context = ssl.create_default_context()
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if path := os.environ.get(variable):
            with contextlib.suppress(OSError):
                context.load_verify_locations(path)
    if not os.environ.get("SSL_CERT_FILE"):
        with contextlib.suppress(ImportError, OSError):
            import certifi

            context.load_verify_locations(certifi.where())
    return context
