# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's packages out of the wheels that the extension's zip brings, without any network.

They are unpacked into a folder of the data folder and run by this very Python (Blender's own) with
that folder on its path: see bootstrap.py. The folder is named after the pins, so that two
versions of Parts4D do not disturb each other.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import hashlib
import json
import os
import re
import shutil
import sys
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..checkpoints.claim import claim
from ..checkpoints.download import check_space
from ..checkpoints.store import hash_file
from ..checkpoints.transfer_progress import Cancelled, Progress, Report, never, silent
from ..errors import CancelledError
from ..files.own_files import write_own
from ..files.reading import read_note
from .checking import run_self_test
from .failures import MissingEnvironment, cannot_change
from .folders import MARKER, SELF_TEST, STAMP, mark, remove_environment
from .pins import PinFile, digest_of, pinned_hashes

PACKED = "packed.json"  # in the folder of wheels: name -> sha256 of those we packed anew
_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_LONGEST = 255  # bytes of a name that every disk takes
_UNUSED = 30 * 24 * 3600  # seconds
_RENAMES = 20  # attempts: on Windows a virus scanner may hold a new file for a moment


@dataclass(frozen=True)
class UnpackedWheels:
    """A folder of packages, unpacked from the wheels in another."""

    wheels: Path  # in the extension; only read
    folder: Path  # where the unpacked ones go, below a name of their own
    pins: PinFile
    modules: tuple[str, ...]  # imported as a test
    python: str = sys.executable
    version: tuple[int, int] = sys.version_info[:2]
    backend: str = ""

    @property
    def path(self) -> Path:
        return self.folder / f"embedded-{self._version}-{digest_of([self.pins])[:8]}"

    @property
    def title(self) -> str:
        return f"The folder {self.path}"

    def command(self) -> list[str]:
        """To be followed by a script."""
        flags = ["-I", "-S", "-u", "-X", "faulthandler"]
        return [self.python, *flags, str(_BOOTSTRAP), str(self.path)]

    def state(self) -> str:
        """not installed, incomplete or ready."""
        if not self.path.exists():
            return "incomplete" if self._new.exists() else "not installed"
        whole = (self.path / STAMP).exists() and not (self.path / MARKER).exists()
        return "ready" if whole else "incomplete"

    def self_test(self) -> dict[str, Any]:
        """The result of the last self-test; empty when there is none."""
        return read_note(self.path / SELF_TEST)

    def install(self, report: Report = silent, cancelled: Cancelled = never) -> None:
        """Unpacks unless it is done. Raises MissingEnvironment, JobError, CancelledError."""
        if self.state() == "ready":
            with contextlib.suppress(OSError):  # so that it does not count as unused
                os.utime(self.path / STAMP)
            return
        try:
            with claim(self.path.with_name(f"{self.path.name}.lock"), self.title):
                if self.state() != "ready":  # another process may have done it meanwhile
                    self._unpack(report, cancelled)
        except OSError as error:
            raise cannot_change(self.path, error) from error
        self._remove_unused()

    def verify(self, report: Report = silent, cancelled: Cancelled = never) -> dict[str, Any]:
        """Compares every file with what its wheel says, imports; returns the self-test.

        Raises MissingEnvironment, CancelledError.
        """
        state = self.state()
        if state != "ready":
            raise MissingEnvironment(f"{self.title} is {state}", "Install it")
        report(Progress(f"Testing {self.path}"))
        for record in sorted(self.path.glob("*.dist-info/RECORD")):
            _check_record(self.path, record, cancelled)
        return run_self_test(self.command(), self.path, self.modules, [self.pins], cancelled)

    def remove(self) -> None:
        """Raises MissingEnvironment, JobError."""
        with claim(self.path.with_name(f"{self.path.name}.lock"), self.title):
            try:
                remove_environment(self._new)
                remove_environment(self.path)
            except OSError as error:
                raise cannot_change(self.path, error) from error

    def _unpack(self, report: Report, cancelled: Cancelled) -> None:
        wheels = self._choose_wheels()
        sizes = {wheel: _unpacked_size(wheel) for wheel in wheels}
        total = sum(sizes.values())
        check_space(self.path, total, "Unpacking the parsing libraries")
        remove_environment(self._new)
        remove_environment(self.path)
        self._new.mkdir(parents=True)
        mark(self._new)
        done = 0
        try:
            for wheel in wheels:
                report(Progress(f"Unpacking {wheel.name}", done, total))
                unpack_wheel(wheel, self._new, cancelled)
                done += sizes[wheel]
        except BaseException:
            with contextlib.suppress(OSError):
                remove_environment(self._new)
            raise
        stamp = {"requirements": digest_of([self.pins]), "python": self._version}
        write_own(self._new / STAMP, json.dumps(stamp))
        (self._new / MARKER).unlink()
        _rename(self._new, self.path)

    def _choose_wheels(self) -> list[Path]:
        """The wheel of every pin for this Python, its hash checked."""
        chosen, packed = [], read_note(self.wheels / PACKED)
        for pin, hashes in pinned_hashes(self.pins.path).items():
            wheel = find_wheel(self.wheels, pin, self.version)
            if wheel is None:
                raise MissingEnvironment(
                    f"This copy of Parts4D does not include {pin} for Python {self._version}",
                    "Install the Parts4D zip for this version of Blender",
                )
            if hash_file(wheel) not in {*hashes, packed.get(wheel.name)}:
                raise MissingEnvironment(
                    f"{wheel} is damaged", "Install the Parts4D extension again"
                )
            chosen.append(wheel)
        return chosen

    @property
    def _version(self) -> str:
        return ".".join(map(str, self.version))

    @property
    def _new(self) -> Path:
        return self.path.with_name(f"{self.path.name}.new")

    def _remove_unused(self) -> None:
        """What other versions of Parts4D unpacked and did not use for a month."""
        for stamp in self.folder.glob(f"embedded-*/{STAMP}"):
            with contextlib.suppress(OSError, MissingEnvironment):
                if stamp.parent != self.path and time.time() - stamp.stat().st_mtime > _UNUSED:
                    remove_environment(stamp.parent)


def find_wheel(folder: Path, pin: str, version: tuple[int, int]) -> Path | None:
    """The wheel of `name==version` that a CPython can use; its system is not looked at."""
    name, number = pin.split("==")
    for path in sorted(folder.glob("*.whl")):
        parts = path.name.removesuffix(".whl").split("-")
        same = re.sub(r"[-_.]+", "-", parts[0]).lower() == re.sub(r"[-_.]+", "-", name).lower()
        if len(parts) >= 5 and same and parts[1].lower() == number and _fits(parts[-3:], version):
            return path
    return None


def _fits(tags: Sequence[str], version: tuple[int, int]) -> bool:
    """Python and ABI tag of a wheel, see the specification of compatibility tags."""
    for python in tags[0].split("."):
        if python == "py3" and tags[1] == "none":
            return True
        found = re.fullmatch(r"cp3(\d+)", python)
        if not found:
            continue
        if tags[1] == "abi3" and int(found[1]) <= version[1]:
            return True
        if tags[1] == python and int(found[1]) == version[1]:
            return True
    return False


def unpack_wheel(wheel: Path, folder: Path, cancelled: Cancelled = never) -> None:
    """Unpacks into `folder`, and nowhere else. Raises MissingEnvironment, OSError, CancelledError.

    Of a wheel's data only Python modules are taken; scripts are not needed.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                if cancelled():
                    raise CancelledError
                target = _target(member, folder, wheel)
                if target is None or member.is_dir():
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, open(target, "wb") as stream:
                    shutil.copyfileobj(source, stream, 2**20)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise MissingEnvironment(
            f"{wheel} is damaged ({error})", "Install the Parts4D extension again"
        ) from error
    except RuntimeError as error:  # of zipfile, where Python was built without LZMA
        raise MissingEnvironment(
            f"{wheel} cannot be unpacked by this Python ({error})",
            "Use Blender from blender.org, or the zip of Parts4D without wheels",
        ) from error


def _target(member: zipfile.ZipInfo, folder: Path, wheel: Path) -> Path | None:
    """Where a member goes; None for what is not needed. Raises MissingEnvironment."""
    parts = PurePosixPath(member.filename).parts
    link = (member.external_attr >> 16) & 0o170000 == 0o120000
    bad = any(p in ("..", "/") or "\\" in p or ":" in p or _too_long(p) for p in parts)
    if bad or link or not parts or member.filename.startswith("/"):
        raise MissingEnvironment(
            f"{wheel} holds the unsafe path {member.filename[:100]!r}",
            "Do not use this copy of Parts4D; download it from its official page",
        )
    if parts[0].endswith(".data"):
        if len(parts) < 3 or parts[1] not in ("purelib", "platlib"):
            return None
        parts = parts[2:]
    return folder.joinpath(*parts)


def _too_long(name: str) -> bool:
    return len(name.encode("utf-8", "replace")) > _LONGEST


def _unpacked_size(wheel: Path) -> int:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile:
        return 0  # told when it is unpacked


def _check_record(folder: Path, record: Path, cancelled: Cancelled) -> None:
    """Raises MissingEnvironment for a file that is not what the wheel's RECORD says."""
    with open(record, encoding="utf-8", errors="replace", newline="") as stream:
        for name, digest in _recorded(stream, record):
            if cancelled():
                raise CancelledError
            if not digest.startswith("sha256=") or ".data/" in name:
                continue
            try:
                found = hashlib.sha256((folder / name).read_bytes()).digest()
            except (OSError, ValueError):  # a name that no file can have
                found = b""
            if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != digest[7:]:
                raise MissingEnvironment(
                    f"{folder / name} is missing or damaged",
                    "Remove the parsing libraries and install them again",
                )


def _recorded(stream: Iterable[str], record: Path) -> Iterator[tuple[str, str]]:
    """Names and hashes. Raises MissingEnvironment for what is no record."""
    try:
        for name, digest, _ in csv.reader(stream):
            yield name, digest
    except (csv.Error, ValueError) as error:
        raise MissingEnvironment(
            f"{record} is missing or damaged",
            "Remove the parsing libraries and install them again",
        ) from error


def _rename(source: Path, target: Path) -> None:
    for attempt in range(_RENAMES):
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if attempt == _RENAMES - 1:
                raise
            time.sleep(0.1)
