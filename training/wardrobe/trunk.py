# SPDX-License-Identifier: GPL-3.0-or-later
"""How a garment for the trunk is cut and put on, and what trims it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.bank import surface_index
from training.wardrobe.fitting import Fitting
from training.wardrobe.hanging import hanging_weights, skirt_shape
from training.wardrobe.measure import HEAD, NECK
from training.wardrobe.palette import Color, Palette, detail
from training.wardrobe.shapes import corner_values

OUT = -0.05  # a field's value where the garment is not


@dataclass(frozen=True)
class Cloth:
    """What a garment is made of and how it sits."""

    palette: Palette
    painted: bool = False  # no more than colour on what lies below
    loose: float = 0.3  # 0 = tight .. 1 = wide


@dataclass(frozen=True)
class Cut:
    """The extent of a garment for the trunk; lengths in metres."""

    hem: float  # height
    sleeve: float  # 0 = none .. 1 elbow .. 2 wrist
    neck: float = 1.15  # width of the opening in neck radii
    drop: float = 0.0  # how far the opening goes down in front
    v: float = 0.0  # depth of a V
    collar: float = 0.0  # how far it climbs the neck
    strap: float = 1.0  # of sleeveless ones: where the arm hole is, 1 = at the shoulder joint
    strapless: bool = False
    open_front: float = 0.0  # half width left open
    button: float | None = None  # height of the last one, below which the edges part
    legs: bool = False  # goes on below the crotch


def trunk_field(fit: Fitting, c: Cut) -> np.ndarray:
    """(V,) metres inside a garment with this cut."""
    body, p = fit.body, fit.rest
    unit = body.unit
    x, y, z = p.T
    trunk = (
        fit.on("torso", "pelvis", "thigh", "lower leg")
        if c.legs
        else fit.on("torso", "pelvis", "thigh")
    )
    field = np.full(len(p), OUT)
    # The neck opening: a cylinder about the neck, above a plane that falls to the front.
    away = np.hypot(x, y - body.neck_y) - c.neck * body.neck_radius - 0.004 * unit
    ahead = np.clip(body.neck_y - y, 0, None)
    plane = body.neck + 0.01 * unit - z - 0.75 * (ahead > 0) * ahead - c.drop * (ahead > 0)
    neck = np.maximum(plane, away)
    if c.collar:
        neck = np.maximum(neck, body.neck + c.collar - z - 0.5 * ahead)
    if c.v:
        bottom = body.neck - 0.05 * unit - c.v
        slope = (c.neck * body.neck_radius) / (c.v + 0.05 * unit)
        wedge = np.where(y < body.neck_y, abs(x) - slope * (z - bottom), 1.0)
        neck = np.minimum(neck, wedge)
    body_field = np.minimum(z - c.hem, neck)
    if c.strapless:
        body_field = np.minimum(body_field, body.armpit + 0.03 * unit - z)
    if c.sleeve <= 0:
        hole = np.maximum(c.strap * body.shoulder - abs(x), body.armpit - 0.01 * unit - z)
        body_field = np.minimum(body_field, hole)
    field[trunk] = body_field[trunk]
    throat = fit.segment == NECK
    field[throat] = np.minimum(
        np.maximum(plane, c.collar - (z - body.neck)) if c.collar else neck, body.chin - 0.005 - z
    )[throat]
    if c.strapless or c.v or c.drop:
        field[throat] = np.minimum(field[throat], neck[throat])
    arms = fit.arm > -1
    if c.sleeve > 0:
        length = 0.27 * unit
        field[arms] = ((c.sleeve - fit.arm) * length)[arms]
    field[fit.segment == HEAD] = OUT
    if c.open_front:
        gap = np.where(y < body.neck_y, abs(x) - c.open_front, 1.0)
        field = np.minimum(field, gap)
    if c.button is not None:
        gap = np.where(y < body.neck_y, abs(x) - 0.35 * (c.button - z), 1.0)
        field = np.minimum(field, gap)
    return field


def top(
    fit: Fitting,
    rng: np.random.Generator,
    cloth: Cloth,
    surface: str,
    c: Cut,
    thickness: float = 0.004,
    name: str | None = None,
    smooth: int | None = None,
) -> tuple[int, Color]:
    """Put on a garment for the trunk; returns its piece and colour."""
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece(name or surface), fit.new_material(surface, color)
    field = trunk_field(fit, c)
    labels = {"surface": surface_index(surface), "new_piece": piece}
    if cloth.painted:
        fit.paint(field, material, **labels)
    else:
        unit, body = fit.body.unit, fit.body
        depth = np.full(len(fit.rest), thickness * unit)
        depth += cloth.loose * 0.018 * unit * np.clip(fit.arm - 0.2, 0, 1)
        low = np.clip((body.armpit - fit.rest[:, 2]) / max(body.armpit - c.hem, 0.02), 0, 1)
        depth += np.where(fit.on("torso", "pelvis"), cloth.loose * 0.02 * unit * low, 0)
        legs = fit.on("thigh", "lower leg")
        depth[legs] = np.minimum(
            depth + cloth.loose * 0.012 * unit, np.maximum(0.3 * abs(fit.rest[:, 0]), 0.003)
        )[legs]
        rounds = int(4 + 34 * cloth.loose) if smooth is None else smooth
        fit.lift(field, material, depth, rounds, **labels)
    return piece, color


def trim(
    fit: Fitting, rng: np.random.Generator, color: Color, piece: int, field: np.ndarray
) -> None:
    """Colour a part of a garment a little or very differently."""
    fit.paint(field, fit.new_material("trim", detail(color, rng)), piece)


def between(rng: np.random.Generator, one: float, other: float) -> float:
    """A height between two, whichever is lower: on short limbs they change places."""
    return float(rng.uniform(min(one, other), max(one, other)))


def front_strip(
    fit: Fitting, half: float, low: float = -9.0, high: float = 9.0, at: float = 0.0
) -> np.ndarray:
    """(V,) field of an upright strip in front, `at` metres to the left of the middle."""
    x, y, z = fit.rest.T
    field = np.minimum(half - np.abs(x - at), np.minimum(z - low, high - z))
    return np.where((y < fit.body.neck_y) & (fit.arm < 0), field, OUT)


def hip_hem(fit: Fitting, rng: np.random.Generator) -> float:
    body = fit.body
    return float(
        rng.uniform(
            body.crotch + 0.25 * (body.hip - body.crotch), body.hip + 0.45 * (body.waist - body.hip)
        )
    )


def cuffs(fit: Fitting, c: Cut) -> np.ndarray:
    sleeve = np.where(fit.arm > -1, fit.arm - c.sleeve + 0.13, OUT)
    body = fit.on("torso", "pelvis", "thigh")
    return np.where(body, c.hem + 0.03 * fit.body.unit - fit.rest[:, 2], sleeve)


def turned_collar(
    fit: Fitting, rng: np.random.Generator, color: Color, piece: int, surface: str, height: float
) -> None:
    """A standing or turned-down collar round the neck, lifted off the garment."""
    body, unit = fit.body, fit.body.unit
    x, y, z = fit.rest.T
    ring = 1.75 * body.neck_radius - np.hypot(x, y - body.neck_y)
    ahead = np.clip(body.neck_y - y, 0, None)
    low = z - (body.neck - 0.03 * unit - 0.9 * ahead)
    field = np.where(
        fit.on("torso", "neck"),
        np.minimum(np.minimum(ring, low), body.neck + height - z + 0.02),
        OUT,
    )
    material = fit.new_material("collar", detail(color, rng))
    fit.lift(field, material, 0.006 * unit, 2, piece, surface=surface_index(surface))


def tail(
    fit: Fitting,
    rng: np.random.Generator,
    surface: str,
    piece: int,
    color: Color,
    hem: float,
    flare: float,
    opening: float = 0.0,
    top_at: float | None = None,
    gap: float = 0.004,
) -> None:
    """The hanging lower part of a dress, coat or skirt."""
    unit = fit.body.unit
    pleats = (
        (int(rng.integers(8, 20)), rng.uniform(0.006, 0.02) * unit)
        if rng.random() < 0.35
        else (0, 0.0)
    )
    start = fit.body.hip + 0.03 * unit if top_at is None else top_at
    shape = skirt_shape(fit, start, hem, gap * unit, flare, pleats, opening)
    joints, weights = hanging_weights(fit, shape.vertices)
    centre = corner_values(shape.faces, shape.vertices[:, 2]).mean(1)
    material = fit.new_material(surface, color)
    materials = np.full(len(shape.faces), material)
    if rng.random() < 0.35:
        band = fit.new_material("trim", detail(color, rng))
        materials[centre < hem + rng.uniform(0.03, 0.12) * unit] = band
    if not opening:
        _hollow(fit, start - 0.03 * unit, hem + 0.3 * (start - hem))
    start_face = len(fit.faces)
    fit.add(shape, material, surface, piece, joints, weights, fit.leg_region(centre))
    fit.material[start_face:] = materials


def _hollow(fit: Fitting, high: float, low: float) -> None:
    """Drop what hanging cloth hides for good, so that striding legs do not poke through it."""
    height = corner_values(fit.faces, fit.rest[:, 2])
    hidden = (height.max(1) < high) & (height.min(1) > low) & fit.fabric
    own = corner_values(fit.faces, fit.on("torso", "pelvis", "thigh", "lower leg")).all(1)
    fit.remove(hidden & own)
