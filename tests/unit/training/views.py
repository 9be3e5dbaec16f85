# SPDX-License-Identifier: GPL-3.0-or-later
"""A small drawn view: a head of skin, a shirt, trousers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.bank import NO_LABEL, region_index, surface_index
from training.shards import Shard, View


def drawn_view(height: int = 60, width: int = 24) -> View:
    """Three bands from top to bottom; one column of background on either side."""
    piece = np.zeros((height, width), np.uint8)
    piece[:, 1:-1] = 1
    third = height // 3
    bands = [("skin", "head"), ("shirt", "torso"), ("trousers", "thigh")]
    surface = np.full((height, width), NO_LABEL, np.uint8)
    region = surface.copy()
    albedo = np.zeros((height, width, 3), np.uint8)
    for index, (name, place) in enumerate(bands):
        rows = slice(index * third, height if index == 2 else (index + 1) * third)
        surface[rows, 1:-1], region[rows, 1:-1] = surface_index(name), region_index(place)
        albedo[rows, 1:-1] = (60 + 60 * index, 120, 90)
    normal = np.zeros((height, width, 3), np.int8)
    normal[:, 1:-1, 2] = -127  # towards the camera
    return View(albedo, normal, surface, region, piece)


def drawn_shard(name: str = "one", person: str = "somebody", **about: object) -> Shard:
    """A shard of two drawn views, the second a near look."""
    views = (drawn_view(), replace(drawn_view(), near=True))
    return Shard(name, str(about.get("family", "valid")), person, (), views)
