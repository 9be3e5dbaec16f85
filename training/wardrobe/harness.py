# SPDX-License-Identifier: GPL-3.0-or-later
"""Armour from head to foot: plates over every segment, coats of mail, helmets with visors."""

from __future__ import annotations

import numpy as np

from training.bank import surface_index
from training.wardrobe.fitting import Fitting
from training.wardrobe.headwear import put_on_head, without_hair
from training.wardrobe.palette import Color, detail, metal_or_wood
from training.wardrobe.shapes import Shape, ball, box, corner_values, merged
from training.wardrobe.trunk import OUT, Cloth, Cut, front_strip, trim, trunk_field


def plate(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A suit of plates: on every limb a shell, with gaps at the joints that show what is below."""
    body, unit = fit.body, fit.body.unit
    color = metal_or_wood(rng) if rng.random() < 0.75 else cloth.palette.cloth(rng)
    piece, material = fit.new_piece("armor"), fit.new_material("armor", color)
    labels = {"surface": surface_index("armor"), "new_piece": piece}
    thick, gap = rng.uniform(0.008, 0.022) * unit, rng.uniform(0.0, 0.05)

    def shell(field: np.ndarray, depth: float = 1.0) -> None:
        wide = np.minimum(depth * thick, np.maximum(0.3 * abs(fit.rest[:, 0]), 0.003))
        trunk = fit.on("torso", "pelvis", "upper arm", "forearm", "hand", "neck")
        fit.lift(field, material, np.where(trunk, depth * thick, wide), 10, **labels)

    z = fit.rest[:, 2]
    waist = body.waist + rng.uniform(-0.02, 0.05) * unit
    chest = np.minimum(z - waist - gap * 0.3 * unit, 0.98 * body.shoulder - abs(fit.rest[:, 0]))
    shell(np.where(fit.on("torso"), np.minimum(chest, body.neck + 0.02 * unit - z), OUT), 1.4)
    if rng.random() < 0.8:
        z = fit.rest[:, 2]
        skirt = np.minimum(waist - 0.01 * unit - z, z - body.crotch - 0.01 * unit)
        shell(np.where(fit.on("torso", "pelvis", "thigh"), skirt, OUT), 1.2)
    for first, last in ((0.1, 0.95), (1.05, 1.95), (2.0, 2.45))[: int(rng.integers(1, 4))]:
        arm = np.minimum(fit.arm - first - gap, last - gap - fit.arm)
        shell(np.where(fit.arm > -1, arm, OUT) * 0.25 * unit)
    for high, low in (
        (body.crotch - 0.03 * unit, body.knee + 0.03 * unit),
        (body.knee - 0.02 * unit, body.ankle + 0.01 * unit),
    ):
        z = fit.rest[:, 2]
        leg = np.minimum(high - gap * 0.3 * unit - z, z - low)
        shell(np.where(fit.on("thigh", "lower leg"), leg, OUT))
    if rng.random() < 0.7:
        shell(np.where(fit.on("foot"), body.ankle + 0.01 * unit - fit.rest[:, 2], OUT), 0.6)
    _caps(fit, rng, piece, material)
    for _ in range(int(rng.integers(0, 3))):
        at = rng.uniform(body.waist, body.armpit)
        band = rng.uniform(0.006, 0.02) * unit - abs(fit.rest[:, 2] - at)
        trim(fit, rng, color, piece, np.where(fit.on("torso"), band, OUT))
    if rng.random() < 0.3:
        trim(fit, rng, color, piece, front_strip(fit, 0.012 * unit))


def _caps(fit: Fitting, rng: np.random.Generator, piece: int, material: int) -> None:
    """Rounded plates on shoulders, elbows and knees."""
    unit = fit.body.unit
    for segment, size, odds in (
        ("upper arm", rng.uniform(0.07, 0.13), 0.8),
        ("forearm", rng.uniform(0.045, 0.06), 0.5),
        ("lower leg", rng.uniform(0.06, 0.075), 0.6),
    ):
        if rng.random() > odds:
            continue
        for side in "lr":
            start, end = fit.skeleton.bone(f"{segment} {side}")
            at = start + (end - start) * (0.12 if segment == "upper arm" else 0.0)
            if segment == "lower leg":
                at = at + [0, -0.02 * unit, 0]
            radius = np.array([1.05, 1.0, 0.95]) * size * unit
            shape = ball(at, radius, 14, 8, low=-0.2 if segment == "upper arm" else -1.0)
            joints, weights = fit.rigid(len(shape.vertices), f"{segment} {side}")
            fit.add(shape, material, "armor", piece, joints, weights, segment)


def mail(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A coat of rings to the hips or knees, often with a hood of the same."""
    body, unit = fit.body, fit.body.unit
    grey = rng.uniform(0.25, 0.65)
    piece = fit.new_piece("armor")
    material = fit.new_material("mail", (grey, grey, grey * 1.04))
    labels = {"surface": surface_index("armor"), "new_piece": piece}
    hem = rng.uniform(body.knee, body.hip)
    c = Cut(hem, rng.uniform(0.5, 2.0), 1.15, legs=hem < body.crotch)
    depth = np.minimum(0.009 * unit, np.maximum(0.3 * abs(fit.rest[:, 0]), 0.004))
    fit.lift(trunk_field(fit, c), material, depth, 6, **labels)
    if rng.random() < 0.5:
        at, radius = body.head_center, body.head_radius
        x, y, z = ((fit.rest - at) / radius).T
        face = np.maximum(abs(x) / 0.72, np.where(z > 0, z / 0.6, z / -0.8))
        hood = np.where(y < 0.1, face - 1, 1.0) * float(radius[0])
        field = np.where(fit.on("head"), hood, np.where(fit.on("neck"), 0.05, OUT))
        without_hair(fit, -9.0)
        fit.lift(field, material, 0.01 * unit, 8, **labels)


def visored_helmet(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A helmet all around with a visor: of knights, riders, pilots, soldiers of the future."""
    color = metal_or_wood(rng) if rng.random() < 0.4 else cloth.palette.cloth(rng)
    piece, material = fit.new_piece("helmet"), fit.new_material("helmet", color)
    body = fit.body
    without_hair(fit, -9.0)
    radius = body.head_radius * rng.uniform(1.12, 1.4) + 0.01 * body.unit
    shell = ball(body.head_center, radius, 32, 25, low=-0.97, power=rng.uniform(0.6, 1.0))
    local = (corner_values(shell.faces, shell.vertices).mean(1) - body.head_center) / radius
    turn = np.arctan2(local[:, 0], -local[:, 1])
    half, high = rng.uniform(0.5, 1.25), rng.uniform(0.15, 0.55)
    low = rng.choice([rng.uniform(-0.25, 0.05), rng.uniform(-0.7, -0.3)])
    pane = (abs(turn) < half) & (local[:, 2] < high) & (local[:, 2] > low)
    faces = put_on_head(fit, shell, "helmet", piece, material)
    dark = rng.random() < 0.6
    glass: Color = (0.04, 0.05, 0.07) if dark else detail(color, rng)
    if rng.random() < 0.3:
        glass = (rng.uniform(0.5, 1), rng.uniform(0.3, 0.8), rng.uniform(0.05, 0.5))
    fit.material[faces][pane] = fit.new_material("visor", glass)
    extra: list[Shape] = []
    size, at = float(radius[2]), body.head_center
    if rng.random() < 0.4:
        extra.append(box(at + radius * [0, -0.85, -0.6], size * np.array([0.4, 0.25, 0.28]), 0.6))
    if rng.random() < 0.35:
        for side in (-1, 1):
            where = at + radius * [side * 1.0, 0, 0]
            extra.append(ball(where, size * np.array([0.14, 0.28, 0.3]), 12, 7))
    if extra:
        put_on_head(
            fit, merged(*extra), "helmet", piece, fit.new_material("trim", detail(color, rng))
        )


def combat_helmet(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A soldier's, builder's or rider's helmet that leaves the face free, with a chin strap."""
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("helmet"), fit.new_material("helmet", color)
    body = fit.body
    radius = body.head_radius * rng.uniform(1.12, 1.28) + 0.006 * body.unit
    without_hair(fit, body.head_center[2] + 0.1 * body.head_radius[2])
    shell = ball(body.head_center, radius, 28, 19, low=-0.35, power=rng.uniform(0.75, 1))
    local = (corner_values(shell.faces, shell.vertices).mean(1) - body.head_center) / radius
    rim = rng.uniform(0.2, 0.42)
    ahead = np.clip(-local[:, 1], 0, 1)
    kept = local[:, 2] > -0.3 + (rim + 0.3) * ahead**0.7
    shape = Shape(shell.vertices, shell.faces[kept])
    put_on_head(fit, shape, "helmet", piece, material)
    _, y, z = ((fit.rest - body.head_center) / body.head_radius).T
    strap = np.minimum(0.1 - abs(y + 0.15 + 0.3 * np.clip(-z - 0.6, 0, 1)), 0.4 - z)
    field = np.where(fit.on("head"), strap * float(body.head_radius[0]), OUT)
    dark = fit.new_material("strap", (0.1, 0.1, 0.09))
    strapped = {"surface": surface_index("helmet"), "new_piece": piece}
    if rng.random() < 0.5:
        fit.lift(field, dark, 0.004 * body.unit, 1, **strapped)
    if rng.random() < 0.3:  # goggles pushed up
        at = body.head_center + radius * [0, -0.75, 0.55]
        goggles = box(at, radius * [0.6, 0.2, 0.16], 0.7)
        put_on_head(fit, goggles, "helmet", piece, dark)


def tactical_vest(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A padded vest with pouches; counts as a vest, or as armour where it is of hard plates."""
    body, unit = fit.body, fit.body.unit
    color = cloth.palette.cloth(rng)
    surface = "vest" if rng.random() < 0.6 else "armor"
    piece, material = fit.new_piece(surface), fit.new_material(surface, color)
    c = Cut(body.waist + rng.uniform(-0.04, 0.08) * unit, 0, 1.5, strap=rng.uniform(0.7, 0.95))
    labels = {"surface": surface_index(surface), "new_piece": piece}
    fit.lift(trunk_field(fit, c), material, rng.uniform(0.015, 0.035) * unit, 16, **labels)
    trunk = fit.points(tuple(range(2)))
    for _ in range(int(rng.integers(0, 6))):
        x, z = rng.uniform(-0.11, 0.11) * unit, rng.uniform(body.waist, body.armpit)
        near = trunk[(abs(trunk[:, 2] - z) < 0.03 * unit) & (abs(trunk[:, 0] - x) < 0.03 * unit)]
        if not len(near):
            continue
        back = rng.random() < 0.3
        y = float(near[:, 1].max() + 0.01 * unit if back else near[:, 1].min() - 0.01 * unit)
        pouch = box(np.array([x, y, z]), np.array([0.03, 0.022, 0.04]) * unit, 0.5)
        joints, weights = fit.rigid(len(pouch.vertices), "torso")
        shade = fit.new_material("pouch", detail(color, rng))
        fit.add(pouch, shade, surface, piece, joints, weights, "torso")
