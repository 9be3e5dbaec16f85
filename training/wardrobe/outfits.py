# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole outfits: what goes with what, and what goes over what."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from training.bank import surface_index
from training.figure import Figure
from training.wardrobe.fitting import Fitting
from training.wardrobe.garments import wear
from training.wardrobe.palette import Palette, of_one_cloth, palette
from training.wardrobe.trunk import Cloth


@dataclass(frozen=True)
class _Style:
    """What one kind of outfit is drawn from; "-" is nothing, names said twice are likelier."""

    odds: float
    tops: str
    bottoms: str
    overs: str  # over the top
    feet: str
    extras: str  # each with its probability


_NONE = "-"
STYLES: dict[str, _Style] = {
    "casual": _Style(
        3.0, "t-shirt, t-shirt, shirt, polo shirt, sweater, tank top, blouse, crop top",
        "trousers, trousers, shorts, skirt, leggings", "-, -, -, jacket, vest",
        "shoe, shoe, boot, sandal",
        "belt 0.2, cap 0.15, hat 0.08, glasses 0.15, bag 0.2, scarf 0.08",
    ),
    "business": _Style(
        1.5, "shirt, blouse",
        "trousers, trousers, skirt", "-, jacket, suit jacket, vest", "shoe",
        "tie 0.5, belt 0.4, glasses 0.3, bag 0.2",
    ),
    "suit": _Style(
        2.2, "shirt, shirt, shirt, blouse, t-shirt, sweater",
        "trousers, trousers, trousers, skirt", "suit jacket", "shoe",
        "tie 0.6, hat 0.1, glasses 0.2",
    ),
    "sport": _Style(
        1.5, "tank top, t-shirt, crop top, sweater",
        "shorts, leggings, trousers", "-", "shoe",
        "cap 0.2, glove 0.1, bag 0.1",
    ),
    "scrubs": _Style(
        0.7, "scrub top",
        "trousers", "-, -, coat", "shoe",
        "cap 0.15, glasses 0.2, glove 0.15",
    ),
    "work": _Style(
        1.0, "t-shirt, shirt, -",
        "overalls", "-, -, vest, jacket", "boot, shoe",
        "helmet 0.25, cap 0.2, glove 0.4, belt 0.3",
    ),
    "summer": _Style(
        1.2, "dress, dress, tank top, crop top",
        "shorts, skirt", "-", "sandal, shoe, -",
        "hat 0.3, glasses 0.3, bag 0.15",
    ),
    "winter": _Style(
        1.2, "sweater, shirt",
        "trousers, trousers, leggings", "coat, jacket", "boot, shoe",
        "scarf 0.5, hat 0.4, glove 0.5, bag 0.1",
    ),
    "bare": _Style(
        1.2, "swimsuit, underwear, underwear",
        "-", "-", "-, -, sandal",
        "glasses 0.1, hat 0.05",
    ),
    "knight": _Style(
        1.5, "tunic, shirt, sweater",
        "trousers, leggings", "armor", "boot",
        "helmet 0.7, cape 0.5, glove 0.6, belt 0.5, weapon 0.6",
    ),
    "mage": _Style(
        1.2, "robe, robe, dress",
        "-", "-", "boot, shoe",
        "hat 0.5, cape 0.35, belt 0.5, weapon 0.5, scarf 0.1",
    ),
    "adventurer": _Style(
        1.5, "tunic, shirt, t-shirt",
        "trousers, leggings, shorts", "-, vest, vest, coat", "boot",
        "belt 0.7, cape 0.35, hat 0.3, glove 0.4, bag 0.35, weapon 0.4, scarf 0.15",
    ),
}  # fmt: skip
_SUITED = ("suit", "business")  # styles in which jacket, vest and trousers are often of one cloth
_SUIT = ("suit jacket", "jacket", "vest", "trousers", "skirt")
_WHOLE = ("dress", "robe", "swimsuit", "underwear")


def chosen(rng: np.random.Generator, style: str | None = None) -> tuple[str, list[str]]:
    """(style, garments in the order in which they are put on), drawn at random."""
    names = list(STYLES)
    odds = np.array([STYLES[n].odds for n in names])
    style = style or names[rng.choice(len(names), p=odds / odds.sum())]
    drawn = STYLES[style]

    def one(words: str) -> str:
        options = words.split(", ")
        word = options[rng.integers(len(options))]
        return "" if word == _NONE else word

    top, bottom, over, foot = (one(w) for w in (drawn.tops, drawn.bottoms, drawn.overs, drawn.feet))
    if top in _WHOLE:
        bottom = "leggings" if top == "dress" and rng.random() < 0.12 else ""
    wishes = [word.rsplit(" ", 1) for word in drawn.extras.split(", ")]
    more = {name for name, odd in wishes if rng.random() < float(odd)}
    if top != "shirt":
        more.discard("tie")
    if len(more & {"hat", "cap", "helmet"}) > 1:
        more -= {"cap", "hat"} if "helmet" in more else {"cap"}
    if "bag" in more and "cape" in more:
        more.discard("bag")
    bare_legs = bottom in ("shorts", "skirt") or top == "dress"
    if foot in ("shoe", "boot") and rng.random() < (0.5 if bare_legs else 0.15):
        more.add("sock")
    order = ["sock"] if "sock" in more else []
    boots_over = foot == "boot" and rng.random() < 0.6
    if foot and not boots_over:
        order.append(foot)
    tucked = rng.random() < (0.95 if style in ("business", "suit") else 0.35)
    pair = [top, bottom] if tucked or bottom == "overalls" else [bottom, top]
    if top in ("tunic", "scrub top"):
        pair = [bottom, top]
    order += [name for name in pair if name]
    order += [foot] if boots_over else []
    order += [n for n in ("tie",) if n in more]
    order += [
        n
        for n in ("belt",)
        if n in more and (tucked or over == "armor" or top in ("tunic", "robe", "dress"))
    ]
    order += [over] if over else []
    order += [
        n
        for n in ("glove", "scarf", "cape", "bag", "glasses", "helmet", "hat", "cap", "weapon")
        if n in more
    ]
    return style, order


def dress(figure: Figure, rng: np.random.Generator, style: str | None = None) -> Figure:
    """The figure, which wears nothing yet, in a whole outfit of scripted garments.

    Bare heads may get hair, faces without eyes may get painted ones. `style` is one of STYLES, or
    drawn.
    """
    fit = Fitting(figure)
    colors: Palette = palette(rng)
    painted = rng.random() < 0.2
    style, order = chosen(rng, style)
    has = set(figure.surface.tolist())
    before = []
    if surface_index("eye") not in has and rng.random() < 0.7:
        before.append("face")
    if surface_index("hair") not in has:
        if rng.random() < 0.85:
            before.append("hair")
        if rng.random() < 0.15:
            before.append("beard")
    one_cloth = of_one_cloth(rng) if style in _SUITED and rng.random() < 0.75 else colors
    for name in [*before, *order]:
        flat = painted or rng.random() < 0.07
        colored = one_cloth if name in _SUIT else colors
        cloth = Cloth(colored, painted=flat, loose=float(rng.beta(1.5, 2)))
        wear(fit, rng, name, cloth)
    dressed = fit.figure()
    return replace(dressed, name=" ".join([figure.name, style, "+".join(order)]).strip())
