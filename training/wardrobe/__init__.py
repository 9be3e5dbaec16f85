# SPDX-License-Identifier: GPL-3.0-or-later
"""Garments, looks and body styles made by script, for what no data set holds."""

from training.wardrobe.looks import recolored, stripped
from training.wardrobe.lowpoly import low_poly
from training.wardrobe.machines import robot, skeleton
from training.wardrobe.mannequins import mannequin
from training.wardrobe.outfits import dress, equipped
from training.wardrobe.scanning import damaged, scan_like
from training.wardrobe.stylise import stylised

__all__ = [
    "damaged",
    "dress",
    "equipped",
    "low_poly",
    "mannequin",
    "recolored",
    "robot",
    "scan_like",
    "skeleton",
    "stripped",
    "stylised",
]
