# SPDX-License-Identifier: GPL-3.0-or-later
"""What the network is punished for: wrong surfaces and zones, coarse errors more, missed borders,
and ways to joints that end elsewhere."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .bank import LEVELS, NO_LABEL, REGION_OF_ZONE, SURFACES
from .offsets import FARTHEST
from .settings import LossWeights


class SightLoss:
    """Call it with the network's outputs and a batch's targets."""

    def __init__(self, frequency: Tensor, weights: LossWeights | None = None) -> None:
        """`frequency` (L,) float32, the share of labelled pixels that each surface has."""
        self.weights = weights or LossWeights()
        rare = (frequency + 1e-4) ** -self.weights.rare
        present = frequency > 0
        rare = rare / (rare * frequency).sum().clamp(min=1e-6)
        self.surface_weight = torch.where(present, rare.clamp(0.2, 8.0), torch.ones_like(rare))
        self._groups = [level_matrix(level) for level in LEVELS]
        self._region = torch.tensor(REGION_OF_ZONE)

    def __call__(
        self,
        outputs: tuple[Tensor, Tensor, Tensor, Tensor],
        surface: Tensor,
        zone: Tensor,
        boundary: Tensor,
        ways: Tensor,
    ) -> dict[str, Tensor]:
        """Scalars by name, "loss" their sum.

        Targets (N, h, w) int64 with NO_LABEL; `ways` (N, 6, h/2, w/2) float32, NaN where unknown.
        Only a share of the pixels is judged: neighbours tell the same, and most are background.
        """
        surface, zone, boundary = surface.flatten(), zone.flatten(), boundary.flatten()
        known = (surface != NO_LABEL) | (zone != NO_LABEL)
        judged = known & (torch.rand(known.shape) < self.weights.judged)
        rows = judged.nonzero()[:, 0]
        said, where, border = (_rows(o, rows) for o in outputs[:3])
        surface, zone, boundary = surface[rows], zone[rows], boundary[rows]

        log_leaf, log_zone = said.log_softmax(1), where.log_softmax(1)
        terms = {
            "surface": _smooth_nll(log_leaf, surface, self.surface_weight),
            "levels": self.weights.levels
            * sum(
                _nll(_gathered(log_leaf, group), group_of(surface, group)) for group in self._groups
            ),
            "region": self.weights.region
            * _nll(_gathered(log_zone, self._region), group_of(zone, self._region)),
            "zone": self.weights.zone * _nll(log_zone, zone),
            "joint": self.weights.joint * _joint_loss(outputs[3].float(), ways),
        }
        weight = torch.where(boundary == 1, self.weights.border, 1.0) * (boundary != NO_LABEL)
        each = functional.binary_cross_entropy_with_logits(
            border[:, 0], (boundary == 1).float(), reduction="none"
        )
        terms["boundary"] = (
            self.weights.boundary * (each * weight).sum() / weight.sum().clamp(min=1)
        )
        terms["loss"] = torch.stack(list(terms.values())).sum()
        return terms


def _joint_loss(said: Tensor, ways: Tensor) -> Tensor:
    """Minus the log likelihood of distances, which fall off exponentially with a told scale.

    In the plane of the picture and along the line of sight alike; ends of bones far outside of the
    picture are not asked for.
    """
    total, counted = said.new_zeros(()), said.new_zeros(())
    for end in range(2):
        wanted = ways[:, 3 * end : 3 * end + 3]
        away = wanted.norm(dim=1)
        known = away < FARTHEST  # also false for NaN
        off = said[:, 3 * end : 3 * end + 3] - wanted.nan_to_num()
        distance = (off.square().sum(1) + 1e-4).sqrt()
        scale = said[:, 6 + end].clamp(-4.0, 2.0)
        total = total + ((distance * torch.exp(-scale) + scale) * known).sum()
        counted = counted + known.sum()
    return total / counted.clamp(min=1)


def _rows(output: Tensor, rows: Tensor) -> Tensor:
    """(M, C) float32: some pixels of (N, C, h, w)."""
    return output.permute(0, 2, 3, 1).reshape(-1, output.shape[1])[rows].float()


def _nll(log_share: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    return functional.nll_loss(log_share, target, weight, ignore_index=NO_LABEL)


def _smooth_nll(
    log_share: Tensor, target: Tensor, weight: Tensor, smoothing: float = 0.02
) -> Tensor:
    even = -log_share[target != NO_LABEL].mean()
    return (1 - smoothing) * _nll(log_share, target, weight) + smoothing * even


def _gathered(log_leaf: Tensor, group: Tensor) -> Tensor:
    """(M, G): log of what the leaves of each coarse class have together."""
    member = functional.one_hot(group).float()  # (L, G)
    return (log_leaf.exp() @ member).clamp(min=1e-7).log()


def group_of(surface: Tensor, group: Tensor) -> Tensor:
    """The coarse class of each index of a surface or zone; NO_LABEL stays."""
    table = torch.full((256,), NO_LABEL, dtype=torch.int64)
    table[: len(group)] = group
    return table[surface]


def level_matrix(level: str) -> Tensor:
    """(L,) int64: the coarse class of each surface on a level of `bank.LEVELS`."""
    classes = LEVELS[level]
    index = torch.zeros(len(SURFACES), dtype=torch.int64)
    for number, members in enumerate(classes.values()):
        for name in members:
            index[SURFACES.index(name)] = number
    return index
