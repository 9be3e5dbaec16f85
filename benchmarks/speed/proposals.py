# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposals of one image: only the silhouette's points, the full grid, and SAM's own generator.

    python -m benchmarks.speed.proposals [--model vit_b] [--device cpu] [--points 64] [--json]

The weights are random; masks are bumps around the points, and `--kept` says what share of them
passes the predicted IoU. Seconds are those of a second run, the first one warms up. Needs the
environment with torch.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from segment_anything import SamAutomaticMaskGenerator
from segment_anything.modeling import Sam

from benchmarks.speed.synthetic_capture import write_captured_job
from core.job.capture_files import CaptureFiles, ViewImage
from core.job.folder import JobFolder
from core.parsing.models.device import Device, choose_device, describe
from core.parsing.models.everything import EverythingMode, EverythingSettings
from core.parsing.models.sam import SamImage, build_sam
from tests.models.blobs import BlobDecoder
from tests.models.tiny import SAM

FACES = 20_000
STEEPNESS = 150  # of the logits at a mask's border: about half of the masks are stable enough

Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", choices=("tiny", "vit_b", "vit_l", "vit_h"), default="tiny")
    parser.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), default="auto")
    parser.add_argument("--points", type=int, default=64, help="along a side of the grid")
    parser.add_argument("--crops", type=int, default=1, help="layers of crops")
    parser.add_argument("--kept", type=float, default=0.35)
    parser.add_argument("--once", action="store_true", help="no warming up")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    device = choose_device(arguments.device)
    image, model = synthetic_view(), random_sam(arguments.model, device)
    settings = EverythingSettings(
        points_per_side=arguments.points,
        predicted_iou=iou_passed_by(model, device, image, arguments.kept),
        crop_layers=arguments.crops,
    )
    ways = (
        ("silhouette", lambda: proposals(image, model, settings, device)),
        ("full grid", lambda: proposals(everywhere(image), model, settings, device)),
        ("its own generator", lambda: generated(image, model, settings, device)),
    )
    rows = [{"way": name, **measured(way, arguments.once)} for name, way in ways]
    for row in rows:
        row["times faster"] = round(rows[-1]["seconds"] / row["seconds"], 2)
    share = np.count_nonzero(image.silhouette) / np.prod(image.resolution)
    case = {
        "model": arguments.model,
        "device": describe(device),
        "points": arguments.points,
        "silhouette": round(float(share), 3),
        "rows": rows,
    }
    print(json.dumps(case) if arguments.json else report(case), flush=True)


def synthetic_view() -> ViewImage:
    """The front of the figure that all benchmarks use."""
    with tempfile.TemporaryDirectory(prefix="parts4d-proposals-") as temporary:
        write_captured_job(Path(temporary) / "job", FACES, frames=1, views=1)
        files = CaptureFiles(JobFolder(Path(temporary) / "job").capture)
        image = files.view(files.manifest.frames[0], 0)
        files.close()
        return image


def everywhere(image: ViewImage) -> ViewImage:
    """The same picture as if all of it were silhouette."""
    element = image.uncrop(image.element, 0)
    return ViewImage(
        resolution=image.resolution,
        corner=(0, 0),
        element=np.maximum(element, 0),
        color=image.uncrop(image.color, 255),
        normal=image.uncrop(image.normal, 0),
        world_to_camera=image.world_to_camera,
    )


def random_sam(name: str, device: Device) -> Sam:
    """Random weights, with masks and predicted IoUs such as trained ones give."""
    torch.manual_seed(1)
    model = build_sam(SAM if name == "tiny" else {"type": name})
    model.mask_decoder.iou_prediction_head.layers[-1].bias.data += 1
    model.mask_decoder = BlobDecoder(model.mask_decoder, STEEPNESS)
    return model.requires_grad_(False).to(device.torch)


def iou_passed_by(model: Sam, device: Device, image: ViewImage, share: float) -> float:
    """The predicted IoU that `share` of the masks of some points exceed."""
    places = np.random.default_rng(0).random((32, 2)) * image.resolution[::-1]
    with torch.no_grad():
        asked = SamImage(image.uncrop(image.color, 255), model, device)
        return float(asked.masks_at(places)[1].quantile(1 - share))


def proposals(image: ViewImage, model: Sam, settings: EverythingSettings, device: Device) -> int:
    ask = partial(SamImage, model=model, device=device)
    mode = EverythingMode(ask, model, "SAM", settings, device, lambda: None)
    return mode.propose(image).count


def generated(image: ViewImage, model: Sam, settings: EverythingSettings, device: Device) -> int:
    generator = SamAutomaticMaskGenerator(
        model,
        points_per_side=settings.points_per_side,
        pred_iou_thresh=settings.predicted_iou,
        stability_score_thresh=settings.stability,
        crop_n_layers=settings.crop_layers,
        crop_n_points_downscale_factor=settings.crop_points_divisor,
        min_mask_region_area=settings.minimum_area,
    )
    with device.autocast():
        return len(generator.generate(image.uncrop(image.color, 255)))


def measured(way: Callable[[], int], once: bool) -> Row:
    if not once:
        way()
    started = time.perf_counter()
    count = way()
    return {"seconds": round(time.perf_counter() - started, 3), "masks": count}


def report(case: Row) -> str:
    lines = [
        f"{case['model']} on {case['device']}, {case['points']} points a side, "
        f"silhouette {case['silhouette']:.0%} of the image"
    ]
    for row in case["rows"]:
        lines.append(
            f"  {row['way']:<18} {row['seconds']:8.2f} s  {row['masks']:5d} masks"
            f"  {row['times faster']:6.2f} x"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
