# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloading a large file: resumed, retried, checked, never half there.

What has arrived lies in `FILE.part`; `FILE.part.json` says of which version of the remote file it
is (ETag or date), so that pieces of two versions are never put together (If-Range, RFC 9110
section 13.1.5).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import ssl
import time
import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from ..errors import CancelledError, ErrorKind, Parts4DError
from ..files.disk import FULL_NUMBERS
from ..files.own_files import open_own, write_own
from ..files.reading import read_note
from .addresses import DownloadError as DownloadError
from .addresses import Trust, check_address
from .store import hash_file, part_note_path, part_path
from .transfer_progress import Cancelled, Progress, Report, as_size, never, silent
from .web import Answer, get

PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)  # seconds before each further attempt without any progress
SPARE = 64 * 2**20  # bytes that stay free on the disk
_TRANSIENT = (408, 425, 429, 500, 502, 503, 504)  # HTTP status: worth another attempt


class OfflineError(Parts4DError):
    """Something would have to be fetched, but the network may not be used."""

    kind = ErrorKind.OFFLINE


def require_online(online: bool, what: str) -> None:
    """Raises OfflineError unless the network may be used.

    Inside Blender `online` is `bpy.app.online_access`, which only the caller can know.
    """
    if not online:
        raise OfflineError(
            f"{what} cannot be downloaded: online access is switched off",
            "Allow online access in Blender's preferences under System, or start without --offline",
        )


@dataclass(frozen=True)
class Remote:
    """A file on a web server, and what is known of it."""

    url: str
    title: str  # for people
    size: int = 0  # bytes; 0 = not known
    sha256: str = ""  # hexadecimal; empty = not known
    follow: bool = False  # the user agreed to other hosts and to unencrypted connections

    @property
    def trust(self) -> Trust:
        return Trust(bool(self.sha256), self.follow)


def download(
    remote: Remote, path: Path, report: Report = silent, cancelled: Cancelled = never
) -> str:
    """Fetches `remote` to `path` and returns its sha256.

    What is there of an earlier attempt is continued; after a failure or a cancellation it stays
    for the next one. Raises DownloadError, CancelledError.
    """
    check_address(remote.url, remote.trust)
    part = _Part(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        resumed = _fetch(remote, part, report, cancelled)
        digest = hash_watched(part.path, remote.title, report, cancelled)
        if resumed and digest != (remote.sha256 or digest):
            part.forget()  # the file has changed since, and the server did not say so
            _fetch(remote, part, report, cancelled)
            digest = hash_watched(part.path, remote.title, report, cancelled)
        if digest != (remote.sha256 or digest):
            part.forget()
            raise DownloadError(
                f"{remote.title} does not have the expected hash (it has {digest[:12]}...)",
                "Try again; if it persists, import the file by hand and report it",
            )
        part.become(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    return digest


class _Part:
    """The bytes that have arrived, and which version of the file they are of."""

    def __init__(self, path: Path) -> None:
        self.path = part_path(path)
        self.note = part_note_path(path)

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def headers(self, remote: Remote) -> dict[str, str]:
        """Asks for the rest, where it can be told whether it is the rest of the same file."""
        headers = {"Accept-Encoding": "identity"}
        version = self._version(remote)
        if self.size and (version or remote.sha256):
            headers["Range"] = f"bytes={self.size}-"
            if version:
                headers["If-Range"] = version
        return headers

    def remember(self, remote: Remote, answered: Message) -> None:
        version = answered.get("ETag") or ""
        if not version or version.startswith("W/"):  # a weak one does not promise equal bytes
            version = answered.get("Last-Modified") or ""
        write_own(self.note, json.dumps({"url": remote.url, "version": version}))

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def become(self, path: Path) -> None:
        os.replace(self.path, path)
        self.note.unlink(missing_ok=True)

    def _version(self, remote: Remote) -> str:
        note = read_note(self.note)
        return str(note.get("version", "")) if note.get("url") == remote.url else ""


def _fetch(remote: Remote, part: _Part, report: Report, cancelled: Cancelled) -> bool:
    """Attempts until all bytes are there. Returns whether some of them were there before."""
    failures, resumed = 0, False
    while True:
        before = part.size
        try:
            asked = part.headers(remote)
            with get(remote.url, asked, cancelled, remote.trust) as answer:
                resumed = answer.status == 206
                complete = _store(remote, part, answer, report)
            if complete:
                return resumed
            reason = "the connection was cut"
        except urllib.error.HTTPError as error:
            reason = _refusal(remote, part, error)
            if not reason:
                return True
        except (OSError, http.client.HTTPException) as error:
            reason = _failure(remote, error)
        failures = 0 if part.size > before else failures
        if failures == len(PAUSES):
            raise DownloadError(
                f"{remote.title} could not be downloaded: {reason}",
                "Check the network, or set HTTPS_PROXY, and try again; the download then resumes",
            )
        report(Progress(f"{remote.title}: {reason}, trying again", part.size, remote.size))
        _sleep(PAUSES[failures], cancelled)
        failures += 1


def _store(remote: Remote, part: _Part, answer: Answer, report: Report) -> bool:
    """Writes the pieces of an answer. Returns whether the file is complete."""
    start, total = _place(part, answer)
    if remote.size and total and total != remote.size:
        part.forget()
        raise DownloadError(
            f"The server has a different file for {remote.title}: {total} bytes instead of "
            f"{remote.size}",
            "Look for an update of Parts4D, or import the file by hand",
        )
    total = total or remote.size
    check_space(part.path, total - start, remote.title)
    done = start
    with _writing(part.path):
        part.remember(remote, answer.headers)
        mode = os.O_APPEND if start else os.O_TRUNC
        stream = os.fdopen(open_own(part.path, os.O_WRONLY | mode), "wb")
    try:
        for piece in answer.pieces:
            with _writing(part.path):
                stream.write(piece)
            done += len(piece)
            report(Progress(f"Downloading {remote.title}", done, total))
    finally:
        with _writing(part.path):
            stream.close()
    return not total or done >= total


def _place(part: _Part, answer: Answer) -> tuple[int, int]:
    """Where the answer's bytes begin, and how many the whole file has (0 = not said)."""
    if answer.status == 206:
        said = answer.headers.get("Content-Range", "").strip()
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", said)
        if not found or int(found[1]) != part.size:
            part.forget()
            raise http.client.HTTPException("the server sent a part that was not asked for")
        return part.size, 0 if found[2] == "*" else int(found[2])
    length = answer.headers.get("Content-Length") or "0"
    if not (length.isascii() and length.isdigit() and len(length) < 20):
        raise http.client.HTTPException("the server sent a length that is no number")
    return 0, int(length)


def _refusal(remote: Remote, part: _Part, error: urllib.error.HTTPError) -> str:
    """Why another attempt may help; empty when all bytes are there. Raises DownloadError."""
    if error.code == 416:  # there is nothing after the bytes that are here
        if error.headers.get("Content-Range", "") == f"bytes */{part.size}":
            return ""
        part.forget()
    elif error.code not in _TRANSIENT:
        raise DownloadError(
            f"{remote.title} is not available: the server answered {error.code} for {remote.url}",
            "Look for an update of Parts4D, or import the file by hand",
        ) from error
    return f"the server answered {error.code}"


def _failure(remote: Remote, error: Exception) -> str:
    """Why another attempt may help. Raises DownloadError when none will."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        raise DownloadError(
            f"The secure connection for {remote.title} was refused ({cause.verify_message})",
            "Set SSL_CERT_FILE to the certificates of your network",
        ) from error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


def hash_watched(path: Path, title: str, report: Report, cancelled: Cancelled) -> str:
    """sha256 of a file, told as progress. Raises CancelledError, OSError."""
    size = path.stat().st_size

    def tell(done: int) -> None:
        if cancelled():
            raise CancelledError
        report(Progress(f"Checking {title}", done, size))

    return hash_file(path, tell)


def _sleep(seconds: float, cancelled: Cancelled) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if cancelled():
            raise CancelledError
        time.sleep(0.05)


def check_space(path: Path, needed: int, title: str) -> None:
    """Raises DownloadError unless `needed` bytes and some more are free where `path` will lie."""
    place = path.absolute().parent
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if needed > 0 and free < needed + SPARE:
        raise DownloadError(
            f"{title} needs {as_size(needed)} and {as_size(free)} are free on {place}",
            "Free some space, or set PARTS4D_DATA to a folder on another disk",
            ErrorKind.DISK_FULL,
        )


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Tells the disk's errors from the network's, which are OSErrors as well."""
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> DownloadError:
    """The user's view of an error met while writing `path`."""
    if error.errno in FULL_NUMBERS:
        return DownloadError(
            f"The disk is full: {path} could not be written",
            "Free some space, or set PARTS4D_DATA to a folder on another disk, and try again",
            ErrorKind.DISK_FULL,
        )
    return DownloadError(
        f"{path} cannot be written ({error.strerror or error})",
        "Check the permissions, or set PARTS4D_DATA to another folder",
    )
