# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures of labels against ground truth, as pure functions of arrays.

Weights are areas. Overall accuracy, mean accuracy and mean IoU are the standard measures of
segmentation; the rest says where labels fail: at borders, over time, between left and right.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


def confusion(
    truth: np.ndarray, predicted: np.ndarray, weight: np.ndarray, classes: int
) -> np.ndarray:
    """(classes, classes + 1) float64: weight of truth i labelled j; the last column is unlabelled.

    All inputs (E,); `truth` in 0..classes-1, `predicted` -1 for unlabelled.
    """
    column = np.where(predicted < 0, classes, predicted)
    flat = np.bincount(
        truth.astype(np.int64) * (classes + 1) + column, weight, classes * (classes + 1)
    )
    return flat.reshape(classes, classes + 1)


@dataclass(frozen=True)
class Scores:
    """Per class and over classes; classes that are in neither truth nor prediction are nan."""

    iou: np.ndarray  # (classes,)
    accuracy: np.ndarray  # (classes,) recall; nan for a class that is not in the truth
    overall_accuracy: float
    mean_accuracy: float
    mean_iou: float


def scores(table: np.ndarray, kept: np.ndarray | None = None) -> Scores:
    """Scores of a `confusion` table C; means over the classes where `kept` (classes,) is true.

    OA = sum_k C_kk / sum C, accuracy of class k = C_kk / sum_p C_kp, and
    IoU of class k = C_kk / (sum_p C_kp + sum_g C_gk - C_kk).
    """
    classes = len(table)
    kept = np.ones(classes, bool) if kept is None else kept
    hit = np.diag(table[:, :classes])
    truth, predicted = table.sum(axis=1), table[:, :classes].sum(axis=0)
    union = truth + predicted - hit
    iou = np.divide(hit, union, out=np.full(classes, np.nan), where=union > 0)
    accuracy = np.divide(hit, truth, out=np.full(classes, np.nan), where=truth > 0)
    return Scores(
        iou,
        accuracy,
        _share(hit[kept].sum(), table[kept].sum()),
        known_mean(accuracy[kept]),
        known_mean(iou[kept]),
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


def boundary_f1(
    truth: np.ndarray, predicted: np.ndarray, neighbours: np.ndarray, rings: int = 1
) -> float:
    """F1 of borders: the harmonic mean of how many lie where they should, and are found.

    Elements next to a change of label are a border. Precision is the share of the prediction's
    border elements at most `rings` elements away from one of the truth's, recall the same the
    other way round. `truth` and `predicted` (E,), `neighbours` (A, 2) element pairs; pairs with an
    element whose truth is -1 do not count, and -1 in `predicted` is a label like another. nan
    where the truth has no border: there is nothing to find, and mistakes cost IoU already.
    """
    known = (truth[neighbours] >= 0).all(axis=1)
    pairs = neighbours[known]
    true_border, found_border = border(truth, pairs), border(predicted, pairs)
    if not true_border.any():
        return float("nan")
    right = (found_border & _dilate(true_border, pairs, rings)).sum()
    found = (true_border & _dilate(found_border, pairs, rings)).sum()
    if not (right and found):
        return 0.0
    precision, recall = right / found_border.sum(), found / true_border.sum()
    return float(2 * precision * recall / (precision + recall))


def border(label: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """(E,) bool: elements with a neighbour of another label."""
    changing = neighbours[label[neighbours[:, 0]] != label[neighbours[:, 1]]]
    at_border = np.zeros(len(label), bool)
    at_border[changing] = True
    return at_border


def flicker(truth: np.ndarray, predicted: np.ndarray, weight: np.ndarray) -> float:
    """Share of weight that changes its label from a frame to the next while its truth does not.

    `truth` and `predicted` (F, E) of consecutive frames, -1 in `truth` is not judged; `weight`
    (F, E), 0 where an element is not judged in a frame. nan when nothing can be compared.
    """
    changes = [
        label_changes(truth[i : i + 2], predicted[i : i + 2], weight[i : i + 2].min(axis=0))
        for i in range(len(truth) - 1)
    ]
    return _share(sum(c for c, _ in changes), sum(whole for _, whole in changes))


def label_changes(
    truth: np.ndarray, predicted: np.ndarray, weight: np.ndarray
) -> tuple[float, float]:
    """Weight whose label changes while its truth does not, and all weight whose truth does not.

    `truth` and `predicted` (2, E) of two frames, `weight` (E,).
    """
    steady = (truth[0] == truth[1]) & (truth[0] >= 0)
    changed = steady & (predicted[0] != predicted[1])
    return float(weight[changed].sum()), float(weight[steady].sum())


def side_confusion(table: np.ndarray, names: Sequence[str]) -> float:
    """Share of the weight of sided parts, labelled as either side, that has the wrong side.

    Of all truth 'left X' that is called 'left X' or 'right X', and the same with sides exchanged,
    the share called by the other side's name. nan without such pairs or labels.
    """
    index = {name: k for k, name in enumerate(names)}
    wrong = either = 0.0
    for name, left in index.items():
        right = index.get(f"right {name[5:]}") if name.startswith("left ") else None
        if right is not None:
            wrong += table[left, right] + table[right, left]
            either += table[np.ix_([left, right], [left, right])].sum()
    return _share(wrong, either)


def coverage(predicted: np.ndarray, evidenced: np.ndarray, weight: np.ndarray) -> float:
    """Share of the weight that has a label from evidence: (E,) labels, bool and weights."""
    return _share(weight[(predicted >= 0) & evidenced].sum(), weight.sum())


def _dilate(chosen: np.ndarray, neighbours: np.ndarray, rings: int) -> np.ndarray:
    """`chosen` (E,) bool with everything at most `rings` neighbours away."""
    for _ in range(rings):
        a, b = neighbours.T
        grown = chosen.copy()
        grown[b[chosen[a]]] = True
        grown[a[chosen[b]]] = True
        chosen = grown
    return chosen


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def known_mean(values: Iterable[float]) -> float:
    """The mean of those that are finite numbers; nan when none is."""
    known = [value for value in values if math.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
