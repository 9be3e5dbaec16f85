# SPDX-License-Identifier: GPL-3.0-or-later
"""Every scripted garment by name; each takes the fitting, a generator and the cloth."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from training.wardrobe import (
    aids,
    bottoms,
    carried,
    creatures,
    extras,
    hair,
    harness,
    headwear,
    layered,
    onepiece,
    outerwear,
    props,
    tops,
    worldwide,
)
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
    "cardigan": layered.cardigan,
    "open shirt": layered.open_shirt,
    "long cardigan": layered.long_cardigan,
    "apron": layered.apron,
    "plate": harness.plate,
    "mail": harness.mail,
    "visored helmet": harness.visored_helmet,
    "combat helmet": harness.combat_helmet,
    "tactical vest": harness.tactical_vest,
    "animal head": creatures.animal_head,
    "mask": creatures.face_mask,
    "kimono": worldwide.kimono,
    "thawb": worldwide.thawb,
    "hanbok": worldwide.hanbok,
    "sari": worldwide.sari,
    "hijab": worldwide.hijab,
    "keffiyeh": worldwide.keffiyeh,
    "turban": worldwide.turban,
    "prop": props.held,
    "back": props.on_the_back,
    "prosthesis": aids.prosthesis,
    aids.WHEELCHAIR: aids.wheelchair,
}


def wear(fit: Fitting, rng: np.random.Generator, name: str, cloth: Cloth) -> None:
    """Put one garment on, over what is worn already. Raises KeyError for an unknown name."""
    GARMENTS[name](fit, rng, cloth)
    fit.worn.append(f"scripted {name}")
