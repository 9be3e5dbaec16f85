# SPDX-License-Identifier: GPL-3.0-or-later
"""CLIP's mask encoders: seconds for all masks of one image, by model and number of masks.

    python -m benchmarks.speed.encoders [--models tiny ViT-B-16] [--masks 20 60] [--repeat 3]

Random weights: speed does not depend on them. `--models` are architectures of open_clip, or tiny.
Seconds are medians over the repetitions. Run it where torch is installed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from statistics import median
from typing import Any

import numpy as np
import open_clip
import torch

from core.job.capture_files import ViewImage
from core.parsing.masks import MaskSet
from core.parsing.models.alpha_clip import AlphaClipEncoder, AlphaVisual
from core.parsing.models.clip_encoder import ClipMaskEncoder
from core.parsing.models.cliptrase import CliptraseEncoder
from core.parsing.models.device import Device, choose_device, describe
from core.parsing.models.mask_tokens import MaskTokenEncoder
from tests.models.tiny import CLIP

MODELS = ("tiny", "ViT-B-16-quickgelu", "ViT-L-14-quickgelu")
RESOLUTION = 512
SILHOUETTE = (420, 170)  # pixels high and wide

Case = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--masks", nargs="+", type=int, default=(20, 60))
    parser.add_argument("--encoders", nargs="+", default=("alpha_clip", "mask_tokens", "cliptrase"))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    arguments = parser.parse_args()
    device = choose_device(arguments.device)
    for model in arguments.models:
        encoders = make_encoders(model, device, arguments.encoders)
        for count in arguments.masks:
            case = {"device": describe(device), "model": model, "masks": count}
            case |= measure(encoders, count, arguments.repeat)
            print(json.dumps(case) if arguments.json else report(case), flush=True)


def make_encoders(model: str, device: Device, names: list[str]) -> dict[str, ClipMaskEncoder[Any]]:
    """All on one visual tower with random weights, which has no words."""
    torch.manual_seed(0)
    configuration: Mapping[str, Any] = (
        CLIP if model == "tiny" else open_clip.get_model_config(model)
    )
    visual = open_clip.CLIP(**configuration).visual.eval().requires_grad_(False).to(device.torch)
    alpha = AlphaVisual(visual).eval().requires_grad_(False).to(device.torch)
    text: Any = None
    made: dict[str, ClipMaskEncoder[Any]] = {
        "alpha_clip": AlphaClipEncoder(alpha, text, device),
        "mask_tokens": MaskTokenEncoder(visual, text, device),
        "cliptrase": CliptraseEncoder(visual, text, device),
    }
    return {name: made[name] for name in names}


def measure(encoders: Mapping[str, ClipMaskEncoder[Any]], count: int, repeat: int) -> Case:
    """Seconds of every encoder, and how many times as long as mask tokens it takes."""
    image, masks = view_with_masks(count)
    seconds = {}
    for name, encoder in encoders.items():
        encoder.encode(image, masks.select(np.arange(count) == 0), 1)  # the first call is slow
        taken = []
        for _ in range(repeat):
            started = time.perf_counter()
            encoder.encode(image, masks, 1)  # ends on the CPU, so it is all done
            taken.append(time.perf_counter() - started)
        seconds[name] = round(median(taken), 4)
    quick = seconds.get("mask_tokens")
    ratios = {name: round(s / quick, 1) for name, s in seconds.items()} if quick else {}
    return {"seconds": seconds, "times mask_tokens": ratios}


def view_with_masks(count: int) -> tuple[ViewImage, MaskSet]:
    """An ellipse of a figure's size, with `count` random rectangles of it as masks."""
    random = np.random.default_rng(0)
    height, width = SILHOUETTE
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    inside = x**2 + y**2 <= 1
    element = np.where(inside, np.arange(height * width).reshape(height, width), -1)
    rows, columns = np.nonzero(inside)
    masks = []
    for _ in range(count):
        top, left = random.uniform(0, 0.8, 2) * SILHOUETTE
        masks.append((abs(rows - top) < height * 0.1) & (abs(columns - left) < width * 0.3))
    image = ViewImage(
        resolution=(RESOLUTION, RESOLUTION),
        corner=((RESOLUTION - height) // 2, (RESOLUTION - width) // 2),
        element=element.astype(np.int32),
        color=random.integers(0, 255, (height, width, 3), np.uint8),
        normal=np.zeros((height, width, 3), np.int8),
        world_to_camera=np.eye(4),
    )
    return image, MaskSet.from_pixels(np.array(masks))


def report(case: Case) -> str:
    """One line to read."""
    line = f"{case['device']}  {case['model']:20}{case['masks']:4} masks"
    for name, seconds in case["seconds"].items():
        ratio = case["times mask_tokens"].get(name)
        line += f"   {name} {seconds:.3f} s" + (f" ({ratio:g}x)" if ratio else "")
    return line


if __name__ == "__main__":
    main()
