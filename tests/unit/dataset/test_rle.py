# SPDX-License-Identifier: GPL-3.0-or-later
"""Compressed run lengths are pycocotools' own, letter by letter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.dataset.rle import decode, encode

SIDES, SEEDS = st.integers(1, 400), st.integers(0, 2**31)


@settings(max_examples=30, deadline=None)
@given(SIDES, SIDES, SEEDS, st.floats(0, 1))
def test_a_mask_comes_back(height, width, seed, share):
    mask = np.random.default_rng(seed).random((height, width)) < share
    assert np.array_equal(decode(encode(mask)), mask)


@settings(max_examples=30, deadline=None)
@given(SIDES, SIDES, SEEDS)
def test_long_runs_come_back(height, width, seed):
    mask = np.zeros((height, width), bool)
    random = np.random.default_rng(seed)
    mask[: random.integers(0, height + 1), random.integers(0, width + 1) :] = True
    assert np.array_equal(decode(encode(mask)), mask)


def test_pycocotools_writes_the_same_letters():
    coco = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")
    random = np.random.default_rng(0)
    for share in (0.0, 0.01, 0.5, 0.999, 1.0):
        mask = random.random((301, 207)) < share
        theirs = coco.encode(np.asfortranarray(mask, np.uint8))
        assert encode(mask) == {"size": [301, 207], "counts": theirs["counts"].decode()}


def test_a_text_of_another_size_is_refused():
    broken = encode(np.eye(5, dtype=bool)) | {"size": [5, 6]}
    with pytest.raises(ValueError, match="do not fill"):
        decode(broken)
