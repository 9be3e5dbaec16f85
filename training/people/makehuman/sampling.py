# SPDX-License-Identifier: GPL-3.0-or-later
"""People drawn at random: body, skin, eyes, hair, and an outfit of the kit's or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...figure import Figure, Material
from .kit import Kit, Worn
from .outfits import Outfit, draw_outfit
from .shapes import Shape

Random = np.random.Generator

_LONG_HAIR = frozenset({"long01", "ponytail01", "bob01", "bob02"})


def sample_person(kit: Kit, rng: Random, shape: Shape | None = None) -> Figure:
    """Somebody dressed in the kit's garments; hidden faces are left out."""
    shape = shape or draw_shape(rng)
    return _person(kit, rng, shape, draw_outfit(kit, rng, shape.male > 0.5))


def bare_person(kit: Kit, rng: Random, shape: Shape | None = None) -> Figure:
    """Somebody without garments, with eyes, eyebrows, and hair or none; every face is there."""
    return _person(kit, rng, shape or draw_shape(rng), None)


def child_shape(rng: Random) -> Shape:
    """A child between one year and ten, of any build and origin."""
    people = rng.dirichlet((0.5, 0.5, 0.5))
    muscle, weight, height = (float(rng.beta(a, a)) for a in (2.0, 1.2, 2.5))
    age = float(rng.uniform(0.0, 0.24))
    return Shape(float(rng.random()), age, muscle, weight, height, 0.5, *map(float, people))


def draw_shape(rng: Random) -> Shape:
    """Children to old people, thin to heavy, of any origin; no babies."""
    kind = rng.random()
    if kind < 0.15:
        age = rng.uniform(0.14, 0.38)
    else:
        age = rng.uniform(0.40, 0.65) if kind < 0.72 else rng.uniform(0.65, 1.0)
    people = rng.dirichlet((0.5, 0.5, 0.5))
    male = float(rng.random() < 0.5)
    male = abs(male - rng.uniform(0, 0.25)) if rng.random() < 0.3 else male
    muscle, weight, height, proportions = (float(rng.beta(a, a)) for a in (1.3, 1.0, 2.5, 1.2))
    height = 0.5 + 0.6 * (height - 0.5)  # the ends of the axis are dwarfs and giants
    return Shape(male, float(age), muscle, weight, height, proportions, *map(float, people))


def _person(kit: Kit, rng: Random, shape: Shape, outfit: Outfit | None) -> Figure:
    face = [_eyes(kit, rng), _simple(kit, rng, "eyebrows")]
    if rng.random() < 0.5:
        face.append(_simple(kit, rng, "eyelashes"))
    hair = _hair(kit, rng, shape, hat=outfit is not None and outfit.hat)
    if hair:
        face.append(hair)
    clothes = outfit.worn if outfit else ()
    skin = _skin(kit, rng, shape)
    body = kit.body(shape)
    figure = kit.figure(body, [*face, *clothes], skin, whole=outfit is None)
    chosen = [w.asset.name for w in [*face, *clothes]]
    return replace(
        figure,
        name=f"makehuman {_described(shape)} {skin.name} " + " ".join(chosen),
        person=f"makehuman {_described(shape)}",
        garments=tuple(_worn_names(clothes)),
    )


def _worn_names(clothes: Sequence[Worn]) -> list[str]:
    return [w.asset.name for w in clothes]


def _described(shape: Shape) -> str:
    numbers = (
        shape.male, shape.age, shape.muscle, shape.weight, shape.height, shape.proportions,
        shape.african, shape.asian,
    )  # fmt: skip
    return "-".join(f"{round(100 * n):02d}" for n in numbers)


def _eyes(kit: Kit, rng: Random) -> Worn:
    irises = sorted((kit.folder / "eyes").glob("*_eye.png"))
    iris = irises[int(rng.integers(len(irises)))]
    name = _pick(rng, kit.names("eyes"))
    asset = kit.asset("eyes", name)
    return Worn(asset, asset.parts, Material(iris.stem, texture=iris, cut_out=True))


def _simple(kit: Kit, rng: Random, kind: str) -> Worn:
    asset = kit.asset(kind, _pick(rng, kit.names(kind)))
    return Worn(asset, asset.parts)


def _hair(kit: Kit, rng: Random, shape: Shape, hat: bool) -> Worn | None:
    names = kit.names("hair")
    if hat or rng.random() < (0.25 if shape.male > 0.5 and shape.age > 0.6 else 0.08):
        return None
    if shape.male > 0.5 and rng.random() < 0.7:
        names = [n for n in names if n not in _LONG_HAIR] or names
    asset = kit.asset("hair", _pick(rng, names))
    return Worn(asset, asset.parts)


def _skin(kit: Kit, rng: Random, shape: Shape) -> Material:
    """A skin of the age and sex; dark or light by origin, with some chance of the other."""
    age = "young" if shape.age < 0.62 else "middleage" if shape.age < 0.8 else "old"
    sex = "male" if shape.male > 0.5 else "female"
    dark = rng.random() < 0.15 + 0.7 * shape.african / (
        shape.african + shape.asian + shape.caucasian
    )
    found = sorted((kit.folder / "skins").glob("*_diffuse*.jpg"))
    tone = "dark" if dark else "light"
    fitting = [p for p in found if p.name.startswith(f"{age}_{tone}skinned_{sex}_")] or found
    path = fitting[int(rng.integers(len(fitting)))]
    return Material(path.stem.replace("_diffuse", ""), texture=path)


def _pick(rng: Random, names: Sequence[str]) -> str:
    return names[int(rng.integers(len(names)))]
