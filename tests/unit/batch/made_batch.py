# SPDX-License-Identifier: GPL-3.0-or-later
"""A small batch on disk, and the fake program for its tasks."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from core.batch.runner import Command
from core.batch.tasks import TaskKind

FAKE = Path(__file__).with_name("fake_task.py")
TEXT = """
output = "out"
exports = ["coco", "panoptic", "ytvis", "cvat"]
splits = { train = 1, val = 0, test = 0 }

[render]
passes = ["parts", "instances"]
frames_per_task = 2

[[vocabularies]]
name = "clothes"
parts = "hair; jacket | coat; shoes"

[[vocabularies]]
name = "body"
parts = "arms; hair"

[[shots]]
name = "walk"
blends = "walk.blend"
characters = ["Hero", { name = "Double", target = "Rig.001" }]
vocabularies = "clothes"
cameras = ["Camera", "Low"]
frames = "1-3"

[[shots]]
name = "run"
blends = ["run.blend"]
characters = "Hero"
vocabularies = ["clothes", "body"]
cameras = ["Camera"]
frames = ["1-2", "10"]
"""


def write_batch(folder: Path, text: str = TEXT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("walk", "run"):
        (folder / f"{name}.blend").write_bytes(name.encode())
    path = folder / "batch.toml"
    path.write_text(text)
    (folder / "out" / "orders").mkdir(parents=True, exist_ok=True)
    return path


def fake_command(request: Path) -> list[str]:
    return [sys.executable, str(FAKE), str(request)]


FAKES: Mapping[TaskKind, Command] = {"parse": fake_command, "render": fake_command}
