# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import CancelledError, JobError
from core.job.capture_files import CaptureFiles
from core.parsing.images import Images
from core.parsing.sight.looking import choose_images, look_at_views, model_used, reason_without
from core.parsing.sight.network import Sighting, SightNetwork
from core.parsing.sight.over_pixels import ElementSums
from core.parsing.sight.preparation import Placement
from core.parsing.sight.sightings import has_sightings, load_sightings
from tests.unit.parsing.paper_doll import ELEMENTS, SHEET, picture_of, truth, write_paper_doll
from tests.unit.parsing.sight.make_tiny import COLORS, REGIONS, TINY

SEEN_AS = {0: "skin", 1: "trousers", 2: "hair"}  # head, blue shirt, dark trousers, by their colours


def tiny() -> SightNetwork:
    return SightNetwork.load(TINY, threads=1)


def images_of(job: Path, sequence: bool = False) -> Images:
    write_paper_doll(job, sequence=sequence)
    return Images(CaptureFiles(job / "capture"))


def look(job: Path, images: Images, limit: int = 0, progress=list, load=tiny) -> dict[str, int]:
    (job / "sight").mkdir(exist_ok=True)
    return look_at_views(images, limit, job / "sight", progress, load)


def plain_sighting(boundary: float, surface: tuple[float, ...]) -> Sighting:
    """Of an 8 x 8 view, the same everywhere."""
    placement = Placement(box=(0, 0, 8, 8), size=(8, 8), corner=(0, 0))
    full = np.full((4, 4), boundary, np.float32)
    return Sighting(
        np.tile(np.array(surface, np.float32), (4, 4, 1)),
        np.ones((4, 4, 1), np.float32),
        full,
        placement,
    )


def test_an_element_has_the_mean_of_all_pixels_that_showed_it():
    sums = ElementSums(4, 2, 1)
    element = np.zeros((8, 8), np.int32)
    element[:, 4:], element[0, 0] = 2, -1
    sums.add(picture_of(element, (10, 20, 30)), plain_sighting(0.5, (1.0, 0.0)))
    element[:, :4] = -1
    sums.add(picture_of(element, (30, 20, 11)), plain_sighting(0.0, (0.0, 1.0)))
    found = sums.sightings(("skin", "hair"), ("none",))
    np.testing.assert_array_equal(found.pixels, [31, 0, 64, 0])
    np.testing.assert_allclose(
        found.surface, [[1.0, 0.0], [0.0, 0.0], [0.5, 0.5], [0.0, 0.0]], atol=1e-3
    )
    np.testing.assert_allclose(found.region[:, 0], [1, 0, 1, 0], atol=1e-3)
    np.testing.assert_allclose(found.boundary, [0.5, 0, 0.25, 0], atol=1e-3)
    np.testing.assert_array_equal(found.color[[0, 1, 2]], [[10, 20, 30], [0, 0, 0], [20, 20, 20]])
    assert found.count == 4 and found.surface.dtype == np.float16


def test_many_views_add_up_as_a_few_do(monkeypatch):
    rng = np.random.default_rng(3)
    element = rng.integers(-1, 20, (8, 8)).astype(np.int32)
    at_once, by_and_by = ElementSums(20, 2, 1), ElementSums(20, 2, 1)
    for sums, most in ((at_once, 10**6), (by_and_by, 70)):
        monkeypatch.setattr("core.parsing.sight.over_pixels._MOST_WAITING", most)
        for share in (0.1, 0.2, 0.7, 0.4):
            sums.add(picture_of(element), plain_sighting(share, (share, 1 - share)))
    first, second = (s.sightings(("a", "b"), ("none",)) for s in (at_once, by_and_by))
    np.testing.assert_array_equal(first.pixels, second.pixels)
    np.testing.assert_allclose(first.surface, second.surface, atol=1e-3)
    np.testing.assert_array_equal(first.color, second.color)


def test_sheets_of_one_colour_are_seen_as_that_surface(tmp_path):
    images = images_of(tmp_path)
    assert look(tmp_path, images) == {"views looked at": 8}
    found = load_sightings(tmp_path / "sight", 3)
    assert (found.surfaces, found.regions) == (tuple(COLORS), REGIONS)
    body = np.arange(2 * SHEET)
    for part, surface in SEEN_AS.items():
        mine = body[truth()[body] == part]
        right = found.surface[mine].argmax(1) == found.surfaces.index(surface)
        assert right.mean() > 0.8
    assert found.count == ELEMENTS
    hidden = np.flatnonzero(found.pixels == 0)
    assert len(hidden) and not found.surface[hidden].any()
    assert model_used(tmp_path / "sight").keys() == {"tiny 1"}
    assert not reason_without(tmp_path / "sight")


def test_a_sequence_has_sightings_of_its_own_in_every_frame(tmp_path):
    images = images_of(tmp_path, sequence=True)
    assert look(tmp_path, images, limit=1) == {"views looked at": 8}
    before, after = (load_sightings(tmp_path / "sight", frame) for frame in (1, 4))
    bag = np.arange(2 * SHEET, ELEMENTS)
    assert not before.pixels[bag].any() and after.pixels[bag].any()
    with pytest.raises(JobError, match=r"frame_0009\.npz is missing"):
        load_sightings(tmp_path / "sight", 9)


@pytest.mark.parametrize(
    ("frames", "views", "limit", "expected"),
    [
        (4, 8, 0, (4, 8)),
        (4, 8, 64, (4, 8)),
        (24, 8, 64, (8, 8)),
        (24, 8, 17, (2, 8)),
        (24, 8, 3, (1, 3)),
        (1, 8, 64, (1, 8)),
    ],
)
def test_whole_frames_are_chosen_from_all_over_the_sequence(
    tmp_path, frames, views, limit, expected
):
    images = images_of(tmp_path)
    changed: dict[str, Any] = {"frames": tuple(range(10, 10 + frames)), "views": tuple("v" * views)}
    images._files._manifest = replace(images.manifest, **changed)
    chosen = choose_images(images, limit)
    assert len(chosen) == len(set(chosen)) == expected[0] * expected[1]
    assert not limit or len(chosen) <= limit
    times = sorted({frame for frame, _ in chosen})
    assert len(times) == expected[0]
    gaps = np.diff([10 - (times[0] - 10) - 1, *times])
    assert gaps.max() <= 2 * -(-frames // expected[0])


def test_cancel_ends_the_looking_between_two_views(tmp_path):
    images, looked = images_of(tmp_path), list[Any]()

    def two_then_cancel(items):
        for item in items:
            if len(looked) == 2:
                raise CancelledError
            looked.append(item)
            yield item

    with pytest.raises(CancelledError):
        look(tmp_path, images, progress=two_then_cancel)
    assert len(looked) == 2 and not has_sightings(tmp_path / "sight")


def test_without_a_model_the_folder_says_why_and_has_no_sightings(tmp_path):
    def load() -> SightNetwork:
        raise JobError("The vision model is missing", "Install it")

    assert look(tmp_path, images_of(tmp_path), load=load) == {"views looked at": 0}
    assert reason_without(tmp_path / "sight") == "The vision model is missing. Install it"
    assert not has_sightings(tmp_path / "sight") and not model_used(tmp_path / "sight")
