# SPDX-License-Identifier: GPL-3.0-or-later
"""CVAT's "Segmentation mask 1.1": a zip of masks by class and by object, for its import.

Format: https://docs.cvat.ai/docs/dataset_management/formats/format-smask/
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..files.atomic import replacing
from ..label_images.png import read_png, voc_palette, write_palette_png
from ..label_images.request import UNLABELLED
from .registry import Registry
from .sequences import LabelledImage

_MASKS, _OBJECTS = "SegmentationClass", "SegmentationObject"
_LIST = "ImageSets/Segmentation/default.txt"
_BEGINNING = (1980, 1, 1, 0, 0, 0)  # of every entry: equal content makes equal files


def write_cvat(path: Path, images: Iterable[LabelledImage], registry: Registry) -> None:
    """Raises InputError for more labels than its palette holds, JobError for a damaged image."""
    if any(label.id > UNLABELLED for label in registry.labels):
        raise InputError("CVAT's masks hold at most 254 labels", "Leave out the export 'cvat'")
    names = []
    with (
        replacing(path) as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        tempfile.TemporaryDirectory() as folder,
    ):
        _add(archive, "labelmap.txt", _labelmap(registry).encode())
        for image in images:
            masks, objects = Path(folder) / "masks.png", Path(folder) / "objects.png"
            parts = image.pixels("parts")
            labelled = np.where(parts == UNLABELLED, 0, parts)  # CVAT has no "unlabelled"
            write_palette_png(masks, labelled, registry.palette[:UNLABELLED])
            numbers = np.zeros(parts.shape, np.uint8)
            for number, segment in enumerate(image.segments(), 1):
                numbers[segment.mask] = (number - 1) % 254 + 1  # it only has to tell them apart
            write_palette_png(objects, numbers, voc_palette())
            _add(archive, f"{_MASKS}/{image.name}.png", masks.read_bytes())
            _add(archive, f"{_OBJECTS}/{image.name}.png", objects.read_bytes())
            names.append(image.name)
        _add(archive, _LIST, "".join(f"{name}\n" for name in names).encode())


def read_cvat(path: Path) -> dict[str, np.ndarray]:
    """By image name: (H, W) uint8 places in the label map, 0 = background.

    Raises KeyError when an entry is missing, PngError when an image is damaged.
    """
    found = {}
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        for name in archive.read(_LIST).decode().split():
            masks = Path(archive.extract(f"{_MASKS}/{name}.png", folder))
            found[name] = read_png(masks)
    return found


def _labelmap(registry: Registry) -> str:
    lines = ["# label:color_rgb:parts:actions", "background:0,0,0::"]
    for label in registry.labels:
        name = label.name.replace(":", " ")
        lines.append(f"{name}:{','.join(str(c) for c in registry.palette[label.id])}::")
    return "\n".join(lines) + "\n"


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _BEGINNING)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
