# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist does with labels on the mesh: select, correct, look, and hand on."""

from .confidence import Confidence, show_confidence
from .corrections import Correction, Forgotten, correct_part, correctable, forget_corrections
from .face_sets import FaceSets, face_sets_from_parts
from .labelled import Labelled, character_of, find_labelled, shown_of
from .part_materials import PartMaterials, part_materials
from .select import Selection, select_part
from .solo import show_all_parts, solo_part
from .split import Split, split_parts
from .still import render_still

__all__ = [
    "Confidence",
    "Correction",
    "FaceSets",
    "Forgotten",
    "Labelled",
    "PartMaterials",
    "Selection",
    "Split",
    "character_of",
    "correct_part",
    "correctable",
    "face_sets_from_parts",
    "find_labelled",
    "forget_corrections",
    "part_materials",
    "render_still",
    "select_part",
    "show_all_parts",
    "show_confidence",
    "shown_of",
    "solo_part",
    "split_parts",
]
