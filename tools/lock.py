# SPDX-License-Identifier: GPL-3.0-or-later
"""Pins the packages of the worker's environments anew, with hashes.

    python tools/lock.py [--uv PATH]

Writes core/installing/requirements/*.txt; what is asked for stands in the `.in` files beside them.
Needs uv and a package index in the form of PyPI. The resolution is universal: one file for every
system and for Python 3.11 to 3.13, packages that only some of them need carry a marker. Files with
a note "by hand" come from an index of PyTorch's own and are not touched.
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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.errors import InputError, Parts4DError
from core.installing.environments import PINS

INDEX = "https://pypi.org/simple"
PYTHON = "3.11"  # the oldest that is supported

# Published as sources only: built and installed after the others.
SOURCES = ("antlr4-python3-runtime", "iopath", "sam2")
# What differs between the kinds of graphics hardware.
TORCH = re.compile(r"(torch|torchvision|triton|nvidia-.*|cuda-.*)$")
# Named by ONNX Runtime for its tools; a session only needs NumPy.
TOOLS_ONLY = ("coloredlogs", "flatbuffers", "humanfriendly", "protobuf", "pyreadline3")
WITHOUT_TORCH = (*TOOLS_ONLY, "mpmath", "packaging", "sympy")
# Needed only where Python runs in a browser.
_BROWSER = "sys_platform == 'emscripten'"

Pins = Mapping[str, str]  # `name==version ; marker` -> the lines of its hashes


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--uv", default=shutil.which("uv") or "uv")
    uv = parser.parse_args(arguments).uv
    try:
        embedded = without(resolve(uv, ["embedded.in"]), WITHOUT_TORCH)
        write("embedded.txt", "The worker without models", embedded)
        pins = without(resolve(uv, ["full.in", "torch-pypi.in"]), TOOLS_ONLY)
        torch = {pin: hashes for pin, hashes in pins.items() if TORCH.match(name_of(pin))}
        sources = {pin: hashes for pin, hashes in pins.items() if name_of(pin) in SOURCES}
        rest = {p: h for p, h in pins.items() if p not in torch and p not in sources}
        write("full.txt", "Everything but PyTorch", rest)
        write("full-sources.txt", "Packages that are published as sources only", sources)
        write("torch-pypi.txt", "PyTorch as PyPI has it: CUDA 13, MPS or CPU", torch)
        older = resolve(uv, ["full.in", "torch-cuda12-linux.in"])
        older = {pin: hashes for pin, hashes in older.items() if TORCH.match(name_of(pin))}
        write("torch-cuda12-linux.txt", "PyTorch for older NVIDIA cards and drivers", older)
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


def resolve(uv: str, inputs: Iterable[str]) -> Pins:
    """The pins for `inputs` together. Raises InputError with what uv says."""
    # No setting of this machine may leak into the files.
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "pins.txt"
        command = [uv, "pip", "compile", "--universal", "--generate-hashes", "--no-annotate"]
        command += ["--no-config", "--python-version", PYTHON, "--default-index", INDEX]
        command += ["--quiet", "--no-header", "--output-file", str(target)]
        command += [str(PINS / name) for name in inputs]
        try:
            done = subprocess.run(command, env=clean, capture_output=True, text=True, check=False)
        except OSError as error:
            raise InputError(f"uv cannot be started ({error.strerror})", "Install uv") from error
        if done.returncode:
            raise InputError(f"uv failed: {done.stderr.strip()[-500:]}", "Correct the .in files")
        return read(target.read_text("utf-8"))


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


def write(name: str, title: str, pins: Pins) -> None:
    """Replaces one file."""
    lines = [f"# {title}. Made by tools/lock.py."]
    lines += [f"{pin} \\\n{hashes}" for pin, hashes in sorted(pins.items())]
    (PINS / name).write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{name}: {len(pins)} packages")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
