# SPDX-License-Identifier: GPL-3.0-or-later
"""Every scripted garment by name; each takes the fitting, a generator and the cloth."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from training.wardrobe import bottoms, carried, extras, hair, headwear, onepiece, outerwear, tops
from training.wardrobe.fitting import Fitting
from training.wardrobe.trunk import Cloth

Garment = Callable[[Fitting, np.random.Generator, Cloth], None]

GARMENTS: Mapping[str, Garment] = {
    "t-shirt": tops.t_shirt,
    "shirt": tops.shirt,
    "polo shirt": tops.polo_shirt,
    "blouse": tops.blouse,
    "tank top": tops.tank_top,
    "crop top": tops.crop_top,
    "sweater": tops.sweater,
    "scrub top": tops.scrub_top,
    "vest": outerwear.vest,
    "tunic": onepiece.tunic,
    "jacket": outerwear.jacket,
    "suit jacket": outerwear.suit_jacket,
    "coat": outerwear.coat,
    "dress": onepiece.dress,
    "robe": onepiece.robe,
    "overalls": onepiece.overalls,
    "swimsuit": onepiece.swimsuit,
    "underwear": onepiece.underwear,
    "trousers": bottoms.trousers,
    "leggings": bottoms.leggings,
    "shorts": bottoms.shorts,
    "skirt": bottoms.skirt,
    "sock": bottoms.socks,
    "shoe": bottoms.shoes,
    "boot": bottoms.boots,
    "sandal": bottoms.sandals,
    "glove": extras.gloves,
    "hat": headwear.hat,
    "cap": headwear.cap,
    "helmet": headwear.helmet,
    "glasses": headwear.glasses,
    "hair": hair.hair,
    "beard": hair.beard,
    "face": hair.face_paint,
    "cape": extras.cape,
    "scarf": extras.scarf,
    "tie": extras.tie,
    "belt": extras.belt,
    "armor": extras.armor,
    "bag": carried.bag,
    "weapon": carried.weapon,
}


def wear(fit: Fitting, rng: np.random.Generator, name: str, cloth: Cloth) -> None:
    """Put one garment on, over what is worn already. Raises KeyError for an unknown name."""
    GARMENTS[name](fit, rng, cloth)
    fit.worn.append(f"scripted {name}")
