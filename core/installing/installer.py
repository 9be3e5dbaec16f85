# SPDX-License-Identifier: GPL-3.0-or-later
"""Who makes an environment: a base Python with pip, or uv where it is on the PATH."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .failures import MissingEnvironment
from .pins import PinFile
from .processes import clean_environment, has_modules, output_of

VERSIONS = ("3.11", "3.12", "3.13")  # for which the packages are pinned
UV_VERSION = "3.11"  # asked of uv: for it every hash is pinned
Run = Callable[[Sequence[str]], object]  # runs a command, raises when it fails

_TIMEOUT = 300  # seconds that uv has to find or download a Python


@dataclass(frozen=True)
class Installer:
    """Makes virtual environments and fills them."""

    python: str  # the base Python
    version: str  # of it, e.g. "3.11"
    uv: str = ""  # path of uv; empty = pip
    wheels: Path | None = None  # a folder to install from, without any network

    def make(self, path: Path, run: Run) -> None:
        """An empty virtual environment at `path`, which may exist."""
        if self.uv:
            run([self.uv, "venv", "--python", self.python, "--allow-existing", str(path)])
            return
        # The base Python's pip serves where there is one; making another takes seconds, and
        # Debian's Python cannot (ensurepip is a package of its own there).
        own_pip = not self._has_pip() and has_modules(self.python, ("ensurepip",))
        options = [] if own_pip else ["--without-pip"]
        run([self.python, "-I", "-m", "venv", *options, str(path)])

    def install(self, python: Path, pins: PinFile, run: Run) -> None:
        """The packages of `pins` into the environment of `python`."""
        run([*self._tool(python), *self._options(pins), "--requirement", str(pins.path)])

    def download_command(self, pins: PinFile, folder: Path) -> list[str]:
        """Collects the wheels of `pins` for this Python in a folder."""
        command = [self.python, "-m", "pip", "download", "--only-binary", ":all:", "--no-deps"]
        command += ["--no-input", "--disable-pip-version-check", "--no-color"]
        if pins.hashed:
            command += ["--require-hashes"]
        if pins.index:
            command += ["--extra-index-url", pins.index]
        return [*command, "--dest", str(folder), "--requirement", str(pins.path)]

    def variables(self, temporary: Path) -> dict[str, str]:
        """Environment variables of the tools: settings of one mean the same to the other."""
        own = clean_environment()
        found = {name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")}
        # The CUDA extension of SAM 2 only smooths masks, and needs a compiler.
        found["SAM2_BUILD_CUDA"] = "0"
        if self.uv:
            index, extra = own.get("PIP_INDEX_URL"), own.get("PIP_EXTRA_INDEX_URL")
            if index and not ({"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & own.keys()):
                found["UV_DEFAULT_INDEX"] = index
            if extra and not ({"UV_INDEX", "UV_EXTRA_INDEX_URL"} & own.keys()):
                found["UV_INDEX"] = extra
            certificates = own.get("PIP_CERT") or own.get("REQUESTS_CA_BUNDLE")
            if certificates and "SSL_CERT_FILE" not in own:
                found["SSL_CERT_FILE"] = certificates
        elif "SSL_CERT_FILE" in own and not ({"PIP_CERT", "REQUESTS_CA_BUNDLE"} & own.keys()):
            found["PIP_CERT"] = own["SSL_CERT_FILE"]
        return found

    def _tool(self, python: Path) -> list[str]:
        if self.uv:
            return [self.uv, "pip", "install", "--python", str(python), "--color", "never"]
        quiet = ["--no-input", "--disable-pip-version-check", "--no-color"]
        if self._has_pip():
            return [self.python, "-I", "-m", "pip", "--python", str(python), "install", *quiet]
        return [str(python), "-I", "-m", "pip", "install", *quiet]

    def _has_pip(self) -> bool:
        return has_modules(self.python, ("pip",))

    def _options(self, pins: PinFile) -> list[str]:
        options = ["--no-build-isolation"] if pins.sources else ["--only-binary", ":all:"]
        if pins.hashed:  # then it names all packages, and no dependency has to be looked for
            options += ["--require-hashes", "--no-deps"]
        elif pins.index:
            options += ["--no-deps"]
        if self.wheels:
            options += ["--no-index", "--find-links", str(self.wheels)]
            if self.uv:
                options += ["--offline"]
        elif pins.index:
            options += ["--index" if self.uv else "--extra-index-url", pins.index]
        return options


def choose_installer(python: str = "", wheels: Path | None = None) -> Installer:
    """The base Python and the tool: `python` where given, else uv's Python, else the running one.

    Inside Blender the running one is Blender's own Python, which is only copied from: nothing is
    installed into it. Raises MissingEnvironment for a Python without packages.
    """
    uv = shutil.which("uv") or ""
    if wheels and not wheels.is_dir():
        raise MissingEnvironment(f"{wheels} is not a folder", "Name the folder with the wheels")
    if python:
        return Installer(python, _check_supported(python), uv, wheels)
    if uv and (found := _python_of_uv(uv, download=not wheels)):
        return Installer(found, _check_supported(found), uv, wheels)
    running = getattr(sys, "_base_executable", "") or sys.executable
    return Installer(running, _check_supported(running), uv, wheels)


def version_of(python: str) -> str:
    """ "3.11", or empty when it does not start."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    said = output_of([python, "-I", "-c", code], _TIMEOUT)
    return said if re.fullmatch(r"\d+\.\d+", said) else ""


def _check_supported(python: str) -> str:
    version = version_of(python)
    if not version:
        raise MissingEnvironment(f"{python} could not be started", "Name another with --python")
    if version not in VERSIONS:
        raise MissingEnvironment(
            f"{python} is Python {version}, for which there are no packages",
            f"Name Python {VERSIONS[0]} or {VERSIONS[-1]} with --python, or install uv",
        )
    return version


def _python_of_uv(uv: str, download: bool) -> str:
    """A Python that uv finds, or else downloads; empty when it cannot."""
    find = [uv, "python", "find", "--system", UV_VERSION]
    if found := output_of(find, _TIMEOUT):
        return found
    install = [uv, "python", "install", UV_VERSION, "--no-bin"]
    if download and output_of(install, _TIMEOUT, errors=True):
        return output_of(find, _TIMEOUT)
    return ""
