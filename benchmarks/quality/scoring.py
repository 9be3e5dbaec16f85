# SPDX-License-Identifier: GPL-3.0-or-later
"""The scores of one labelling of one case.

Judged are elements that any view of the frame shows, weighted by their area. Elements without
truth, of a class that the vocabulary does not score, and those at a border between two body parts
(one ring, `joint_band`) are left out. Mean accuracy and mean IoU run over the classes of the truth,
overall accuracy over everything that is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from core.errors import JobError
from core.job.capture_files import Facts

from .captured import CapturedCase
from .methods import Labelling
from .metrics import (
    boundary_f1,
    confusion,
    coverage,
    joint_band,
    known_mean,
    label_changes,
    scores,
)
from .metrics import side_confusion as sides_confused
from .records import ScoreRecord
from .vocabularies import Vocabulary, is_joint_part

RINGS = 1  # elements by which a border may be off


@dataclass(frozen=True)
class JudgedFrame:
    """What of a frame is judged, before the vocabulary is known."""

    fine: np.ndarray  # (E,) int16 into the case's names, -1 = not judged
    area: np.ndarray  # (E,) float64 square metres
    centroid: np.ndarray  # (E, 3) float32 metres
    neighbours: np.ndarray  # (A, 2) int32


class Judge:
    """Scores labellings of one case."""

    def __init__(self, captured: CapturedCase) -> None:
        self.captured = captured
        self.frames: Mapping[int, JudgedFrame] = dict(judged_frames(captured))

    def score(self, method: str, vocabulary: Vocabulary, labelling: Labelling) -> ScoreRecord:
        """Raises JobError when the labels do not fit the case."""
        count = len(vocabulary.parts)
        of_truth = np.array([*vocabulary.of_truth, -1], np.int16)  # the last for index -1
        table = np.zeros((count, count + 1))
        borders, covered, whole = [], 0.0, 0.0
        truth = {frame: of_truth[judged.fine] for frame, judged in self.frames.items()}
        for frame, judged in self.frames.items():
            label = _label_of(labelling, frame, len(judged.fine), count)
            mine = truth[frame] >= 0
            area = judged.area[mine]
            table += confusion(truth[frame][mine], label[mine], area, count)
            borders.append(boundary_f1(truth[frame], label, judged.neighbours, RINGS))
            share = coverage(label[mine], labelling.evidenced[frame][mine], area)
            covered += np.nan_to_num(share) * area.sum()
            whole += area.sum()
        found = scores(table, table.sum(axis=1) > 0)
        return ScoreRecord(
            case=self.captured.case.name,
            family=self.captured.case.family,
            method=method,
            vocabulary=vocabulary.name,
            classes=vocabulary.classes,
            table=tuple(tuple(row) for row in table.tolist()),
            oa=found.overall_accuracy,
            macc=found.mean_accuracy,
            miou=found.mean_iou,
            iou=tuple(found.iou.tolist()),
            boundary_f1=known_mean(borders),
            flicker=self._flicker(truth, labelling),
            side_confusion=sides_confused(table, vocabulary.classes),
            coverage=float(covered / whole) if whole else float("nan"),
            seconds=dict(labelling.seconds),
            peak_gb=labelling.peak_gb,
        )

    def _flicker(self, truth: Mapping[int, np.ndarray], labelling: Labelling) -> float:
        """Over consecutive frames; where the topology changes, an element of the later frame is
        compared with the element of the earlier one whose centroid is nearest."""
        changed = whole = 0.0
        frames = list(self.frames)
        for before, after in pairwise(frames):
            now = np.flatnonzero(truth[after] >= 0)
            if not (truth[before] >= 0).any():
                continue
            earlier = now if self.captured.constant_topology else self._nearest(before, after, now)
            moved, kept = label_changes(
                np.stack([truth[before][earlier], truth[after][now]]),
                np.stack([labelling.label[before][earlier], labelling.label[after][now]]),
                self.frames[after].area[now],
            )
            changed, whole = changed + moved, whole + kept
        return changed / whole if whole else float("nan")

    def _nearest(self, before: int, after: int, elements: np.ndarray) -> np.ndarray:
        """Of frame `before`, the judged element nearest to each of `elements` of `after`."""
        judged = np.flatnonzero(self.frames[before].fine >= 0)
        tree = cKDTree(self.frames[before].centroid[judged])
        return judged[tree.query(self.frames[after].centroid[elements])[1]]


def judged_frames(captured: CapturedCase) -> Iterator[tuple[int, JudgedFrame]]:
    """(frame, what of it is judged)."""
    facts: Facts | None = None
    joints = np.zeros(0, bool)
    is_joint = np.array([is_joint_part(name) for name in captured.names])
    for frame in captured.frames:
        fine = captured.truth[frame]
        if facts is None or not captured.constant_topology:
            facts = captured.files.facts(frame)
            known = facts.neighbours[(fine[facts.neighbours] >= 0).all(axis=1)]
            joints = joint_band(fine, is_joint, known)
        judged = visible_elements(captured, frame) & ~joints
        yield (
            frame,
            JudgedFrame(
                np.where(judged, fine, np.int16(-1)),
                facts.area.astype(np.float64),
                facts.centroid,
                facts.neighbours,
            ),
        )


def visible_elements(captured: CapturedCase, frame: int) -> np.ndarray:
    """(E,) bool, shown by any view of the frame."""
    visible = np.zeros(len(captured.truth[frame]), bool)
    for view in range(len(captured.files.manifest.views)):
        element_map = captured.files.element_map(frame, view)
        visible[element_map[element_map >= 0]] = True
    return visible


def _label_of(labelling: Labelling, frame: int, elements: int, classes: int) -> np.ndarray:
    label = labelling.label.get(frame)
    fits = label is not None and label.shape == (elements,)
    if label is None or not fits or label.min(initial=-1) < -1 or label.max(initial=-1) >= classes:
        raise JobError(f"The labels of frame {frame} do not fit its elements", "Correct the method")
    return label
