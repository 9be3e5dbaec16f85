# SPDX-License-Identifier: GPL-3.0-or-later
"""The concepts that the model is trained to see, and how data sets call them.

Two questions are asked of every pixel: what the visible surface is (bare skin, hair, a kind of
garment) and where on the body it lies. Together they tell a bare forearm from a sleeved one. Names
are words of the part ontology, through which typed words reach them; `LEVELS` says which surfaces
are one thing on a coarser level, so that training can reward "some upper garment".

Where is asked finely: `ZONES` divide each of the `REGIONS` that the parser knows, so that the
probability of a region is the sum of its zones'. Zones of the front and of the back tell which way
a figure faces, and with that its left from its right, though nobody is asked for sides.
"""

from __future__ import annotations

from collections.abc import Mapping

# What the visible surface is. The order is that of the model's outputs.
SURFACES = (
    "skin", "hair", "eye", "eyebrow", "mouth",
    "t-shirt", "shirt", "polo shirt", "blouse", "tank top", "crop top", "sweater", "scrub top",
    "vest", "tunic", "jacket", "coat", "cape",
    "dress", "overalls", "swimsuit", "trousers", "leggings", "shorts", "skirt", "underwear",
    "shoe", "boot", "sandal", "sock", "glove",
    "hat", "cap", "helmet", "scarf", "tie", "belt", "glasses", "bag", "armor", "weapon",
    # What sight-2 does not know.
    "robe", "headscarf", "turban", "mask", "apron", "umbrella", "prop",
)  # fmt: skip

REGIONS = (
    "head", "neck", "torso", "pelvis", "upper arm", "forearm", "hand", "thigh", "lower leg", "foot",
    "none",
)  # fmt: skip

# Region -> its zones; every zone belongs to one region. The order is that of the model's outputs.
ZONES_OF: Mapping[str, tuple[str, ...]] = {
    "head": ("face", "scalp", "ear"),
    "neck": ("throat", "nape"),
    "torso": ("chest", "belly", "upper back", "lower back"),
    "pelvis": ("groin", "buttock"),
    "upper arm": ("shoulder", "arm above the elbow"),
    "forearm": ("forearm",),
    "hand": ("palm", "back of the hand", "finger"),
    "thigh": ("front of the thigh", "back of the thigh"),
    "lower leg": ("shin", "calf"),
    "foot": ("instep", "sole", "toe"),
    "none": ("none",),
}
ZONES = tuple(zone for zones in ZONES_OF.values() for zone in zones)
# The index of each zone's region, by the index of the zone.
REGION_OF_ZONE = tuple(REGIONS.index(r) for r, zones in ZONES_OF.items() for _ in zones)

NO_LABEL = 255  # a face or pixel whose surface or region nobody knows

# Coarser levels: what a pixel is called there -> the surfaces that are one thing on that level.
LEVELS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "kind": {
        "skin": ("skin",),
        "hair": ("hair",),
        "face part": ("eye", "eyebrow", "mouth"),
        "top": (
            "t-shirt", "shirt", "polo shirt", "blouse", "tank top", "crop top", "sweater",
            "scrub top", "vest", "tunic",
        ),
        "outerwear": ("jacket", "coat", "cape"),
        "whole-body garment": ("dress", "overalls", "swimsuit", "robe"),
        "lower garment": ("trousers", "leggings", "shorts", "skirt", "underwear"),
        "footwear": ("shoe", "boot", "sandal", "sock"),
        "headwear": ("hat", "cap", "helmet", "headscarf", "turban", "mask"),
        "accessory": (
            "glove", "scarf", "tie", "belt", "glasses", "bag", "armor", "weapon", "apron",
            "umbrella", "prop",
        ),
    },
    "class": {
        "body": ("skin", "hair", "eye", "eyebrow", "mouth"),
        "upper clothing": (
            "t-shirt", "shirt", "polo shirt", "blouse", "tank top", "crop top", "sweater",
            "scrub top", "vest", "tunic", "jacket", "coat", "cape", "dress", "tie", "scarf",
            "robe", "apron",
        ),
        "lower clothing": (
            "trousers", "leggings", "shorts", "skirt", "underwear", "overalls", "swimsuit",
        ),
        "footwear": ("shoe", "boot", "sandal", "sock"),
        "other": (
            "glove", "hat", "cap", "helmet", "belt", "glasses", "bag", "armor", "weapon",
            "headscarf", "turban", "mask", "umbrella", "prop",
        ),
    },
}  # fmt: skip

# What data sets call a surface -> ours. Names that are ours already are left out.
_ALIASES: Mapping[str, str] = {
    "eyes": "eye", "eyebrows": "eyebrow", "eyelashes": "eyebrow", "teeth": "mouth",
    "top": "blouse", "jeans": "trousers", "pants": "trousers", "boots": "boot", "shoes": "shoe",
    "socks": "sock", "gloves": "glove", "sandals": "sandal", "sneakers": "shoe",
    "hoodie": "sweater", "bikini": "swimsuit", "fedora": "hat", "cloak": "cape",
}  # fmt: skip


def surface_index(name: str) -> int:
    """The surface with this name, with or without a side; bare body parts are skin.

    Raises KeyError for a name that is neither.
    """
    name = name.removeprefix("left ").removeprefix("right ")
    name = _ALIASES.get(name, name)
    return _SURFACE["skin" if name in _REGION else name]


def region_index(name: str) -> int:
    """The region with this name, with or without a side. Raises KeyError for another name."""
    return _REGION[name.removeprefix("left ").removeprefix("right ")]


def zone_index(name: str) -> int:
    """The zone with this name. Raises KeyError for another name."""
    return _ZONE[name]


_ZONE = {name: index for index, name in enumerate(ZONES)}
_SURFACE = {name: index for index, name in enumerate(SURFACES)}
_REGION = {name: index for index, name in enumerate(REGIONS)}
