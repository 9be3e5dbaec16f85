# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores of labels against ground truth: visible elements, weighted by area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def confusion(
    truth: np.ndarray, predicted: np.ndarray, weight: np.ndarray, classes: int
) -> np.ndarray:
    """(classes, classes + 1) float64: weight of truth i labelled j; the last column is unlabelled.

    All inputs (E,); `truth` in 0..classes-1, `predicted` -1 for unlabelled.
    """
    column = np.where(predicted < 0, classes, predicted)
    flat = np.bincount(truth * (classes + 1) + column, weight, classes * (classes + 1))
    return flat.reshape(classes, classes + 1)


@dataclass(frozen=True)
class Scores:
    """Per class and over classes; classes that are in neither truth nor prediction are nan."""

    iou: np.ndarray  # (classes,)
    overall_accuracy: float
    mean_accuracy: float
    mean_iou: float


def scores(table: np.ndarray, kept: np.ndarray | None = None) -> Scores:
    """Scores of a `confusion` table; means over the classes where `kept` (classes,) is true.

    IoU of class k is C_kk / (sum_p C_kp + sum_g C_gk - C_kk).
    """
    classes = len(table)
    kept = np.ones(classes, bool) if kept is None else kept
    hit = np.diag(table[:, :classes])
    truth, predicted = table.sum(axis=1), table[:, :classes].sum(axis=0)
    union = truth + predicted - hit
    iou = np.divide(hit, union, out=np.full(classes, np.nan), where=union > 0)
    accuracy = np.divide(hit, truth, out=np.full(classes, np.nan), where=truth > 0)
    total = table[kept].sum()
    return Scores(
        iou,
        float(hit[kept].sum() / total) if total else float("nan"),
        _mean(accuracy[kept]),
        _mean(iou[kept]),
    )


def joint_band(truth: np.ndarray, is_body: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """(E,) bool: elements at a border between two body parts, which is a rig's convention.

    `truth` (E,) class of each element, `is_body` (classes,), `neighbours` (A, 2) element pairs.
    """
    band = np.zeros(len(truth), bool)
    a, b = neighbours.T
    border = (truth[a] != truth[b]) & is_body[truth[a]] & is_body[truth[b]]
    band[a[border]] = True
    band[b[border]] = True
    return band


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
