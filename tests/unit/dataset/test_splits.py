# SPDX-License-Identifier: GPL-3.0-or-later
"""Splits are by character."""

from __future__ import annotations

import pytest

from core.dataset.splits import SplitShares, check_shares, split_of, splits_of
from core.errors import InputError

SHARES = SplitShares()


def test_characters_that_meet_are_in_one_split():
    casts = [("Ann", "Bob"), ("Cid",), ("Bob", "Cid"), ("Dora",)]
    found = splits_of(casts, 0, SplitShares(1, 1, 1))
    assert found[0] == found[1] == found[2]


def test_the_split_of_a_character_does_not_depend_on_the_others():
    names = [f"character {i}" for i in range(40)]
    alone = [splits_of([(name,)], 7, SHARES)[0] for name in names]
    assert list(splits_of([(name,) for name in names], 7, SHARES)) == alone
    assert set(alone) == {"train", "val", "test"}


def test_shares_are_kept_roughly_and_the_seed_changes_who():
    names = [str(i) for i in range(2000)]
    train = [n for n in names if split_of(n, 0, SHARES) == "train"]
    assert 1500 < len(train) < 1700
    assert train != [n for n in names if split_of(n, 1, SHARES) == "train"]


def test_shares_must_be_of_something():
    with pytest.raises(InputError):
        check_shares(SplitShares(0, 0, 0))
