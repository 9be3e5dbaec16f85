# SPDX-License-Identifier: GPL-3.0-or-later
"""What a finished piece of the character is, before it becomes a Blender mesh."""

from dataclasses import dataclass

import numpy as np

PARTS = (
    "hair",
    "head",
    "neck",
    "eyes",
    "eyebrows",
    "mouth",
    "torso",
    "t-shirt",
    "jacket",
    "trousers",
    "belt",
    "shoes",
    "left forearm",
    "right forearm",
    "left hand",
    "right hand",
)  # the index is the value of the ground-truth attribute


@dataclass
class Piece:
    """Quads with a part, a material and a colour each.

    vertices (N, 3) float64 metres; quads (F, 4) int64; part (F,) indices into PARTS;
    material (F,) indices into `materials`; colour (F, 4, 3) sRGB 0..1 at the corners;
    uv (F, 4, 2). bone: a rigid piece follows this bone alone.
    """

    name: str
    vertices: np.ndarray
    quads: np.ndarray
    part: np.ndarray
    materials: list[str]
    material: np.ndarray
    colour: np.ndarray
    uv: np.ndarray
    bone: str | None = None


def piece(
    name: str,
    vertices: np.ndarray,
    quads: np.ndarray,
    part,
    material: str,
    colour,
    uv: np.ndarray | None = None,
    bone: str | None = None,
) -> Piece:
    """A piece of one material; part and colour may be one value for all.

    part: a name or (F,) indices; colour: (3,), per vertex (N, 3) or per corner (F, 4, 3) sRGB.
    """
    faces = len(quads)
    if isinstance(part, str):
        part = np.full(faces, PARTS.index(part))
    colour = np.asarray(colour, float)
    if colour.ndim == 1:
        colour = np.broadcast_to(colour, (faces, 4, 3))
    elif colour.ndim == 2:
        colour = colour[quads]
    if uv is None:
        uv = cylindrical(vertices, quads)
    return Piece(
        name,
        vertices,
        quads,
        np.asarray(part),
        [material],
        np.zeros(faces, int),
        np.clip(colour, 0.0, 1.0),
        uv,
        bone,
    )


def join(name: str, pieces: list[Piece]) -> Piece:
    """Several pieces as one, materials of the same name shared."""
    materials = list(dict.fromkeys(m for p in pieces for m in p.materials))
    offsets = np.cumsum([0, *(len(p.vertices) for p in pieces)])
    return Piece(
        name,
        np.concatenate([p.vertices for p in pieces]),
        np.concatenate([p.quads + o for p, o in zip(pieces, offsets[:-1], strict=True)]),
        np.concatenate([p.part for p in pieces]),
        materials,
        np.concatenate(
            [np.array([*map(materials.index, p.materials)])[p.material] for p in pieces]
        ),
        np.concatenate([p.colour for p in pieces]),
        np.concatenate([p.uv for p in pieces]),
        pieces[0].bone,
    )


def mirror(source: Piece, part: dict[str, str] | None = None) -> Piece:
    """The piece on the other side of x = 0, with parts renamed by `part`."""
    flip = np.array([-1.0, 1.0, 1.0])
    names = np.array([PARTS.index((part or {}).get(n, n)) for n in PARTS])
    bone = source.bone
    if bone and bone.endswith(".L"):
        bone = bone[:-1] + "R"
    return Piece(
        source.name,
        source.vertices * flip,
        source.quads[:, ::-1].copy(),
        names[source.part],
        source.materials,
        source.material,
        source.colour[:, ::-1].copy(),
        source.uv[:, ::-1].copy(),
        bone,
    )


def cylindrical(vertices: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """Corner UVs (F, 4, 2) around the z axis of the piece; quads across the seam stay whole."""
    centre = (vertices.min(0) + vertices.max(0)) / 2
    angle = (
        np.arctan2(vertices[:, 0] - centre[0], -(vertices[:, 1] - centre[1])) / (2 * np.pi) + 0.5
    )
    height = vertices[:, 2] - vertices[:, 2].min()
    u = angle[quads]
    u = u + ((u.max(1, keepdims=True) - u) > 0.5)
    return np.stack([u, (height / max(height.max(), 1e-9))[quads]], -1)
