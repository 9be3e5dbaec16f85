# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing checkpoints into the models folder, and taking them out again."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ..errors import CancelledError, ErrorKind, InputError, Parts4DError
from ..files.lock import FolderLock
from .catalogue import Checkpoint, find_checkpoint, models_folder
from .claim import claim
from .download import (
    DownloadError,
    Remote,
    cannot_write,
    check_space,
    download,
    hash_watched,
    require_online,
)
from .store import (
    MissingCheckpoint,
    checkpoint_path,
    checkpoint_state,
    part_note_path,
    part_path,
    recorded_hash,
    stamp_file,
    stamp_path,
)
from .terms import accept_terms, terms_accepted
from .transfer_progress import Cancelled, Progress, Report, never, silent

Agree = Callable[[Checkpoint], bool]  # shows a checkpoint's terms and returns the answer
_CHUNK = 4 * 2**20  # bytes


class TermsError(Parts4DError):
    """A model has terms that the user has not agreed to."""

    kind = ErrorKind.TERMS


def refuse(checkpoint: Checkpoint) -> bool:
    """Agrees to nothing."""
    return False


def fetch_checkpoint(
    name: str,
    agree: Agree = refuse,
    report: Report = silent,
    cancelled: Cancelled = never,
    online: bool = True,
    follow: bool = False,
) -> list[Checkpoint]:
    """Downloads a checkpoint and those it is used with, unless they are here.

    All terms are asked for before anything is downloaded. With `follow` it may come from another
    host than its address says, and unencrypted. Raises TermsError, OfflineError (with
    `online` False, when something is missing), DownloadError, CancelledError, MissingCheckpoint
    (there is no address to fetch it from), InputError, JobError.
    """
    wanted = _with_required(name)
    for checkpoint in wanted:
        _agree(checkpoint, agree)
    for checkpoint in wanted:
        with _lock(checkpoint):
            _fetch(checkpoint, report, cancelled, online, follow)
    return wanted


def import_checkpoint(
    name: str,
    file: Path,
    link: bool = False,
    agree: Agree = refuse,
    report: Report = silent,
    cancelled: Cancelled = never,
) -> Checkpoint:
    """Takes a local file as a checkpoint: a copy, or with `link` a link to it.

    Raises InputError (no such file, not the expected one), TermsError, DownloadError,
    CancelledError, JobError.
    """
    checkpoint = find_checkpoint(name)
    if not file.is_file():
        raise InputError(f"{file} is not a file", "Name the downloaded model file")
    size = file.stat().st_size
    if checkpoint.size and size != checkpoint.size:
        raise InputError(
            f"{file} has {size} bytes, but {checkpoint.title} has {checkpoint.size}",
            f"Get the complete file from {checkpoint.source or 'its source'}",
        )
    _agree(checkpoint, agree)
    with _lock(checkpoint):
        digest = _hash(file, checkpoint.title, report, cancelled)
        if checkpoint.sha256 and digest != checkpoint.sha256:
            raise InputError(
                f"{file} is not {checkpoint.title}: its hash is {digest[:12]}..., "
                f"not {checkpoint.sha256[:12]}...",
                f"Get the file from {checkpoint.source or 'its source'}",
            )
        path = checkpoint_path(checkpoint)
        try:
            if not (path.exists() and path.samefile(file)):
                _place(file, path, link, checkpoint.title, report, cancelled)
            _remove_part(path)
            stamp_file(path, digest)
        except OSError as error:
            raise cannot_write(path, error) from error
    return checkpoint


def verify_checkpoint(name: str, report: Report = silent, cancelled: Cancelled = never) -> None:
    """Hashes the whole file again. Raises MissingCheckpoint when it is not the one it should be."""
    checkpoint = find_checkpoint(name)
    path = checkpoint_path(checkpoint)
    if not path.is_file():
        raise MissingCheckpoint(
            f"The model {checkpoint.title} ({name}) is not installed",
            f"Fetch it: python vendor_setup.py fetch {name}",
        )
    digest = _hash(path, checkpoint.title, report, cancelled)
    expected = checkpoint.sha256 or recorded_hash(checkpoint) or digest
    if digest != expected:
        raise MissingCheckpoint(
            f"The model {checkpoint.title} ({name}) is damaged: its hash is {digest[:12]}..., "
            f"not {expected[:12]}...",
            f"Remove it and fetch it again: python vendor_setup.py remove-model {name}",
        )
    stamp_file(path, digest)


def remove_checkpoint(name: str) -> None:
    """Deletes the file, and what has arrived of it. Raises DownloadError, JobError, InputError."""
    checkpoint = find_checkpoint(name)
    path = checkpoint_path(checkpoint)
    with _lock(checkpoint):
        try:
            path.unlink(missing_ok=True)
            stamp_path(path).unlink(missing_ok=True)
            _remove_part(path)
        except OSError as error:
            raise cannot_write(path, error) from error


def _fetch(
    checkpoint: Checkpoint, report: Report, cancelled: Cancelled, online: bool, follow: bool
) -> None:
    path = checkpoint_path(checkpoint)
    if checkpoint_state(checkpoint) == "changed":
        # Copied here by hand, or touched: perhaps it is the right one all the same.
        digest = _hash(path, checkpoint.title, report, cancelled)
        if digest == checkpoint.sha256:
            stamp_file(path, digest)
    if checkpoint_state(checkpoint) == "ready":
        report(Progress(f"{checkpoint.title} is installed"))
        return
    if not checkpoint.url:
        raise MissingCheckpoint(
            f"{checkpoint.title} cannot be downloaded: its authors distribute it themselves",
            f"Get it from {checkpoint.source or 'them'} and import the file: "
            f"python vendor_setup.py import {checkpoint.name} FILE",
        )
    require_online(online, checkpoint.title)
    known = (checkpoint.url, checkpoint.title, checkpoint.size, checkpoint.sha256)
    remote = Remote(*known, follow)
    digest = download(remote, path, report, cancelled)
    stamp_file(path, digest)


def _with_required(name: str) -> list[Checkpoint]:
    """A checkpoint after those it is used with."""
    found: dict[str, Checkpoint] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        checkpoint = find_checkpoint(name)
        for other in checkpoint.requires:
            if other not in above:
                visit(other, (*above, name))
        found[name] = checkpoint

    visit(name, ())
    return list(found.values())


def _agree(checkpoint: Checkpoint, agree: Agree) -> None:
    if terms_accepted(checkpoint):
        return
    if not agree(checkpoint):
        raise TermsError(
            f"{checkpoint.title} has terms: {checkpoint.terms.rstrip('.')}",
            "Accept them with --accept-terms, or choose another model",
        )
    accept_terms(checkpoint)


def _place(
    file: Path, path: Path, link: bool, title: str, report: Report, cancelled: Cancelled
) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.unlink(missing_ok=True)
        if link:
            temporary.symlink_to(file.absolute())
        else:
            _copy(file, temporary, path, title, report, cancelled)
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _copy(
    file: Path, temporary: Path, path: Path, title: str, report: Report, cancelled: Cancelled
) -> None:
    size, done = file.stat().st_size, 0
    check_space(path, size, title)
    with open(file, "rb") as source, open(temporary, "xb") as target:
        while chunk := source.read(_CHUNK):
            if cancelled():
                raise CancelledError
            target.write(chunk)
            done += len(chunk)
            report(Progress(f"Copying {title}", done, size))
    shutil.copystat(file, temporary)


def _remove_part(path: Path) -> None:
    part_path(path).unlink(missing_ok=True)
    part_note_path(path).unlink(missing_ok=True)


def _hash(path: Path, title: str, report: Report, cancelled: Cancelled) -> str:
    try:
        return hash_watched(path, title, report, cancelled)
    except OSError as error:
        raise DownloadError(
            f"{path} cannot be read ({error.strerror})", "Check the disk and the permissions"
        ) from error


def _lock(checkpoint: Checkpoint) -> contextlib.AbstractContextManager[FolderLock]:
    return claim(models_folder() / f".{checkpoint.file}.lock", checkpoint.title)
