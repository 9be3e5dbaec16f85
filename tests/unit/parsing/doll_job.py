# SPDX-License-Identifier: GPL-3.0-or-later
"""The paper doll as a captured job folder that a real worker process can parse."""

from __future__ import annotations

from pathlib import Path

from core.job.folder import JobFolder
from core.job.spec import CaptureSettings, FrameSelection, JobSpec, ParsingSettings, Part
from core.job.stage_marks import StageStore, stage_keys

from .paper_doll import RESOLUTION, write_paper_doll

WORDS = ("head", "shirt", "trousers", "bag")
FRAMES = (1, 2, 3, 4)


def write_doll_job(
    path: Path,
    settings: ParsingSettings | None = None,
    words: tuple[str, ...] = WORDS,
    frames: tuple[int, ...] = FRAMES,
    sequence: bool = False,
) -> JobFolder:
    """A folder whose capture is done."""
    spec = JobSpec(
        character="Doll",
        blend="/films/doll.blend",
        parts=tuple(Part(word) for word in words),
        frames=FrameSelection(frames[0], frames[-1]),
        capture=CaptureSettings(azimuths=2, resolution=RESOLUTION[0]),
        parsing=settings or ParsingSettings(evidence=("names", "bones")),
    )
    folder = JobFolder.create(path, spec)
    folder.snapshot.write_bytes(b"a scene")
    store, key = StageStore(folder), stage_keys(spec, folder.snapshot_hash(spec))["capture"]
    store.prepare("capture", key)
    write_paper_doll(folder.path, frames, sequence)
    store.mark_done("capture", key)
    return folder
