# SPDX-License-Identifier: GPL-3.0-or-later
"""Key frames are chosen greedily by what they show that those before do not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.job.capture_files import CapturedObject, Manifest, Names
from core.job.spec import ParsingSettings
from core.parsing.key_images import CANDIDATES, evenly_spaced, key_frames, key_images

MANIFEST = Manifest(
    frames=(),
    views=("front", "back"),
    azimuths=(0.0, 180.0),
    elevations=(0.0, 0.0),
    resolution=(1, 16),
    projection="orthographic",
    topology="constant",
    objects=(CapturedObject("Doll", "DollMesh", 0, 20),),
    frame_objects={},
    names=Names((), (), (), ()),
    blender="none",
    character="Doll",
)
SETTINGS = ParsingSettings(key_frames=3)


@dataclass
class Shown:
    """Images in which the elements of a frame are seen by its views, half by each."""

    elements: dict[int, list[int]]
    topology: str = "constant"

    def __post_init__(self) -> None:
        self.frames = tuple(self.elements)
        self.view_count = 2
        self.constant_topology = self.topology == "constant"
        self.manifest = replace(MANIFEST, frames=self.frames)
        self.looked: list[int] = []

    def element_map(self, frame: int, view: int) -> np.ndarray:
        self.looked.append(frame)
        return np.array([[-1, *self.elements[frame][view::2]]], np.int32)


def test_the_next_frame_is_the_one_that_adds_most_and_not_the_one_that_shows_most() -> None:
    images: Any = Shown({
        1: [0, 1, 2, 3, 4, 5],
        2: [0, 1, 2, 3, 4, 5, 6],  # the most elements, one of them new
        3: [7, 8, 9],
        4: [7, 8, 9, 10],
        5: [10, 11],
    })  # fmt: skip
    assert key_frames(images, 2) == (1, 4)
    assert key_frames(images, 3) == (1, 2, 4), "after 4, frames 2 and 5 add one each"
    assert key_frames(images, 4) == (1, 2, 4, 5)


def test_what_was_chosen_before_counts_as_seen() -> None:
    images: Any = Shown({1: [0], 2: [1, 2, 3, 4], 3: [1, 2, 3, 5], 4: [6, 7, 8]})
    assert key_frames(images, 3) == (1, 2, 4), "3 alone shows more than 4, but no longer"


def test_it_ends_early_when_nothing_new_is_to_be_seen() -> None:
    images: Any = Shown({1: [0, 1], 2: [1], 3: [0, 2]})
    assert key_frames(images, 3) == (1, 3)
    images = Shown({5: [0], 6: [0]})
    assert key_frames(images, 2) == (5,)


def test_of_many_frames_only_some_are_looked_at() -> None:
    images: Any = Shown({frame: [frame % 20] for frame in range(100)})
    assert len(key_frames(images, 4)) == 4
    assert set(images.looked) == set(range(0, 100, 5)) and len(set(images.looked)) <= CANDIDATES
    images.looked.clear()
    assert key_frames(images, 1) == (0,) and images.looked == []


def test_all_views_of_the_key_frames_are_key_images_or_the_first_of_them() -> None:
    images: Any = Shown({1: [0], 2: [0], 3: [1]})
    assert key_images(images, SETTINGS) == [(1, 0), (1, 1), (3, 0), (3, 1)]
    assert key_images(images, replace(SETTINGS, key_views=1)) == [(1, 0), (3, 0)]


def test_a_sequence_takes_all_its_frames_unless_pixels_are_tracked() -> None:
    images: Any = Shown({frame: [0] for frame in range(1, 7)}, "sequence")
    assert [f for f, v in key_images(images, SETTINGS) if v == 0] == [1, 2, 3, 4, 5, 6]
    tracked = replace(SETTINGS, tracker="sam2", key_views=1)
    assert key_images(images, tracked) == [(1, 0), (3, 0), (5, 0)]


def test_evenly_spaced_frames_begin_with_the_first() -> None:
    assert evenly_spaced((1, 2, 3, 4, 5, 6, 7), 3) == (1, 3, 5)
    assert evenly_spaced((4, 5), 3) == (4, 5)
