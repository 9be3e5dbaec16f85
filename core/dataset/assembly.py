# SPDX-License-Identifier: GPL-3.0-or-later
"""From images to a data set: what can only be written when they are all there.

Everything is in sorted order and by stable ids, so that the files are the same whoever rendered
the images and in whatever order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import JobError
from ..files.atomic import write_json, write_text
from ..label_images.request import camera_folder
from .cameras import write_cameras
from .coco import write_instances, write_panoptic
from .cvat import write_cvat
from .registry import Registry, load_registry
from .sequences import SEQUENCES, LabelledImage, images_of, load_sequences
from .sequences import Sequence as ImageSequence
from .splits import SPLITS, Split, SplitShares, splits_of
from .tracks import write_tracks

Export = Literal["coco", "panoptic", "ytvis", "cvat"]
EXPORTS: tuple[Export, ...] = get_args(Export)
_Writer = Callable[[Path, Iterator[LabelledImage], Registry], None]
_WRITERS: dict[Export, tuple[str, _Writer]] = {
    "coco": ("instances_{}.json", write_instances),
    "panoptic": ("panoptic_{}.json", write_panoptic),
    "ytvis": ("ytvis_{}.json", write_tracks),
    "cvat": ("cvat_{}.zip", write_cvat),
}


@dataclass(frozen=True)
class AssemblySettings:
    """What is written beside the images."""

    exports: tuple[Export, ...] = ("coco",)
    seed: int = 0
    splits: SplitShares = field(default_factory=SplitShares)


def assemble(root: Path, settings: AssemblySettings) -> dict[str, Any]:
    """Writes cameras, splits, annotations and `dataset.json`; returns what the last one says.

    Raises JobError when there is no image, or one is damaged, or something cannot be written.
    """
    sequences = load_sequences(root)
    registry = load_registry(root / "labels.json")
    found = splits_of([s.characters for s in sequences], settings.seed, settings.splits)
    counts = {s.name: sum(1 for _ in images_of(root, s)) for s in sequences}
    if not any(counts.values()):
        raise JobError(f"There is no image in {root}", "Run the batch first")
    for sequence in sequences:
        _write_cameras(root, sequence)
    for split in SPLITS:
        members = [s for s, its in zip(sequences, found, strict=True) if its == split]
        write_text(root / "splits" / f"{split}.txt", "".join(f"{s.name}\n" for s in members))
        _export(root, split, members, registry, settings.exports)
    document = {
        "schema_version": 1,
        "labels": registry.hash,
        "seed": settings.seed,
        "shares": asdict(settings.splits),
        "exports": list(settings.exports),
        "sequences": [
            {"name": s.name, "split": split, "images": counts[s.name], "frames": len(s.frames)}
            for s, split in zip(sequences, found, strict=True)
        ],
    }
    write_json(root / "dataset.json", document)
    return document


def _write_cameras(root: Path, sequence: ImageSequence) -> None:
    images = list(images_of(root, sequence))
    for view in sequence.views:
        path = root / SEQUENCES / sequence.name / camera_folder(view) / "camera.jsonl"
        write_cameras(path, (i for i in images if i.record.camera == view))


def _export(
    root: Path,
    split: Split,
    members: Sequence[ImageSequence],
    registry: Registry,
    exports: Sequence[Export],
) -> None:
    """Splits without a sequence get no file: loaders stumble over empty ones."""
    for export in exports:
        name, write = _WRITERS[export]
        path = root / "annotations" / name.format(split)
        if members:
            write(path, (i for s in members for i in images_of(root, s)), registry)
        else:
            path.unlink(missing_ok=True)
