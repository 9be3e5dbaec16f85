# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

import pytest

from core.installing.environments import PINS
from core.installing.pins import PinFile, list_pins, pinned_hashes


def test_names_versions_and_hashes_are_read(tmp_path):
    path = tmp_path / "r.txt"
    one, two = "1" * 64, "2" * 64
    path.write_text(
        f"# a==1\n--no-index\nNumPy==2.2.6 ; sys_platform == 'linux' \\\n"
        f"    --hash=sha256:{one} \\\n    --hash=sha256:{two}\ncv==4\n"
    )
    assert list_pins(path) == ["numpy==2.2.6", "cv==4"]
    assert pinned_hashes(path) == {"numpy==2.2.6": {one, two}, "cv==4": set()}
    assert PinFile(path).hashed


@pytest.mark.parametrize("path", sorted(PINS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_package_is_pinned_and_all_but_two_files_have_hashes(path):
    hashes = pinned_hashes(path)
    assert hashes and not re.search(r"^\S+[<>~]=", path.read_text(), re.MULTILINE)
    unhashed = path.stem.endswith("-unhashed")
    assert all(bool(found) != unhashed for found in hashes.values())
    assert PinFile(path).hashed != unhashed


@pytest.mark.parametrize("path", sorted(PINS.glob("*")), ids=lambda path: path.name)
def test_the_pins_name_no_server_but_hashes(path):
    assert "://" not in path.read_text()


def test_the_worker_without_pytorch_needs_five_packages():
    names = [pin.split("==")[0] for pin in list_pins(PINS / "embedded.txt")]
    assert names == ["numpy", "onnxruntime", "opencv-python-headless", "pymaxflow", "scipy"]


def test_the_sets_for_other_cards_hold_fitting_pairs():
    pairs = {"2.15": "0.29", "2.7": "0.22", "2.10": "0.25"}
    for path in PINS.glob("torch-*.txt"):
        pins = dict(pin.split("==") for pin in list_pins(path))
        torch, build = pins["torch"].partition("+")[::2]
        vision, vision_build = pins["torchvision"].partition("+")[::2]
        assert pairs[torch.rpartition(".")[0]] == vision.rpartition(".")[0]
        assert build == vision_build
