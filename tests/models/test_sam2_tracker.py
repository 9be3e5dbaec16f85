# SPDX-License-Identifier: GPL-3.0-or-later
"""Masklets by SAM 2.1 with random weights, through a capture made without Blender."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.speed.sam2_tracking import lively_model
from core.errors import CancelledError
from core.job.capture_files import CaptureFiles
from core.job.label_files import LabelFiles
from core.job.spec import ParsingSettings, Part
from core.parsing.images import Images
from core.parsing.masks import MaskSet
from core.parsing.models import sam2_tracker
from core.parsing.models.device import Device
from core.parsing.models.sam2_tracker import Sam2Tracker, legs, unlike
from core.parsing.models.sam2_video import ObjectTracker, resize_logits
from core.parsing.pipeline import STAGES
from core.parsing.run import Run
from core.parsing.seams import Context
from core.parsing.tracking.pixel_masklets import ImageKey, ImageMasklets
from tests.models.tiny import SAM2
from tests.unit.parsing.paper_doll import truth, write_paper_doll

CPU = Device("cpu", torch.float32)
FRAMES = (1, 2, 3)


@pytest.fixture(scope="module")
def model() -> Any:
    """Finds everything everywhere."""
    torch.set_num_threads(1)
    return lively_model(SAM2, presence=20)


@pytest.fixture(scope="module")
def blind() -> Any:
    """Finds nothing anywhere."""
    return lively_model(SAM2, presence=-20)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    write_paper_doll(tmp_path, FRAMES)
    return context_of(tmp_path)


def context_of(job: Path, pulse: Callable[[], None] = lambda: None, **settings: Any) -> Context:
    chosen = ParsingSettings(tracker="sam2", **settings)
    return Context(Images(CaptureFiles(job / "capture"), chosen.travel), chosen, pulse)


def progress(items: Any) -> Any:
    return iter(items)


def parts_in(images: Images, key: ImageKey) -> MaskSet:
    """A mask for each part that an image shows."""
    element_map = images.element_map(*key)
    return MaskSet.from_labels(truth()[element_map[element_map >= 0]])


def masks_at(masklets: ImageMasklets, images: Images, key: ImageKey) -> dict[int, np.ndarray]:
    """(h, w) bool mask of each masklet in an image."""
    element_map = images.element_map(*key)
    masks = masklets.masks(*key, element_map)
    found = {}
    for masklet, pixels in zip(masks.masklet.tolist(), masks.pixels(), strict=True):
        found[masklet] = np.zeros(element_map.shape, bool)
        found[masklet][element_map >= 0] = pixels
    return found


def followed(
    model: Any,
    images: Images,
    keys: list[ImageKey],
    begun: Mapping[int, np.ndarray],
    image_count: int,
) -> list[dict[int, np.ndarray]]:
    """What the masks (h, w) in the first of these images become in the others, without masklets."""
    tracker = ObjectTracker(model, CPU, image_count)
    results = []
    for number, key in enumerate(keys):
        image = images.image(*key)
        top, left = image.corner
        height, width = image.element.shape
        found = tracker.enter(lambda: image.uncrop(image.color, 255))  # noqa: B023
        if number == 0:
            full = [image.uncrop(mask, 0) for mask in begun.values()]
            tracker.add(list(begun), np.stack(full))
            continue
        logits = resize_logits(found.logits, image.resolution).numpy()
        crops = (logits[:, top : top + height, left : left + width] > 0) & image.silhouette
        pairs = zip(found.names, crops, strict=True)
        results.append({name: crop for name, crop in pairs if crop.any()})
    return results


def assert_same(expected: Mapping[int, np.ndarray], found: Mapping[int, np.ndarray]) -> None:
    assert set(expected) == set(found)
    for name, mask in expected.items():
        np.testing.assert_array_equal(mask, found[name])


def test_proposals_are_followed_through_all_images_in_order(context: Context, model: Any) -> None:
    images, order = context.images, list(context.images.order())
    proposals = {order[0]: parts_in(images, order[0])}
    masklets = Sam2Tracker(context, model, CPU).track(proposals, progress)
    assert masklets.count == 3
    first = masks_at(masklets, images, order[0])
    for mask, pixels in zip(first.values(), proposals[order[0]].pixels(), strict=True):
        np.testing.assert_array_equal(mask[images.element_map(*order[0]) >= 0], pixels)
    expected = followed(model, images, order, first, len(order))
    for key, masks in zip(order[1:], expected, strict=True):
        assert_same(masks, masks_at(masklets, images, key))
    assert any(expected)


def test_masks_stay_within_the_silhouette_and_have_pixels(context: Context, model: Any) -> None:
    images, order = context.images, list(context.images.order())
    proposals = {order[0]: parts_in(images, order[0])}
    masklets = Sam2Tracker(context, model, CPU).track(proposals, progress)
    for key in order:
        masks = masklets.masks(*key, images.element_map(*key))
        assert len(masks.atom) == (images.element_map(*key) >= 0).sum()
        assert (masks.areas() > 0).all()


def test_images_before_the_first_proposals_have_no_masks(context: Context, model: Any) -> None:
    images, order = context.images, list(context.images.order())
    proposals = {order[2]: parts_in(images, order[2])}
    masklets = Sam2Tracker(context, model, CPU).track(proposals, progress)
    assert [bool(masks_at(masklets, images, key)) for key in order[:3]] == [False, False, True]


def test_at_later_key_images_only_what_has_no_mask_begins(context: Context, model: Any) -> None:
    images, order = context.images, list(context.images.order())
    tracker = Sam2Tracker(context, model, CPU)
    proposals = {order[0]: parts_in(images, order[0])}
    alone = tracker.track(proposals, progress)
    element_map = images.element_map(*order[3])
    arrived = alone.masks(*order[3], element_map).pixels()[:1]
    corner = np.zeros((1, arrived.shape[1]), bool)
    corner[0, :9] = True
    proposals[order[3]] = MaskSet.from_pixels(np.concatenate([arrived, corner, corner]))
    both = tracker.track(proposals, progress)
    assert both.count == alone.count + 1
    new = masks_at(both, images, order[3])[alone.count]
    np.testing.assert_array_equal(new[element_map >= 0], corner[0])
    for key in order[:3]:
        assert_same(masks_at(alone, images, key), masks_at(both, images, key))
    assert alone.count in masks_at(both, images, order[4])


def test_a_proposal_is_unlike_when_it_overlaps_no_mask_enough() -> None:
    arrived = MaskSet.from_pixels(np.array([[1, 1, 1, 1, 0, 0, 0, 0]], bool))
    proposals = MaskSet.from_pixels(
        np.array(
            [[1, 1, 1, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0], [0] * 8, [0, 0, 0, 0, 1, 0, 0, 0]],
            bool,
        )
    )
    kept = unlike(proposals, arrived, 0.7)
    np.testing.assert_array_equal(kept.pixels(), proposals.pixels()[[1, 3]])
    assert unlike(proposals, arrived.select(np.zeros(1, bool)), 0.7).count == 3
    assert unlike(MaskSet.from_pixels(np.zeros((2, 0), bool)), arrived, 0.7).count == 0


def test_legs_are_the_order_cut_in_pieces(context: Context, tmp_path: Path) -> None:
    images = context.images
    (leg,) = legs(images, "serpentine")
    assert leg.images == tuple(images.order()) and leg.seed is None
    around = Images(CaptureFiles(tmp_path / "capture"), "orbit_first")
    pieces = legs(around, "orbit_first")
    assert [key for piece in pieces for key in piece.images] == list(around.order())
    assert [piece.seed for piece in pieces] == [None, (1, 0), (1, 1)]
    assert pieces[2].images == ((2, 1), (3, 1)) and pieces[2].image_count == 3


def test_after_the_orbit_each_view_starts_from_its_masks_in_the_first_frame(
    context: Context, model: Any, tmp_path: Path
) -> None:
    context = context_of(tmp_path, travel="orbit_first")
    images = context.images
    masklets = Sam2Tracker(context, model, CPU).track({(1, 0): parts_in(images, (1, 0))}, progress)
    orbit = followed(model, images, [(1, 0), (1, 1)], masks_at(masklets, images, (1, 0)), 2)
    assert_same(orbit[0], masks_at(masklets, images, (1, 1)))
    for view in (0, 1):
        start = masks_at(masklets, images, (1, view))
        expected = followed(model, images, [(frame, view) for frame in FRAMES], start, 3)
        for frame, masks in zip(FRAMES[1:], expected, strict=True):
            assert_same(masks, masks_at(masklets, images, (frame, view)))


def test_what_the_orbit_loses_is_in_no_other_frame_of_that_view(
    context: Context, blind: Any, tmp_path: Path
) -> None:
    context = context_of(tmp_path, travel="orbit_first")
    images = context.images
    masklets = Sam2Tracker(context, blind, CPU).track({(1, 0): parts_in(images, (1, 0))}, progress)
    assert [key for key in images.order() if masks_at(masklets, images, key)] == [(1, 0)]


def test_what_is_found_late_in_one_view_stays_in_that_view(
    context: Context, model: Any, tmp_path: Path
) -> None:
    context = context_of(tmp_path, travel="orbit_first")
    images = context.images
    masklets = Sam2Tracker(context, model, CPU).track({(2, 0): parts_in(images, (2, 0))}, progress)
    assert {key for key in images.order() if masks_at(masklets, images, key)} == {(2, 0), (3, 0)}


@pytest.mark.parametrize("travel", ["serpentine", "orbit_first"])
def test_saved_masklets_come_back_bit_by_bit(
    travel: str, context: Context, model: Any, tmp_path: Path
) -> None:
    context = context_of(tmp_path, travel=travel)
    images, tracker = context.images, Sam2Tracker(context, model, CPU)
    masklets = tracker.track({(1, 0): parts_in(images, (1, 0))}, progress)
    paths = masklets.save(tmp_path / "first")
    loaded = tracker.load(tmp_path / "first")
    assert loaded.count == masklets.count
    for key in images.order():
        element_map = images.element_map(*key)
        before, after = masklets.masks(*key, element_map), loaded.masks(*key, element_map)
        for field in ("masklet", "atom", "member"):
            a, b = getattr(before, field), getattr(after, field)
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
    again = loaded.save(tmp_path / "second")
    assert [p.read_bytes() for p in paths] == [p.read_bytes() for p in again]


@pytest.mark.parametrize("travel", ["serpentine", "orbit_first"])
def test_added_masks_are_followed_through_the_images_after(
    travel: str, context: Context, model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = context_of(tmp_path, travel=travel)
    images, tracker = context.images, Sam2Tracker(context, model, CPU)
    tracker.track({(1, 0): parts_in(images, (1, 0))}, progress).save(tmp_path)
    masklets = tracker.load(tmp_path)
    before = {key: masks_at(tracker.load(tmp_path), images, key) for key in images.order()}
    order = list(images.order())
    encoded = count_calls(model, "forward_image", monkeypatch)
    component = np.zeros(images.element_map(*order[1]).shape, bool)
    component[8:40, 8:30] = True
    found = {}
    for number, key in enumerate(order):
        found[key] = masks_at(masklets, images, key)
        if number == 1:
            assert encoded() == 0  # nothing to follow yet
            empty = np.zeros_like(component)
            assert masklets.extend(*key, images.element_map(*key), [component, empty]) == 1
    assert masklets.count == 4
    assert_same(before[order[0]], found[order[0]])
    np.testing.assert_array_equal(masks_at(masklets, images, order[1])[3], component)
    if travel == "serpentine":
        chain, image_count = order[1:], len(order)
    else:
        chain, image_count = [(frame, 1) for frame in FRAMES], 3
    expected = followed(model, images, chain, {3: component}, image_count)
    for key, masks in zip(chain[1:], expected, strict=True):
        assert_same({**before[key], **masks}, found[key])
    assert any(expected)
    masklets.save(tmp_path / "validation")
    loaded = tracker.load(tmp_path / "validation")
    for key in order[2:]:
        assert_same(found[key], masks_at(loaded, images, key))


def test_a_component_too_small_to_follow_stays_in_its_own_image(
    context: Context, blind: Any
) -> None:
    images = context.images
    masklets = Sam2Tracker(context, blind, CPU).track({}, progress)
    masklets_of_images = {}
    for key in images.order():
        masks_at(masklets, images, key)
        if key == (1, 0):
            pixel = np.zeros(images.element_map(*key).shape, bool)
            pixel[20, 20] = True
            assert masklets.extend(*key, images.element_map(*key), [pixel]) == 1
        masklets_of_images[key] = masks_at(masklets, images, key)
    assert {key for key, masks in masklets_of_images.items() if masks} == {(1, 0)}


def test_masks_are_not_added_to_an_image_that_was_left(context: Context, blind: Any) -> None:
    masklets = Sam2Tracker(context, blind, CPU).track({}, progress)
    element_map = context.images.element_map(1, 0)
    masklets.masks(2, 0, context.images.element_map(2, 0))
    with pytest.raises(ValueError, match="not the image reached last"):
        masklets.extend(1, 0, element_map, [element_map >= 0])


def test_what_stays_away_for_many_rounds_costs_nothing_any_more(
    blind: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_paper_doll(tmp_path, tuple(range(1, 26)))
    context = context_of(tmp_path)
    encoded = count_calls(blind, "forward_image", monkeypatch)
    key = (1, 0)
    masklets = Sam2Tracker(context, blind, CPU).track(
        {key: parts_in(context.images, key)}, progress
    )
    assert masklets.count == 3
    assert encoded() == 1 + 32  # of 50 images, the one with the proposals among them


def test_cancelling_stops_between_passes(context: Context, model: Any) -> None:
    pulses = 0

    def pulse() -> None:
        nonlocal pulses
        pulses += 1
        if pulses > 6:
            raise CancelledError

    context = replace(context, pulse=pulse)
    with pytest.raises(CancelledError):
        Sam2Tracker(context, model, CPU).track({(1, 0): parts_in(context.images, (1, 0))}, progress)


@pytest.mark.parametrize("sequence", [False, True])
def test_the_pipeline_labels_by_masks_that_sam_2_followed(
    sequence: bool, model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sam2_tracker, "make_sam2_tracker", lambda context: Sam2Tracker(context, model, CPU)
    )
    write_paper_doll(tmp_path, FRAMES, sequence)
    parts = [Part(word) for word in ("head", "shirt", "trousers", "bag")]
    run = Run(tmp_path, ParsingSettings(tracker="sam2"), parts)
    counts = {name: stage(run) for name, stage in STAGES.items()}
    assert counts["masklets"]["masklets"] >= 3
    for frame in FRAMES:
        label, _ = LabelFiles(tmp_path).read_frame(frame)
        assert (label >= 0).any()


def count_calls(model: Any, method: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    original, calls = getattr(model, method), []

    def counted(*arguments: Any, **more: Any) -> Any:
        calls.append(1)
        return original(*arguments, **more)

    monkeypatch.setattr(model, method, counted)
    return lambda: len(calls)
