# SPDX-License-Identifier: GPL-3.0-or-later
"""Quality of the default pipeline on labelled characters: `python -m benchmarks.quality_of_default FOLDER`.

FOLDER/NAME/NAME.blend holds an animated character with the FACE/INT attribute `gt_part` and the
class names as JSON in the scene property `gt_names`; FOLDER/NAME/*.glb without labels is parsed
too and its coverage printed. The vocabulary of a character is its own class names. Scored: visible
elements, weighted by area, without the one-ring band at joints. "named" averages the classes that
the file itself has a word for (an object, a material or a bone), judged by the names encoder.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np

from benchmarks.scoring import confusion, joint_band, scores
from core.cli.commands import WORKER
from core.job.arrays import load_arrays
from core.job.capture_files import CaptureFiles
from core.job.child_side import leave
from core.job.folder import JobFolder
from core.job.label_files import LabelFiles, Result
from core.job.run import run_job
from core.job.spec import CaptureSettings, FrameSelection, JobSpec, ParsingSettings, Part
from core.job.workers import OneShotWorker
from core.parsing.names.encoder import NamesEncoder
from core.scene.capture import capture_command
from core.scene.character import Character, find_character
from core.scene.motion import frame_range
from core.scene.opening import open_sources
from core.scene.prepare import prepare_job
from vendor_setup import embedded_python

BODY = re.compile(r"head|neck|torso|pelvis|arm|hand|thigh|leg|foot")
GENERIC = ("head", "neck", "torso", "left arm", "right arm", "left leg", "right leg", "tail")
NAMED = 0.6  # score above which the file has a word for a class


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="regular expression on names")
    parser.add_argument("--frames", type=int, default=3, help="key poses per character")
    parser.add_argument("--jobs", type=Path, help="keep the job folders here")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    parser.add_argument("--classes", action="store_true", help="print every class")
    arguments = parser.parse_args()
    jobs = arguments.jobs or Path(tempfile.mkdtemp(prefix="parts4d-quality-"))
    rows = []
    print(f"{'character':26} {'mIoU':>6} {'named':>6} {'OA':>6} {'labelled':>8} {'s':>6}")
    for path in sorted(arguments.folder.glob("*/*")):
        if path.suffix not in (".blend", ".glb") or not re.search(arguments.only, path.parent.name):
            continue
        row = score_character(path, jobs / path.parent.name, arguments.frames)
        rows.append(row)
        print(
            f"{row['name']:26} {row['miou']:6.3f} {row['named_miou']:6.3f} {row['oa']:6.3f} "
            f"{row['labelled']:8.3f} {row['seconds']:6.1f}",
            flush=True,
        )
        if arguments.classes:
            for name, iou in row["iou"].items():
                print(f"    {name:24} {iou:6.3f} {'' if name in row['named'] else '(no name)'}")
    scored = [r for r in rows if np.isfinite(r["miou"])]
    if scored:
        means = [float(np.nanmean([r[k] for r in scored])) for k in ("miou", "named_miou", "oa")]
        print(f"{'mean of ' + str(len(scored)):26} {means[0]:6.3f} {means[1]:6.3f} {means[2]:6.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


def score_character(path: Path, job: Path, frames: int) -> dict:
    """Parses one character with its own class names; a row of the table."""
    started = time.perf_counter()
    open_sources([path])
    character = find_character(None)
    names = json.loads(bpy.context.scene.get("gt_names", "[]"))
    truth = ground_truth(character) if names else None
    used = [names[i] for i in np.unique(truth[truth >= 0])] if names else list(GENERIC)
    start, end = frame_range(character)
    spec = JobSpec(
        character=character.name,
        blend=str(path.absolute()),
        parts=tuple(Part(n) for n in used),
        frames=FrameSelection(start, end, max(1, (end - start + 1) // 40), frames),
        capture=CaptureSettings(),
        parsing=ParsingSettings(threshold=0.0, distractors=False),
    )
    folder = prepare_job(job, spec, character, [path])
    worker = OneShotWorker(lambda f: [*embedded_python(), str(WORKER), str(f)])
    result = run_job(folder, capture_command, worker)
    row = {"name": path.parent.name, "miou": np.nan, "named_miou": np.nan, "oa": np.nan}
    row |= {"iou": {}, "named": [], "labelled": labelled_share(folder, result)}
    if names:
        to_used = np.full(len(names), -1)
        to_used[[names.index(n) for n in used]] = range(len(used))
        row |= score(folder, result, used, np.where(truth < 0, -1, to_used[truth]))
    return row | {"seconds": time.perf_counter() - started}


def ground_truth(character: Character) -> np.ndarray:
    """(E,) int32 of `gt_part` over the character's elements, -1 where an object has none."""
    values = []
    for source in character.sources:
        attribute = source.data.attributes.get("gt_part")
        part = np.full(len(source.data.polygons), -1, np.int32)
        if attribute is not None:
            attribute.data.foreach_get("value", part)
        values.append(part)
    return np.concatenate(values)


def visible_elements(files: CaptureFiles, frame: int, count: int) -> np.ndarray:
    """(E,) bool, shown by any view of the frame."""
    visible = np.zeros(count, bool)
    for view in range(len(files.manifest.views)):
        element_map = files.element_map(frame, view)
        visible[element_map[element_map >= 0]] = True
    return visible


def labelled_share(folder: JobFolder, result: Result) -> float:
    """Share of visible elements with a label, over all frames."""
    files, labels = CaptureFiles(folder.capture), LabelFiles(folder.path)
    shown = labelled = 0
    for frame in result.frames:
        label, _ = labels.read_frame(frame)
        visible = visible_elements(files, frame, len(label))
        shown += visible.sum()
        labelled += (visible & (label >= 0)).sum()
    return labelled / max(shown, 1)


def score(folder: JobFolder, result: Result, used: list[str], truth: np.ndarray) -> dict:
    files, labels = CaptureFiles(folder.capture), LabelFiles(folder.path)
    facts = files.facts(result.frames[0])
    is_body = np.array([bool(BODY.search(n)) for n in used])
    usable = (truth >= 0) & ~joint_band(np.maximum(truth, 0), is_body, facts.neighbours)
    usable &= np.array([n != "other" for n in used])[np.maximum(truth, 0)]
    table = np.zeros((len(used), len(used) + 1))
    for frame in result.frames:
        label, _ = labels.read_frame(frame)
        kept = usable & visible_elements(files, frame, len(label))
        table += confusion(truth[kept], label[kept], facts.area[kept], len(used))
    encoder = NamesEncoder.from_arrays(load_arrays(folder.embeddings / "text.npz"))
    named = np.array([is_named(encoder, n) for n in used])
    present = table.sum(axis=1) > 0
    everything = scores(table, present)
    return {
        "miou": everything.mean_iou,
        "named_miou": scores(table, present & named).mean_iou,
        "oa": everything.overall_accuracy,
        "iou": dict(zip(used, everything.iou.tolist(), strict=True)),
        "named": [n for n, is_one in zip(used, named, strict=True) if is_one],
    }


def is_named(encoder: NamesEncoder, word: str) -> bool:
    """Whether any combination of names on the character stands for the word."""
    best = encoder.word_scores(word)
    return best is not None and float(best.max()) >= NAMED


if __name__ == "__main__":
    main()
    leave(0)
