# SPDX-License-Identifier: GPL-3.0-or-later
"""SAM 2.1: our tracker and the package's video predictor, the same objects in the same images.

    python -m benchmarks.speed.sam2_tracking [--objects 40] [--images 24] [--batch 8]
                                     [--config sam2.1_hiera_t] [--device cuda]
    python -m benchmarks.speed.sam2_tracking --memory [--objects 2] [--images 1000]

The two take turns, image by image; seconds are medians over the images after the sixteenth, when
the memory is full (of fewer images, over all but the first). Weights are random, which costs as
much as trained ones. Without `--config` the model is a tiny one of the same structure, for the CPU.
`--memory` runs each alone in a process of its own, over a tenth of the images and over all. Needs
the environment with torch.

One object in a pass gives the package's logits to the bit. In larger passes sums are rounded
otherwise, and random weights, unlike trained ones, make much of that in later images.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from PIL import Image
from sam2 import sam2_video_predictor
from sam2.utils import misc

from core.parsing.models.device import Device, choose_device, describe
from core.parsing.models.sam2_build import BASE, build_sam2
from core.parsing.models.sam2_video import ObjectTracker, resize_logits
from tests.models.tiny import SAM2

REFERENCE = "sam2.sam2_video_predictor.SAM2VideoPredictor"
SIDE = 96  # pixels of the images drawn
_WARM = 16  # images until every memory of the first objects is there

Prompts = Mapping[int, Mapping[int, np.ndarray]]  # image -> object -> (h, w) bool
Outputs = dict[int, tuple[torch.Tensor, float]]  # object -> (logits (h, w), score) in one image
Case = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--objects", type=int)
    parser.add_argument("--images", type=int)
    parser.add_argument("--config", help="a full model of the package, e.g. sam2.1_hiera_t")
    parser.add_argument("--device", default="cpu", choices=("auto", "cuda", "mps", "cpu"))
    parser.add_argument("--batch", type=int, help="objects that ours takes in one pass")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU")
    parser.add_argument("--memory", action="store_true", help="peak memory instead of speed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    objects = arguments.objects or (2 if arguments.memory else 40)
    images = arguments.images or (1000 if arguments.memory else _WARM + 8)
    architecture = {"config": arguments.config} if arguments.config else SAM2
    if arguments.memory:
        case = measure_memory(architecture, arguments.device, objects, images)
    else:
        case = measure_speed(architecture, arguments.device, objects, images, arguments.batch)
    print(json.dumps(case) if arguments.json else report(case), flush=True)


def measure_speed(
    architecture: Mapping[str, Any],
    device_name: str,
    objects: int,
    images: int,
    batch: int | None = None,
) -> Case:
    device = choose_device(device_name)
    predictor = lively_model(architecture, REFERENCE).to(device.torch)
    model = lively_model(architecture).to(device.torch)
    tracker = ObjectTracker(model, device, images)
    tracker.batches.size = batch or tracker.batches.size
    prompts = {0: disks(objects)}
    seconds: dict[str, list[float]] = {"package": [], "ours": []}
    differences = []
    with tempfile.TemporaryDirectory(prefix="parts4d-sam2-") as folder:
        sequence = as_video(moving_disks(images), Path(folder))
        runs = {
            "package": reference(predictor, device, Path(folder), prompts, images),
            "ours": tracked(tracker, sequence, prompts),
        }
        for _ in range(images):
            outputs = {}
            for name, run in runs.items():
                started = time.perf_counter()
                outputs[name] = next(run)
                synchronise(device)
                seconds[name].append(time.perf_counter() - started)
            differences.append(largest_difference(outputs["package"], outputs["ours"]))
    timed = {name: median(s[_WARM:] or s[1:]) for name, s in seconds.items()}
    return {
        "what": f"{architecture['config']}{' (tiny)' if architecture is SAM2 else ''}, "
        f"{objects} objects, {tracker.batches.size} in a pass, {images} images, {describe(device)}",
        **{f"{name}, s an image": round(s, 4) for name, s in timed.items()},
        "times as fast": round(timed["package"] / timed["ours"], 2),
        "difference of logits": max(differences),
        "in the image after prompts": max(differences[:2]),
    }


def measure_memory(
    architecture: Mapping[str, Any], device_name: str, objects: int, images: int
) -> Case:
    case: Case = {"what": f"peak memory, {objects} objects"}
    for name in ("package", "ours"):
        for count in (max(1, images // 10), images):
            threads = (torch.get_num_threads(),)
            with ProcessPoolExecutor(
                1, get_context("spawn"), torch.set_num_threads, threads
            ) as pool:
                peak = pool.submit(peak_memory, name, architecture, device_name, objects, count)
                case[f"{name}, {count} images, MB"] = round(peak.result(), 1)
    return case


def peak_memory(
    name: str, architecture: Mapping[str, Any], device_name: str, objects: int, images: int
) -> float:
    """MB that tracking adds: on the GPU where there is one, else of this process."""
    device = choose_device(device_name)
    model = lively_model(architecture, REFERENCE).to(device.torch)
    prompts = {0: disks(objects)}
    with tempfile.TemporaryDirectory(prefix="parts4d-sam2-") as folder:
        sequence = as_video(moving_disks(images), Path(folder))
        before = _peak(device)
        if name == "package":
            run = reference(model, device, Path(folder), prompts, images)
        else:
            run = tracked(ObjectTracker(model, device, images), sequence, prompts)
        for _ in run:
            pass
    return _peak(device) - before


def _peak(device: Device) -> float:
    if device.name == "cuda":
        return torch.cuda.max_memory_allocated() / 1e6
    scale = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def reference(
    predictor: Any, device: Device, video: Path, prompts: Prompts, image_count: int
) -> Iterator[Outputs]:
    """What the package finds in each image of a folder of JPEG files, prompts left out.

    It is stopped and asked to go on where new objects begin, as one would use it online.
    """
    for module in (sam2_video_predictor, misc):
        module.tqdm = lambda items, **_: items  # it draws progress bars
    with device.autocast():
        state = predictor.init_state(str(video))
    starts = sorted(prompts)
    for start, end in zip(starts, [*starts[1:], image_count], strict=True):
        with device.autocast():
            for name, mask in prompts[start].items():
                predictor.add_new_mask(state, start, name, mask)
        steps = predictor.propagate_in_video(
            state, start_frame_idx=start, max_frame_num_to_track=end - start - 1
        )
        for image in range(start, end):
            with device.autocast():
                _, names, logits = next(steps)
            yield dict(_propagated(state, image, names, logits))


def _propagated(
    state: Any, image: int, names: Sequence[int], logits: torch.Tensor
) -> Iterator[tuple[int, tuple[torch.Tensor, float]]]:
    """Of the objects that were not prompted in this very image."""
    for number, name in enumerate(names):
        kept = state["output_dict_per_obj"][number]["non_cond_frame_outputs"]
        if image in kept:
            yield name, (logits[number, 0], float(kept[image]["object_score_logits"]))


def tracked(
    tracker: ObjectTracker, images: Sequence[np.ndarray], prompts: Prompts
) -> Iterator[Outputs]:
    """What ours finds in each image, before the objects that begin there are added."""
    for number, image in enumerate(images):
        found = tracker.enter(lambda image=image: image)  # type: ignore[misc]
        if number in prompts:
            tracker.add(list(prompts[number]), np.array(list(prompts[number].values())))
        logits = resize_logits(found.logits, (image.shape[0], image.shape[1]))
        scores = found.scores.tolist()
        yield {n: (m, s) for n, m, s in zip(found.names, logits, scores, strict=True)}


def largest_difference(expected: Outputs, found: Outputs) -> float:
    if set(expected) != set(found):
        raise AssertionError(f"objects {sorted(expected)} became {sorted(found)}")
    both = [(logits, found[name][0]) for name, (logits, _) in expected.items()]
    return max((float((a.float() - b).abs().max()) for a, b in both), default=0.0)


def moving_disks(count: int) -> list[np.ndarray]:
    """Images (SIDE, SIDE, 3) uint8 of coloured disks that pass over one another."""
    colors = ((220, 40, 40), (30, 160, 60), (40, 60, 220))
    images = []
    for time_ in range(count):
        image = np.full((SIDE, SIDE, 3), 255, np.uint8)
        for number, color in enumerate(colors):
            start = 0.3 + 0.2 * number
            column = SIDE * (start + 0.25 * np.sin(time_ / (9 - 2 * number)))
            row = SIDE * start + 8 * np.sin(time_ / 4 + number)
            image[disk(column, row, 0.14 * SIDE)] = color
        images.append(image)
    return images


def disk(column: float, row: float, radius: float) -> np.ndarray:
    """(SIDE, SIDE) bool."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return (columns - column) ** 2 + (rows - row) ** 2 < radius**2


def disks(count: int) -> dict[int, np.ndarray]:
    """Masks of different places and sizes."""
    rng = np.random.default_rng(0)
    places = rng.uniform(0.2, 0.8, (count, 2)) * SIDE
    radii = rng.uniform(0.08, 0.2, count) * SIDE
    return {number: disk(column, row, radii[number]) for number, (column, row) in enumerate(places)}


def as_video(images: Sequence[np.ndarray], folder: Path) -> list[np.ndarray]:
    """Writes the JPEG files that the package reads; returns what is in them."""
    decoded = []
    for number, image in enumerate(images):
        path = folder / f"{number:05d}.jpg"
        Image.fromarray(image).save(path, quality=95)
        decoded.append(np.asarray(Image.open(path)))
    return decoded


def lively_model(architecture: Mapping[str, Any], target: str = BASE, presence: float = 1.2) -> Any:
    """Random weights, scaled: as they are made, all masks and memories are nearly alike.

    The same ones every time. `presence` moves the scores; with the default objects come and go.
    """
    torch.manual_seed(0)
    model = build_sam2(architecture, target)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(1.5)
        for name in ("maskmem_tpos_enc", "no_mem_embed", "no_obj_ptr", "no_obj_embed_spatial"):
            getattr(model, name).normal_(0, 0.5)
        for layer in model.memory_encoder.fuser.layers:
            layer.gamma.fill_(0.5)
        model.memory_encoder.mask_downsampler.encoder[-1].weight.mul_(6)
        for layer in model.memory_attention.layers:
            layer.cross_attn_image.out_proj.weight.mul_(2.5)
            layer.cross_attn_image.k_proj.weight.mul_(2)
        head = model.sam_mask_decoder.pred_obj_score_head.layers[-1]
        head.weight.mul_(10)
        head.bias.fill_(presence)
    return model.requires_grad_(False)


def synchronise(device: Device) -> None:
    if device.name == "cuda":
        torch.cuda.synchronize()


def report(case: Case) -> str:
    """Lines to read."""
    return "\n".join(f"{name:32}{value}" for name, value in case.items())


if __name__ == "__main__":
    main()
