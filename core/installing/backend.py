# SPDX-License-Identifier: GPL-3.0-or-later
"""Which build of PyTorch fits this machine, found out without PyTorch.

cuda      NVIDIA, CUDA 13 on Linux (driver 580 and later, Turing and later); CUDA 12.8 on Windows
cuda12    NVIDIA on Linux with an older driver or card: CUDA 12.6
rocm      AMD on Linux
mps       Apple
cpu       everything else
"""

from __future__ import annotations

import ctypes
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from .processes import output_of

BACKENDS = ("cuda", "cuda12", "rocm", "mps", "cpu")
CUDA13_DRIVER = 580.0  # the first driver for CUDA 13
CUDA13_CAPABILITY = 7.5  # Turing: older cards are not in builds for CUDA 13
_TIMEOUT = 20  # seconds

_PROC = Path("/proc/driver/nvidia/version")
_ROCM = Path("/opt/rocm")
_KFD = Path("/dev/kfd")  # AMD's compute device


@dataclass(frozen=True)
class Backend:
    """A build of PyTorch, and why it was chosen."""

    name: str
    reason: str


def supported_backends() -> tuple[str, ...]:
    """Those that exist for this operating system."""
    if sys.platform == "darwin":
        return ("mps", "cpu")
    return ("cuda", "cpu") if sys.platform == "win32" else ("cuda", "cuda12", "rocm", "cpu")


def choose_backend(wanted: str = "") -> Backend:
    """The backend that is asked for, or the one that fits. Raises InputError."""
    if wanted:
        if wanted not in supported_backends():
            raise InputError(
                f"The backend '{wanted}' is not available on this system",
                f"Choose one of: {', '.join(supported_backends())}",
            )
        return Backend(wanted, "asked for")
    return _nvidia() or _amd() or _apple() or Backend("cpu", "no graphics card for PyTorch found")


def _nvidia() -> Backend | None:
    if sys.platform == "darwin":
        return None
    driver, capability, name = _nvidia_smi()
    driver = driver or _driver_from_proc()
    if not driver:
        if sys.platform == "win32" and _has_library("nvcuda.dll"):
            return Backend("cuda", "an NVIDIA driver is installed")
        return None
    said = f"{name or 'NVIDIA'} with driver {driver:g}"
    if sys.platform == "win32":
        return Backend("cuda", said)
    # A card that is not named is taken for a recent one.
    old = driver < CUDA13_DRIVER or 0 < capability < CUDA13_CAPABILITY
    return Backend("cuda12" if old else "cuda", said)


def _nvidia_smi() -> tuple[float, float, str]:
    """Driver version, compute capability and name of the first card; 0 and empty = not known."""
    program = shutil.which("nvidia-smi")
    if not program:
        return 0.0, 0.0, ""
    query = "--query-gpu=driver_version,compute_cap,name"
    lines = output_of([program, query, "--format=csv,noheader"], _TIMEOUT).splitlines()
    if lines and len(parts := [p.strip() for p in lines[0].split(",", 2)]) == 3:
        return _number(parts[0]), _number(parts[1]), parts[2]
    found = re.search(r"Driver Version:\s*(\d+\.\d+)", output_of([program], _TIMEOUT))
    return (_number(found[1]) if found else 0.0), 0.0, ""


def _driver_from_proc() -> float:
    try:
        text = _PROC.read_text("utf-8")
    except OSError:
        return 0.0
    found = re.search(r"Kernel Module\s+(?:for \S+\s+)?(\d+\.\d+)", text)
    return _number(found[1]) if found else 0.0


def _amd() -> Backend | None:
    if sys.platform != "linux" or not _KFD.exists():
        return None
    program = shutil.which("rocminfo") or str(_ROCM / "bin" / "rocminfo")
    found = re.search(r"Name:\s+(gfx\w+)", output_of([program], _TIMEOUT))
    if found:
        return Backend("rocm", f"AMD {found[1]}")
    return Backend("rocm", "ROCm is installed") if _ROCM.exists() else None


def _apple() -> Backend | None:
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return Backend("mps", "Apple silicon")
    return None


def _has_library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _number(text: str) -> float:
    found = re.match(r"\d+(\.\d+)?", text)
    return float(found[0]) if found else 0.0
