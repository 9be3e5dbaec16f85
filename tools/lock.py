# SPDX-License-Identifier: GPL-3.0-or-later
"""Pins the packages of all environments, with hashes.

    python tools/lock.py [--uv PATH] [--upgrade]

Writes core/installing/requirements/*.txt, the worker's, and requirements/*.txt, those of
development; what is asked for stands in the `.in` files beside them. Versions stay as they are
while they fit; with --upgrade they are the newest that do. Needs uv and a package index in the form
of PyPI. The resolution is universal: one file for every system and for Python 3.11 to 3.13 (of a
Blender: for its Python), packages that only some of them need carry a marker. Files with a note "by
hand" come from an index of PyTorch's own and are not touched.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from setup_env import PYTHON_OF, REQUIREMENTS

from core.errors import InputError, Parts4DError
from core.installing.environments import PINS
from core.installing.pins import list_pins

INDEX = "https://pypi.org/simple"
PYTHON = "3.11"  # the oldest that is supported

# Published as sources only: built and installed after the others.
SOURCES = ("antlr4-python3-runtime", "iopath", "sam2")
# What differs between the kinds of graphics hardware.
TORCH = re.compile(r"(torch|torchvision|triton|nvidia-.*|cuda-.*)$")
# Named by ONNX Runtime for its tools; a session only needs NumPy.
TOOLS_ONLY = ("coloredlogs", "flatbuffers", "humanfriendly", "protobuf", "pyreadline3")
WITHOUT_TORCH = (*TOOLS_ONLY, "mpmath", "packaging", "sympy")
# datumaro asks for OpenCV with windows; the worker's is the one without, under the same name.
UNUSED_BESIDE_BLENDER = (*TOOLS_ONLY, "mpmath", "sympy", "opencv-python")
# The tests' tools go into what users have: what is there is not pinned again.
ADDED_TO = {"embedded": PINS / "embedded.txt", "models": PINS / "full.txt"}
# Needed only where Python runs in a browser.
_BROWSER = "sys_platform == 'emscripten'"

Pins = Mapping[str, str]  # `name==version ; marker` -> the lines of its hashes


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--uv", default=shutil.which("uv") or "uv")
    parser.add_argument("--upgrade", action="store_true", help="to the newest versions that fit")
    chosen = parser.parse_args(arguments)
    resolver = Resolver(chosen.uv, chosen.upgrade)
    try:
        lock_worker(resolver)
        lock_development(resolver)
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


@dataclass(frozen=True)
class Resolver:
    """Finds versions that fit together."""

    uv: str
    upgrade: bool = False

    def resolve(
        self, inputs: Sequence[Path], earlier: Sequence[Path], python: str = PYTHON
    ) -> Pins:
        """The pins for `inputs` together; those of the files `earlier` are kept where they fit.

        Raises InputError with what uv says.
        """
        # No setting of this machine may leak into the files.
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "pins.txt"
            if not self.upgrade:
                target.write_text("".join(p.read_text("utf-8") for p in earlier if p.exists()))
            command = [self.uv, "pip", "compile", "--universal", "--generate-hashes"]
            command += ["--no-annotate", "--no-config", "--python-version", python]
            command += ["--default-index", INDEX, "--quiet", "--no-header"]
            command += ["--output-file", str(target), *map(str, inputs)]
            try:
                done = subprocess.run(
                    command, env=clean, capture_output=True, text=True, check=False
                )
            except OSError as error:
                raise InputError(
                    f"uv cannot be started ({error.strerror})", "Install uv"
                ) from error
            if done.returncode:
                raise InputError(
                    f"uv failed: {done.stderr.strip()[-500:]}", "Correct the .in files"
                )
            return read(target.read_text("utf-8"))


def lock_worker(resolver: Resolver) -> None:
    """The environments that users get."""

    def resolve(inputs: Sequence[str], earlier: Sequence[str]) -> Pins:
        return resolver.resolve([PINS / n for n in inputs], [PINS / n for n in earlier])

    embedded = without(resolve(["embedded.in"], ["embedded.txt"]), WITHOUT_TORCH)
    write(PINS / "embedded.txt", "The worker without models", embedded)
    full = ["full.txt", "full-sources.txt"]
    pins = resolve(["full.in", "torch-pypi.in"], [*full, "torch-pypi.txt"])
    pins = without(pins, TOOLS_ONLY)
    torch = {pin: hashes for pin, hashes in pins.items() if TORCH.match(name_of(pin))}
    sources = {pin: hashes for pin, hashes in pins.items() if name_of(pin) in SOURCES}
    rest = {p: h for p, h in pins.items() if p not in torch and p not in sources}
    write(PINS / "full.txt", "Everything but PyTorch", rest)
    write(PINS / "full-sources.txt", "Packages that are published as sources only", sources)
    write(PINS / "torch-pypi.txt", "PyTorch as PyPI has it: CUDA 13, MPS or CPU", torch)
    older = resolve(["full.in", "torch-cuda12-linux.in"], [*full, "torch-cuda12-linux.txt"])
    older = {pin: hashes for pin, hashes in older.items() if TORCH.match(name_of(pin))}
    title = "PyTorch for older NVIDIA cards and drivers"
    write(PINS / "torch-cuda12-linux.txt", title, older)


def lock_development(resolver: Resolver) -> None:
    """The environments of development: Blender as a module, and what tests need beside users'."""
    pythons = {f"bpy-{blender}": python for blender, python in PYTHON_OF.items()}
    for name, python in {**pythons, "embedded": PYTHON, "models": PYTHON}.items():
        path = REQUIREMENTS / f"{name}.txt"
        asked = path.with_suffix(".in")
        pins = resolver.resolve([asked], [path], python)
        left_out = names_in(ADDED_TO[name]) if name in ADDED_TO else UNUSED_BESIDE_BLENDER
        title = asked.read_text("utf-8").split("\n", 1)[0].strip("# .")
        write(path, title, without(pins, left_out))


def read(text: str) -> Pins:
    """The pins of a requirements file, without those for browsers."""
    pins: dict[str, str] = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
        pin, _, hashes = block.partition(" \\\n")
        if _BROWSER not in pin:
            pins[pin.replace(" ; sys_platform != 'emscripten'", "")] = hashes
    return pins


def without(pins: Pins, packages: Iterable[str]) -> Pins:
    """The pins of other packages."""
    return {pin: hashes for pin, hashes in pins.items() if name_of(pin) not in packages}


def name_of(pin: str) -> str:
    """The package of `name==version ; marker`."""
    return pin.split("==", 1)[0]


def names_in(path: Path) -> set[str]:
    """The packages of a requirements file."""
    return {name_of(pin) for pin in list_pins(path)}


def write(path: Path, title: str, pins: Pins) -> None:
    """Replaces one file."""
    lines = [f"# {title}. Made by tools/lock.py."]
    lines += [f"{pin} \\\n{hashes}" for pin, hashes in sorted(pins.items())]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{path.name}: {len(pins)} packages")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
