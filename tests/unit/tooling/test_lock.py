# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

import lock

from core.errors import InputError

TEXT = """anyio==4.16.0 ; sys_platform != 'emscripten' \\
    --hash=sha256:1 \\
    --hash=sha256:2
jsfetch==1.0 ; python_full_version >= '3.12' and sys_platform == 'emscripten' \\
    --hash=sha256:3
torch==2.15.0 \\
    --hash=sha256:4
"""


def test_pins_are_read_without_those_for_browsers():
    pins = lock.read(TEXT)
    assert list(pins) == ["anyio==4.16.0", "torch==2.15.0"]
    assert pins["anyio==4.16.0"] == "    --hash=sha256:1 \\\n    --hash=sha256:2"


def test_what_is_written_is_sorted_and_read_again(tmp_path):
    pins = lock.read(TEXT)
    lock.write(tmp_path / "a.txt", "A title", dict(reversed(list(pins.items()))))
    text = (tmp_path / "a.txt").read_text()
    assert text.startswith("# A title. Made by tools/lock.py.\nanyio==")
    assert lock.read(text.split("\n", 1)[1]) == pins


def test_what_depends_on_the_card_is_told_from_the_rest():
    for name in ("torch", "torchvision", "triton", "nvidia-cublas", "cuda-toolkit"):
        assert lock.TORCH.match(name)
    assert not lock.TORCH.match("open-clip-torch") and not lock.TORCH.match("numpy")


def test_what_only_tools_of_a_package_need_is_left_out():
    pins = lock.read(TEXT)
    assert list(lock.without(pins, ("anyio",))) == ["torch==2.15.0"]


def test_a_missing_uv_is_a_sentence():
    with pytest.raises(InputError, match="uv cannot be started"):
        lock.Resolver("/no/such/uv").resolve([lock.PINS / "embedded.in"], [])


def test_what_uv_refuses_is_a_sentence(tmp_path):
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho 'no such package' >&2\nexit 1\n")
    uv.chmod(0o755)
    with pytest.raises(InputError, match="uv failed: no such package"):
        lock.Resolver(str(uv)).resolve([lock.PINS / "embedded.in"], [])


@pytest.mark.parametrize("upgrade", [False, True])
def test_earlier_versions_are_kept_unless_newer_ones_are_asked_for(tmp_path, upgrade):
    uv = tmp_path / "uv"  # says what it finds in the file that it is to write
    uv.write_text('#!/bin/sh\nwhile [ "$1" != --output-file ]; do shift; done\ntouch "$2"\n')
    uv.chmod(0o755)
    earlier = tmp_path / "earlier.txt"
    earlier.write_text(TEXT)
    pins = lock.Resolver(str(uv), upgrade).resolve([lock.PINS / "embedded.in"], [earlier])
    assert ("torch==2.15.0" in pins) != upgrade


def test_every_environment_of_development_is_locked(monkeypatch, tmp_path):
    for path in lock.REQUIREMENTS.glob("*.in"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(lock, "REQUIREMENTS", tmp_path)
    pins = {"numpy==2.2.6": "", "pytest==9.2.0": "", "sympy==1.14.0": "", "protobuf==7.36.2": ""}
    monkeypatch.setattr(lock.Resolver, "resolve", lambda *_: pins)
    lock.lock_development(lock.Resolver("uv"))
    written = {path.stem: lock.names_in(path) for path in tmp_path.glob("*.txt")}
    assert set(written) == {*(f"bpy-{v}" for v in lock.PYTHON_OF), "embedded", "models"}
    assert written["bpy-5.0"] == {"numpy", "pytest"}
    assert written["embedded"] == {"pytest", "sympy", "protobuf"}, "NumPy is the users'"
    assert written["models"] == {"pytest", "protobuf"}
