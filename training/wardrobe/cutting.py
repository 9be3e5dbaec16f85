# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts a mesh along the zero line of a field on its vertices, so that hems are clean lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cut:
    """What replaces the faces of a mesh. New vertices are numbered after the old ones."""

    faces: np.ndarray  # (F', 4) int32, a triangle has -1 last
    uv: np.ndarray  # (F', 4, 2) float32
    parent: np.ndarray  # (F',) which old face each is (a piece of)
    ends: np.ndarray  # (N, 2) the old edge each new vertex lies on
    share: np.ndarray  # (N,) float32, 0 at its first end, 1 at its second


def cut(faces: np.ndarray, uv: np.ndarray, field: np.ndarray, allowed: np.ndarray) -> Cut:
    """Faces (F, 4) with uv (F, 4, 2), cut where `field` (V,) is 0 among `allowed` (F,) bool."""
    positive = field > 0
    corner = positive[faces]
    corner[:, 3] = np.where(faces[:, 3] < 0, corner[:, 0], corner[:, 3])
    crossed = np.flatnonzero(allowed & corner.any(1) & ~corner.all(1))
    kept = np.setdiff1d(np.arange(len(faces)), crossed, assume_unique=True)
    quad = crossed[faces[crossed, 3] >= 0]
    triangle = np.concatenate([faces[crossed][:, [0, 1, 2]], faces[quad][:, [0, 2, 3]]])
    texture = np.concatenate([uv[crossed][:, [0, 1, 2]], uv[quad][:, [0, 2, 3]]])
    parent = np.concatenate([crossed, quad])

    sign = positive[triangle]
    count = sign.sum(1)
    split = (count == 1) | (count == 2)
    whole = np.flatnonzero(~split)
    triangle_s, texture_s = triangle[split], texture[split]
    alone = np.where(count[split] == 1, sign[split].argmax(1), (~sign[split]).argmax(1))
    turn = (alone[:, None] + np.arange(3)) % 3
    rows = np.arange(len(turn))[:, None]
    triangle_s, texture_s = triangle_s[rows, turn], texture_s[rows, turn]  # the lone corner first

    edges = np.stack([triangle_s[:, [0, 1]], triangle_s[:, [0, 2]]], 1).reshape(-1, 2)
    ends, number = np.unique(np.sort(edges, 1), axis=0, return_inverse=True)
    a, b = field[ends[:, 0]], field[ends[:, 1]]
    share = np.clip(a / np.where(a == b, 1, a - b), 0.01, 0.99).astype(np.float32)
    new = (number.reshape(-1, 2) + len(field)).astype(np.int32)
    forward = np.where(
        edges[:, 0] == ends[number.ravel(), 0], share[number.ravel()], 1 - share[number.ravel()]
    )
    f = forward.reshape(-1, 2, 1)
    uv_new = texture_s[:, :1] * (1 - f) + texture_s[:, 1:] * f  # (N, 2, 2)

    none = np.full((len(triangle_s), 1), -1, np.int32)
    tip = np.concatenate([triangle_s[:, :1], new, none], 1)
    rest = np.stack([new[:, 0], triangle_s[:, 1], triangle_s[:, 2], new[:, 1]], 1)
    tip_uv = np.concatenate([texture_s[:, :1], uv_new, np.zeros_like(uv_new[:, :1])], 1)
    rest_uv = np.stack([uv_new[:, 0], texture_s[:, 1], texture_s[:, 2], uv_new[:, 1]], 1)
    whole_faces = np.concatenate([triangle[whole], np.full((len(whole), 1), -1, np.int32)], 1)
    whole_uv = np.concatenate([texture[whole], np.zeros_like(texture[whole][:, :1])], 1)
    return Cut(
        faces=np.concatenate([faces[kept], whole_faces, tip, rest]).astype(np.int32),
        uv=np.concatenate([uv[kept], whole_uv, tip_uv, rest_uv]).astype(np.float32),
        parent=np.concatenate([kept, parent[whole], parent[split], parent[split]]),
        ends=ends,
        share=share,
    )
