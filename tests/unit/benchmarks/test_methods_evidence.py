# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded preset with less evidence: what is no evidence is not read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.methods import METHODS
from benchmarks.quality.methods.ours import SETTINGS, share_capture
from benchmarks.quality.methods.peers import Seams
from benchmarks.quality.vocabularies import Vocabulary
from core.errors import JobError
from core.job.presets import PRESETS
from core.job.spec import Part
from tests.unit.benchmarks.doll_case import doll
from tests.unit.benchmarks.seen_doll import seen
from tests.unit.parsing.doll_job import FRAMES
from tests.unit.parsing.paper_doll import truth
from tests.unit.parsing.sight.make_tiny import TINY

FREE = Vocabulary(
    "free", (Part("head"), Part("shirt"), Part("trousers"), Part("bag")), (0, 1, 2, 3)
)
GARMENT = (truth() == 1) | (truth() == 2)


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setenv("PARTS4D_SIGHT_MODEL", str(TINY))


def exchanged() -> np.ndarray:
    """(E,) the doll's truth with shirt and trousers exchanged."""
    return np.array([0, 2, 1, 3])[truth()]


@pytest.mark.parametrize("name", ["sight", "sight_bones"])
def test_without_names_a_garment_is_what_is_seen(name: str, tmp_path: Path) -> None:
    captured = seen(doll(tmp_path / "shared"), exchanged())
    found = METHODS[name]().label(captured, [FREE], tmp_path / "scratch")["free"]
    assert (found.label[FRAMES[0]] == exchanged())[GARMENT].mean() > 0.9


def test_without_sight_a_garment_is_what_it_is_called(tmp_path: Path) -> None:
    captured = seen(doll(tmp_path / "shared"), exchanged())
    found = METHODS["names_bones"]().label(captured, [FREE], tmp_path / "scratch")["free"]
    assert (found.label[FRAMES[0]] == truth())[GARMENT].mean() > 0.9
    assert not found.seconds.get("sight"), "nobody looked"


def test_all_variants_start_from_what_was_seen_once(tmp_path: Path) -> None:
    captured = seen(doll(tmp_path / "shared"))
    for name in ("embedded", "sight", "sight_bones"):
        found = METHODS[name]().label(captured, [FREE], tmp_path / name)["free"]
        assert found.seconds["sight"] == 1.5  # as the shared job says: nobody looked again
    mine = share_capture(captured.job, tmp_path / "sight" / "job").path
    assert (mine / "sight" / "elements.npz").samefile(captured.job / "sight" / "elements.npz")


def test_peers_are_given_what_was_seen(tmp_path: Path) -> None:
    blind, sighted = doll(tmp_path / "blind"), seen(doll(tmp_path / "sighted"))
    kinds = {type(Seams(c, PRESETS["embedded"]).encoder).__name__ for c in (blind, sighted)}
    assert kinds == {"NamesMaskEncoder", "SightMaskEncoder"}
    assert Seams(sighted, PRESETS["embedded"]).seconds_before == {"sight": 1.5}
    assert Seams(blind, PRESETS["embedded"]).seconds_before == {}


def test_sight_alone_is_not_measured_without_a_model(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PARTS4D_SIGHT_MODEL", str(tmp_path / "none.onnx"))
    for name in ("sight", "sight_bones"):
        assert "none.onnx" in METHODS[name]().unavailable()
    for name in ("embedded", "names_bones"):
        assert METHODS[name]().unavailable() == ""


def test_a_model_that_cannot_be_run_is_an_error_and_not_a_score(tmp_path, monkeypatch) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    monkeypatch.setenv("PARTS4D_SIGHT_MODEL", str(broken))
    with pytest.raises(JobError, match="did not look"):
        METHODS["sight"]().label(doll(tmp_path / "shared"), [FREE], tmp_path / "scratch")


def test_variants_differ_from_the_default_in_their_evidence_alone() -> None:
    default = vars(PRESETS["embedded"])
    for name in ("sight", "sight_bones", "names_bones"):
        changed = {k for k, v in vars(SETTINGS[name]).items() if v != default[k]}
        assert changed == {"evidence"}
