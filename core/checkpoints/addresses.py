# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses may be asked for a file, and where an answer may lead."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ..errors import ErrorKind, Parts4DError


class DownloadError(Parts4DError):
    """A file could not be fetched, or is not the one that was expected."""

    kind = ErrorKind.DOWNLOAD


@dataclass(frozen=True)
class Trust:
    """What speaks for a file, wherever it comes from."""

    pinned: bool = False  # its hash is known: another host cannot give another file
    follow: bool = False  # the user agreed to other hosts and to unencrypted connections


def check_address(url: str, trust: Trust) -> None:
    """Raises DownloadError unless `url` is https, or http on this machine or agreed to."""
    parts = _parts(url)
    if parts.scheme == "http" and not _is_here(parts) and not trust.follow:
        raise _to_agree(f"{parts.hostname} is asked over an unencrypted connection")


def check_redirect(before: str, after: str, trust: Trust) -> None:
    """Raises DownloadError for a redirect to another host or to http.

    A file whose hash is known may come from another host; the user may agree to both.
    """
    old, new = _parts(before), _parts(after)
    if trust.follow:
        return
    if new.scheme != "https" and not (_is_here(old) and _is_here(new)):
        raise _to_agree(f"{old.hostname} redirects to an unencrypted connection to {new.hostname}")
    if new.hostname != old.hostname and not trust.pinned:
        raise _to_agree(f"{old.hostname} redirects to another host, {new.hostname}")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # a port that is none, half an IPv6 address
        is_web = False
    if not is_web:
        raise DownloadError(f"{url[:200]} is not a web address", "Correct it in checkpoints.toml")
    return parts


def _is_here(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _to_agree(what: str) -> DownloadError:
    return DownloadError(
        what,
        "Use another address, or, for a model you trust, add --follow to the command or agree "
        "to it when you download again",
        ErrorKind.REDIRECTED,
    )
