# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo character against its ground truth, parsed by the default pipeline in processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("bpy")

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str, **options) -> str:
    """stdout of a program of the repository; a failure shows what it said."""
    finished = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, **options
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    return finished.stdout


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("characters")
    (folder / "demo").mkdir()
    run("-m", "demo", str(folder / "demo" / "demo.blend"))
    numbers = folder / "numbers.json"
    arguments = ("--frames", "2", "--jobs", str(folder / "jobs"), "--json", str(numbers))
    run("-m", "benchmarks.quality_of_default", str(folder), *arguments, env=dict(os.environ))
    (row,) = json.loads(numbers.read_text())
    return row


def test_named_parts_reach_the_target(scores: dict) -> None:
    assert scores["named_miou"] >= 0.95
    assert scores["oa"] >= 0.99


def test_no_garment_hand_or_forearm_is_lost(scores: dict) -> None:
    for name in ("jacket", "t-shirt", "trousers", "shoes", "hair", "left hand", "right hand"):
        assert scores["iou"][name] >= 0.9, name


def test_every_visible_face_has_a_label(scores: dict) -> None:
    assert scores["labelled"] == pytest.approx(1.0, abs=0.002)


def test_the_demo_names_what_it_has(scores: dict) -> None:
    assert {"jacket", "trousers", "shoes", "hair"} <= set(scores["named"])
    assert np.isfinite(scores["miou"])
