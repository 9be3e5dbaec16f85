# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual environments with pinned packages: made, checked, repaired, removed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING or not __package__:
    from core.errors import JobError
    from core.job.lock import FolderLock
    from vendor_pip import MissingEnvironment, Report, has_modules, pinned, run_tool
else:  # inside the extension
    from .core.errors import JobError
    from .core.job.lock import FolderLock
    from .vendor_pip import MissingEnvironment, Report, has_modules, pinned, run_tool

NEEDED_SPACE = 500 * 2**20  # bytes: the worker's packages, unpacked, and pip's copies meanwhile


@dataclass(frozen=True)
class Environment:
    """A virtual environment with pinned packages.

    While it is being made it holds a file `incomplete`, so that an interrupted installation is
    never taken for a whole one; afterwards `parts4d.json` says what it was made from.
    """

    path: Path
    requirements: Path
    modules: tuple[str, ...]  # imported as a test
    base: str  # the Python that makes it
    version: str  # of that Python, e.g. "3.11"
    space: int = NEEDED_SPACE

    @property
    def python(self) -> Path:
        windows = sys.platform == "win32"
        return self.path / ("Scripts/python.exe" if windows else "bin/python")

    def state(self) -> str:
        """not installed, incomplete, outdated or ready."""
        if not self.path.exists():
            return "not installed"
        if (self.path / "incomplete").exists() or not self.python.exists():
            return "incomplete"
        try:
            stamp = json.loads((self.path / "parts4d.json").read_text("utf-8"))
        except (OSError, ValueError):
            return "outdated"
        return "ready" if stamp == self._stamp() else "outdated"

    def install(self, report: Report = print, in_place: bool = False) -> None:
        """Makes the environment unless it is ready.

        An interrupted one is made anew. An outdated one is replaced, and put back when that fails;
        with `in_place` its packages are exchanged instead. Raises MissingEnvironment.
        """
        if self.state() == "ready":
            return
        self._check_space()
        with self._lock() as lock:
            state = self.state()  # another process may have made it meanwhile
            if state == "outdated" and in_place:
                self._fill(report, lock)
            elif state != "ready":
                self._replace(report, lock)

    def _replace(self, report: Report, lock: FolderLock) -> None:
        state = self.state()
        kept = self.path.with_name(f"{self.path.name}.old")
        try:
            remove_environment(kept)
            if state == "outdated":
                self.path.replace(kept)
            remove_environment(self.path)
            self._make(report)
            self._fill(report, lock)
        except BaseException as error:
            with contextlib.suppress(OSError):
                remove_environment(self.path)
                if kept.exists():
                    kept.replace(self.path)
            if isinstance(error, OSError):
                raise _cannot_write(self.path, error) from error
            raise
        remove_environment(kept)

    def verify(self) -> None:
        """Raises MissingEnvironment unless the packages are the pinned ones and can be imported."""
        state = self.state()
        if state != "ready":
            raise MissingEnvironment(f"{self.path} is {state}", "Install it")
        lines = run_tool([*self._pip(), "freeze"])
        missing = set(pinned(self.requirements)) - {line.strip().lower() for line in lines}
        if missing:
            raise MissingEnvironment(f"{min(missing)} is missing in {self.path}", "Install it anew")
        self._test()

    def remove(self) -> None:
        """Raises MissingEnvironment when the folder is not one of ours, or in use."""
        with self._lock():
            try:
                remove_environment(self.path)
            except OSError as error:
                raise _cannot_write(self.path, error) from error

    @contextlib.contextmanager
    def _lock(self) -> Iterator[FolderLock]:
        """Held also by a pip whose parent was killed: it goes on unpacking for a while."""
        lock = FolderLock(self.path.with_name(f"{self.path.name}.lock"))
        try:
            lock.__enter__()
        except JobError as error:
            raise MissingEnvironment(
                f"{self.path} is being installed by another process", "Wait for it and try again"
            ) from error
        try:
            yield lock
        finally:
            lock.__exit__()

    def _make(self, report: Report) -> None:
        report(f"Making {self.path} with Python {self.version}")
        self.path.mkdir(parents=True)
        (self.path / "incomplete").touch()
        command = [self.base, "-I", "-m", "venv", str(self.path)]
        if not has_modules(self.base, ("ensurepip",)):
            command.insert(4, "--without-pip")  # Debian without python3-venv
        run_tool(command)

    def _fill(self, report: Report, lock: FolderLock) -> None:
        (self.path / "incomplete").touch()
        (self.path / "parts4d.json").unlink(missing_ok=True)
        report(f"Installing {', '.join(pinned(self.requirements)[:4])}, ...")
        options = ["--only-binary", ":all:", "--no-input", "--disable-pip-version-check"]
        command = [*self._pip(), "install", *options, "--requirement", str(self.requirements)]
        run_tool(command, report, lock.inheritable)
        self._test()
        (self.path / "parts4d.json").write_text(json.dumps(self._stamp()), "utf-8")
        (self.path / "incomplete").unlink()

    def _pip(self) -> list[str]:
        if has_modules(str(self.python), ("pip",)):
            return [str(self.python), "-I", "-m", "pip"]
        return [self.base, "-m", "pip", "--python", str(self.python)]

    def _test(self) -> None:
        run_tool([str(self.python), "-I", "-c", f"import {', '.join(self.modules)}"])

    def _stamp(self) -> dict[str, str]:
        digest = hashlib.sha256(self.requirements.read_bytes()).hexdigest()
        return {"requirements": digest, "python": self.version}

    def _check_space(self) -> None:
        place = self.path.absolute()
        while not place.exists():
            place = place.parent
        free = shutil.disk_usage(place).free
        if free < self.space:
            raise MissingEnvironment(
                f"{self.path} needs {self.space / 2**20:.0f} MB but {free / 2**20:.0f} are free",
                "Free some space",
            )


def remove_environment(path: Path) -> None:
    """Deletes an environment. Raises MissingEnvironment for a folder that is none, OSError."""
    if not path.exists():
        return
    ours = any((path / name).exists() for name in ("incomplete", "parts4d.json", "pyvenv.cfg"))
    if path.is_symlink() or not (ours or not any(path.iterdir())):
        raise MissingEnvironment(f"{path} is not an environment of Parts4D", "Move it away")
    # The marker first: a removal that is interrupted must not leave something that looks whole.
    (path / "incomplete").touch()
    shutil.rmtree(path)


def _cannot_write(path: Path, error: OSError) -> MissingEnvironment:
    if "No space left" in str(error):
        return MissingEnvironment("The disk is full", "Free some space and try again")
    return MissingEnvironment(
        f"{error.filename or path} cannot be changed ({error.strerror})",
        "Close Blender windows that use it, check the permissions, and try again",
    )
