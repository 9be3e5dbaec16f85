# SPDX-License-Identifier: GPL-3.0-or-later
"""What the network is punished for: wrong surfaces on every level, regions, missed borders."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .bank import LEVELS, NO_LABEL, SURFACES
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

    def __call__(
        self,
        outputs: tuple[Tensor, Tensor, Tensor],
        surface: Tensor,
        region: Tensor,
        boundary: Tensor,
    ) -> dict[str, Tensor]:
        """Scalars by name, "loss" their sum. Targets (N, h, w) int64 with NO_LABEL.

        Only a share of the pixels is judged: neighbours tell the same, and most are background.
        """
        surface, region, boundary = surface.flatten(), region.flatten(), boundary.flatten()
        known = (surface != NO_LABEL) | (region != NO_LABEL)
        judged = known & (torch.rand(known.shape) < self.weights.judged)
        rows = judged.nonzero()[:, 0]
        said, where, border = (_rows(o, rows) for o in outputs)
        surface, region, boundary = surface[rows], region[rows], boundary[rows]

        log_leaf = said.log_softmax(1)
        terms = {
            "surface": _smooth_nll(log_leaf, surface, self.surface_weight),
            "levels": self.weights.levels
            * sum(
                _nll(_gathered(log_leaf, group), group_of(surface, group)) for group in self._groups
            ),
            "region": self.weights.region * _nll(where.log_softmax(1), region),
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
    """The coarse class of each surface index; NO_LABEL stays."""
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
