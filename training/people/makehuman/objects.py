# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes of the kit's files: Wavefront .obj, and .json of faces by three.js' format 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Mesh:
    """V vertices in the file's unit, F faces in the file's order."""

    vertices: np.ndarray  # (V, 3) float32
    faces: np.ndarray  # (F, 4) int32; a triangle has -1 last
    uv: np.ndarray  # (F, 4, 2) float32


def read_obj(path: Path) -> Mesh:
    """The mesh of an .obj file with triangles and quads. Raises ValueError for larger faces."""
    vertices, texture, faces = [], [], []
    for line in path.read_text(errors="replace").splitlines():
        word, _, rest = line.partition(" ")
        if word == "v":
            vertices.append(rest.split()[:3])
        elif word == "vt":
            texture.append(rest.split()[:2])
        elif word == "f":
            faces.append([corner.split("/") for corner in rest.split()])
    if any(not 3 <= len(face) <= 4 for face in faces):
        raise ValueError(f"{path.name} has a face of other than three or four corners")
    corners = np.full((len(faces), 4, 2), -1, np.int32)  # vertex, texture coordinate
    for row, face in zip(corners, faces, strict=True):
        for place, corner in zip(row, face, strict=False):
            place[0] = int(corner[0]) - 1
            if len(corner) > 1 and corner[1]:
                place[1] = int(corner[1]) - 1
    return Mesh(
        np.array(vertices, np.float32).reshape(-1, 3),
        _without_repeats(corners[..., 0]),
        _gathered(np.array(texture, np.float32).reshape(-1, 2), corners[..., 1]),
    )


def json_mesh(content: Mapping[str, Any]) -> Mesh:
    """The mesh of a .json's content. Raises ValueError for faces other than quads with texture."""
    rows = np.array(content["faces"], np.int32).reshape(-1, 10)
    if not (rows[:, 0] == 11).all():  # bits: quad, material, texture coordinates
        raise ValueError("only quads with a material and texture coordinates can be read")
    texture = np.array(content["uvs"][0], np.float32).reshape(-1, 2)
    return Mesh(
        np.array(content["vertices"], np.float32).reshape(-1, 3),
        _without_repeats(rows[:, 1:5]),
        _gathered(texture, rows[:, 6:10]),
    )


def _gathered(texture: np.ndarray, corners: np.ndarray) -> np.ndarray:
    padded = np.concatenate([texture, np.zeros((1, 2), np.float32)])  # -1: none
    return padded[corners]


def _without_repeats(faces: np.ndarray) -> np.ndarray:
    """A triangle written as a quad that repeats its last corner gets -1 there."""
    faces = faces.copy()
    faces[(faces[:, 3] == faces[:, 0]) | (faces[:, 3] == faces[:, 2]), 3] = -1
    return faces
