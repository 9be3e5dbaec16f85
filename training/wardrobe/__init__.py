# SPDX-License-Identifier: GPL-3.0-or-later
"""Garments, looks and body styles made by script, for what no data set holds."""

from training.wardrobe.looks import recolored
from training.wardrobe.lowpoly import low_poly
from training.wardrobe.mannequins import mannequin
from training.wardrobe.outfits import dress
from training.wardrobe.scanning import scan_like
from training.wardrobe.stylise import stylised

__all__ = ["dress", "low_poly", "mannequin", "recolored", "scan_like", "stylised"]
