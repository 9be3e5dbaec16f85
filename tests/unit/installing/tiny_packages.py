# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of one module, and environments that are made from them."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.checkpoints.transfer_progress import Progress
from core.installing.environment import Environment
from core.installing.installer import Installer
from core.installing.pins import PinFile
from core.installing.processes import run_tool

# An environment is made from the base Python: where that has pip, no other has to be made.
BASE = getattr(sys, "_base_executable", "") or sys.executable
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
_BACKEND = """
import zipfile
def build_wheel(folder, settings=None, metadata=None):
    name = "built-1.0-py3-none-any.whl"
    info = "built-1.0.dist-info"
    files = {
        "built.py": "from tiny import version",
        info + "/METADATA": "Metadata-Version: 2.1\\nName: built\\nVersion: 1.0\\n",
        info + "/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    files[info + "/RECORD"] = "".join(n + ",,\\n" for n in [*files, info + "/RECORD"])
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return name
"""


def make_wheel(
    folder: Path,
    version: str,
    name: str = "tiny",
    tags: str = "py3-none-any",
    more: Mapping[str, str] | None = None,
) -> str:
    """A package with one module; returns the sha256 of its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{tags}.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tags}\n",
        **(more or {}),
    }
    record = "".join(f"{n},sha256={_record_hash(t)},{len(t)}\n" for n, t in files.items())
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in files.items():
            wheel.writestr(member, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_sources(folder: Path) -> str:
    """A package `built` as sources only, which needs `tiny`; returns the sha256 of its file."""
    path = folder / "built-1.0.tar.gz"
    project = (
        '[build-system]\nrequires = ["never-there"]\nbuild-backend = "own"\nbackend-path = ["."]'
    )
    info = "Metadata-Version: 2.1\nName: built\nVersion: 1.0\n"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in {"pyproject.toml": project, "own.py": _BACKEND, "PKG-INFO": info}.items():
            member = tarfile.TarInfo(f"built-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _record_hash(text: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


class Package:
    """Pins of the tiny package, and the environment that is made from them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheels = folder / "wheels"
        self.requirements = folder / "requirements.txt"
        self.told: list[Progress] = []
        self.installer = Installer(BASE, VERSION, wheels=self.wheels)
        self.environment = Environment(
            folder / "env", (PinFile(self.requirements),), ("tiny",), 1, size=10 * 2**20
        )
        self.require("1.0")

    def require(self, version: str, digest: str = "") -> None:
        digest = digest or make_wheel(self.wheels, version)
        self.requirements.write_text(f"tiny=={version} \\\n    --hash=sha256:{digest}\n")

    def install(self, **options: Any) -> None:
        self.environment.install(self.installer, self.told.append, **options)

    def installed(self) -> str:
        code = "import tiny; print(tiny.version)"
        return run_tool([str(self.environment.python), "-I", "-c", code])[0]
