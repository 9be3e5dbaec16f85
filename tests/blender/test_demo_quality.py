# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo character against its ground truth, through the benchmark, in processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("bpy")

from benchmarks.quality.records import CaseRecord, Results, ScoreRecord, read_record

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    out = tmp_path_factory.mktemp("benchmark")
    program = "from benchmarks.quality.study import *; from core.job.child_side import leave; "
    program += f"run_study(StudyOptions(Path({str(out)!r}), methods=('embedded',), "
    program += "capture=CaptureOptions(frames=2))); leave(0)"
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    return read_record(Results, out / "results.json")


@pytest.fixture(scope="module")
def demo(results: Results) -> CaseRecord:
    (case,) = results.cases
    return case


@pytest.fixture(scope="module")
def scores(results: Results) -> dict[str, ScoreRecord]:
    """By vocabulary."""
    assert not any(score.error for score in results.scores)
    return {score.vocabulary: score for score in results.scores}


def iou_of(score: ScoreRecord) -> dict[str, float]:
    return dict(zip(score.classes, score.iou, strict=True))


def test_named_parts_reach_the_target(demo: CaseRecord, scores: dict[str, ScoreRecord]) -> None:
    iou = iou_of(scores["free"])
    assert np.mean([iou[name] for name in demo.named if name in iou]) >= 0.95
    assert scores["free"].oa >= 0.99


def test_no_garment_hand_or_forearm_is_lost(scores: dict[str, ScoreRecord]) -> None:
    iou = iou_of(scores["free"])
    for name in ("jacket", "t-shirt", "trousers", "shoes", "hair", "left hand", "right hand"):
        assert iou[name] >= 0.9, name


def test_every_visible_face_has_a_label(scores: dict[str, ScoreRecord]) -> None:
    for name in ("free", "dress6", "ctd4"):
        table = np.array(scores[name].table)
        assert table[:, -1].sum() <= 0.002 * table.sum(), name


def test_published_categories_and_body_parts_are_found(scores: dict[str, ScoreRecord]) -> None:
    for name in ("ctd4", "dress6", "body"):
        assert scores[name].miou >= 0.97, name


def test_the_demo_names_what_it_has(demo: CaseRecord, scores: dict[str, ScoreRecord]) -> None:
    assert {"jacket", "trousers", "shoes", "hair"} <= set(demo.named)
    assert scores["free"].side_confusion <= 0.01


def test_one_labelling_of_all_frames_does_not_flicker(scores: dict[str, ScoreRecord]) -> None:
    assert scores["free"].flicker == 0
