# SPDX-License-Identifier: GPL-3.0-or-later
"""How well held-out figures are seen: mean IoU of surfaces, classes and regions, by pixel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch

from .augment import plain
from .bank import LEVELS, NO_LABEL, REGIONS, SURFACES
from .losses import level_matrix
from .network import SightNet
from .shards import Shard

SQUARE = 256
HEAD = 0.75  # of the height: how large a near look shows the head and what is around it


@torch.no_grad()
def judge(
    network: SightNet, shards: Sequence[Shard], height: float, views: int = 3
) -> dict[str, dict[str, float]]:
    """Scores by family, and "mean" over families: surface, kind, class and region mIoU.

    The first `views` of every figure, and its first near look, in a family "heads". Classes count
    where truth or answer has them with a share of 0.002 of the family's pixels at least.
    """
    network.eval()
    levels = {name: level_matrix(name).numpy() for name in LEVELS}
    tables: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
    for shard in shards:
        whole = [view for view in shard.views if not view.near][:views]
        for view in whole + [view for view in shard.views if view.near][:1]:
            sample = plain(view, (SQUARE, SQUARE), height * (HEAD if view.near else 1))
            image = torch.from_numpy(np.ascontiguousarray(sample.image))[None]
            with torch.autocast("cpu", torch.bfloat16):
                surface, region, _ = network(image)
            found = surface[0].float().argmax(0).numpy()
            known = sample.surface != NO_LABEL
            truth, answer = sample.surface[known], found[known]
            pairs = {"surface": (truth, answer, len(SURFACES))}
            for name, group in levels.items():
                pairs[name] = (group[truth], group[answer], int(group.max()) + 1)
            placed = sample.region != NO_LABEL
            where = region[0].float().argmax(0).numpy()
            pairs["region"] = (sample.region[placed], where[placed], len(REGIONS))
            for name, (t, a, count) in pairs.items():
                table = np.bincount(t.astype(np.int64) * count + a, minlength=count * count)
                family = tables["heads" if view.near else shard.family]
                family[name] = family.get(name, 0) + table.reshape(count, count)
    network.train()
    scores = {
        family: {name: mean_iou(table) for name, table in found.items()}
        for family, found in sorted(tables.items())
    }
    names = ("surface", *LEVELS, "region")
    scores["mean"] = {n: float(np.mean([s[n] for s in scores.values()])) for n in names}
    return scores


def mean_iou(table: np.ndarray, least: float = 0.002) -> float:
    """Mean IoU of a confusion table (C, C), of classes with a share of at least `least`."""
    hit, union = np.diag(table), table.sum(0) + table.sum(1) - np.diag(table)
    counted = table.sum(1) >= least * max(1, table.sum())
    return float((hit[counted] / np.maximum(union[counted], 1)).mean()) if counted.any() else 0.0
