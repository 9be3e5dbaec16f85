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
