# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server on this machine that can misbehave."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """Serves `content` at every address; the other fields say how it goes wrong."""

    content: bytes = b""
    etag: str = '"1"'
    ranges: bool = True  # whether it knows Range
    said_length: int | str | None = None  # a Content-Length that is not true
    redirect: str = ""  # where all other addresses than that one lead
    cut_after: list[int] = field(default_factory=list)  # bytes sent of each of the next answers
    statuses: list[int] = field(default_factory=list)  # of the next answers, without content
    stall: threading.Event | None = None  # waits for it after the first bytes
    asked: list[dict[str, str]] = field(default_factory=list)  # headers of the requests
    address: str = ""


@contextmanager
def serving(**settings: object) -> Iterator[FileServer]:
    """A running server; `address` is its own."""
    server = FileServer(**settings)  # type: ignore[arg-type]
    web = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    web.daemon_threads = True
    server.address = f"http://127.0.0.1:{web.server_port}"
    threading.Thread(target=web.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        if server.stall:
            server.stall.set()
        web.shutdown()
        web.server_close()


def _handler(server: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            server.asked.append(dict(self.headers))
            if server.statuses:
                self.send_error(server.statuses.pop(0))
                return
            if server.redirect and not server.redirect.endswith(self.path):
                self.send_response(302)
                self.send_header("Location", server.redirect)
                self.end_headers()
                return
            body, start = server.content, self._start()
            if start > len(body) or (start == len(body) and start):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            if server.etag:
                self.send_header("ETag", server.etag)
            length = len(body) - start if server.said_length is None else server.said_length
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self._send(body[start:])

        def _start(self) -> int:
            found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            same = self.headers.get("If-Range", server.etag) == server.etag
            return int(found[1]) if found and server.ranges and same else 0

        def _send(self, body: bytes) -> None:
            if server.cut_after:
                self.wfile.write(body[: server.cut_after.pop(0)])
                self.close_connection = True
                return
            if server.stall:
                self.wfile.write(body[:10])
                self.wfile.flush()
                server.stall.wait(20)
                body = body[10:]
            self.wfile.write(body)

    return Handler
