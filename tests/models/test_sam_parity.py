# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything mode against the generators of the packages `segment_anything` and `sam2`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from sam2.automatic_mask_generator import SAM2AutomaticMaskGenerator
from segment_anything import SamAutomaticMaskGenerator
from segment_anything.utils.amg import batched_mask_to_box

from core.parsing.models.device import Device
from core.parsing.models.everything import EverythingMode, EverythingSettings, grid
from core.parsing.models.mask_filters import distinct_boxes
from core.parsing.models.sam import SamImage
from core.parsing.models.sam2_masks import Sam2Image

from . import blobs

CPU = Device("cpu", torch.float32)
# Of 300 masks, about 160 pass the IoU, 110 the stability too, and 75 stay after suppression.
SAM = EverythingSettings(
    points_per_side=10, minimum_area=0, predicted_iou=0.65, stability=0.7, crop_layers=0
)
SAM2 = replace(SAM, predicted_iou=0.24)
EVERYWHERE = np.ones(blobs.SIZE, bool)


@pytest.fixture(scope="module")
def sam() -> Any:
    return blobs.blob_sam()


@pytest.fixture(scope="module")
def sam2() -> Any:
    return blobs.blob_sam2()


def test_sam_finds_the_masks_of_its_own_generator(sam: Any) -> None:
    expected = as_set(theirs(sam_generator(sam, SAM)))
    assert ours(SamImage, sam, SAM) == expected
    assert 40 < len(expected) < 150


def test_sam_finds_the_same_masks_in_crops(sam: Any) -> None:
    settings = replace(SAM, crop_layers=1)
    expected = as_set(theirs(sam_generator(sam, settings)))
    assert ours(SamImage, sam, settings) == expected
    assert len(expected - as_set(theirs(sam_generator(sam, SAM)))) > 10


@pytest.mark.parametrize("minimum_area", [5, 40])  # 5: a cleaned mask has another's box
def test_sam_cleans_masks_as_its_generator_does(sam: Any, minimum_area: int) -> None:
    settings = replace(SAM, points_per_side=14, minimum_area=minimum_area)
    masks = theirs(sam_generator(sam, settings))
    expected = as_set([mask for mask in masks if mask.sum() >= minimum_area])
    assert ours(SamImage, sam, settings) == expected
    assert expected != ours(SamImage, sam, replace(settings, minimum_area=0))


def test_sam2_finds_the_masks_of_its_own_generator(sam2: Any) -> None:
    expected = as_set(theirs(sam2_generator(sam2, SAM2)))
    assert ours(Sam2Image, sam2, SAM2) == expected
    assert 30 < len(expected) < 150


def test_points_on_the_silhouette_are_answered_as_those_of_the_full_grid(sam: Any) -> None:
    silhouette = np.zeros(blobs.SIZE, bool)
    silhouette[20:70, 13:61] = True
    silhouette[30:40, 30:45] = False
    points = grid(SAM.points_per_side)
    column, row = (points * blobs.SIZE[::-1]).astype(int).T
    inside = points[silhouette[row, column]]
    assert 0 < len(inside) < len(points)

    generator = sam_generator(sam, SAM, point_grids=[inside], points_per_side=None)
    image = np.where(silhouette[..., None], blobs.picture(), np.uint8(255))
    cut = [m & silhouette for m in theirs(generator, image) if (m & silhouette).any()]
    boxes = batched_mask_to_box(torch.from_numpy(np.array(cut))).numpy()
    expected = [cut[i] for i in distinct_boxes(boxes, np.zeros(len(cut)), SAM.box_overlap)]
    assert ours(SamImage, sam, SAM, silhouette) == as_set(expected, silhouette)


@pytest.mark.parametrize("shape", [(300, 200), (200, 290), (64, 64)])
def test_images_of_any_size_reach_the_encoder_as_in_the_packages(
    sam: Any, sam2: Any, shape: tuple[int, int]
) -> None:
    image = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    seen: list[torch.Tensor] = []
    handles = [
        model.image_encoder.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        for model in (sam, sam2)
    ]
    SamImage(image, sam, CPU)
    sam_generator(sam, SAM).predictor.set_image(image)
    Sam2Image(image, sam2, CPU)
    sam2_generator(sam2, SAM2).predictor.set_image(image)
    for handle in handles:
        handle.remove()
    # Pillow, which shrinks the image for SAM, rounds a little differently.
    assert torch.allclose(seen[0], seen[1], atol=1.01 / 57)
    assert torch.allclose(seen[2], seen[3], atol=1e-5)


def ours(
    encode: Any, model: Any, settings: EverythingSettings, silhouette: np.ndarray = EVERYWHERE
) -> set[bytes]:
    """The masks over the silhouette's pixels."""
    ask = partial(encode, model=model, device=CPU)
    mode = EverythingMode(ask, model, "SAM", settings, CPU, lambda: None)
    return {mask.tobytes() for mask in mode.propose(blobs.view_image(silhouette)).pixels()}


def theirs(generator: Any, image: np.ndarray | None = None) -> list[np.ndarray]:
    """(H, W) bool masks in the order in which they are given."""
    found = generator.generate(blobs.picture() if image is None else image)
    return [mask["segmentation"] for mask in found]


def as_set(masks: list[np.ndarray], silhouette: np.ndarray = EVERYWHERE) -> set[bytes]:
    return {mask[silhouette].tobytes() for mask in masks}


def sam_generator(model: Any, settings: EverythingSettings, **changes: Any) -> Any:
    arguments = {"points_per_side": settings.points_per_side, **thresholds(settings), **changes}
    return SamAutomaticMaskGenerator(model, **arguments)


def sam2_generator(model: Any, settings: EverythingSettings) -> Any:
    generator = SAM2AutomaticMaskGenerator(
        model, points_per_side=settings.points_per_side, **thresholds(settings)
    )
    generator.predictor._bb_feat_sizes = blobs.SAM2_MAPS  # it knows those of 1024 pixels only
    return generator


def thresholds(settings: EverythingSettings) -> dict[str, Any]:
    return {
        "pred_iou_thresh": settings.predicted_iou,
        "stability_score_thresh": settings.stability,
        "crop_n_layers": settings.crop_layers,
        "crop_n_points_downscale_factor": settings.crop_points_divisor,
        "min_mask_region_area": settings.minimum_area,
    }
