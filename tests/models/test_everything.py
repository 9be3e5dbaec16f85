# SPDX-License-Identifier: GPL-3.0-or-later
"""What everything mode asks, how it measures masks, and how it behaves when it is disturbed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from segment_anything.utils.amg import remove_small_regions
from torchvision.ops import nms

from core.errors import CancelledError, JobError
from core.job.spec import ParsingSettings
from core.parsing.models.device import Device
from core.parsing.models.everything import EverythingMode, EverythingSettings, crops, grid
from core.parsing.models.mask_filters import distinct_boxes, without_small_regions
from core.parsing.models.sam import SamImage, SamProposer
from core.parsing.models.sam2_masks import Sam2Image, Sam2Proposer
from core.parsing.seams import Context

from . import blobs

CPU = Device("cpu", torch.float32)
SETTINGS = EverythingSettings(
    points_per_side=10, minimum_area=20, predicted_iou=0.65, stability=0.7
)


@pytest.fixture(scope="module")
def sam() -> Any:
    return blobs.blob_sam()


def mode(sam: Any, pulse: Any = lambda: None) -> EverythingMode:
    ask = partial(SamImage, model=sam, device=CPU)
    return EverythingMode(ask, sam, "SAM", SETTINGS, CPU, pulse)


def box_silhouette(rows: slice, columns: slice) -> np.ndarray:
    silhouette = np.zeros(blobs.SIZE, bool)
    silhouette[rows, columns] = True
    return silhouette


UPPER_LEFT = box_silhouette(slice(10, 36), slice(5, 30))
ALL = box_silhouette(slice(None), slice(None))


def random_masks(count: int, seed: int = 0, smooth: int = 5) -> np.ndarray:
    """(count, 40, 30) bool of islands and holes of all sizes."""
    noise = torch.from_numpy(np.random.default_rng(seed).normal(size=(count, 1, 40, 30)))
    logits = torch.nn.functional.avg_pool2d(noise, smooth, stride=1, padding=smooth // 2)
    return logits[:, 0].numpy() > 0


class TestQuestions:
    def test_only_points_on_the_silhouette_are_asked_in_image_and_crops(self, sam: Any) -> None:
        asked = []

        class Recorder(SamImage):
            def __init__(self, image: np.ndarray, **more: Any) -> None:
                super().__init__(image, **more)
                self.image = image

            def masks_at(self, points: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
                asked.append((self.image, points))
                return super().masks_at(points)

        silhouette = UPPER_LEFT
        ask = partial(Recorder, model=sam, device=CPU)
        recorded = EverythingMode(ask, sam, "SAM", SETTINGS, CPU, lambda: None)
        recorded.propose(blobs.view_image(silhouette))
        whole = sum(len(points) for image, points in asked if image.shape[:2] == blobs.SIZE)
        column, row = (grid(10) * blobs.SIZE[::-1]).astype(int).T
        assert whole == np.count_nonzero(silhouette[row, column])
        for image, points in asked:
            column, row = points.astype(int).T
            assert np.all(
                image[row, column].min(axis=1) < 255
            )  # all around the silhouette is white

    def test_crops_without_silhouette_are_not_encoded(self, sam: Any) -> None:
        shapes: list[tuple[int, ...]] = []
        handle = sam.image_encoder.register_forward_pre_hook(lambda _, i: shapes.append(i[0].shape))
        mode(sam).propose(blobs.view_image(UPPER_LEFT))
        cornered, shapes = len(shapes), []
        handle.remove()
        handle = sam.image_encoder.register_forward_pre_hook(lambda _, i: shapes.append(i[0].shape))
        mode(sam).propose(blobs.view_image(ALL))
        handle.remove()
        assert (cornered, len(shapes)) == (2, 5)

    def test_a_silhouette_between_the_points_has_no_masks(self, sam: Any) -> None:
        found = mode(sam).propose(blobs.view_image(box_silhouette(slice(8, 10), slice(1, 3))))
        assert (found.count, len(found.atom)) == (0, 4)


class TestMasks:
    def test_masks_lie_on_the_silhouette_and_are_large_enough(self, sam: Any) -> None:
        found = mode(sam).propose(blobs.view_image(UPPER_LEFT))
        assert found.count > 2
        assert found.pixels().shape == (found.count, np.count_nonzero(UPPER_LEFT))
        assert found.areas().min() >= SETTINGS.minimum_area
        assert found.without_duplicates().count == found.count

    def test_the_same_image_has_the_same_masks_again(self, sam: Any) -> None:
        first, second = (mode(sam).propose(blobs.view_image(UPPER_LEFT)) for _ in range(2))
        assert np.array_equal(first.pixels(), second.pixels())

    @pytest.mark.parametrize("encode", [SamImage, Sam2Image])
    def test_half_precision_finds_nearly_the_same_masks(self, sam: Any, encode: Any) -> None:
        model = sam if encode is SamImage else blobs.blob_sam2()
        settings = replace(SETTINGS, crop_layers=0, predicted_iou=0.2)
        image = blobs.view_image(ALL)
        found = []
        for device in (CPU, Device("cpu", torch.bfloat16)):
            ask = partial(encode, model=model, device=device)
            asked = EverythingMode(ask, model, "SAM", settings, device, lambda: None)
            found.append(asked.propose(image).pixels().astype(float))
        full, half = found
        shared = full @ half.T
        overlap = shared / (full.sum(1)[:, None] + half.sum(1) - shared)
        assert np.mean(overlap.max(axis=1) > 0.8) > 0.8

    @pytest.mark.parametrize("make", [SamProposer, Sam2Proposer])
    def test_proposers_take_grid_and_area_from_the_settings(self, sam: Any, make: Any) -> None:
        model = sam if make is SamProposer else blobs.blob_sam2()
        pulses: list[int] = []
        context = Context(
            images=None,  # type: ignore[arg-type]  # proposals need none but the one given
            settings=replace(ParsingSettings(), points_per_side=6, minimum_area=1),
            pulse=lambda: pulses.append(0),
        )
        found = make(context, model, CPU).propose(blobs.view_image(UPPER_LEFT), 1)
        assert found.pixels().shape[1] == np.count_nonzero(UPPER_LEFT)
        assert pulses


class TestDisturbances:
    @pytest.mark.parametrize("after", [0, 7, 40, 300])
    def test_cancel_ends_it_within_a_layer_and_leaves_the_model_as_it_was(
        self, sam: Any, after: int
    ) -> None:
        pulses = 0

        def pulse() -> None:
            nonlocal pulses
            pulses += 1
            if pulses > after:
                raise CancelledError

        with pytest.raises(CancelledError):
            mode(sam, pulse).propose(blobs.view_image(ALL))
        assert pulses == after + 1
        assert not any(m._forward_pre_hooks for m in sam.modules())

    def test_layers_of_the_encoder_pulse(self, sam: Any) -> None:
        pulses: list[int] = []
        encoding = [0, 0]
        first = sam.image_encoder.register_forward_pre_hook(
            lambda *_: encoding.__setitem__(0, len(pulses))
        )
        last = sam.image_encoder.register_forward_hook(
            lambda *_: encoding.__setitem__(1, len(pulses))
        )
        mode(sam, lambda: pulses.append(0)).propose(blobs.view_image(UPPER_LEFT))
        first.remove()
        last.remove()
        assert encoding[1] - encoding[0] > 2 * len(sam.image_encoder.blocks)

    def test_smaller_batches_find_the_same_masks_when_memory_runs_out(
        self, sam: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        expected = mode(sam).propose(blobs.view_image(ALL)).pixels()
        limit_points(monkeypatch, 5)
        found = mode(sam).propose(blobs.view_image(ALL)).pixels()
        assert {m.tobytes() for m in found} == {m.tobytes() for m in expected}

    def test_too_little_memory_for_one_point_is_said(
        self, sam: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limit_points(monkeypatch, 0)
        with pytest.raises(JobError, match="the points of SAM"):
            mode(sam).propose(blobs.view_image(UPPER_LEFT))


def limit_points(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    answer = SamImage.masks_at

    def masks_at(self: SamImage, points: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        if len(points) > most:
            raise torch.OutOfMemoryError
        return answer(self, points)

    monkeypatch.setattr(SamImage, "masks_at", masks_at)


class TestFilters:
    @pytest.mark.parametrize("overlap", [0.25, 0.5, 0.7])
    def test_boxes_are_suppressed_as_by_torchvision(self, overlap: float) -> None:
        numbers = np.random.default_rng(1)
        corner = numbers.integers(0, 60, (400, 2))
        boxes = np.concatenate([corner, corner + numbers.integers(0, 61, (400, 2))], axis=1)
        scores = numbers.random(400).astype(np.float32)
        expected = nms(torch.from_numpy(boxes).float(), torch.from_numpy(scores), overlap)
        assert distinct_boxes(boxes, scores, overlap).tolist() == expected.tolist()
        assert len(expected) < 350

    def test_of_equal_scores_the_first_box_stays(self) -> None:
        boxes = np.array([[0, 0, 9, 9], [0, 0, 9, 9], [20, 0, 29, 9], [0, 0, 9, 9]])
        assert distinct_boxes(boxes, np.array([0, 0, 0, 1]), 0.7).tolist() == [3, 2]

    @pytest.mark.parametrize("minimum", [1, 6, 25])
    @pytest.mark.parametrize("smooth", [1, 3, 7])
    def test_regions_are_removed_as_by_the_generator(self, minimum: int, smooth: int) -> None:
        for mask in random_masks(20, seed=smooth, smooth=smooth):
            closed, _ = remove_small_regions(mask, minimum, "holes")
            expected, _ = remove_small_regions(closed, minimum, "islands")
            if expected.sum() < minimum:  # the generator leaves the largest island
                expected = np.zeros_like(mask)
            assert np.array_equal(without_small_regions(mask, minimum), expected)

    def test_a_bay_is_no_hole(self) -> None:
        mask = np.zeros((20, 20), bool)
        mask[5:15, 5:15] = True
        mask[9, 12:15] = False  # open to the right
        mask[7, 7] = False
        cleaned = without_small_regions(mask, 10)
        assert not cleaned[9, 12:15].any() and cleaned[7, 7]

    def test_an_empty_mask_stays_empty(self) -> None:
        assert not without_small_regions(np.zeros((4, 4), bool), 3).any()


def test_a_grid_has_its_points_in_the_middle_of_cells() -> None:
    assert grid(2).tolist() == [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]


def test_without_layers_there_is_only_the_image() -> None:
    assert [tuple(box) for _, box in crops((30, 20), 0, 0.3)] == [(0, 0, 20, 30)]
