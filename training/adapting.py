# SPDX-License-Identifier: GPL-3.0-or-later
"""Weights of an earlier network, carried over to one that knows more surfaces and finer zones.

Everything but the last layer is the same. There, a zone begins as what its region was, in even
shares, so that its sum is what it was; a new surface begins as the one that it was called before,
and unlikely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

import torch
from torch import Tensor

from .bank import SURFACES, ZONES, ZONES_OF

# New surface -> what an earlier model calls it.
_CALLED_BEFORE: Mapping[str, str] = {
    "robe": "dress", "headscarf": "scarf", "turban": "hat", "mask": "helmet", "apron": "vest",
    "umbrella": "weapon", "prop": "weapon",
}  # fmt: skip
_UNLIKELY = -3.0  # what is added to the logit of a new surface
_SPREAD = 4  # rows of the last layer to one output: the pixels that it is spread over


def adapted(
    old: Mapping[str, Tensor], new: Mapping[str, Tensor], bank: Mapping[str, Any]
) -> dict[str, Tensor]:
    """`old` in the layout of `new`, a fresh network's state, whose values stay where old has none.

    `bank` names the old outputs: "surfaces", and "zones" or "regions". Raises ValueError for a
    network that is another in more than its last layer.
    """
    state = {name: old.get(name, value) for name, value in new.items()}
    surfaces, zones = list(bank["surfaces"]), list(bank.get("zones") or bank["regions"])
    rows = [*_rows(surfaces, SURFACES, 0), *_rows(zones, ZONES, len(surfaces))]
    rows.append((len(surfaces) + len(zones), 0.0))
    index = torch.tensor([_SPREAD * row + k for row, _ in rows for k in range(_SPREAD)])
    shift = torch.tensor([more for _, more in rows]).repeat_interleave(_SPREAD)
    state["head.weight"] = old["head.weight"][index]
    state["head.bias"] = old["head.bias"][index] + shift
    for name, value in new.items():
        if state[name].shape != value.shape:
            raise ValueError(f"{name} has another shape")
    return state


def _rows(old: Sequence[str], new: Sequence[str], first: int) -> list[tuple[int, float]]:
    """For each new output the old one it begins as, counted on from `first`, and what is added."""
    found = []
    region_of = {zone: (region, len(zones)) for region, zones in ZONES_OF.items() for zone in zones}
    is_fine = set(ZONES) <= set(old)
    for name in new:
        region, count = region_of.get(name, ("", 1))
        if new is ZONES and not is_fine:
            found.append((first + old.index(region), -log(count)))
        elif name in old:
            found.append((first + old.index(name), 0.0))
        else:
            found.append((first + old.index(_CALLED_BEFORE[name]), _UNLIKELY))
    return found
