# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from core.checkpoints.store import MissingCheckpoint
from core.errors import InputError
from core.job.choices import needs_torch
from core.job.presets import (
    PRESETS,
    model_names,
    preset_title,
    require_models,
    settings_of,
)
from core.job.spec import ParsingSettings


@pytest.fixture(autouse=True)
def no_models(tmp_path, monkeypatch):
    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path))


def test_the_embedded_preset_is_the_default_and_needs_nothing():
    assert settings_of("embedded") == ParsingSettings()
    assert not needs_torch(ParsingSettings()) and require_models(ParsingSettings()) == {}


@pytest.mark.parametrize("name", [n for n in PRESETS if n != "embedded"])
def test_the_other_presets_name_themselves_and_models_that_exist(name):
    settings = settings_of(name)
    assert settings.preset == name and needs_torch(settings)
    names = model_names(settings)
    assert len(names) == len(set(names)) >= 2
    with pytest.raises(MissingCheckpoint, match=r"is not installed\. (Fetch|Import)"):
        require_models(settings)


def test_the_paper_is_taken_literally():
    paper = settings_of("paper")
    assert (paper.key_frames, paper.key_views, paper.memory_scale) == (1, 1, 1.0)
    assert (paper.specificity, paper.threshold, paper.distractors) == (0.0, 0.0, False)
    assert paper.points_per_side == 64 and paper.equalise
    assert model_names(paper) == ("sam_vit_h", "sam2_large", "humanclip", "clip_vit_l14")


def test_changes_are_told_and_the_device_is_none():
    assert preset_title(settings_of("draft", device="cpu")) == "draft"
    assert preset_title(settings_of("draft", key_frames=2)) == "draft with changes"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoder": "alpha_clip"}, "needs a model"),
        ({"encoder": "alpha_clip", "encoder_model": "nope"}, "no checkpoint called 'nope'"),
        ({"proposer": "sam", "proposer_model": "clip_vit_l14"}, "needs a sam model"),
    ],
)
def test_a_model_that_is_not_named_or_does_not_fit_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        model_names(replace(ParsingSettings(), **changes))


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="embedded, draft, standard, paper"):
        settings_of("best")
