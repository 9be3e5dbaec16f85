# SPDX-License-Identifier: GPL-3.0-or-later
"""Package files by their hash, from an index in the form of PyPI (PEP 503)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from ..checkpoints.download import Remote, download
from ..checkpoints.store import hash_file
from ..checkpoints.transfer_progress import Cancelled, Report, never, silent
from .failures import MissingEnvironment
from .pins import pinned_hashes

PYPI = "https://pypi.org/simple"


def index_address() -> str:
    """The index that pip and uv are told to use, else PyPI."""
    for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if address := os.environ.get(variable):
            return address
    return PYPI


def fetch_pinned(
    requirements: Path,
    folder: Path,
    wanted: Callable[[str], bool],
    report: Report = silent,
    cancelled: Cancelled = never,
) -> list[Path]:
    """Downloads the files of all pins whose name is wanted, unless they are in `folder`.

    Raises MissingEnvironment when a pin has none on the index, DownloadError, CancelledError.
    """
    files = []
    for pin, hashes in pinned_hashes(requirements).items():
        found = [
            (url, digest)
            for url, digest in list_files(pin.split("==")[0], folder, cancelled)
            if digest in hashes and wanted(file_name(url))
        ]
        if not found:
            raise MissingEnvironment(
                f"{index_address()} has no file of {pin} for this system",
                "Set PIP_INDEX_URL to another package index",
            )
        for url, digest in found:
            path = folder / checked_name(url)
            if not path.exists() or hash_file(path) != digest:
                download(Remote(url, path.name, sha256=digest), path, report, cancelled)
            files.append(path)
    return files


def list_files(package: str, folder: Path, cancelled: Cancelled) -> list[tuple[str, str]]:
    """Address and sha256 of every file of a package. Raises DownloadError, CancelledError."""
    name = re.sub(r"[-_.]+", "-", package).lower()
    address = f"{index_address().rstrip('/')}/{name}/"
    page = folder / f".{name}.html"
    try:
        download(Remote(address, f"the list of {name}"), page, cancelled=cancelled)
        links = _Links()
        links.feed(page.read_text("utf-8", "replace"))
    finally:
        page.unlink(missing_ok=True)
    found = []
    for link in links.found:
        try:
            url, fragment = urldefrag(urljoin(address, link))
        except ValueError:  # half an IPv6 address
            continue
        if fragment.startswith("sha256="):
            found.append((url, fragment.removeprefix("sha256=")))
    return found


def file_name(url: str) -> str:
    """The last part of its path."""
    return unquote(urlsplit(url).path.rsplit("/", 1)[-1])


def checked_name(url: str) -> str:
    """The same, as a file of a folder. Raises MissingEnvironment for what leads out of it."""
    name = file_name(url)
    plain = PurePosixPath(name).name == PureWindowsPath(name).name == name
    if not plain or name in ("", "..") or not name.isprintable() or len(name.encode()) > 240:
        raise MissingEnvironment(
            f"{index_address()} has a file with the name {name[:60]!r}, which no package has",
            "Set PIP_INDEX_URL to another package index",
        )
    return name


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for key, value in attributes if key == "href" and value]
