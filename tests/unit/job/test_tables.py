# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of stages and implementations agree with the code they speak of."""

from __future__ import annotations

import ast
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from core.checkpoints.catalogue import known_checkpoints
from core.job import implementations as table
from core.job.choices import choose, counts, goes_by, needs_torch, uses_sight
from core.job.implementations import IMPLEMENTATIONS, PACKAGES, SEAMS, Implementation
from core.job.presets import PRESETS
from core.job.shipped_data import SHIPPED, ontology_hash, shipped_hashes
from core.job.spec import ParsingSettings
from core.job.stages import STAGE_TABLE, STAGES, stage_named
from core.parsing.pipeline import STAGES as COMPUTED

PARSING = Path(table.__file__).parents[1] / "parsing"


def test_the_pipeline_has_a_function_for_each_stage_after_the_capture():
    assert ("capture", *COMPUTED) == STAGES


def test_stages_name_seams_and_data_that_exist():
    assert {stage.seam for stage in STAGE_TABLE} - {""} == set(SEAMS)
    named = {name for stage in STAGE_TABLE for name in stage.data}
    named |= {name for row in IMPLEMENTATIONS for name in row.data}
    assert named == set(SHIPPED)
    assert [stage.name for stage in STAGE_TABLE if stage.looks] == ["sight"]


@pytest.mark.parametrize("row", IMPLEMENTATIONS, ids=lambda row: f"{row.seam}-{row.name}")
def test_an_implementation_names_functions_a_checkpoint_and_packages_that_exist(row):
    for path in filter(None, (row.factory, row.text)):
        module, _, function = path.partition(":")
        source = PARSING.joinpath(*module.strip(".").split(".")).with_suffix(".py")
        body = ast.parse(source.read_text("utf-8")).body
        assert function in {node.name for node in body if isinstance(node, ast.FunctionDef)}
        if not row.needs_torch:
            assert callable(getattr(import_module(module, "core.parsing"), function))
    assert bool(row.text) == (row.seam == "encoder")
    kinds = {checkpoint.kind for checkpoint in known_checkpoints().values()}
    assert not row.checkpoint or row.checkpoint in kinds
    assert row.needs_torch == bool(row.checkpoint) and set(row.modules) <= set(PACKAGES)


def test_names_are_unique_at_a_seam():
    names = [(row.seam, row.name) for row in IMPLEMENTATIONS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("preset", list(PRESETS))
def test_presets_choose_implementations_that_exist(preset):
    assert len(choose(PRESETS[preset])) == 3
    assert needs_torch(PRESETS[preset]) == (preset != "embedded")


def test_evidence_counts_only_with_the_encoder_that_reads_it():
    bare = ParsingSettings(evidence=("names",))
    assert counts(bare, "evidence") and not goes_by(bare, "bones") and not uses_sight(bare)
    assert uses_sight(replace(bare, evidence=("sight",)))
    other = replace(bare, encoder="names")
    assert not counts(other, "evidence") and goes_by(other, "bones") and not uses_sight(other)
    assert counts(other, "threshold")


def test_another_encoder_that_looks_uses_the_vision_model(monkeypatch):
    row = Implementation("encoder", "mine", "Mine", "looks", "mine:make", "mine:text", looks=True)
    monkeypatch.setattr(table, "IMPLEMENTATIONS", (*IMPLEMENTATIONS, row))
    assert uses_sight(ParsingSettings(encoder="mine"))
    assert not uses_sight(ParsingSettings(encoder="theirs"))


def test_the_hash_of_the_ontology_follows_its_tables_only(tmp_path):
    (tmp_path / "parts.toml").write_bytes(b"[concept]\n")
    before = ontology_hash(tmp_path)
    (tmp_path / "notes.txt").write_bytes(b"mine")
    assert ontology_hash(tmp_path) == before
    (tmp_path / "parts.toml").write_bytes(b"[concept]\r\n")
    assert ontology_hash(tmp_path) == before  # as a checkout on Windows has it
    (tmp_path / "parts.toml").write_bytes(b"[concept.hat]\n")
    assert ontology_hash(tmp_path) != before
    assert len(shipped_hashes(["ontology"])["ontology"]) == 64


def test_there_is_no_stage_of_another_name():
    with pytest.raises(KeyError):
        stage_named("fusion")
