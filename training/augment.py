# SPDX-License-Identifier: GPL-3.0-or-later
"""A rendered view as the network is shown it: other colours, light, scale, crop, noise.

Colours are changed at the view's own resolution, where pieces have exact borders; scaling is that
of the extension itself (`core.parsing.sight.preparation`).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from core.parsing.sight.preparation import CHANNELS, STRIDE, scaled_channels
from core.scene.capture.shading import shade

from .bank import NO_LABEL, surface_index
from .light import decode_srgb, developed, lit, repainted
from .offsets import UNIT, ways
from .resampling import rolled, thinned
from .shards import View
from .zones import region_of

_SKIN = surface_index("skin")
WAYS_STRIDE = 4  # input pixels to one that is asked for its joints: they change slowly
_SPARE = 1.5  # pixels of the view to one of the picture, along a side


@dataclass(frozen=True)
class Augmentation:
    """How far views are changed, as shares of all views."""

    tile: tuple[int, int] = (224, 160)  # (height, width) of what the network is given, pixels
    height: float = 192.0  # pixels of the figure's larger side
    scales: tuple[float, float] = (0.62, 1.2)  # of it
    close: float = 0.12  # looks from nearer, up to
    closest: float = 2.2  # times the height
    heads: tuple[float, float] = (0.28, 1.1)  # scales of views that show the head alone
    rolled: float = 0.4  # turned in the picture by any angle: not everybody stands
    leaning: float = 8.0  # degrees by which the others are turned: a standard deviation
    repainted: float = 0.6
    without_color: float = 0.1
    without_normals: float = 0.15
    clay: float = 0.06  # one grey for everything
    blurred: float = 0.12
    noisy: float = 0.15


@dataclass(frozen=True)
class Sample:
    """One training example."""

    image: np.ndarray  # (7, H, W) float32
    surface: np.ndarray  # (H/2, W/2) uint8, NO_LABEL where nobody knows and outside
    zone: np.ndarray  # (H/2, W/2) uint8
    boundary: np.ndarray  # (H/2, W/2) uint8: 1 at a border of parts, NO_LABEL outside
    ways: np.ndarray  # (6, H/4, W/4) float32 to both ends of the bone (`offsets`), NaN: unknown


def augmented(
    view: View, how: Augmentation, rng: np.random.Generator, samples: int = 1
) -> list[Sample]:
    """New looks at the view: coloured and lit once, since that costs most, and shown `samples`
    times in different sizes, places and states."""
    heights = [_height(view, how, rng) for _ in range(samples)]
    view = thinned(rolled(view, _roll(how, rng)), _SPARE * max(heights))
    color = _colors(view, how, rng)
    normal = view.normal.astype(np.float32) / np.float32(127)
    return [_shown(view, color, normal, height, how, rng) for height in heights]


def _height(view: View, how: Augmentation, rng: np.random.Generator) -> float:
    if view.near:
        return how.height * rng.uniform(*how.heads)
    if rng.random() < how.close:
        return how.height * rng.uniform(1.2, how.closest)
    return how.height * rng.uniform(*how.scales)


def _shown(
    view: View,
    color: np.ndarray,
    normal: np.ndarray,
    height: float,
    how: Augmentation,
    rng: np.random.Generator,
) -> Sample:
    fate = rng.random()
    colored = fate >= how.without_color
    if colored and fate < how.without_color + how.without_normals:
        normal = np.zeros_like(normal)
    mirror = rng.random() < 0.5
    sample = _placed(view, color if colored else None, normal, height, how.tile, mirror, rng)
    return _worn(sample, how, rng, colored)


def plain(view: View, tile: tuple[int, int], height: float) -> Sample:
    """The view as the extension shows it by default, in the middle; for held-out figures."""
    inside = view.silhouette
    normal = view.normal.astype(np.float32) / np.float32(127)
    color = np.full(view.albedo.shape, 255, np.uint8)
    color[inside] = shade(decode_srgb(view.albedo[inside]), normal[inside], np.eye(3))
    return _placed(view, color, normal, height, tile, False, None)


def _roll(how: Augmentation, rng: np.random.Generator) -> float:
    """Degrees."""
    if rng.random() < how.rolled:
        return float(rng.uniform(-180, 180))
    return float(rng.normal(0, how.leaning))


def _colors(view: View, how: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """(h, w, 3) uint8 sRGB on black."""
    inside = view.silhouette
    albedo = decode_srgb(view.albedo[inside])
    normal = view.normal[inside].astype(np.float32) / np.float32(127)
    if rng.random() < how.clay:
        albedo = np.full_like(albedo, rng.uniform(0.2, 0.8))
    elif rng.random() < how.repainted:
        surface = view.surface[inside]
        key = view.piece[inside].astype(np.int32) * 256 + surface
        found, segment = np.unique(key, return_inverse=True)
        rows, columns = np.nonzero(inside)
        where = np.stack([rows, columns], 1).astype(np.float32) / np.float32(max(inside.shape))
        flesh = found == 256 + _SKIN  # of the body itself: shells and furs have any colour
        albedo = repainted(albedo, segment, flesh, where, rng)
    color = np.zeros(view.albedo.shape, np.uint8)
    color[inside] = lit(albedo, normal, rng)
    return developed(color, rng) if rng.random() < 0.6 else color


def _placed(
    view: View,
    color: np.ndarray | None,
    normal: np.ndarray,
    height: float,
    tile: tuple[int, int],
    mirror: bool,
    rng: np.random.Generator | None,
) -> Sample:
    """Scaled so that the larger side has `height` pixels, and put somewhere into the tile."""
    inside = view.silhouette
    scale = height / max(inside.shape)
    size = (max(1, round(inside.shape[0] * scale)), max(1, round(inside.shape[1] * scale)))
    if color is None:
        channels = scaled_channels(np.zeros_like(view.albedo), normal, inside, size)
        channels[..., :3] = 0
    else:
        channels = scaled_channels(color, normal, inside, size)
    if mirror:
        channels = channels[:, ::-1].copy()
        channels[..., 3] *= -1
    corner = [_corner(t, s, rng) for t, s in zip(tile, size, strict=True)]
    image = _window(channels, corner, tile, 0.0)

    at = _places(inside.shape, size, corner, tile, STRIDE, mirror)
    surface, zone = _sampled(view.surface, at), _sampled(view.zone, at)
    background = _sampled(view.piece, at, outside=0) == 0
    surface[background] = zone[background] = NO_LABEL
    borders = _borders(surface, region_of(zone), background)
    coarse = _places(inside.shape, size, corner, tile, WAYS_STRIDE, mirror)
    return Sample(
        np.moveaxis(image, 2, 0), surface, zone, borders, _ways(view, coarse, scale, mirror)
    )


def _corner(tile: int, size: int, rng: np.random.Generator | None) -> int:
    """Where the picture begins in the tile; negative where some of it is cut off."""
    if rng is None:
        return (tile - size) // 2
    least, most = min(0, tile - size), max(0, tile - size)
    return int(rng.integers(least, most + 1))


def _window(
    image: np.ndarray, corner: list[int], size: tuple[int, int], outside: float
) -> np.ndarray:
    """(*size, C) with `image` (h, w, C) pasted at `corner`, cut where it reaches outside."""
    out = np.full((*size, *image.shape[2:]), outside, image.dtype)
    target, source = [], []
    for begin, side, length in zip(corner, size, image.shape, strict=False):
        low, high = max(begin, 0), min(begin + length, side)
        target.append(slice(low, max(low, high)))
        source.append(slice(low - begin, max(low, high) - begin))
    out[tuple(target)] = image[tuple(source)]
    return out


_Places = tuple[np.ndarray, np.ndarray, np.ndarray]  # rows (h, 1), columns (w,), inside (h, w)


def _places(
    shape: tuple[int, ...],
    size: tuple[int, int],
    corner: list[int],
    tile: tuple[int, int],
    stride: int,
    mirror: bool,
) -> _Places:
    """The pixels of a view that lie at the centres of output pixels `stride` apart."""
    found, inside = [], []
    for axis in range(2):
        place = (np.arange(tile[axis] // stride) + 0.5) * stride - corner[axis]
        if axis == 1 and mirror:
            place = size[1] - place
        index = np.floor(place * (shape[axis] / size[axis])).astype(np.int64)
        inside.append((index >= 0) & (index < shape[axis]))
        found.append(np.clip(index, 0, shape[axis] - 1))
    return found[0][:, None], found[1], inside[0][:, None] & inside[1]


def _sampled(labels: np.ndarray, at: _Places, outside: int = NO_LABEL) -> np.ndarray:
    """(h, w) uint8."""
    rows, columns, inside = at
    return np.where(inside, labels[rows, columns], np.uint8(outside))


def _ways(view: View, at: _Places, scale: float, mirror: bool) -> np.ndarray:
    """(6, h, w) float32 in units of `offsets.UNIT` pixels of the input."""
    rows, columns, inside = at
    rows, columns = np.broadcast_arrays(rows, columns)
    found = ways(view, rows, columns) * np.float32(scale / UNIT)
    if mirror:
        found[..., [0, 3]] *= -1
    found[~inside | (view.piece[rows, columns] == 0)] = np.nan
    return np.moveaxis(found, 2, 0)


def _borders(surface: np.ndarray, region: np.ndarray, background: np.ndarray) -> np.ndarray:
    """(h, w) uint8: pixels beside another surface, or beside another region of bare skin."""
    part = np.where(surface == _SKIN, 128 + region.astype(np.int16), surface).astype(np.float32)
    highest = cv2.dilate(np.where(background, -1, part), np.ones((3, 3)))
    lowest = cv2.erode(np.where(background, 1000, part), np.ones((3, 3)))
    border = (highest != lowest).astype(np.uint8)
    border[background | (surface == NO_LABEL)] = NO_LABEL
    return border


def _worn(sample: Sample, how: Augmentation, rng: np.random.Generator, has_color: bool) -> Sample:
    """With blur and noise, inside the silhouette only."""
    image, coverage = sample.image, sample.image[6] > 0
    if has_color and rng.random() < how.blurred:
        sigma = rng.uniform(0.4, 1.3)
        for channel in range(CHANNELS - 1):
            image[channel] = cv2.GaussianBlur(image[channel], (0, 0), sigma)
    if rng.random() < how.noisy:
        noise = rng.standard_normal((6, *coverage.shape), np.float32)
        image[:3] += has_color * np.float32(rng.uniform(0, 0.06)) * noise[:3]
        image[3:6] += np.float32(rng.uniform(0, 0.2)) * noise[3:] * bool(image[3:6].any())
    image[:6] *= coverage
    return sample
