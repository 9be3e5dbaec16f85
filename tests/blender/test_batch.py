# SPDX-License-Identifier: GPL-3.0-or-later
"""Two commands, and there are labelled images."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.dataset.cameras import read_cameras
from core.dataset.coco import read_panoptic
from core.dataset.sequences import images_of, load_sequences
from core.label_images.request import UNLABELLED
from tests.blender.command_line import parts4d

pytestmark = pytest.mark.programs

BATCH = """
output = "out"
exports = ["coco", "panoptic"]
splits = { train = 1, val = 0, test = 0 }

[render]
passes = ["parts", "instances"]
resolution = [48, 48]
frames_per_task = 1

[capture]
azimuths = 2
resolution = 64

[parsing]
key_frames = 1
sight_images = 1

[[vocabularies]]
name = "clothes"
parts = "PARTS"

[[shots]]
name = "stand"
blends = ["BLEND", "none.blend"]
characters = "CHARACTER"
rig = { azimuths = 2, resolution = 48 }
frames = "1-2"
"""


@pytest.fixture(scope="module")
def batch(hero, tmp_path_factory):
    """A batch file of a character, and of a file that is not there."""
    from tests.blender.cli_character import PARTS

    path = tmp_path_factory.mktemp("batch") / "batch.toml"
    text = BATCH.replace("PARTS", PARTS).replace("BLEND", str(hero), 1)
    path.write_text(text.replace("CHARACTER", "hero"))
    return path


@pytest.fixture(scope="module")
def ran(batch):
    return parts4d("batch", "run", batch, "--retries", 0)


def test_a_missing_file_fails_alone(batch, ran):
    assert ran.status == 5
    assert "1 of 6 tasks failed and 2 more wait for them" in ran.stderr, ran.stderr
    assert "none.blend" in ran.stderr and "Traceback" not in ran.stderr
    said = parts4d("batch", "status", batch, "--json")
    states = {task["id"]: task["state"] for task in json.loads(said.stdout)["tasks"]}
    assert {s for name, s in states.items() if "stand_hero" in name} == {"done"}, ran.stderr
    assert states["parse_stand_none_hero"] == "failed"


def test_the_data_set_holds_what_was_rendered(batch, ran):
    merged = parts4d("batch", "merge", batch)
    assert merged.status == 0, merged.stderr
    assert "4 labelled images" in merged.stdout
    root = batch.parent / "out"
    sequence = next(s for s in load_sequences(root) if "hero" in s.name)
    images = list(images_of(root, sequence))
    panoptic = read_panoptic(root / "annotations" / "panoptic_train.json")
    for image in images:
        parts = image.pixels("parts").astype(int)
        assert len(np.unique(parts)) > 2
        assert np.array_equal(panoptic[image.id], np.where(parts == UNLABELLED, 0, parts))
        cameras = read_cameras(root / "seq" / sequence.name / image.record.camera / "camera.jsonl")
        assert [c.frame for c in cameras] == [1, 2]
