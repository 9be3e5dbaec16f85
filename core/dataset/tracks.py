# SPDX-License-Identifier: GPL-3.0-or-later
"""YouTube-VIS: one annotation for a part of an instance through a whole video.

A video is one view of a sequence. Format: https://youtube-vos.org/dataset/vis/
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from ..files.atomic import write_json
from ..files.reading import read_object
from .coco import box_of, categories, image_entry, track_id
from .registry import Registry
from .rle import decode, encode
from .sequences import LabelledImage, stable_id


def write_tracks(path: Path, images: Iterable[LabelledImage], registry: Registry) -> None:
    """`images` come view by view, in the order of frames.

    Raises JobError when an image is damaged or the file cannot be written.
    """
    videos: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for (sequence, view), group in groupby(images, lambda i: (i.sequence, i.record.camera)):
        frames = list(group)
        entries = [image_entry(image) for image in frames]
        video = {
            "id": stable_id(sequence, view),
            "name": f"{sequence}/{view}",
            "width": entries[0]["width"],
            "height": entries[0]["height"],
            "length": len(frames),
            "file_names": [entry["file_name"] for entry in entries],
            "frames": [entry["frame"] for entry in entries],
        }
        videos.append(video)
        annotations += _tracks(frames, video)
    write_json(
        path,
        {
            "info": {"description": "Parts4D labels"},
            "licenses": [],
            "videos": videos,
            "annotations": annotations,
            "categories": categories(registry),
        },
    )


def read_tracks(path: Path) -> dict[tuple[str, int], list[np.ndarray | None]]:
    """By (video name, track id): (H, W) bool masks by frame, None where it is not seen.

    Raises JobError for a damaged file.
    """
    document = read_object(path)
    names = {video["id"]: video["name"] for video in document["videos"]}
    return {
        (names[one["video_id"]], one["track_id"]): [
            decode(mask) if mask else None for mask in one["segmentations"]
        ]
        for one in document["annotations"]
    }


def _tracks(frames: list[LabelledImage], video: dict[str, Any]) -> list[dict[str, Any]]:
    tracks: dict[int, dict[str, Any]] = {}
    for place, image in enumerate(frames):
        for segment in image.segments():
            number = track_id(image.sequence, segment)
            if number not in tracks:
                tracks[number] = {
                    "id": stable_id(video["id"], number),
                    "video_id": video["id"],
                    "track_id": number,
                    "category_id": segment.part,
                    "character": segment.instance.character,
                    "iscrowd": 0,
                    "width": video["width"],
                    "height": video["height"],
                    "segmentations": [None] * len(frames),
                    "bboxes": [None] * len(frames),
                    "areas": [None] * len(frames),
                }
            track = tracks[number]
            track["segmentations"][place] = encode(segment.mask)
            track["bboxes"][place] = box_of(segment.mask)
            track["areas"][place] = int(segment.mask.sum())
    return [tracks[number] for number in sorted(tracks)]
