# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual environments with pinned packages: made, checked, repaired, removed."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..checkpoints.claim import claim
from ..checkpoints.transfer_progress import Cancelled, Progress, Report, as_size, never, silent
from ..errors import ErrorKind
from ..files.lock import FolderLock
from ..files.reading import read_note
from .checking import run_self_test
from .failures import MissingEnvironment, cannot_change, disk_full, explain_failure
from .folders import (
    MARKER,
    SELF_TEST,
    STAMP,
    delete_discarded,
    discard,
    read_stamp,
    remove_environment,
)
from .installer import Installer
from .pins import PinFile, digest_of, list_pins
from .processes import Given, run_tool
from .watch import Watch

_FULL = 2**20  # bytes: with less free than this, a failure is put down to the disk


@dataclass(frozen=True)
class Environment:
    """A virtual environment with pinned packages.

    While it is being made it holds a file `incomplete`, so that an interrupted installation is
    never taken for a whole one; afterwards `parts4d.json` says what it was made from.
    """

    path: Path
    pins: tuple[PinFile, ...]  # installed one after the other
    modules: tuple[str, ...]  # imported as a test
    space: int  # bytes that must be free: the packages, and what is downloaded meanwhile
    size: int = 0  # bytes it has in the end, about; for the progress
    backend: str = ""  # remembered in the stamp
    asked: bool = False  # whether the user chose the backend; remembered too

    @property
    def python(self) -> Path:
        windows = sys.platform == "win32"
        return self.path / ("Scripts/python.exe" if windows else "bin/python")

    @property
    def title(self) -> str:
        return f"The environment {self.path}"

    def state(self) -> str:
        """not installed, incomplete, outdated or ready."""
        if not self.path.exists():
            return "not installed"
        if (self.path / MARKER).exists() or not self.python.exists() or not _has_base(self.path):
            return "incomplete"
        same = read_stamp(self.path).get("requirements") == digest_of(self.pins)
        return "ready" if same else "outdated"

    def self_test(self) -> dict[str, Any]:
        """The result of the last self-test: device, versions, seconds; empty when there is none."""
        return read_note(self.path / SELF_TEST)

    def install(
        self,
        installer: Installer,
        report: Report = silent,
        cancelled: Cancelled = never,
        in_place: bool = False,
    ) -> None:
        """Makes the environment unless it is ready.

        An interrupted one is made anew. An outdated one is replaced, and put back when that fails
        or is cancelled; with `in_place` its packages are exchanged instead. Raises
        MissingEnvironment, JobError, CancelledError.
        """
        if self.state() == "ready":
            return
        self._check_space()
        with self._claim() as lock:
            state = self.state()  # another process may have made it meanwhile
            if state == "ready":
                return
            making = _Making(self, installer, report, cancelled, lock)
            if state == "outdated" and in_place:
                making.fill()
            else:
                self._replace(making)

    def verify(self, report: Report = silent, cancelled: Cancelled = never) -> dict[str, Any]:
        """Checks versions against the pins, imports, and computes; returns the self-test.

        Raises MissingEnvironment, CancelledError.
        """
        state = self.state()
        if state != "ready":
            raise MissingEnvironment(f"{self.title} is {state}", "Install it")
        report(Progress(f"Testing {self.path}"))
        return self.test(cancelled)

    def test(self, cancelled: Cancelled = never) -> dict[str, Any]:
        """Runs and records the self-test. Raises MissingEnvironment, CancelledError."""
        python = [str(self.python), "-I"]
        device = "cpu" if self.backend == "cpu" else "auto"
        return run_self_test(python, self.path, self.modules, self.pins, cancelled, device)

    def remove(self) -> None:
        """Raises MissingEnvironment when the folder is not one of ours, or in use; JobError."""
        with self._claim():
            try:
                remove_environment(self._kept)
                remove_environment(self.path)
            except OSError as error:
                raise cannot_change(self.path, error) from error

    def _replace(self, making: _Making) -> None:
        try:
            # What an installation that was killed had put aside is whole.
            if self._kept.exists() and self.state() in ("not installed", "incomplete"):
                discard(self.path)
                self._kept.replace(self.path)
            delete_discarded(self.path)
            discard(self._kept)
            if self.state() == "outdated":
                self.path.replace(self._kept)
            discard(self.path)
            making.make()
            making.fill()
        except BaseException as error:
            full = self._free() < _FULL  # not every tool says so when it fails
            with contextlib.suppress(OSError):
                discard(self.path)
                if self._kept.exists():
                    self._kept.replace(self.path)
            if isinstance(error, MissingEnvironment) and full:
                raise disk_full() from error
            if isinstance(error, OSError):
                raise cannot_change(self.path, error) from error
            raise
        with contextlib.suppress(OSError):  # a Windows program may still use a file of it
            discard(self._kept)

    @property
    def _kept(self) -> Path:
        """Where the previous one lies while it is being replaced."""
        return self.path.with_name(f"{self.path.name}.old")

    def _claim(self) -> contextlib.AbstractContextManager[FolderLock]:
        """Held also by a pip whose parent was killed: it goes on unpacking for a while."""
        return claim(self.path.with_name(f"{self.path.name}.lock"), self.title)

    def _free(self) -> int:
        """Bytes on its disk."""
        place = self.path.absolute()
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free

    def _check_space(self) -> None:
        free = self._free()
        if free < self.space:
            raise MissingEnvironment(
                f"{self.title} needs {as_size(self.space)} and {as_size(free)} are free",
                "Free some space, or set PARTS4D_DATA to a folder on another disk",
                ErrorKind.DISK_FULL,
            )


@dataclass(frozen=True)
class _Making:
    """One installation of an environment."""

    environment: Environment
    installer: Installer
    report: Report
    cancelled: Cancelled
    lock: FolderLock

    def make(self) -> None:
        path, installer = self.environment.path, self.installer
        tool = "uv" if installer.uv else "pip"
        self.report(Progress(f"Making {path} with Python {installer.version} and {tool}"))
        path.mkdir(parents=True)
        (path / MARKER).touch()
        installer.make(path, partial(self._run, "Making it"))

    def fill(self) -> None:
        environment, path = self.environment, self.environment.path
        (path / MARKER).touch()
        (path / STAMP).unlink(missing_ok=True)
        for pins in environment.pins:
            title = f"Installing {_names(pins)}"
            self.report(Progress(title))
            self.installer.install(environment.python, pins, partial(self._run, title))
        shutil.rmtree(path / "tmp", ignore_errors=True)
        self.report(Progress("Testing the environment", environment.size, environment.size))
        environment.test(self.cancelled)
        stamp = {
            "requirements": digest_of(environment.pins),
            "python": self.installer.version,
            "backend": environment.backend,
            "asked": environment.asked,
        }
        (path / STAMP).write_text(json.dumps(stamp), "utf-8")
        (path / MARKER).unlink()

    def _run(self, title: str, command: Sequence[str]) -> list[str]:
        temporary = self.environment.path / "tmp"  # pip's downloads: seen, and on the right disk
        temporary.mkdir(exist_ok=True)
        watch = Watch(self.environment.path, self.environment.size, self.report, title)
        return run_tool(
            command,
            watch.line,
            self.cancelled,
            watch.tick,
            Given(self.installer.variables(temporary), self.lock.inheritable),
            self._explain,
        )

    def _explain(self, lines: Sequence[str]) -> MissingEnvironment:
        """The sentence for a failure; all that the tool printed goes to a log file."""
        log = self.environment.path.with_name(f"{self.environment.path.name}.log")
        error = explain_failure(lines)
        try:
            log.write_text("\n".join(lines), "utf-8")
        except OSError:
            return error
        return MissingEnvironment(error.message, error.remedy, error.kind, str(log))


def _names(pins: PinFile) -> str:
    """What a file of pins installs, for people."""
    names = list(dict.fromkeys(pin.split("==")[0] for pin in list_pins(pins.path)))
    if "torch" in names:
        return f"PyTorch ({len(names)} packages)"
    return ", ".join(names) if len(names) <= 4 else f"{len(names)} packages"


def _has_base(path: Path) -> bool:
    """Whether the Python it was made from is still there."""
    try:
        text = (path / "pyvenv.cfg").read_text("utf-8")
    except OSError:
        return False
    found = re.search(r"^home\s*=\s*(.+)$", text, re.MULTILINE)
    return found is not None and Path(found[1].strip()).is_dir()
