# SPDX-License-Identifier: GPL-3.0-or-later
"""A small drawn view: a head of skin, a shirt, trousers, and the bones in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.bank import NO_LABEL, surface_index, zone_index
from training.figure import NO_SEGMENT, SEGMENTS
from training.shards import Shard, View


def drawn_view(height: int = 60, width: int = 24) -> View:
    """Three bands from top to bottom; one column of background on either side."""
    piece = np.zeros((height, width), np.uint8)
    piece[:, 1:-1] = 1
    third = height // 3
    bands = [("skin", "face"), ("shirt", "chest"), ("trousers", "front of the thigh")]
    surface = np.full((height, width), NO_LABEL, np.uint8)
    zone, segment = surface.copy(), np.full((height, width), NO_SEGMENT, np.uint8)
    bones = np.zeros((len(SEGMENTS), 2, 3), np.float32)
    albedo = np.zeros((height, width, 3), np.uint8)
    for index, (name, place) in enumerate(bands):
        rows = slice(index * third, height if index == 2 else (index + 1) * third)
        surface[rows, 1:-1], zone[rows, 1:-1] = surface_index(name), zone_index(place)
        bone = SEGMENTS.index(("head", "torso", "thigh l")[index])
        segment[rows, 1:-1] = bone
        bones[bone, :, 1] = np.array([index, index + 1]) * third - height / 2
        albedo[rows, 1:-1] = (60 + 60 * index, 120, 90)
    normal = np.zeros((height, width, 3), np.int8)
    normal[:, 1:-1, 2] = -127  # towards the camera
    depth = np.zeros((height, width), np.int16)
    center = (width / 2, height / 2)
    return View(albedo, normal, surface, zone, segment, piece, depth, bones, center)


def drawn_shard(name: str = "one", person: str = "somebody", **about: object) -> Shard:
    """A shard of two drawn views, the second a near look."""
    views = (drawn_view(), replace(drawn_view(), near=True))
    return Shard(name, str(about.get("family", "valid")), person, (), views)
