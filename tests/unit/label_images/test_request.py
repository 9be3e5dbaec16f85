# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked for and what is recorded, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from core.errors import InputError
from core.job.spec import CaptureSettings
from core.label_images.records import (
    ImageRecord,
    Instance,
    describe,
    image_path,
    kept_files,
    read_record,
    record_path,
    write_record,
)
from core.label_images.request import (
    LabelledCharacter,
    LabelRender,
    PartId,
    PassName,
    camera_folder,
    check_request,
    load_request,
    save_request,
)

REQUEST = LabelRender(
    blend="/shots/one.blend",
    folder="/images",
    characters=(LabelledCharacter("Alice"), LabelledCharacter("Bob", "/jobs/bob", "bob_rig")),
    frames=(1, 3, 5),
    cameras=("Left", "Right"),
    rig=CaptureSettings(azimuths=2),
    passes=("parts", "matte"),
    parts=(PartId("hair", 1), PartId("skin", 300, (1.0, 0.5, 0.0))),
    resolution=(640, 360),
)


def test_a_request_comes_back_from_its_file(tmp_path):
    save_request(tmp_path / "a.json", REQUEST)
    assert load_request(tmp_path / "a.json") == REQUEST


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"frames": ()}, "No frame"),
        ({"cameras": (), "rig": None}, "No camera"),
        ({"passes": ()}, "No pass"),
        ({"characters": ()}, "No character"),
        ({"characters": (LabelledCharacter("a/b"),)}, "cannot be called 'a/b'"),
        ({"characters": (LabelledCharacter("a"),) * 2}, "Two characters are called 'a'"),
        ({"cameras": ("a:b", "a?b")}, "Two cameras are called 'a_b'"),
        ({"parts": (PartId("hair", 255),)}, "not 255"),
        ({"parts": (PartId("hair", 0),)}, "not 255"),
        ({"parts": (PartId("hair", 2), PartId("skin", 2))}, "Several parts have the id 2"),
        ({"parts": (PartId("hair", 2), PartId("hair", 3))}, "Two parts are called 'hair'"),
        ({"matte_samples": 0}, "matte_samples"),
        ({"resolution": (0, 5)}, "resolution"),
    ],
)
def test_what_cannot_be_rendered_is_said_before_a_file_is_opened(change, says):
    with pytest.raises(InputError, match=says):
        check_request(replace(REQUEST, **change))


def test_a_pass_nobody_knows_is_named(tmp_path):
    document = json.loads(json.dumps(asdict(REQUEST)))
    document["passes"] = ["parts", "smell"]
    (tmp_path / "a.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="one of parts, instances"):
        load_request(tmp_path / "a.json")


def test_the_folder_of_a_camera_is_a_name_that_every_file_system_allows():
    assert camera_folder("Cam") == "Cam"
    assert camera_folder('a/b\\c:"d') == "a_b_c__d"
    assert camera_folder("<active>") == "active"
    assert camera_folder("..") == "camera"


def record(folder: Path, key: str = "k") -> ImageRecord:
    path = image_path(folder, "Left", "parts", 3, "png")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"picture")
    eye = ((1.0, 0.0), (0.0, 1.0))
    return ImageRecord(
        camera="Left",
        frame=3,
        key=key,
        size=(640, 360),
        instant=3.25,
        intrinsics=eye,
        world_to_camera=eye,
        projection="perspective",
        instances=(Instance(1, "Alice", "Alice"),),
        parts={"hair": 1},
        pixels=((1, 1, 77),),
        files={"parts": describe(folder, "Left", path)},
    )


def test_a_record_comes_back_from_its_file(tmp_path):
    written = record(tmp_path)
    write_record(tmp_path, written)
    assert read_record(tmp_path, "Left", 3) == written
    assert record_path(tmp_path, "Left", 3) == tmp_path / "Left" / "frames" / "000003.json"


def test_only_whole_files_of_the_same_key_are_kept(tmp_path):
    written = record(tmp_path)
    write_record(tmp_path, written)
    both: tuple[PassName, ...] = ("parts", "matte")
    assert kept_files(tmp_path, "Left", 3, "k", both) == dict(written.files)
    assert kept_files(tmp_path, "Left", 3, "other", both) == {}
    assert kept_files(tmp_path, "Left", 3, "k", ("matte",)) == {}
    image_path(tmp_path, "Left", "parts", 3, "png").write_bytes(b"pictur3")
    assert kept_files(tmp_path, "Left", 3, "k", both) == {}


@pytest.mark.parametrize("content", [b"", b"{", b'{"camera": "Left"}', b"[]"])
def test_a_damaged_record_counts_as_none(tmp_path, content):
    write_record(tmp_path, record(tmp_path))
    record_path(tmp_path, "Left", 3).write_bytes(content)
    assert read_record(tmp_path, "Left", 3) is None
    assert kept_files(tmp_path, "Left", 3, "k", ("parts",)) == {}
