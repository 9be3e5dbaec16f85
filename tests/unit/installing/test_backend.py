# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.errors import InputError
from core.installing import backend
from core.installing.backend import Backend, choose_backend, supported_backends


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Linux without graphics card: a folder for programs, and files of drivers."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name in ("_PROC", "_ROCM", "_KFD"):
        monkeypatch.setattr(backend, name, tmp_path / name)
    monkeypatch.setattr(backend.shutil, "which", lambda name: _program(tmp_path, name))
    return tmp_path


def _program(folder: Path, name: str) -> str | None:
    return str(folder / name) if (folder / name).exists() else None


def add_program(folder: Path, name: str, said: str, status: int = 0) -> None:
    (folder / name).write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\nexit {status}\n")
    (folder / name).chmod(0o755)


def test_without_a_card_it_is_the_cpu(machine):
    assert choose_backend() == Backend("cpu", "no graphics card for PyTorch found")


@pytest.mark.parametrize(
    ("said", "backend"),
    [
        ("580.65.06, 9.0, NVIDIA H200", "cuda"),
        ("590.10, 7.5, NVIDIA GeForce RTX 2080", "cuda"),
        ("580.65.06, 6.1, NVIDIA GeForce GTX 1080", "cuda12"),
        ("550.54.14, 8.6, NVIDIA GeForce RTX 3090", "cuda12"),
        ("580.65.06, [N/A], NVIDIA GeForce", "cuda"),
    ],
)
def test_driver_and_card_decide_about_cuda(machine, said, backend):
    add_program(machine, "nvidia-smi", said)
    found = choose_backend()
    assert found.name == backend and said.split(", ")[2] in found.reason


def test_an_old_nvidia_smi_without_the_query_is_understood(machine):
    text = "| NVIDIA-SMI 470.42    Driver Version: 470.42.01    CUDA Version: 11.4 |"
    (machine / "nvidia-smi").write_text(f'#!/bin/sh\n[ -n "$1" ] && exit 6\necho "{text}"\n')
    (machine / "nvidia-smi").chmod(0o755)
    assert choose_backend().name == "cuda12"


def test_a_driver_whose_program_fails_is_found_in_proc(machine):
    add_program(machine, "nvidia-smi", "Failed to initialize NVML", 9)
    line = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build"
    (machine / "_PROC").write_text(line)
    assert choose_backend() == Backend("cuda", "NVIDIA with driver 580.65")
    (machine / "_PROC").write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03")
    assert choose_backend().name == "cuda12"


def test_a_program_of_nvidia_without_a_card_is_the_cpu(machine):
    add_program(machine, "nvidia-smi", "No devices were found", 6)
    assert choose_backend().name == "cpu"


def test_an_amd_card_needs_its_compute_device(machine):
    add_program(machine, "rocminfo", "  Name:                    gfx1100  ")
    assert choose_backend().name == "cpu"
    (machine / "_KFD").touch()
    assert choose_backend() == Backend("rocm", "AMD gfx1100")
    (machine / "rocminfo").unlink()
    assert choose_backend().name == "cpu"
    (machine / "_ROCM").mkdir()
    assert choose_backend().name == "rocm"


def test_apple_silicon_is_mps(machine, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(backend.platform, "machine", lambda: "arm64")
    assert choose_backend().name == "mps"
    monkeypatch.setattr(backend.platform, "machine", lambda: "x86_64")
    assert choose_backend().name == "cpu"


def test_on_windows_the_driver_is_enough(machine, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(backend, "_has_library", lambda name: name == "nvcuda.dll")
    assert choose_backend() == Backend("cuda", "an NVIDIA driver is installed")
    add_program(machine, "nvidia-smi", "551.86, 6.1, NVIDIA GeForce GTX 1080")
    assert choose_backend().name == "cuda"


def test_what_is_asked_for_is_taken_where_it_exists(machine, monkeypatch):
    assert choose_backend("rocm") == Backend("rocm", "asked for")
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(InputError, match=r"backend 'rocm' is not available .*cuda, cpu"):
        choose_backend("rocm")
    assert supported_backends() == ("cuda", "cpu")
