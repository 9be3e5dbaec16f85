# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage `sight` in a whole run: what is kept, told, and made again."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.job.folder import STAGES, JobFolder
from core.job.label_files import LabelFiles, Result
from core.job.messages import Message
from core.job.spec import ParsingSettings
from core.job.spec_files import save_spec
from core.job.stage_marks import StageStore, stage_keys
from core.parsing.sight.network import _load
from core.parsing.sight.sightings import has_sightings
from core.worker.stage_runner import run_stages
from tests.unit.parsing.doll_job import write_doll_job
from tests.unit.parsing.sight.make_tiny import TINY


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setenv("PARTS4D_SIGHT_MODEL", str(TINY))


def parse(folder: JobFolder) -> tuple[Result, list[str]]:
    """The result, and the stages that were computed."""
    messages: list[Message] = []
    run_stages(folder, folder.load_spec(), messages.append, lambda: False)
    computed = [m.stage for m in messages if m.type == "stage" and m.state == "finished"]
    return LabelFiles(folder.path).read_result(), computed


def job(path: Path, **settings) -> JobFolder:
    return write_doll_job(path, ParsingSettings(**settings))


def test_the_result_says_which_model_looked_at_how_many_views(tmp_path):
    result, computed = parse(job(tmp_path, sight_images=4))
    assert computed == list(STAGES[1:])
    assert list(result.models) == ["tiny 1"] and len(result.models["tiny 1"]) == 64
    assert result.backends["encoder"] == "sight"
    assert result.backends["evidence"] == "sight + names + bones"
    assert result.counts["views looked at"] == 4 and result.seconds["sight"] > 0
    assert "onnxruntime" in result.versions and not result.warnings
    assert parse(JobFolder.open(tmp_path))[1] == []


def test_without_sight_as_evidence_no_model_is_loaded(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    folder = job(tmp_path, evidence=("names", "bones"))
    result, _ = parse(folder)
    assert not result.models and not result.warnings and not has_sightings(folder.sight)
    assert "onnxruntime" not in result.versions
    assert parse(folder)[1] == []


def test_a_missing_model_is_told_in_every_run_and_looked_with_when_it_comes(tmp_path, monkeypatch):
    monkeypatch.setenv("PARTS4D_SIGHT_MODEL", str(tmp_path / "none.onnx"))
    folder = job(tmp_path / "job")
    result, _ = parse(folder)
    assert result.warnings[0].startswith("Parsed with names and bones only. The vision model")
    spec = folder.load_spec()
    save_spec(folder.spec_path, replace(spec, parts=spec.parts[:2]))
    result, computed = parse(folder)
    assert computed == ["labels"] and "is missing" in result.warnings[0]
    monkeypatch.setenv("PARTS4D_SIGHT_MODEL", str(TINY))
    result, computed = parse(folder)
    assert computed == list(STAGES[1:]) and not result.warnings and result.models


def test_what_was_made_while_the_model_could_not_run_is_made_anew(tmp_path, monkeypatch):
    folder = job(tmp_path)
    with monkeypatch.context() as broken:
        broken.setitem(sys.modules, "onnxruntime", None)
        _load.cache_clear()
        result, _ = parse(folder)
        assert "ONNX Runtime" in result.warnings[0] and not result.models
    spec = folder.load_spec()
    store, keys = StageStore(folder), stage_keys(spec, folder.snapshot_hash(spec))
    assert all(store.is_done(s, keys[s], or_provisional=True) for s in STAGES)
    result, computed = parse(folder)
    assert computed == list(STAGES[1:]) and result.models and not result.warnings


def test_sight_alone_labels_a_character_without_telling_names(tmp_path):
    result, _ = parse(job(tmp_path, evidence=("sight",)))
    assert result.counts["labelled"] > 0
    assert result.backends["evidence"] == "sight"
