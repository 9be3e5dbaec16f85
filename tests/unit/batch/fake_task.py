# SPDX-License-Identifier: GPL-3.0-or-later
"""A program in the place of Blender: writes what a task asks for, in colours of no meaning.

Orders lie beside the request: `fail` (texts that an id contains), `crash-once`, `sleep` (seconds).
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np

from core.errors import InputError
from core.files.atomic import write_json
from core.job.child_side import Channel, run_child
from core.label_images.png import write_grey_png, write_palette_png
from core.label_images.records import (
    ImageRecord,
    Instance,
    describe,
    image_path,
    kept_files,
    write_record,
)
from core.label_images.request import LabelRender, request_from_json

SIZE = (8, 6)


def main(channel: Channel) -> None:
    path = Path(sys.argv[1])
    orders = path.parent.parent / "orders"
    with (orders / "runs").open("a") as stream:
        stream.write(f"{path.stem} {os.getpid()}\n")
    if any(text in path.stem for text in _order(orders, "fail").split()):
        raise InputError("There is no camera named 'Nowhere'", "Name another")
    if _order(orders, "crash-once") and not (orders / "crashed").exists():
        (orders / "crashed").touch()
        os._exit(11)
    until = time.monotonic() + float(_order(orders, "sleep") or 0)
    while time.monotonic() < until:
        channel.check_cancelled()
        time.sleep(0.01)
    document = json.loads(path.read_text())
    if "job" in document:
        write_json(Path(document["job"]) / "result.json", {})
        write_json(Path(document["job"]) / "labels" / "frame_0001.json", document["spec"]["parts"])
        return
    render(request_from_json(document), channel, orders)


def render(request: LabelRender, channel: Channel, orders: Path) -> None:
    for done, frame in enumerate(request.frames):
        channel.progress("labels", done, len(request.frames))
        for camera in request.cameras:
            folder = Path(request.folder)
            kept = kept_files(folder, camera, frame, request.key, request.passes)
            if set(kept) != set(request.passes):
                with (orders / "images").open("a") as stream:
                    stream.write(f"{folder.name} {camera} {frame}\n")
                _image(request, camera, frame)


def _image(request: LabelRender, camera: str, frame: int) -> None:
    folder = Path(request.folder)
    parts = np.zeros(SIZE[::-1], np.uint8)
    for i, part in enumerate(request.parts):
        parts[i % SIZE[1], : frame % SIZE[0] + 1] = part.id
    instances = (parts > 0).astype(np.uint16)
    files = {}
    for kind in request.passes:
        path = image_path(folder, camera, kind, frame, "png")
        if kind == "parts":
            write_palette_png(path, parts, np.zeros((256, 3), np.uint8))
        else:
            write_grey_png(path, instances)
        files[kind] = describe(folder, camera, path)
    identity = tuple(tuple(float(v) for v in row) for row in np.eye(4))
    write_record(
        folder,
        ImageRecord(
            camera=camera,
            frame=frame,
            key=request.key,
            size=SIZE,
            instant=float(frame),
            intrinsics=tuple(row[:3] for row in identity[:3]),
            world_to_camera=identity,
            projection="perspective",
            instances=(Instance(1, request.characters[0].name, "body"),),
            parts=request.part_ids,
            files=files,
        ),
    )


def _order(orders: Path, name: str) -> str:
    path = orders / name
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    run_child(main)
