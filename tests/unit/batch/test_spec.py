# SPDX-License-Identifier: GPL-3.0-or-later
"""A wrong batch file is answered by a sentence that names what is wrong."""

from __future__ import annotations

import tomllib

import pytest

from core.batch.spec import frames_of
from core.batch.spec_files import TEMPLATE, batch_from_document, load_batch, write_template
from core.errors import InputError
from tests.unit.batch.made_batch import TEXT


def changed(old, new):
    assert old in TEXT
    return tomllib.loads(TEXT.replace(old, new, 1))


def test_one_text_stands_for_a_list_of_one():
    spec = batch_from_document(tomllib.loads(TEXT))
    assert spec.shots[0].blends == ("walk.blend",)
    assert [c.name for c in spec.shots[0].characters] == ["Hero", "Double"]
    assert frames_of(spec.shots[1]) == (1, 2, 10)


def test_the_template_is_a_valid_batch(tmp_path):
    write_template(tmp_path / "new.toml")
    assert (tmp_path / "new.toml").read_text() == TEMPLATE
    spec = load_batch(tmp_path / "new.toml")
    assert spec.shots[0].rig is not None and spec.shots[0].rig.azimuths == 4
    with pytest.raises(InputError, match="there already"):
        write_template(tmp_path / "new.toml")


def test_a_preset_brings_its_settings():
    spec = batch_from_document(changed("[render]", "[parsing]\nthreshold = 0.4\n[render]"))
    assert spec.parsing.threshold == 0.4 and spec.parsing.preset == "embedded"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("frames_per_task = 2", "frames_per_tusk = 2", "Did you mean frames_per_task"),
        ("frames_per_task = 2", "frames_per_task = 0", "render.frames_per_task must be 1 or more"),
        ('frames = "1-3"', 'frames = "3-1"', "shot 'walk' must be a range that holds a frame"),
        ('frames = "1-3"', 'frames = "all"', "a frame or a range such as"),
        ('vocabularies = "clothes"', 'vocabularies = "shoes"', "among clothes, body, not 'shoes'"),
        ('vocabularies = "clothes"', "", "vocabularies of shot 'walk' is missing"),
        ('cameras = ["Camera", "Low"]', "", "Shot 'walk': No camera is to be rendered"),
        ('name = "run"', 'name = "Walk"', "There are two of the shot 'Walk'"),
        ('name = "run"', 'name = "../run"', "letters, digits"),
        ('"coco", ', '"cocoa", ', "must be one of coco, panoptic, ytvis, cvat"),
        ('["parts", "instances"]', '["parts"]', "made from the passes parts and instances"),
        ('parts = "arms; hair"', 'parts = ";"', "No part names were given"),
        ("train = 1", "train = -1", "shares of splits"),
        ('"Hero", {', '"He/ro", {', "Shot 'walk': A character cannot be called"),
        ("[render]", '[parsing]\npreset = "best"\n\n[render]', "There is no preset called 'best'"),
    ],
)
def test_what_is_wrong_is_named(old, new, said):
    with pytest.raises(InputError) as caught:
        batch_from_document(changed(old, new))
    assert said in str(caught.value)


def test_a_file_that_is_no_toml_is_named_with_the_line(tmp_path):
    (tmp_path / "a.toml").write_text("output = \n")
    with pytest.raises(InputError, match="line 1"):
        load_batch(tmp_path / "a.toml")
    with pytest.raises(InputError, match="does not exist"):
        load_batch(tmp_path / "b.toml")
