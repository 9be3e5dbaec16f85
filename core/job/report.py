# SPDX-License-Identifier: GPL-3.0-or-later
"""The short report of a run, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from .label_files import LabelFiles, Result
from .stages import STAGES


def report_document(job: Path) -> dict[str, Any]:
    """Everything `result.json` says and the share of elements each part got.

    Raises JobError when the job has no result or a label file is damaged.
    """
    labels = LabelFiles(job)
    result = labels.read_result()
    document = asdict(result)
    for key in ("objects", "frame_objects"):
        del document[key]
    document["job"] = str(job)
    document["share_of_elements"] = shares(labels, result)
    labels.require_same(result)
    return document


def shares(labels: LabelFiles, result: Result) -> dict[str, float]:
    """Part name -> share of elements, mean over frames; 'unlabelled' last."""
    names = [p.name for p in result.vocabulary]
    total = np.zeros(len(names) + 1)
    for frame in result.frames:
        label, _ = labels.read_checked(result, frame)
        counts = np.bincount(np.where(label < 0, len(names), label), minlength=len(total))
        total += counts / max(len(label), 1)
    mean = total / max(len(result.frames), 1)
    return dict(zip([*names, "unlabelled"], np.round(mean, 4).tolist(), strict=True))


def report_text(document: Mapping[str, Any]) -> str:
    """`report_document` as a few lines of plain text."""
    counts, seconds = document["counts"], document["seconds"]
    frames, views, faces = (counts.get(k, "?") for k in ("frames", "views", "elements"))
    lines = [
        f"Character  {document['character']}: {frames} frames, {views} views, {faces} faces, "
        f"{document['topology']} topology",
        f"Made by    preset {document['preset'] or 'unknown'}, "
        + ", ".join(f"{k} {v}" for k, v in document["backends"].items()),
        "Stages     " + ", ".join(f"{s} {seconds[s]:.2f} s" for s in STAGES if s in seconds),
        "Counts     "
        + ", ".join(
            f"{n} {k}" for k, n in counts.items() if k not in ("frames", "views", "elements")
        ),
        "Parts      "
        + ", ".join(f"{name} {share:.1%}" for name, share in document["share_of_elements"].items()),
        f"Job folder {document['job']}",
    ]
    lines += [
        f"Model      {name}, sha256 {digest or 'unknown'}"
        for name, digest in document["models"].items()
    ]
    return "\n".join(lines + [f"Warning    {w}" for w in document["warnings"]])
