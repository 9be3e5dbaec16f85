# SPDX-License-Identifier: GPL-3.0-or-later
"""COCO's annotation files: instances with compressed run lengths, and panoptic.

Format: https://cocodataset.org/#format-data
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..files.atomic import write_json
from ..files.reading import read_object
from ..label_images.png import read_png, write_color_png
from .registry import Registry
from .rle import decode, encode
from .sequences import LabelledImage, Segment, stable_id

_CODES = np.array([1, 256, 65536])  # of a segment's number in red, green, blue


def write_instances(path: Path, images: Iterable[LabelledImage], registry: Registry) -> None:
    """One annotation for each part of each instance in each image.

    Raises JobError when an image is damaged or the file cannot be written.
    """
    entries, annotations = [], []
    for image in images:
        entries.append(image_entry(image))
        for segment in image.segments():
            annotations.append(_annotation(image, segment))
    write_json(path, _document(entries, annotations, registry))


def write_panoptic(path: Path, images: Iterable[LabelledImage], registry: Registry) -> None:
    """Segments as colours, red + 256 green + 65536 blue, in PNG files in a folder called as
    `path` without its ending; 0 is what has no part.

    Raises JobError as `write_instances`.
    """
    entries, annotations = [], []
    for image in images:
        entries.append(image_entry(image))
        segments = image.segments()
        numbers = np.zeros(image.record.size[::-1], np.int64)
        for number, segment in enumerate(segments, 1):
            numbers[segment.mask] = number
        name = f"{image.name}.png"
        colors = numbers[:, :, None] // _CODES % 256
        write_color_png(path.with_suffix("") / name, colors.astype(np.uint8))
        listed = [_described(segment, number) for number, segment in enumerate(segments, 1)]
        annotations.append({"image_id": image.id, "file_name": name, "segments_info": listed})
    document = _document(entries, annotations, registry)
    for category in document["categories"]:
        category |= {"isthing": 1, "color": _bytes(registry, category["id"])}
    write_json(path, document)


def read_instances(path: Path) -> dict[int, list[tuple[int, str, np.ndarray]]]:
    """By image id: (category id, character, (H, W) bool mask) of every annotation.

    Raises JobError for a damaged file.
    """
    document = read_object(path)
    found: dict[int, list[tuple[int, str, np.ndarray]]] = {i["id"]: [] for i in document["images"]}
    for one in document["annotations"]:
        character = one["attributes"]["character"]
        found[one["image_id"]].append((one["category_id"], character, decode(one["segmentation"])))
    return found


def read_panoptic(path: Path) -> dict[int, np.ndarray]:
    """By image id: (H, W) int64 category ids, 0 where there is none.

    Raises JobError for a damaged file, PngError for a damaged image.
    """
    found = {}
    for one in read_object(path)["annotations"]:
        colors = read_png(path.with_suffix("") / one["file_name"])
        numbers = (colors.astype(np.int64) * _CODES).sum(2)
        table = np.zeros(numbers.max() + 1, np.int64)
        for segment in one["segments_info"]:
            table[segment["id"]] = segment["category_id"]
        found[one["image_id"]] = table[numbers]
    return found


def image_entry(image: LabelledImage) -> dict[str, Any]:
    """What COCO's files say of an image; its path is relative to the data set."""
    width, height = image.record.size
    shown = image.shown()
    return {
        "id": image.id,
        "file_name": shown.relative_to(image.root).as_posix() if shown else f"{image.name}.png",
        "width": width,
        "height": height,
        "sequence": image.sequence,
        "view": image.record.camera,
        "frame": image.record.frame,
    }


def categories(registry: Registry) -> list[dict[str, Any]]:
    """The labels as COCO's categories."""
    return [
        {"id": label.id, "name": label.name, "supercategory": label.supercategory}
        for label in registry.labels
    ]


def track_id(sequence: str, segment: Segment) -> int:
    """The same for a part of an instance in all images of a sequence."""
    instance = segment.instance
    return stable_id(sequence, instance.character, instance.object, segment.part)


def box_of(mask: np.ndarray) -> list[int]:
    """[x, y, width, height] of a mask that is not empty."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    x, y = int(columns[0]), int(rows[0])
    return [x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y]


def _annotation(image: LabelledImage, segment: Segment) -> dict[str, Any]:
    instance = segment.instance
    track = track_id(image.sequence, segment)
    return _described(segment, stable_id(image.id, instance.index, segment.part)) | {
        "image_id": image.id,
        "segmentation": encode(segment.mask),
        "attributes": {
            "track_id": track,
            "instance_id": instance.index,
            "character": instance.character,
        },
    }


def _described(segment: Segment, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "category_id": segment.part,
        "area": int(segment.mask.sum()),
        "bbox": box_of(segment.mask),
        "iscrowd": 0,
    }


def _document(
    images: Sequence[dict[str, Any]], annotations: Sequence[dict[str, Any]], registry: Registry
) -> dict[str, Any]:
    return {
        "info": {"description": "Parts4D labels"},
        "licenses": [],
        "images": images,
        "annotations": annotations,
        "categories": categories(registry),
    }


def _bytes(registry: Registry, number: int) -> list[int]:
    return [int(channel) for channel in registry.palette[number]]
