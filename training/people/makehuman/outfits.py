# SPDX-License-Identifier: GPL-3.0-or-later
"""Outfits: which of the kit's garments go together, from the inside out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...figure import Material
from .assets import Asset
from .kit import Kit, Worn

Random = np.random.Generator

# Suits: asset -> (upper part, lower part). Either half is worn with other things too.
_SUITS: Mapping[str, tuple[str, str]] = {
    "female_casualsuit01": ("t-shirt", "trousers"),
    "female_elegantsuit01": ("jacket", "skirt"),
    "female_sportsuit01": ("crop top", "leggings"),
    "male_casualsuit01": ("shirt", "trousers"),
    "male_casualsuit03": ("shirt", "trousers"),
    "male_casualsuit04": ("t-shirt", "trousers"),
    "male_casualsuit06": ("t-shirt", "trousers"),
}
_OVERALLS = "male_worksuit01"
_FEMALE = frozenset({"female_elegantsuit01", "female_sportsuit01"})
_TOPS = ("Asymmetric_Tunic_and_Sash", "TubeTop", "VNeckTop", "female_top_01", "spaghetti-top")
_DRESSES = (
    "F_Beach_Dress_01", "F_Dress_01", "F_Dress_02", "F_Dress_03", "F_Dress_04", "TubeDress",
)  # fmt: skip
_SWIMSUITS = ("F_Bikini_01", "F_One-piece_Swimsuit_01")
_HATS = ("fedora", "fedora_cocked", "pith_helmet")
_SHOES = ("shoes01", "shoes04")
_FOR_MEN = ("VNeckTop",)
# What the model calls an asset where the kit's own name is less exact.
_CALLED: Mapping[str, str] = {
    "TubeTop": "crop top",
    "female_top_01": "crop top",
    "VNeckTop": "tank top",
    "Asymmetric_Tunic_and_Sash": "tunic",
}
# Assets that hold a second thing: its name, and fewer faces than this in each loose part of it.
_LOOSE: Mapping[str, tuple[str, int]] = {
    "shoes01": ("sock", 200),
    "shoes04": ("sock", 200),
    "Asymmetric_Tunic_and_Sash": ("belt", 300),
    "Coat": ("belt", 300),
}


@dataclass(frozen=True)
class Outfit:
    """What a person wears, from the inside out, and whether hair fits under it."""

    worn: tuple[Worn, ...]
    hat: bool = False


def called(asset: Asset) -> Asset:
    """The asset with the names that the model uses for its parts."""
    if asset.name in _CALLED:
        asset = replace(asset, parts=(_CALLED[asset.name],))
    if asset.name in _LOOSE:
        name, limit = _LOOSE[asset.name]
        small = asset.loose_part_sizes < limit
        asset = replace(asset, parts=(*asset.parts, name), face_part=np.where(small, 1, 0))
    return asset


def draw_outfit(kit: Kit, rng: Random, male: bool) -> Outfit:
    """A sensible outfit for a woman or a man."""
    picked = _draw_clothes(kit, rng, male)
    shod = rng.random()
    if shod < 0.70:
        socks = rng.random() < 0.6
        shoes = _thing(kit, "clothes", _pick(rng, _SHOES), None if socks else ("shoes",))
        picked = [shoes, *picked]
    elif shod < 0.83:
        boots = _thing(kit, "community", "WinterBoots")
        picked = [*picked, boots] if rng.random() < 0.7 else [boots, *picked]
    hat = rng.random() < 0.12
    if hat:
        name = _pick(rng, _HATS)
        picked.append(_thing(kit, "community" if name == "pith_helmet" else "clothes", name))
    if rng.random() < 0.12:
        picked.append(_thing(kit, "community", "glasses"))
    return Outfit(tuple(picked), hat)


def _draw_clothes(kit: Kit, rng: Random, male: bool) -> list[Worn]:
    kinds = ("suit", "separates", "overalls", "coat", "dress", "swimsuit", "half")
    chances = (0.34, 0.34, 0.14, 0.08, 0.0, 0.0, 0.10) if male else (
        0.20, 0.34, 0.05, 0.09, 0.23, 0.09, 0.0
    )  # fmt: skip
    kind = str(rng.choice(kinds, p=chances))
    if kind == "suit":
        name = _pick(rng, [n for n in _SUITS if not male or n not in _FEMALE])
        return [_thing(kit, "clothes", name)]
    if kind == "overalls":
        return [_thing(kit, "clothes", _OVERALLS)]
    if kind == "dress":
        return [_thing(kit, "community", _pick(rng, _DRESSES))]
    if kind == "swimsuit":
        return [_thing(kit, "community", _pick(rng, _SWIMSUITS))]
    lower = _lower(kit, rng, male)
    if kind == "half":  # bare chest
        return [lower]
    if kind == "coat":
        return [lower, _thing(kit, "community", "Coat")]
    upper = _upper(kit, rng, male)
    return [upper, lower] if rng.random() < 0.35 else [lower, upper]


def _upper(kit: Kit, rng: Random, male: bool) -> Worn:
    suits = [n for n in _SUITS if not male or n not in _FEMALE]
    if rng.random() < (0.2 if male else 0.6):
        return _thing(kit, "community", _pick(rng, _FOR_MEN if male else _TOPS))
    name = _pick(rng, suits)
    return _thing(kit, "clothes", name, (_SUITS[name][0],))


def _lower(kit: Kit, rng: Random, male: bool) -> Worn:
    if rng.random() < 0.3:
        return _thing(kit, "community", "Tightjeans", material=_denim(rng))
    name = _pick(rng, [n for n in _SUITS if not male or n not in _FEMALE])
    return _thing(kit, "clothes", name, (_SUITS[name][1],))


def _thing(
    kit: Kit,
    kind: str,
    name: str,
    parts: Sequence[str] | None = None,
    material: Material | None = None,
) -> Worn:
    asset = kit.prepared(kind, name, called)
    return Worn(asset, tuple(parts or asset.parts), material)


def _denim(rng: Random) -> Material:
    """Blue to black, now and then any colour."""
    if rng.random() < 0.7:
        light = rng.uniform(0.12, 0.6)
        color = (0.55 * light, 0.72 * light, light)
    else:
        color = tuple(rng.uniform(0.05, 0.9, 3))
    return Material("jeans", color=tuple(float(c) for c in color))  # type: ignore[arg-type]


def _pick(rng: Random, names: Sequence[str]) -> str:
    return names[int(rng.integers(len(names)))]
