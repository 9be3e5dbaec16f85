# SPDX-License-Identifier: GPL-3.0-or-later
"""The two environments of the worker, and which of them a run uses.

embedded  numpy, scipy, OpenCV, PyMaxflow, ONNX Runtime: from the extension's zip, or by pip in a
          checkout
full      PyTorch and the models' packages as well: made by pip or uv when the user asks for it
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from ..data_folder import data_folder
from ..job.implementations import PACKAGES
from .backend import Backend, choose_backend
from .environment import Environment
from .failures import MissingEnvironment
from .folders import read_stamp
from .installer import VERSIONS
from .pins import PinFile
from .processes import has_modules
from .unpacked import UnpackedWheels

VARIABLE = "PARTS4D_PYTHON"  # environment variable that names the worker's Python
MODULES = ("numpy", "scipy", "cv2", "maxflow")
# Runs the shipped vision model. Without it parsing goes on with names and bones, so that a missing
# system library, or a Python of the user's own without it, is no reason to refuse to work.
WELCOME_MODULES = ("onnxruntime?",)
FULL_MODULES = (*MODULES, *PACKAGES)
PINS = Path(__file__).with_name("requirements")
_EXTENSION = Path(__file__).resolve().parents[2]
WHEELS = _EXTENSION / "wheels"  # only in the extension's zip

_FLAGS = ("-I", "-u", "-X", "faulthandler")  # -I: no PYTHON* variable, no user packages
_TORCH_INDEX = "https://download.pytorch.org/whl/"
_GB = 2**30


def worker_python(needs_torch: bool) -> list[str]:
    """The command, to be followed by a script, of the worker's Python.

    In this order: the environment variable PARTS4D_PYTHON, this Python itself, the environments.
    Raises MissingEnvironment with what to do.
    """
    return full_python() if needs_torch else embedded_python()


def embedded_python() -> list[str]:
    """The command of a Python with the packages of `MODULES`; see `worker_python`.

    Unpacks the wheels of the extension's zip when that was not done yet: some seconds, once.
    """
    if found := _choose_python(MODULES):
        return found
    environment = embedded_environment()
    if isinstance(environment, UnpackedWheels):
        environment.install()
        return environment.command()
    if (state := environment.state()) == "ready":
        return [str(environment.python), *_FLAGS]
    raise _missing("The parsing libraries are", state, "embedded")


def full_python() -> list[str]:
    """The command of a Python with PyTorch and the models' packages; see `worker_python`."""
    if found := _choose_python(FULL_MODULES):
        return found
    state = "not installed"
    if full_path().exists():
        environment = full_environment()
        if (state := environment.state()) == "ready":
            return [str(environment.python), *_FLAGS]
    raise _missing("PyTorch and the packages of the models are", state, "full")


def embedded_environment() -> Environment | UnpackedWheels:
    """For this very Python."""
    pins = PinFile(PINS / "embedded.txt")
    if WHEELS.is_dir():
        return UnpackedWheels(WHEELS, data_folder(), pins, (*MODULES, *WELCOME_MODULES))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    path = data_folder() / f"embedded-python{version}"
    modules = (*MODULES, *WELCOME_MODULES)
    return Environment(path, (pins,), modules, space=_GB // 2, size=350 * 2**20)


def full_path() -> Path:
    """Where the full environment lies, or would lie."""
    return data_folder() / "full"


def full_environment(backend: str = "", version: str = "", asked: bool = False) -> Environment:
    """With `backend`, or that of the installed one, or the one that fits this machine.

    `version` is that of its Python; only some backends differ by it. `asked` says that the user
    chose the backend: an update then keeps it.
    """
    path = full_path()
    stamp = read_stamp(path)
    known = _SPACE[sys.platform if sys.platform in ("win32", "darwin") else "linux"]
    backend = backend or str(stamp.get("backend") or "")
    backend = backend if backend in known else choose_backend().name
    version = version or str(stamp.get("python") or VERSIONS[0])
    space, size = known[backend]
    torch = _torch_pins(backend, version)
    pins = (PinFile(PINS / "full.txt"), torch, PinFile(PINS / "full-sources.txt", sources=True))
    sizes = (int(space * _GB), int(size * _GB))
    modules = (*FULL_MODULES, *WELCOME_MODULES)
    return Environment(path, pins, modules, *sizes, backend, asked)


def backend_to_install(wanted: str = "") -> tuple[Backend, bool]:
    """The backend for an installation, and whether the user chose it, now or the last time.

    Raises InputError for one that does not exist here.
    """
    stamp = read_stamp(full_path())
    earlier = str(stamp.get("backend") or "") if stamp.get("asked") else ""
    return choose_backend(wanted or earlier), bool(wanted or earlier)


# Backend -> GB that must be free (with what is downloaded), GB it has in the end. Those of Linux
# with PyPI's packages were measured, the others are estimated from the sizes of the wheels.
_SPACE = {
    "linux": {"cuda": (9, 5.6), "cuda12": (9, 5.5), "rocm": (28, 20), "cpu": (9, 5.6)},
    "win32": {"cuda": (9, 5.5), "cpu": (2, 1.2)},
    "darwin": {"mps": (2, 1.2), "cpu": (2, 1.2)},
}


def _torch_pins(backend: str, version: str) -> PinFile:
    # The hashes for Python 3.13 of PyTorch's own index are not known to us: its own are checked.
    unhashed = "-unhashed" if version == "3.13" else ""
    if backend == "cuda" and sys.platform == "win32":
        return PinFile(PINS / f"torch-cuda-windows{unhashed}.txt", _TORCH_INDEX + "cu128")
    if backend == "rocm":
        return PinFile(PINS / f"torch-rocm-linux{unhashed}.txt", _TORCH_INDEX + "rocm7.1")
    if backend == "cuda12":
        return PinFile(PINS / "torch-cuda12-linux.txt")
    return PinFile(PINS / "torch-pypi.txt")


def _choose_python(modules: tuple[str, ...]) -> list[str]:
    """The Python of the variable, or this one; empty when neither is meant. Raises."""
    if chosen := os.environ.get(VARIABLE):
        if not has_modules(chosen, modules):
            raise MissingEnvironment(
                f"{VARIABLE} is {chosen}, which is not a Python with {', '.join(modules)}",
                "Correct the variable or unset it",
            )
        return [chosen, *_FLAGS]
    return [sys.executable, *_FLAGS] if _runs_here(modules) else []


def _runs_here(modules: tuple[str, ...]) -> bool:
    """Whether this very Python, started on its own, has the modules.

    Asked without starting it where possible. Inside Blender modules may come from other
    extensions; those do not count, for a process of its own would not see them.
    """
    if "python" not in Path(sys.executable or "").name.lower():
        return False
    for name in modules:
        try:
            found = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            return False
        if found is None or not found.origin:
            return False
        if not Path(found.origin).is_relative_to(sys.prefix):
            return has_modules(sys.executable, modules)
    return True


def _missing(what: str, state: str, name: str) -> MissingEnvironment:
    program = _EXTENSION / "vendor_setup.py"
    return MissingEnvironment(
        f"{what} {state}", f"Install them: {sys.executable} {program} install {name}"
    )
