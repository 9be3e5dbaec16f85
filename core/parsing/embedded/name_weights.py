# SPDX-License-Identifier: GPL-3.0-or-later
"""How far names are believed where sight has looked at the surface as well."""

from __future__ import annotations

from dataclasses import dataclass

TELLING = 0.5  # names of this weight are believed alone where sight has not looked


@dataclass(frozen=True)
class NameWeights:
    """Share of the names in an element's evidence, by what kind of thing they say.

    The rest is what sight says. The fields are the kinds of `Combination`; `outfit` is a named
    garment that says little about itself ("suit", "clothes", "armour"). Chosen by
    `benchmarks.quality.calibrate`, with one family of characters left out at a time.
    """

    named: float = 0.9
    outfit: float = 0.7
    skin: float = 0.92
    part: float = 0.95
    cloth: float = 0.7
    plain: float = 0.3
    nothing: float = 0.0


NAME_WEIGHT = NameWeights()
NAMES_UNREAD = NameWeights(0, 0, 0, 0, 0, 0, 0)
