# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloth that hangs free of the body: skirts, coat tails and capes as tubes and sheets."""

from __future__ import annotations

import numpy as np

from training.wardrobe.fitting import Fitting
from training.wardrobe.measure import LEGS, TRUNK
from training.wardrobe.shapes import Shape, circle, hull_outline, merged, tube

_AROUND = 40


def skirt_shape(
    fit: Fitting, top: float, hem: float, gap: float, flare: float,
    pleats: tuple[int, float] = (0, 0.0), opening: float = 0.0,
) -> Shape:  # fmt: skip
    """A tube round hips and legs from height `top` down to `hem`.

    `gap` metres off the body, `flare` metres wider per metre of fall, pleats (how many, their
    depth in metres at the hem), `opening` radians left open in front.
    """
    unit = fit.body.unit
    points = fit.points((*TRUNK, *LEGS))
    heights = np.linspace(top, hem, max(6, int((top - hem) / (0.04 * unit)) + 2))
    rings, least = [], np.zeros(_AROUND)
    rays = circle(_AROUND)
    centre = np.array([0.0, fit.body.neck_y])
    slab = points[(points[:, 2] < top) & (points[:, 2] > fit.body.crotch)]
    if len(slab):
        centre = np.array([0.0, (slab[:, 1].min() + slab[:, 1].max()) / 2])
    for height in heights:
        near = abs(points[:, 2] - height) < 0.035 * unit
        if near.sum() >= 4:
            outline = hull_outline(points[near, :2], _AROUND) - centre
            radius = np.linalg.norm(outline, axis=1)
            angle = np.arctan2(outline[:, 1], outline[:, 0])
            order = np.argsort(angle)
            want = np.arctan2(rays[:, 1], rays[:, 0])
            radius = np.interp(want, angle[order], radius[order], period=2 * np.pi)
            least = np.maximum(radius, least * (1.0 if flare > 0 else 0.96))
        fall = (top - height) / max(top - hem, 1e-6)
        radius = least + gap * min(1.0, 0.2 + 3 * fall) + max(flare, 0) * (top - height)
        if pleats[0]:
            turn = np.arctan2(rays[:, 1], rays[:, 0])
            radius = radius + pleats[1] * fall * np.cos(pleats[0] * turn)
        rings.append(np.column_stack([centre + rays * radius[:, None], np.full(_AROUND, height)]))
    stack = np.stack(rings)[:, ::-1]  # downwards, so that faces look outwards
    if opening <= 0:
        return tube(stack)
    front = int(np.argmin(np.linalg.norm(rays[::-1] - [0, -1], axis=1)))
    skip = max(1, round(opening / (2 * np.pi) * _AROUND / 2))
    keep = (front + np.arange(skip, _AROUND - skip + 1)) % _AROUND
    return tube(stack[:, keep], closed=False)


def hanging_weights(fit: Fitting, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joints and weights (N, 4) of cloth that hangs from the hips and is pushed by the legs."""
    body = fit.body
    left = np.clip(0.5 + points[:, 0] / (0.1 * body.unit), 0, 1)
    legs = (
        np.clip((body.hip - points[:, 2]) / max(0.35 * (body.hip - body.knee), 1e-3), 0, 1) * 0.97
    )
    shin = np.clip((body.knee - points[:, 2]) / max(body.knee - body.ankle, 1e-3), 0, 1) * 0.45
    trunk = points[:, 2] > body.hip
    up = np.clip((points[:, 2] - body.hip) / max(body.waist - body.hip, 1e-3), 0, 1)
    joint = fit.joint
    names = np.array(
        [joint("thigh l"), joint("thigh r"), joint("lower leg l"), joint("lower leg r")]
    )
    joints = np.tile(names, (len(points), 1)).astype(np.int16)
    weights = np.stack(
        [left * (1 - shin), (1 - left) * (1 - shin), left * shin, (1 - left) * shin], 1
    )
    above = points[:, 2] > body.knee
    joints[above] = [
        joint("pelvis"),
        joint("thigh l"),
        joint("thigh r"),
        fit.skeleton.segments["torso"][0],
    ]
    mixed = np.stack([1 - legs, legs * left, legs * (1 - left), np.zeros_like(legs)], 1)
    mixed[trunk] = np.stack([1 - up, 0 * up, 0 * up, up], 1)[trunk]
    weights[above] = mixed[above]
    return joints, (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def cape_shape(fit: Fitting, hem: float, width: float, flare: float, waves: float) -> Shape:
    """A sheet from the shoulders down the back to height `hem`.

    `width` radians of half its arc about the body, `flare` metres per metre, `waves` metres.
    """
    body, unit = fit.body, fit.body.unit
    points = fit.points(TRUNK)
    m = 25
    turn = np.linspace(-width, width, m)  # 0 = behind
    rays = np.stack([np.sin(turn), np.cos(turn)], 1)
    rings = []
    neck = np.array([0.0, body.neck_y])
    collar = rays * (body.neck_radius * 1.5 + 0.015 * unit) + neck
    top = body.neck + 0.015 * unit
    rings.append(np.column_stack([collar, np.full(m, top)]))
    chest = points[(points[:, 2] > body.armpit) & (points[:, 2] < body.neck)]
    deep = chest[:, 1].max() - body.neck_y if len(chest) else 0.12 * unit
    wide = body.shoulder * 1.12
    drop = top - max(body.neck - 0.25 * (body.neck - body.armpit), body.armpit)
    for share in (0.5, 1.0):
        rx = body.neck_radius * 1.5 + (wide - body.neck_radius * 1.5) * share
        ry = (body.neck_radius + 0.03 * unit) * (1 - share) + (deep + 0.03 * unit) * share
        sides = abs(np.sin(turn))
        z = top - drop * share * (0.55 + 0.45 * (1 - sides)) - 0.01 * unit * share
        rings.append(np.column_stack([rays * [rx, ry] + neck, z]))
    last = rings[-1]
    for fall in np.linspace(0, 1, 14)[1:]:
        z = last[:, 2] * (1 - fall) + hem * fall
        length = (last[:, 2] - z)[:, None]
        outward = rays * [0.6, 1.0] * (flare * length)
        ripple = rays * (waves * fall * np.cos(turn * 9 / width))[:, None]
        back = np.column_stack(
            [0 * z, 0.03 * unit * np.sin(min(1, fall * 3) * np.pi / 2) * np.ones(m)]
        )
        rings.append(np.column_stack([last[:, :2] + outward + ripple + back, z]))
    return thick(tube(np.stack(rings), closed=False), 0.004 * unit)


def thick(sheet: Shape, by: float) -> Shape:
    """A sheet with its back as faces of their own, so that it is seen from both sides."""
    order = sheet.faces[:, [0, 2, 1, 3]].copy()
    quads = sheet.faces[:, 3] >= 0
    order[quads] = sheet.faces[quads][:, [0, 3, 2, 1]]
    normal = np.zeros_like(sheet.vertices)
    p = sheet.vertices
    cross = np.cross(
        p[sheet.faces[:, 1]] - p[sheet.faces[:, 0]], p[sheet.faces[:, 2]] - p[sheet.faces[:, 0]]
    )
    for corner in range(3):
        np.add.at(normal, sheet.faces[:, corner], cross)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    return merged(sheet, Shape((p - normal * by).astype(np.float32), order))
