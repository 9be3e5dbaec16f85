# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole outfits: what goes with what, and what goes over what."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from training.bank import surface_index
from training.figure import Figure
from training.wardrobe.aids import WHEELCHAIR
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
    "layered": _Style(
        3.0, "t-shirt, t-shirt, shirt, shirt, tank top, blouse, crop top, polo shirt, sweater",
        "trousers, trousers, shorts, skirt, leggings",
        "cardigan, cardigan, open shirt, jacket, vest, long cardigan, coat", "shoe, shoe, boot",
        "belt 0.5, tie 0.2, cap 0.15, hat 0.1, glasses 0.15, bag 0.15, scarf 0.15, prop 0.1",
    ),
    "apron": _Style(
        0.6, "t-shirt, shirt, blouse, dress",
        "trousers, skirt", "apron", "shoe",
        "cap 0.2, prop 0.4, glove 0.15, mask 0.1",
    ),
    "harness": _Style(
        2.0, "t-shirt, sweater, tunic",
        "trousers, leggings", "plate, plate, mail, mail", "boot, shoe",
        "visored helmet 0.45, helmet 0.25, cape 0.3, glove 0.5, weapon 0.5, back 0.3, belt 0.3",
    ),
    "soldier": _Style(
        1.6, "t-shirt, shirt, sweater",
        "trousers", "tactical vest, tactical vest, jacket, plate", "boot",
        "combat helmet 0.5, visored helmet 0.3, glove 0.6, belt 0.6, weapon 0.4, bag 0.3, "
        "glasses 0.2, mask 0.2",
    ),
    "worldwide": _Style(
        2.4, "kimono, kimono, thawb, thawb, hanbok, sari",
        "trousers, leggings", "-, -, -, cardigan", "shoe, sandal, -",
        "hijab 0.35, turban 0.15, keffiyeh 0.15, glasses 0.1, prop 0.15, weapon 0.1",
    ),
    "modest": _Style(
        1.2, "shirt, sweater, tunic, blouse, dress",
        "trousers, skirt", "-, -, cardigan, long cardigan, coat", "shoe",
        "hijab 0.8, bag 0.2, glasses 0.2, mask 0.15",
    ),
    "animal": _Style(
        1.0, "t-shirt, shirt, sweater, tunic, -, -",
        "trousers, shorts, -", "-, -, vest, jacket, plate", "-, boot, shoe",
        "animal head 1.0, belt 0.3, glove 0.2, cape 0.2, prop 0.2, weapon 0.2",
    ),
    "carrying": _Style(
        1.2, "t-shirt, shirt, sweater, dress, blouse",
        "trousers, skirt, shorts", "-, coat, jacket", "shoe, boot",
        "prop 0.9, bag 0.3, back 0.25, hat 0.2, mask 0.1, glasses 0.2",
    ),
    "aided": _Style(
        0.9, "t-shirt, shirt, sweater, dress, tank top",
        "trousers, shorts, shorts, skirt", "-, -, jacket, cardigan", "shoe, -",
        "prosthesis 0.6, wheelchair 0.45, glasses 0.2, glove 0.15, cap 0.1",
    ),
}  # fmt: skip
# Styles in which jacket, vest and trousers, or top and trousers, are often of one cloth.
_SUITED = ("suit", "business", "scrubs")
_SUIT = ("suit jacket", "jacket", "vest", "trousers", "skirt", "scrub top")
_WHOLE = ("dress", "robe", "swimsuit", "underwear", "kimono", "hanbok", "sari")
_ON_HEADS = (
    "helmet",
    "visored helmet",
    "combat helmet",
    "hijab",
    "keffiyeh",
    "turban",
    "hat",
    "cap",
)

# In this order they are put on, over everything else.
_AT_LAST = (
    "glove", "animal head", "mask", "scarf", "hijab", "cape", "bag", "glasses", "turban",
    "keffiyeh", "helmet", "visored helmet", "combat helmet", "hat", "cap", "weapon", "back", "prop",
    WHEELCHAIR,
)  # fmt: skip


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
    _sort_out(more, top)
    bare_legs = bottom in ("shorts", "skirt") or top == "dress"
    if foot in ("shoe", "boot") and rng.random() < (0.5 if bare_legs else 0.15):
        more.add("sock")
    order: list[str] = [name for name in ("prosthesis", "sock") if name in more]
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
        if n in more
        and (tucked or over in ("armor", "plate", "mail") or top in ("tunic", "robe", "dress"))
    ]
    order += [over] if over else []
    order += [name for name in _AT_LAST if name in more]
    return style, order


def _sort_out(more: set[str], top: str) -> None:
    """Takes what does not go together, or not with this top, out of what was drawn."""
    if top != "shirt":
        more.discard("tie")
    if "animal head" in more:
        more -= {*_ON_HEADS, "glasses", "mask"}
    for below in [name for name in _ON_HEADS if name in more][1:]:  # one is enough
        more.discard(below)
    if "visored helmet" in more:
        more -= {"glasses", "mask"}
    if "cape" in more:
        more -= {"bag", "back"}
    if "bag" in more:
        more.discard("back")


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


def equipped(figure: Figure, rng: np.random.Generator) -> Figure:
    """A figure that needs no clothes, with a few things all the same."""
    fit = Fitting(figure)
    colors = palette(rng)
    things = ("cape", "weapon", "back", "prop", "helmet", "hat", "scarf", "bag", "visored helmet")
    drawn = list(rng.choice(things, size=int(rng.integers(1, 4)), replace=False))
    for name in [n for n in drawn if n not in _ON_HEADS] + [n for n in drawn if n in _ON_HEADS][:1]:
        wear(fit, rng, str(name), Cloth(colors))
    dressed = fit.figure()
    return replace(dressed, name=" ".join([figure.name, *map(str, drawn)]))
