# SPDX-License-Identifier: GPL-3.0-or-later
"""A posed figure as a scan would give it: one closed surface with colours at its vertices."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from .figure import Figure, Material, Zones
from .wardrobe import damaged, scan_like
from .zones import region_of, zones_of

_TEXTURE_SIDE = 256  # pixels; a face has one colour


def scanned(figure: Figure, vertices: np.ndarray, rng: np.random.Generator) -> Figure:
    """The figure with its vertices (V, 3) in a pose, remeshed; it cannot be posed any more."""
    at_rest = zones_of(figure)
    place = at_rest.zone.astype(np.uint16) << 8 | at_rest.segment
    points, faces, color, surface, place, piece = scan_like(
        vertices,
        figure.faces,
        face_colors(figure),
        figure.surface,
        place,
        figure.piece,
        rng,
    )
    if rng.random() < 0.6:
        left, color = damaged(points, faces, color, rng)
        faces, color, surface, place, piece = (
            rows[left] for rows in (faces, color, surface, place, piece)
        )
    zones = Zones((place >> 8).astype(np.uint8), (place & 255).astype(np.uint8))
    return replace(
        figure,
        vertices=points,
        faces=faces,
        uv=np.zeros((len(faces), 4, 2), np.float32),
        surface=surface,
        region=region_of(zones.zone),
        zones=zones,
        material=np.zeros(len(faces), np.int16),
        piece=piece,
        joints=np.zeros((len(points), 4), np.int16),
        weights=np.tile(np.array([1, 0, 0, 0], np.float32), (len(points), 1)),
        materials=(Material("scan", vertex_colors=True),),
        vertex_color=_at_vertices(len(points), faces, color),
    )


def face_colors(figure: Figure) -> np.ndarray:
    """(F, 3) uint8 sRGB: each face's texture at its middle, vertex colours, or plain colour."""
    corners = figure.faces >= 0
    middle = (figure.uv * corners[..., None]).sum(1) / corners.sum(1, keepdims=True)
    colors = np.zeros((len(figure.faces), 3), np.uint8)
    for index, material in enumerate(figure.materials):
        here = figure.material == index
        if material.texture is not None:
            image = _texture(material.texture)
            height, width = image.shape[:2]
            u, v = (middle[here] % 1).T
            rows = np.minimum(((1 - v) * height).astype(int), height - 1)
            columns = np.minimum((u * width).astype(int), width - 1)
            colors[here] = image[rows, columns]
        elif material.vertex_colors and figure.vertex_color is not None:
            colors[here] = figure.vertex_color[figure.faces[here, 0]]
        else:
            colors[here] = np.rint(np.array(material.color) * 255)
    return colors


def _texture(texture: Path | np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8, small."""
    return _read(texture) if isinstance(texture, Path) else _small(texture[..., :3])


@lru_cache(maxsize=64)
def _read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(path)
    return _small(image[..., ::-1])


def _small(image: np.ndarray) -> np.ndarray:
    if max(image.shape[:2]) <= _TEXTURE_SIDE:
        return image
    size = (_TEXTURE_SIDE, _TEXTURE_SIDE)
    return cv2.resize(np.ascontiguousarray(image), size, interpolation=cv2.INTER_AREA)


def _at_vertices(count: int, faces: np.ndarray, color: np.ndarray) -> np.ndarray:
    """(V, 3) uint8: the mean of the faces around each vertex."""
    sums, number = np.zeros((count, 3)), np.zeros(count)
    for corner in faces.T:
        kept = corner >= 0
        np.add.at(sums, corner[kept], color[kept])
        np.add.at(number, corner[kept], 1)
    return np.rint(sums / np.maximum(number, 1)[:, None]).astype(np.uint8)
