# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sequences are for training, validation and test: by character, never by frame.

A character that is seen in training must not be met in the test. Characters that appear in one
sequence therefore go together, and the hash of the group's first name chooses its split: the same
on every machine, and unchanged by what is added, unless that joins two groups.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import InputError

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


@dataclass(frozen=True)
class SplitShares:
    """How many of the characters each split gets, as shares of their sum."""

    train: float = 0.8
    val: float = 0.1
    test: float = 0.1


def check_shares(shares: SplitShares) -> None:
    """Raises InputError when no split gets any."""
    values = (shares.train, shares.val, shares.test)
    if min(values) < 0 or sum(values) <= 0:
        raise InputError(
            "The shares of splits must be 0 or more, and one above 0",
            "Correct splits, for example train = 0.8, val = 0.1, test = 0.1",
        )


def split_of(group: str, seed: int, shares: SplitShares) -> Split:
    """The split of a group of characters, by its name."""
    digest = hashlib.sha256(f"{seed}\0{group}".encode()).digest()
    place = int.from_bytes(digest[:8]) / 2**64 * (shares.train + shares.val + shares.test)
    if place < shares.train:
        return "train"
    return "val" if place < shares.train + shares.val else "test"


def splits_of(
    casts: Sequence[tuple[str, ...]], seed: int, shares: SplitShares
) -> tuple[Split, ...]:
    """The split of each sequence, given the characters it shows."""
    leader: dict[str, str] = {}

    def first(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    for cast in casts:
        for name in cast:
            one, other = sorted((first(cast[0]), first(name)))
            leader[other] = one
    return tuple(split_of(first(cast[0]), seed, shares) for cast in casts)
