# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks of every image: kept small, saved, and extended by masks on a journey."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.errors import JobError
from core.parsing.masks import MaskSet
from core.parsing.tracking.pixel_masklets import (
    ImageKey,
    ImageMasklets,
    PackedMasks,
    joined,
    numbered,
)

ORDER = [(frame, view) for frame in (1, 2) for view in (0, 1)]
MAP = np.array([[0, 1, -1], [2, 3, 4]], np.int32)  # five pixels of silhouette


class StandingStill:
    """A journey on which masks keep their pixels."""

    def __init__(self) -> None:
        self.begun: list[tuple[ImageKey, MaskSet]] = []
        self.reached = -1

    def reach(self, key: ImageKey) -> list[tuple[ImageKey, MaskSet]]:
        passed = []
        while self.reached < ORDER.index(key):
            self.reached += 1
            passed += [(ORDER[self.reached], masks) for _, masks in self.begun]
        return passed

    def begin(self, key: ImageKey, masks: MaskSet) -> None:
        assert ORDER[self.reached] == key
        self.begun.append((key, masks))


def make() -> ImageMasklets:
    return ImageMasklets((1, 2), 2, StandingStill())


def pixels(*masks: list[int]) -> MaskSet:
    return MaskSet.from_pixels(np.array(masks, bool).reshape(len(masks), 5))


def assert_equal(a: MaskSet, b: MaskSet) -> None:
    for field in ("masklet", "atom", "member"):
        assert getattr(a, field).dtype == getattr(b, field).dtype
        np.testing.assert_array_equal(getattr(a, field), getattr(b, field))


@given(arrays(bool, st.tuples(st.integers(0, 12), st.integers(0, 40))))
def test_packed_masks_come_back_bit_by_bit(masks: np.ndarray) -> None:
    mask_set = MaskSet.from_pixels(masks)
    assert_equal(PackedMasks.of(mask_set).unpacked(), mask_set)


def test_many_atoms_are_packed_without_loss() -> None:
    mask_set = MaskSet.from_pixels((np.arange(5000) >> np.arange(13)[:, None]) & 1 == 1)
    assert len(mask_set.member) == 5000
    assert_equal(PackedMasks.of(mask_set).unpacked(), mask_set)


def test_an_image_of_forty_masks_takes_a_few_kilobytes() -> None:
    rows, columns = np.mgrid[:512, :256]
    rng = np.random.default_rng(0)
    disks = [
        (rows - y) ** 2 + (columns - x) ** 2 < r**2
        for y, x, r in rng.uniform((0, 0, 20), (512, 256, 90), (40, 3))
    ]
    packed = PackedMasks.of(MaskSet.from_pixels(np.array(disks).reshape(40, -1)))
    assert len(packed.atom) + len(packed.member) + packed.masklet.nbytes < 20_000


def test_an_image_without_masks_is_covered_nowhere() -> None:
    masks = make().masks(1, 0, MAP)
    assert masks.count == 0 and not masks.covered().any() and len(masks.atom) == 5
    assert make().masks(1, 0, np.full((2, 2), -1, np.int32)).count == 0


def test_masks_added_to_an_image_join_those_there() -> None:
    masklets = make()
    masklets.add((1, 0), numbered(pixels([1, 1, 0, 0, 0]), 0))
    masklets.add((1, 0), numbered(pixels([0, 1, 1, 0, 0], [0, 0, 0, 0, 1]), 4))
    masks = masklets.masks(1, 0, MAP)
    np.testing.assert_array_equal(masks.masklet, [0, 4, 5])
    np.testing.assert_array_equal(
        masks.pixels(), np.array([[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 0, 1]], bool)
    )
    assert masklets.count == 6


def test_new_masklets_are_seen_in_their_image_and_in_those_after() -> None:
    masklets = make()
    masklets.add((2, 0), numbered(pixels([1, 0, 0, 0, 0]), 0))
    left = np.array([[True, False, True], [True, False, False]])  # one pixel lies outside
    nothing = np.zeros((2, 3), bool)
    seen = {}
    for frame, view in ORDER:
        seen[frame, view] = masklets.masks(frame, view, MAP).masklet.tolist()
        if (frame, view) == (1, 1):
            assert masklets.extend(frame, view, MAP, [left, nothing]) == 1
    assert masklets.count == 2
    assert seen == {(1, 0): [], (1, 1): [], (2, 0): [0, 1], (2, 1): [1]}
    here = masklets.masks(1, 1, MAP)
    np.testing.assert_array_equal(here.masklet, [1])
    np.testing.assert_array_equal(here.pixels(), [[True, False, True, False, False]])


def test_nothing_to_add_adds_nothing() -> None:
    masklets = make()
    assert masklets.extend(1, 0, MAP, []) == 0
    assert masklets.extend(1, 0, MAP, [np.zeros((2, 3), bool)]) == 0
    assert masklets.count == 0


def test_saved_masklets_come_back(tmp_path: Path) -> None:
    masklets = make()
    masklets.add((1, 1), numbered(pixels([1, 1, 0, 0, 0], [0, 0, 0, 1, 1]), 0))
    masklets.add((2, 0), numbered(pixels([0, 0, 1, 1, 1]), 1))
    paths = masklets.save(tmp_path)
    assert [p.name for p in paths] == ["masks_0001.npz", "masks_0002.npz"]
    loaded = make()
    loaded.restore(tmp_path)
    assert loaded.count == 2
    for frame, view in ORDER:
        assert_equal(loaded.masks(frame, view, MAP), masklets.masks(frame, view, MAP))


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    masklets = make()
    masklets.add((1, 1), numbered(pixels([1, 1, 0, 0, 0]), 0))
    paths = masklets.save(tmp_path)
    paths[0].write_bytes(paths[0].read_bytes()[:-30])
    with pytest.raises(JobError, match=r"masks_0001\.npz"):
        make().restore(tmp_path)


def test_joining_keeps_the_masklets_of_both() -> None:
    first = numbered(pixels([1, 0, 0, 0, 0]), 7)
    second = numbered(pixels([1, 1, 0, 0, 0]), 2)
    masks = joined(first, second)
    np.testing.assert_array_equal(masks.masklet, [7, 2])
    np.testing.assert_array_equal(masks.areas(), [1, 2])


def test_restored_masks_of_other_pixels_are_refused_by_the_name_of_their_file(
    tmp_path: Path,
) -> None:
    masklets = make()
    masklets.add((1, 0), pixels([1, 1, 0, 0, 0]))
    masklets.save(tmp_path)
    loaded = make()
    loaded.restore(tmp_path)
    with pytest.raises(JobError, match=r"masks_0001\.npz is missing or damaged"):
        loaded.masks(1, 0, MAP[:1])
