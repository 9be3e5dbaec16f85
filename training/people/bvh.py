# SPDX-License-Identifier: GPL-3.0-or-later
"""Motion clips in the BVH format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .rotations import about

# The files have Y up and face +Z; figures have Z up and face -Y. Both have their left at +X.
_TO_FIGURE = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


@dataclass(frozen=True)
class Clip:
    """T frames of J joints in the axes of a figure; lengths in the file's unit."""

    names: tuple[str, ...]
    heads: np.ndarray  # (J, 3) float64 at rest
    tips: np.ndarray  # (J, 3) float64 at rest: the head of its first child with an offset
    rotations: np.ndarray  # (T, J, 3, 3) float64: how each joint is turned from its rest


def read_bvh(path: Path) -> Clip:
    """The clip in a file. Raises ValueError when it is no BVH or ends too early."""
    hierarchy, found, motion = path.read_text().partition("MOTION")
    if not found or "HIERARCHY" not in hierarchy:
        raise ValueError(f"{path.name} is no BVH file")
    names, parents, offsets, channels = _hierarchy(hierarchy)
    heads = np.zeros((len(names), 3))
    for joint, parent in enumerate(parents):
        heads[joint] = offsets[joint] + (heads[parent] if parent >= 0 else 0)
    tips = heads.copy()
    for joint in reversed(range(len(names))):
        parent = parents[joint]
        if parent >= 0 and np.linalg.norm(offsets[joint]) > 1e-6:
            tips[parent] = heads[joint]
    words = motion.split()
    count = int(words[words.index("Frames:") + 1])
    width = sum(len(c) for c in channels)
    numbers = np.array(words[words.index("Time:") + 2 :], float)
    if numbers.size != count * width:
        raise ValueError(f"{path.name} has {numbers.size} numbers, not {count} x {width}")
    local = _local(numbers.reshape(count, width), channels)
    turned = np.empty_like(local)
    for joint, parent in enumerate(parents):
        turned[:, joint] = local[:, joint] if parent < 0 else turned[:, parent] @ local[:, joint]
    kept = [j for j, n in enumerate(names) if n]
    return Clip(
        names=tuple(names[j] for j in kept),
        heads=heads[kept] @ _TO_FIGURE.T,
        tips=tips[kept] @ _TO_FIGURE.T,
        rotations=_TO_FIGURE @ turned[:, kept] @ _TO_FIGURE.T,
    )


def _hierarchy(text: str) -> tuple[list[str], list[int], list[np.ndarray], list[list[str]]]:
    """Names ("" for an end site), parents, offsets and channels of joints in the file's order."""
    names: list[str] = []
    parents: list[int] = []
    offsets: list[np.ndarray] = []
    channels: list[list[str]] = []
    open_joints: list[int] = []
    for line in text.splitlines():
        word, *rest = line.split() or [""]
        if word in ("ROOT", "JOINT", "End"):
            names.append("" if word == "End" else rest[0])
            parents.append(open_joints[-1] if open_joints else -1)
            offsets.append(np.zeros(3))
            channels.append([])
        elif word == "{":
            open_joints.append(len(names) - 1)
        elif word == "}":
            open_joints.pop()
        elif word == "OFFSET":
            offsets[-1] = np.array(rest, float)
        elif word == "CHANNELS":
            channels[-1] = rest[1:]
    return names, parents, offsets, channels


def _local(numbers: np.ndarray, channels: list[list[str]]) -> np.ndarray:
    """(T, J, 3, 3): each joint's turn from its parent, the channels applied in their order."""
    result = np.tile(np.eye(3), (len(numbers), len(channels), 1, 1))
    column = 0
    for joint, kinds in enumerate(channels):
        for kind in kinds:
            if kind.endswith("rotation"):
                result[:, joint] = result[:, joint] @ about(kind[0].lower(), numbers[:, column])
            column += 1
    return result
