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


def test_what_is_written_is_sorted_and_read_again(monkeypatch, tmp_path):
    monkeypatch.setattr(lock, "PINS", tmp_path)
    pins = lock.read(TEXT)
    lock.write("a.txt", "A title", dict(reversed(list(pins.items()))))
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
        lock.resolve("/no/such/uv", ["embedded.in"])


def test_what_uv_refuses_is_a_sentence(tmp_path):
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho 'no such package' >&2\nexit 1\n")
    uv.chmod(0o755)
    with pytest.raises(InputError, match="uv failed: no such package"):
        lock.resolve(str(uv), ["embedded.in"])
