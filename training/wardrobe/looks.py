# SPDX-License-Identifier: GPL-3.0-or-later
"""Other colours and patterns for what a figure wears."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.bank import NO_LABEL, SURFACES
from training.figure import Figure, Material
from training.wardrobe.palette import Color, Palette, detail, hair_color, palette, skin_tone, varied

_TILE = 128
_BODY = ("skin", "eye", "eyebrow", "mouth")


def recolored(figure: Figure, rng: np.random.Generator) -> Figure:
    """The figure in other materials: plain, patterned, as vertex colours or all grey.

    Textures of the body and of hair that is cut out stay, except when everything turns grey.
    """
    kind = rng.choice(["cloth", "clay", "vertex"], p=(0.84, 0.08, 0.08))
    if kind == "clay":
        clay = _clay_color(rng)
        return replace(figure, materials=tuple(_clay(m, clay) for m in figure.materials))
    colors = palette(rng)
    materials = list(figure.materials)
    patterned: list[int] = []
    skin = skin_tone(rng, fantasy=0.04)
    of_piece: dict[int, Color] = {}
    for number, material in enumerate(figure.materials):
        faces = figure.material == number
        if not faces.any():
            continue
        surface = np.bincount(figure.surface[faces]).argmax()
        name = SURFACES[surface] if surface != NO_LABEL else "skin"
        if name in _BODY:
            if name == "skin" and material.texture is None and not material.vertex_colors:
                materials[number] = replace(material, color=skin)
            continue
        if material.cut_out:
            continue
        piece = int(np.bincount(figure.piece[faces]).argmax())
        if name == "hair":
            materials[number] = replace(material, color=hair_color(rng), texture=None)
            continue
        main = piece not in of_piece
        color = of_piece.setdefault(piece, colors.cloth(rng))
        if not main:
            color = detail(color, rng)
        if main and kind == "cloth" and rng.random() < 0.35:
            materials[number] = Material(material.name, color, pattern(color, colors, rng))
            patterned.append(number)
        else:
            materials[number] = Material(material.name, color)
    figure = replace(figure, materials=tuple(materials))
    if patterned:
        uv = figure.uv.copy()
        faces = np.isin(figure.material, patterned)
        uv[faces] = box_uv(figure, faces, tile=float(np.exp(rng.uniform(np.log(0.1), np.log(0.6)))))
        figure = replace(figure, uv=uv)
    return _as_vertex_colors(figure) if kind == "vertex" else figure


def _clay_color(rng: np.random.Generator) -> Color:
    """A grey, by chance a warm one."""
    value = rng.uniform(0.35, 0.9)
    if rng.random() < 0.6:
        return (value, value, value)
    return varied((value, value * 0.95, value * 0.88), rng, 0.06)


def stripped(figure: Figure, rng: np.random.Generator) -> Figure:
    """The figure as it looks when textures are missing: grey, of one colour, of flat colours of its
    pieces, with Blender's magenta, or with the colours baked to vertices.
    """
    kind = rng.choice(["clay", "one", "flat", "magenta", "white"])
    if kind == "flat":
        colors = palette(rng)
        flat = [Material(m.name, colors.cloth(rng)) for m in figure.materials]
        return replace(figure, materials=tuple(flat))
    value = float(rng.uniform(0.2, 0.9))
    color = {
        "clay": (value, value, value),
        "one": palette(rng).cloth(rng),
        "magenta": (1.0, 0.0, 1.0),
        "white": (0.9, 0.9, 0.9),
    }[str(kind)]
    lost = [
        m if kind == "magenta" and m.texture is None else _clay(m, color) for m in figure.materials
    ]
    return replace(figure, materials=tuple(lost))


def box_uv(figure: Figure, faces: np.ndarray, tile: float) -> np.ndarray:
    """(N, 4, 2) uv of chosen faces, projected along its main axis, `tile` metres per turn."""
    corner = figure.faces[faces]
    points = figure.vertices[np.where(corner < 0, corner[:, :1], corner)]  # (N, 4, 3)
    normal = abs(np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]))
    sideways = normal[:, 0] > np.maximum(normal[:, 1], normal[:, 2])
    upwards = ~sideways & (normal[:, 2] > 1.5 * normal[:, 1])
    u = np.where(sideways[:, None], points[:, :, 1], points[:, :, 0])
    v = np.where(upwards[:, None], points[:, :, 1], points[:, :, 2])
    return (np.stack([u, v], -1) / tile).astype(np.float32)


def pattern(color: Color, colors: Palette, rng: np.random.Generator) -> np.ndarray:
    """(128, 128, 3) uint8 tile of cloth whose main colour is this one."""
    y, x = np.mgrid[:_TILE, :_TILE] / _TILE
    other = np.array(detail(color, rng) if rng.random() < 0.5 else colors.cloth(rng))
    kind = rng.choice(["stripes", "checks", "dots", "noise", "denim", "camouflage", "knit"])
    count = int(rng.integers(2, 7))
    if kind == "stripes":
        place = (x if rng.random() < 0.5 else y) * count % 1
        mask = place < rng.uniform(0.2, 0.6)
    elif kind == "checks":
        width = rng.uniform(0.2, 0.5)
        mask = (x * count % 1 < width) * 0.5 + (y * count % 1 < width) * 0.5
    elif kind == "dots":
        mask = np.hypot(x * count % 1 - 0.5, y * count % 1 - 0.5) < rng.uniform(0.15, 0.35)
    elif kind == "camouflage":
        return _camouflage(np.array(color), other, rng)
    elif kind == "denim":
        mask = 0.25 * rng.random((_TILE, _TILE)) * ((x + y) * 32 % 1 < 0.5)
        other = np.array([0.85, 0.88, 0.92])
    elif kind == "knit":
        mask = 0.3 * (abs((x * 12 % 1) - 0.5) + (y * 16 + abs((x * 12 % 1) - 0.5)) % 1 < 0.7)
        other = np.array(color) * 0.5
    else:
        mask = 0.4 * rng.random((_TILE, _TILE))
    mask = np.asarray(mask, float)[..., None]
    return (np.clip(np.array(color) * (1 - mask) + other * mask, 0, 1) * 255).astype(np.uint8)


def _camouflage(color: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    wave = np.fft.fftfreq(_TILE)
    fall = 1 / (0.02 + np.hypot(wave[:, None], wave[None])) ** 2
    fields = [
        np.fft.ifft2(np.fft.fft2(rng.normal(size=(_TILE, _TILE))) * fall).real for _ in range(2)
    ]
    tile = np.broadcast_to(color, (_TILE, _TILE, 3)).copy()
    tile[fields[0] > 0] = other
    tile[fields[1] > fields[1].std()] = color * 0.45
    return (np.clip(tile, 0, 1) * 255).astype(np.uint8)


def _clay(material: Material, color: Color) -> Material:
    if material.cut_out:
        return replace(material, color=color)
    return Material(material.name, color)


def _as_vertex_colors(figure: Figure) -> Figure:
    """Plain materials as colours of the vertices; textured ones stay."""
    plain = np.array([m.texture is None for m in figure.materials])[figure.material]
    color = np.array([m.color for m in figure.materials])[figure.material]
    corners = figure.faces[plain]
    # A vertex between two colours takes one of them, so that borders smear a little as they do in
    # such models.
    vertex = np.full((len(figure.vertices), 3), 255, np.uint8)
    if figure.vertex_color is not None:
        vertex = figure.vertex_color.copy()
    for column in range(4):
        has = corners[:, column] >= 0
        vertex[corners[has, column]] = (color[plain][has] * 255).astype(np.uint8)
    materials = tuple(
        replace(m, vertex_colors=True) if m.texture is None else m for m in figure.materials
    )
    return replace(figure, vertex_color=vertex, materials=materials)
