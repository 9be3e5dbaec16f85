# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of which images are missing, and the records of those that were written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ...label_images.records import (
    ImageFile,
    ImageRecord,
    describe,
    image_path,
    kept_files,
    read_record,
    write_record,
)
from ...label_images.request import LabelRender, PassName
from .cameras import View
from .marks import Marks

_ENDINGS = {"parts": "png", "instances": "png"}


@dataclass(frozen=True)
class Image:
    """One camera's image of one frame."""

    camera: str
    frame: int


@dataclass(frozen=True)
class Shown:
    """What is known of an image beside its files."""

    size: tuple[int, int]
    instant: float
    view: View
    pixels: tuple[tuple[int, int, int], ...] | None = None  # None: not known by this run


class ImageStore:
    """The images of a request in their folder."""

    def __init__(self, request: LabelRender, cameras: tuple[str, ...]) -> None:
        self.folder = Path(request.folder)
        self._request = request
        self.images = [Image(c, f) for f in request.frames for c in cameras]
        self._kept = {
            image: kept_files(self.folder, image.camera, image.frame, request.key, request.passes)
            for image in self.images
        }

    def missing(self, passes: Collection[PassName]) -> dict[Image, tuple[PassName, ...]]:
        """Images that lack any of `passes`, each with those it lacks."""
        wanted = [p for p in self._request.passes if p in passes]
        found = {i: tuple(p for p in wanted if p not in self._kept[i]) for i in self.images}
        return {image: lacking for image, lacking in found.items() if lacking}

    def path(self, image: Image, name: PassName) -> Path:
        """Where a pass of an image lies."""
        ending = self._request.beauty_format if name == "beauty" else _ENDINGS.get(name, "exr")
        return image_path(self.folder, image.camera, name, image.frame, ending)

    def record(
        self,
        image: Image,
        passes: Collection[PassName],
        shown: Shown,
        marks: Marks,
        seconds: float,
    ) -> None:
        """Add `passes`, whose files are there, to the image's record."""
        written = {p: describe(self.folder, image.camera, self.path(image, p)) for p in passes}
        self._kept[image] |= written
        earlier = read_record(self.folder, image.camera, image.frame)
        if earlier is not None and earlier.key != self._request.key:
            earlier = None
        record = self._new_record(image, shown, marks, self._kept[image])
        if earlier is not None:
            seconds += earlier.seconds
            if shown.pixels is None:
                record = replace(record, pixels=earlier.pixels)
        write_record(self.folder, replace(record, seconds=round(seconds, 3)))

    def _new_record(
        self, image: Image, shown: Shown, marks: Marks, files: Mapping[PassName, ImageFile]
    ) -> ImageRecord:
        return ImageRecord(
            camera=image.camera,
            frame=image.frame,
            key=self._request.key,
            size=shown.size,
            instant=shown.instant,
            intrinsics=tuple(map(tuple, shown.view.intrinsics.tolist())),
            world_to_camera=tuple(map(tuple, shown.view.world_to_camera.tolist())),
            projection=shown.view.projection,
            instances=marks.instances,
            parts=marks.parts,
            pixels=shown.pixels or (),
            files=dict(files),
            blender=bpy.app.version_string,
            warnings=marks.warnings,
        )
