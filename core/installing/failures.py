# SPDX-License-Identifier: GPL-3.0-or-later
"""What stops an installation, as a sentence: what pip and uv print, what the system says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import ErrorKind, Parts4DError
from ..files.disk import FULL_NUMBERS


class MissingEnvironment(Parts4DError):
    """No Python with the parsing libraries was found, or it could not be installed."""

    kind = ErrorKind.ENVIRONMENT


_DISK_FULL = (
    ErrorKind.DISK_FULL,
    "The disk is full",
    "Free some space, or set PARTS4D_DATA to a folder on another disk, and try again",
)
# What pip, uv, venv and the dynamic linker say -> what happened, what to do. They have no other way
# to say it: their exit status is the same for all.
_CAUSES: tuple[tuple[tuple[str, ...], ErrorKind, str, str], ...] = (
    (
        ("No space left", "Errno 28", "os error 28", "os error 112", "not enough space"),
        *_DISK_FULL,
    ),
    (
        ("HASHES FROM THE REQUIREMENTS FILE", "Hashes are required", "Hash mismatch"),
        ErrorKind.DOWNLOAD,
        "A downloaded package does not have the expected hash",
        "Try again; if it persists, report it to the maintainers",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "SSLError", "invalid peer certificate", "UnknownIssuer"),
        ErrorKind.DOWNLOAD,
        "The secure connection was refused",
        "Set SSL_CERT_FILE to the certificates of your network",
    ),
    (
        ("407 Proxy", "Cannot connect to proxy", "ProxyError", "tunnel error"),
        ErrorKind.DOWNLOAD,
        "The proxy could not be used",
        "Check HTTPS_PROXY, including user and password if it needs them",
    ),
    (
        ("401 Client Error", "403 Client Error", "401 Unauthorized", "403 Forbidden"),
        ErrorKind.DOWNLOAD,
        "The package server refused access",
        "Check PIP_INDEX_URL or UV_DEFAULT_INDEX and the password in it",
    ),
    (
        (
            "NewConnectionError",
            "Temporary failure in name",
            "ConnectTimeout",
            "Network is unreachable",
            "getaddrinfo failed",
            "Read timed out",
            "ReadTimeoutError",
            "Max retries",
            "IncompleteRead",
            "Connection broken",
            "Connection reset",
            "dns error",
            "error sending request",
            "Request failed after",
            "operation timed out",
            "tcp connect error",
            "error decoding response body",
            "Failed to fetch",
            "Failed to download",
        ),
        ErrorKind.DOWNLOAD,
        "The package server could not be reached, or the connection was cut",
        "Check the network, or set HTTPS_PROXY, and try again; or install with --wheels FOLDER",
    ),
    (
        (
            "No matching distribution",
            "is not a supported wheel",
            "Could not find a version",
            "No solution found",
            "no wheels with a matching",
            "was not found in the package registry",
            "was not found in the provided package locations",
            "Network connectivity is disabled",
        ),
        ErrorKind.ENVIRONMENT,
        "There is no package for this Python or system, or the package server is not reachable",
        "Check the network, and use Python 3.11 or 3.13",
    ),
    (
        ("No module named pip",),
        ErrorKind.ENVIRONMENT,
        "This Python has no pip",
        "Install python3-venv or python3-pip",
    ),
    (
        ("Permission denied", "Access is denied", "Read-only file system", "os error 13"),
        ErrorKind.ENVIRONMENT,
        "A file is not writable",
        "Check the permissions, or set PARTS4D_DATA to another folder",
    ),
)


def explain_failure(lines: Sequence[str]) -> MissingEnvironment:
    """The sentence for a failed installation, from what the tool printed."""
    text = "\n".join(lines)
    for signs, kind, message, remedy in _CAUSES:
        if any(sign in text for sign in signs):
            return MissingEnvironment(message, remedy, kind)
    last = next((line for line in reversed(lines) if line.strip()), "it printed nothing")
    return MissingEnvironment(f"The installation failed: {last[:300]}".rstrip("."), "Try again")


def cannot_change(path: Path, error: OSError) -> MissingEnvironment:
    """The user's view of an error met while an environment was changed."""
    if error.errno in FULL_NUMBERS:
        return disk_full()
    return MissingEnvironment(
        f"{error.filename or path} cannot be changed ({error.strerror})",
        "Close Blender windows that use it, check the permissions, and try again",
    )


def disk_full() -> MissingEnvironment:
    """The sentence for a full disk."""
    kind, message, remedy = _DISK_FULL
    return MissingEnvironment(message, remedy, kind)
