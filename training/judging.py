# SPDX-License-Identifier: GPL-3.0-or-later
"""How well held-out figures are seen, by pixel: surfaces, classes, regions, zones, joints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

import numpy as np
import torch

from .augment import Sample, plain
from .bank import LEVELS, NO_LABEL, REGIONS, SURFACES, ZONES
from .losses import level_matrix
from .network import SightNet, regions_of
from .offsets import ENDS, FARTHEST, UNIT
from .precision import half_precision
from .shards import Shard
from .zones import region_of

SQUARE = 256
NEAR = 0.05  # of the figure's height: how far off a joint may be told
HEAD = 0.75  # of the height: how large a near look shows the head and what is around it


@torch.no_grad()
def judge(
    network: SightNet, shards: Sequence[Shard], height: float, views: int = 3
) -> dict[str, dict[str, float]]:
    """Scores by family, and "mean" over families: surface, kind, class, region and zone mIoU, and
    the share of pixels whose joints are told within `NEAR` of the height.

    The first `views` of every figure, and its first near look, in a family "heads". Classes count
    where truth or answer has them with a share of 0.002 of the family's pixels at least.
    """
    network.eval()
    tables: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
    for shard in shards:
        whole = list(islice((view for view in shard.views if not view.near), views))
        near = list(islice((view for view in shard.views if view.near), 1))
        for view in whole + near:
            sample = plain(view, (SQUARE, SQUARE), height * (HEAD if view.near else 1))
            image = torch.from_numpy(np.ascontiguousarray(sample.image))[None]
            with half_precision():
                answers = [answer[0].float().numpy() for answer in network(image)]
            family = tables["heads" if view.near else shard.family]
            for name, table in _tables(sample, answers, height).items():
                family[name] = family.get(name, 0) + table
    network.train()
    scores = {
        family: {
            name: float(table[0] / max(1, table[1])) if name == "joint" else mean_iou(table)
            for name, table in found.items()
        }
        for family, found in sorted(tables.items())
    }
    names = ("surface", *LEVELS, "region", "zone", "joint")
    scores["mean"] = {n: float(np.mean([s[n] for s in scores.values()])) for n in names}
    return scores


def _tables(sample: Sample, answers: Sequence[np.ndarray], height: float) -> dict[str, np.ndarray]:
    """Confusion tables of a sample by name; of "joint" how many ends were told, and of how many."""
    known, placed = sample.surface != NO_LABEL, sample.zone != NO_LABEL
    truth, answer = sample.surface[known], answers[0].argmax(0)[known]
    pairs = {"surface": (truth, answer, len(SURFACES))}
    for name in LEVELS:
        group = level_matrix(name).numpy()
        pairs[name] = (group[truth], group[answer], int(group.max()) + 1)
    zone = sample.zone[placed]
    pairs["zone"] = (zone, answers[1].argmax(0)[placed], len(ZONES))
    region = regions_of(torch.from_numpy(answers[1])[None])[0].numpy().argmax(0)[placed]
    pairs["region"] = (region_of(zone), region, len(REGIONS))
    tables = {
        name: np.bincount(t.astype(np.int64) * count + a, minlength=count * count).reshape(
            count, count
        )
        for name, (t, a, count) in pairs.items()
    }
    ends = sample.ways.reshape(2, 3, *sample.ways.shape[1:])
    off = np.linalg.norm(answers[3][:ENDS].reshape(ends.shape) - ends, axis=1) * UNIT
    asked = np.linalg.norm(ends, axis=1) < FARTHEST
    tables["joint"] = np.array([(off[asked] < NEAR * height).sum(), asked.sum()])
    return tables


def mean_iou(table: np.ndarray, least: float = 0.002) -> float:
    """Mean IoU of a confusion table (C, C), of classes with a share of at least `least`."""
    hit, union = np.diag(table), table.sum(0) + table.sum(1) - np.diag(table)
    counted = table.sum(1) >= least * max(1, table.sum())
    return float((hit[counted] / np.maximum(union[counted], 1)).mean()) if counted.any() else 0.0
