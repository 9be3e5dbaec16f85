# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests with the real model classes, in the environment that has torch."""

from __future__ import annotations

import os

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"  # nothing here may ask a model hub for anything
torch = pytest.importorskip("torch", reason="needs the full environment: make test installs it")
torch.set_num_threads(1)  # tests run side by side; sums are then also always made in one order


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def visual():
    """The image half of a tiny CLIP."""
    from tests.models.clip_cases import lively_clip

    return lively_clip().visual


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The checkpoint "own" of a tiny CLIP, among the models of a data folder of its own."""
    from core.parsing.models.loaded import release_models
    from tests.models.clip_cases import lively_clip, put, register
    from tests.models.tiny import CLIP

    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path))
    put("own", lively_clip().state_dict())
    register("own", "clip", "own.pt", architecture=CLIP)
    yield
    release_models()
