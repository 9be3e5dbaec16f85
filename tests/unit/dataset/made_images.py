# SPDX-License-Identifier: GPL-3.0-or-later
"""A small data set as a render leaves it: two sequences, two views, three frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.dataset.registry import Registry, extended, save_registry
from core.dataset.sequences import SEQUENCES, Sequence, save_sequence
from core.job.spec import Part
from core.label_images.png import write_grey_png, write_palette_png
from core.label_images.records import ImageRecord, Instance, describe, image_path, write_record
from core.label_images.request import UNLABELLED, PassName

WIDTH, HEIGHT = 40, 30
VIEWS, FRAMES = ("Camera", "Low/left"), (1, 2, 5)
REGISTRY = extended(Registry(), (Part("hair"), Part("jacket", ("coat",)), Part("shoes")))


def make_dataset(root: Path, names: tuple[str, ...] = ("walk", "run")) -> None:
    save_registry(root / "labels.json", REGISTRY)
    for number, name in enumerate(names):
        cast = (f"Hero{number}", "Double") if name == "walk" else (f"Hero{number}",)
        save_sequence(root, Sequence(name, "a.blend", cast, "clothes", FRAMES, VIEWS, "key"))
        for view in VIEWS:
            for frame in FRAMES:
                make_image(root, name, view, frame, cast)


def make_image(root: Path, name: str, view: str, frame: int, cast: tuple[str, ...]) -> None:
    folder = root / SEQUENCES / name
    parts, instances = pictures(view, frame, len(cast))
    kinds: tuple[PassName, ...] = ("parts", "instances")
    paths = {kind: image_path(folder, view, kind, frame, "png") for kind in kinds}
    write_palette_png(paths["parts"], parts, REGISTRY.palette)
    write_grey_png(paths["instances"], instances)
    write_record(
        folder,
        ImageRecord(
            camera=view,
            frame=frame,
            key="key",
            size=(WIDTH, HEIGHT),
            instant=frame + 0.25,
            intrinsics=((50.0, 0.0, 20.0), (0.0, 50.0, 15.0), (0.0, 0.0, 1.0)),
            world_to_camera=tuple(tuple(float(v) for v in row) for row in np.eye(4)),
            projection="perspective",
            instances=tuple(Instance(i, c, f"{c}.body") for i, c in enumerate(cast, 1)),
            parts={label.name: label.id for label in REGISTRY.labels},
            files={kind: describe(folder, view, path) for kind, path in paths.items()},
        ),
    )


def pictures(view: str, frame: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Parts (H, W) uint8 and instances (H, W) uint16, different for each view and frame."""
    random = np.random.default_rng([len(view), frame])
    instances = np.zeros((HEIGHT, WIDTH), np.uint16)
    parts = np.zeros((HEIGHT, WIDTH), np.uint8)
    for index in range(1, count + 1):
        x, y = (index - 1) * 18, int(random.integers(0, 8))  # the first touches the left edge
        instances[y : y + 20, x : x + 15] = index
        parts[y : y + 20, x : x + 15] = random.choice([1, 2, 3, UNLABELLED], (20, 15))
    return parts, instances
