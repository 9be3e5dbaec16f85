# SPDX-License-Identifier: GPL-3.0-or-later
"""An encoder is added by its own module and one row, as docs/adding-an-encoder.md says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cli.arguments import make_parser, parsing_of
from core.errors import InputError
from core.job import implementations
from core.job.choices import needs_torch, uses_sight
from core.job.label_files import LabelFiles
from core.job.messages import Message
from core.job.presets import model_names
from core.job.spec import ParsingSettings
from core.job.spec_files import save_spec
from core.job.stage_marks import stage_keys
from core.worker.stage_runner import run_stages
from tests.unit.parsing.doll_job import write_doll_job
from tests.unit.parsing.paper_doll import SHEET, truth
from tests.unit.parsing.toy_encoder import ROW

REPOSITORY = Path(__file__).resolve().parents[3]
COLORED = ParsingSettings(encoder="colors")
WORDS = ("pink", "blue", "grey", "brown")


@pytest.fixture
def listed(monkeypatch):
    """The row, at the end of the table."""
    monkeypatch.setattr(implementations, "IMPLEMENTATIONS", (*implementations.IMPLEMENTATIONS, ROW))


def run(job) -> list[str]:
    """The stages that were computed."""
    messages: list[Message] = []
    run_stages(job, job.load_spec(), messages.append, lambda: False)
    return [m.stage for m in messages if m.type == "stage" and m.state == "finished"]


@pytest.mark.parametrize("sequence", [False, True])
def test_the_pipeline_labels_with_an_encoder_that_has_only_a_module_and_a_row(
    listed, tmp_path, sequence
):
    job = write_doll_job(tmp_path, COLORED, WORDS, sequence=sequence)
    assert run(job)[-2:] == ["embeddings", "labels"]
    result = LabelFiles(job.path).read_result()
    assert result.backends["encoder"] == "colors" and "evidence" not in result.backends
    body = np.arange(2 * SHEET)
    for frame in result.frames:
        label, _ = LabelFiles(job.path).read_frame(frame)
        np.testing.assert_array_equal(label[body], truth()[body])


def test_other_words_need_only_its_word_half(listed, tmp_path):
    job = write_doll_job(tmp_path, COLORED, WORDS)
    run(job)
    spec = job.load_spec()
    save_spec(job.spec_path, replace(spec, parts=spec.parts[:2]))
    assert run(job) == ["labels"]


def test_it_is_known_to_the_command_line_the_presets_and_the_keys_of_stages(
    listed, tmp_path, capsys
):
    arguments = make_parser().parse_args(["parse", "--parts", "pink", "--encoder", "colors"])
    settings = parsing_of(arguments)
    assert settings == COLORED
    assert not needs_torch(settings) and not uses_sight(settings) and model_names(settings) == ()
    with pytest.raises(SystemExit):
        make_parser().parse_args(["parse", "--help"])
    assert "colors" in capsys.readouterr().out
    spec = write_doll_job(tmp_path, COLORED).load_spec()
    other = replace(spec, parsing=replace(COLORED, evidence=("names",)))
    assert stage_keys(spec, "x") == stage_keys(other, "x")  # it does not read that setting


def test_without_its_row_it_does_not_exist(tmp_path):
    job = write_doll_job(tmp_path, COLORED, WORDS)
    with pytest.raises(InputError, match="There is no encoder called 'colors'"):
        run(job)


def test_the_recipe_touches_at_most_four_files_of_core_and_names_what_exists():
    text = (REPOSITORY / "docs" / "adding-an-encoder.md").read_text("utf-8")
    named = set(re.findall(r"`((?:core|tests|docs|tools)/[\w./-]+\.\w+)`", text))
    made = {path for path in named if "my_encoder" in path}
    assert all((REPOSITORY / path).is_file() for path in named - made)
    table = text.partition("## Files")[2].partition("\n## ")[0]
    touched = set(re.findall(r"^\| `(core/[\w./-]+)`", table, re.MULTILINE))
    assert "core/job/implementations.py" in touched and 2 <= len(touched) <= 4
