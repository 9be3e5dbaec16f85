# SPDX-License-Identifier: GPL-3.0-or-later
"""Clothes, hair, eyes: meshes bound to the base body, fitted to any shape of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .objects import Mesh, json_mesh, read_obj

Scale = tuple[int, int, float]  # two base vertices, and their distance where offsets were made

# Scales of an asset that names none: those of most garments made on the female body.
_SCALES: tuple[Scale, ...] = ((5399, 11998, 1.398), (791, 881, 2.2048), (962, 5320, 1.8461))


@dataclass(frozen=True)
class Asset:
    """A mesh whose V vertices each hang on three vertices of the base body."""

    name: str
    mesh: Mesh
    parts: tuple[str, ...]  # what it is: concept names
    face_part: np.ndarray  # (F,) int into parts
    references: np.ndarray  # (V, 3) int32 into the base body
    shares: np.ndarray  # (V, 3) float32, rows sum to 1
    offsets: np.ndarray  # (V, 3) float32, decimetres at the scale of `scales`
    scales: tuple[Scale, ...]  # for x, y and z; empty: offsets are kept as they are
    hidden: np.ndarray  # (B,) bool: base vertices that lie under it
    texture: Path | None
    transparent: bool  # the texture may have holes

    @property
    def loose_part_sizes(self) -> np.ndarray:
        """(F,) how many faces hang together with each face, itself included."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        faces = self.mesh.faces
        corners = np.where(faces < 0, faces[:, :1], faces)
        start, end = corners[:, [0, 1, 2]].ravel(), corners[:, [1, 2, 3]].ravel()
        count = len(self.mesh.vertices)
        links = coo_array((np.ones(len(start)), (start, end)), shape=(count, count))
        loose = connected_components(links, directed=False)[1][faces[:, 0]]
        return np.bincount(loose)[loose]

    def fitted(self, base: np.ndarray) -> np.ndarray:
        """(V, 3) float32 on a base body (B, 3) with its shape applied."""
        scale = np.ones(3, np.float32)
        for axis, (first, second, there) in enumerate(self.scales):
            scale[axis] = abs(base[first, axis] - base[second, axis]) / there
        hung = np.einsum("vk,vka->va", self.shares, base[self.references])
        return (hung + self.offsets * scale).astype(np.float32)


def read_asset(folder: Path, parts: tuple[str, ...], base_count: int) -> Asset:
    """The asset in a folder: `NAME.mhclo` with `.obj`, or `mesh.json`.

    `parts` says what it is, unless `parts.json` does so for each face.
    Raises FileNotFoundError when the folder holds neither, ValueError for a damaged file.
    """
    binding = next(folder.glob("*.mhclo"), None)
    texture = next((p for p in sorted(folder.glob("diffuse.*"))), None)
    if binding:
        mesh, bound = read_obj(binding.with_suffix(".obj")), _read_mhclo(binding, base_count)
    elif (folder / "mesh.json").exists():
        mesh, bound = _read_json(folder / "mesh.json", base_count)
    else:
        raise FileNotFoundError(f"no asset in {folder}")
    face_part = np.zeros(len(mesh.faces), np.int64)
    if (folder / "parts.json").exists():
        content = json.loads((folder / "parts.json").read_text())
        parts, face_part = tuple(content["names"]), np.array(content["face_part"])
    if len(bound.references) != len(mesh.vertices) or len(face_part) != len(mesh.faces):
        raise ValueError(f"{folder.name}: its files have different numbers of vertices or faces")
    return Asset(
        name=folder.name,
        mesh=mesh,
        parts=parts,
        face_part=face_part,
        references=bound.references,
        shares=bound.shares,
        offsets=bound.offsets,
        scales=bound.scales,
        hidden=bound.hidden,
        texture=texture,
        transparent=texture is not None and texture.suffix == ".png",
    )


@dataclass(frozen=True)
class _Binding:
    references: np.ndarray
    shares: np.ndarray
    offsets: np.ndarray
    scales: tuple[Scale, ...]
    hidden: np.ndarray


def _read_mhclo(path: Path, base_count: int) -> _Binding:
    scales: dict[str, Scale] = {}
    rows: list[list[str]] = []
    hidden = np.zeros(base_count, bool)
    section = ""
    for line in path.read_text(errors="replace").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] in ("verts", "delete_verts"):
            section = words[0]
        elif words[0].endswith("_scale"):
            scales[words[0][0]] = (int(words[1]), int(words[2]), float(words[3]))
        elif not words[0].isdigit():
            continue  # other keywords may stand anywhere
        elif section == "verts":
            rows.append(words)
        elif section == "delete_verts":
            for first, last in _ranges(words):
                hidden[first : last + 1] = True
    single = np.array([len(row) == 1 for row in rows])
    if not all(len(row) in (1, 9) for row in rows):
        raise ValueError(f"{path.name} has a line of neither one nor nine numbers")
    table = np.zeros((len(rows), 9))
    table[single, 0] = [float(row[0]) for row in rows if len(row) == 1]
    table[single, 3] = 1.0
    if not single.all():
        table[~single] = np.array([row for row in rows if len(row) == 9], float)
    return _Binding(
        table[:, :3].astype(np.int32),
        table[:, 3:6].astype(np.float32),
        table[:, 6:].astype(np.float32),
        tuple(scales[axis] for axis in "xyz") if len(scales) == 3 else (),
        hidden,
    )


def _read_json(path: Path, base_count: int) -> tuple[Mesh, _Binding]:
    content = json.loads(path.read_text())
    hidden = np.zeros(base_count, bool)
    flags = np.array(content["deleteVerts"], bool)[:base_count]
    hidden[: len(flags)] = flags
    scales = _SCALES if base_count > max(max(s[:2]) for s in _SCALES) else ()
    return json_mesh(content), _Binding(
        np.array(content["ref_vIdxs"], np.int32),
        np.array(content["weights"], np.float32),
        np.array(content["offsets"], np.float32),
        scales,
        hidden,
    )


def _ranges(words: list[str]) -> Iterator[tuple[int, int]]:
    """Numbers and ranges: "3 5 - 7" is 3, 5, 6, 7."""
    place = 0
    while place < len(words):
        first = int(words[place])
        if place + 2 < len(words) and words[place + 1] == "-":
            yield first, int(words[place + 2])
            place += 3
        else:
            yield first, first
            place += 1
