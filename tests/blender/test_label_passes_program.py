# SPDX-License-Identifier: GPL-3.0-or-later
"""Label passes as a program, and what it says of a request that the file cannot answer."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from core.errors import InputError, JobError
from core.job.spec import CaptureSettings
from core.label_images.request import (
    ACTIVE_CAMERA,
    LabelledCharacter,
    LabelRender,
    PartId,
    save_request,
)
from core.scene.label_passes.command import render_command
from core.scene.label_passes.render import render_labels
from tests.blender.label_scenes import Rendered, box, camera, character, save
from tests.blender.writeback_scene import empty_scene


@pytest.fixture(scope="module")
def request_of_a_ball(tmp_path_factory) -> LabelRender:
    folder = tmp_path_factory.mktemp("ball")
    empty_scene()
    character("Alice", folder)
    box((3, 0, 0), 0.5)
    camera()
    blend = save(folder)
    return LabelRender(
        str(blend), str(folder / "images"), (LabelledCharacter("Alice"),), (1,), ("Cam",)
    )


def run(path: Path, request: LabelRender) -> tuple[int, list[dict]]:
    """(exit status, messages) of the program."""
    save_request(path, request)
    done = subprocess.run(render_command(path), stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_the_program_says_how_far_it_is_and_what_is_wrong(request_of_a_ball, tmp_path):
    request = replace(request_of_a_ball, folder=str(tmp_path / "images"))
    status, messages = run(tmp_path / "a.json", request)
    assert status == 0 and messages[-1]["type"] == "progress"
    assert messages[-1]["done"] == messages[-1]["total"] == 1
    assert Rendered(request).image("parts").any()

    status, messages = run(tmp_path / "b.json", replace(request, cameras=("Nobody",)))
    assert status == 3
    assert messages[-1]["type"] == "error" and messages[-1]["remedy"] == "Name one of: Cam"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"blend": "/nowhere.blend"}, "does not exist"),
        ({"scene": "Other"}, "no scene named 'Other'"),
        ({"view_layer": "Other"}, "no view layer named 'Other'"),
        ({"cameras": ("Cube",)}, "no camera named 'Cube'"),
        ({"characters": (LabelledCharacter("Cube"),)}, "Nothing of 'Cube' carries"),
        ({"characters": (LabelledCharacter("a", target="Alice"), LabelledCharacter("Alice"))},
         "belongs to 'a' and to 'Alice'"),
        ({"parts": (PartId("jacket", 3),)}, "part 'jeans' has no id"),
    ],
)  # fmt: skip
def test_what_the_file_does_not_have_is_named(request_of_a_ball, change, says):
    with pytest.raises(InputError, match=says):
        render_labels(replace(request_of_a_ball, key="new", **change))


def test_a_job_that_is_not_finished_and_a_folder_that_cannot_be_made_are_named(
    request_of_a_ball, tmp_path
):
    unfinished = (LabelledCharacter("Alice", str(tmp_path / "job")),)
    with pytest.raises(JobError, match="no result yet"):
        render_labels(replace(request_of_a_ball, characters=unfinished, key="new"))
    (tmp_path / "file").touch()
    with pytest.raises(JobError, match="is a file, and a folder belongs there"):
        render_labels(replace(request_of_a_ball, folder=str(tmp_path / "file" / "images")))


def test_ids_are_those_of_the_request_and_large_ones_make_grey_pictures(
    request_of_a_ball, tmp_path
):
    parts = (PartId("jacket", 7), PartId("jeans", 300), PartId("hair", 1), PartId("tail", 2))
    request = replace(request_of_a_ball, folder=str(tmp_path), parts=parts)
    render_labels(request)
    images = Rendered(request)
    assert images.image("parts").dtype == "uint16"
    assert set(images.image("parts").ravel().tolist()) == {0, 1, 7, 255, 300}
    assert images.record().parts == {"jacket": 7, "jeans": 300, "hair": 1}


def test_the_rig_and_the_scenes_own_camera_are_cameras_too(request_of_a_ball, tmp_path):
    rig = CaptureSettings(azimuths=2, resolution=64)
    request = replace(
        request_of_a_ball,
        folder=str(tmp_path),
        cameras=(ACTIVE_CAMERA, "Cam"),
        rig=rig,
        resolution=(48, 48),
    )
    render_labels(request)
    images = Rendered(request)
    front = images.image("parts", camera="az000_el00")
    back = images.image("parts", camera="az180_el00")
    assert front.shape == back.shape == (48, 48) and (front != back[:, ::-1]).any()
    rows, columns = front.nonzero()
    assert rows.min() in (1, 2, 3) and columns.min() in (1, 2, 3)  # it fills the picture
    assert (images.image("parts", camera=ACTIVE_CAMERA) == images.image("parts")).all()


@pytest.mark.parametrize("size", [(80, 40), (40, 80)])
@pytest.mark.parametrize("projection", ["orthographic", "perspective"])
def test_the_rig_shows_all_of_the_character_in_pictures_of_any_shape(
    request_of_a_ball, tmp_path, size, projection
):
    rig = CaptureSettings(azimuths=1, projection=projection)
    request = replace(request_of_a_ball, folder=str(tmp_path), cameras=(), rig=rig, resolution=size)
    render_labels(request)
    part = Rendered(request).image("parts", camera="az000_el00")
    assert part.shape == size[::-1]
    rows, columns = part.nonzero()
    # Perspective ones keep a distance at which the nearest point fits too.
    least = 24 if projection == "perspective" else 34
    for places in (rows, columns):
        assert least <= places.max() - places.min() + 1 < 40
    assert part[[0, -1]].max() == part[:, [0, -1]].max() == 0
