# SPDX-License-Identifier: GPL-3.0-or-later
"""The passes of a view, written and read."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from core.job.arrays import ArrayReader
from core.job.capture_files import PASSES, CapturedObject, CaptureFiles, Facts, Manifest, ViewImage
from core.job.stages import STAGES
from tests.unit.parsing.paper_doll import picture_of

IMAGE = picture_of(np.arange(6).reshape(2, 3) - 1)
MANIFEST = Manifest(
    frames=(7,),
    views=("front", "back"),
    azimuths=(0.0, 180.0),
    elevations=(0.0, 0.0),
    resolution=IMAGE.resolution,
    projection="orthographic",
    topology="constant",
    objects=(CapturedObject("body", "body", 0, 3), CapturedObject("hat", "hat", 3, 2)),
)


def assert_same(one: ViewImage, other: ViewImage) -> None:
    for field in fields(ViewImage):
        first, second = getattr(one, field.name), getattr(other, field.name)
        assert (first is None) == (second is None), field.name
        np.testing.assert_array_equal(first, second)


def with_everything() -> ViewImage:
    size = IMAGE.element.shape
    return replace(IMAGE, depth=np.ones(size, np.float16), intrinsics=np.eye(3))


@pytest.mark.parametrize("image", [IMAGE, with_everything()], ids=["plain", "with all passes"])
def test_a_view_comes_back_as_it_was(tmp_path, image):
    files = CaptureFiles(tmp_path)
    files.write_manifest(MANIFEST)
    files.write_frame(7, [IMAGE, image])
    again = CaptureFiles(tmp_path)
    assert_same(again.view(7, 1), image)
    assert_same(again.view(7, 0), IMAGE)


def test_a_frame_holds_the_passes_of_each_view(tmp_path):
    files = CaptureFiles(tmp_path)
    files.write_frame(7, [IMAGE, with_everything()])
    with ArrayReader(files.frame_path(7)) as reader:
        names = set(reader.names())
    expected = {one.name for one in PASSES if not one.optional}
    assert {n[:-3] for n in names if n.endswith("_00")} == expected | {"box"}
    assert {n[:-3] for n in names if n.endswith("_01")} == {one.name for one in PASSES} | {"box"}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("color", np.zeros((2, 3, 3), np.float32)),
        ("normal", np.zeros((3, 3, 3), np.int8)),
        ("world_to_camera", np.eye(3)),
        ("depth", np.zeros((2, 2), np.float16)),
    ],
)
def test_a_pass_of_another_shape_or_dtype_is_not_written(tmp_path, name, wrong):
    files = CaptureFiles(tmp_path)
    with pytest.raises(ValueError, match=f"^{name} of a view must be"):
        files.write_frame(7, [replace(IMAGE, **{name: wrong})])
    assert not files.frame_path(7).exists()


def test_what_no_stage_reads_is_captured_only_when_asked_for():
    for one in PASSES:
        assert one.optional == (not one.read_by), one.name
        assert set(one.read_by) <= set(STAGES)


def test_elements_that_are_nowhere_lie_in_the_middle_and_weigh_nothing(tmp_path):
    files = CaptureFiles(tmp_path)
    files.write_manifest(MANIFEST)
    none = np.full(5, -1, np.int32)
    centroid = np.arange(15, dtype=np.float32).reshape(5, 3)
    area = np.ones(5, np.float32)
    pairs = np.zeros((0, 2), np.int32)
    whole = Facts(none, none, none, none, none, area, centroid, pairs)
    files.write_facts(whole)
    assert files.facts(7).centroid.tobytes() == centroid.tobytes()
    broken = centroid.copy()
    broken[1, 2], broken[3, 0] = np.nan, np.inf
    files.write_facts(replace(whole, centroid=broken))
    facts = files.facts(7)
    assert facts.area[[0, 2, 4]].tolist() == [1, 1, 1]
    assert 0 < facts.area[1] == facts.area[3] < 1e-30
    np.testing.assert_array_equal(facts.centroid[[0, 2, 4]], centroid[[0, 2, 4]])
    np.testing.assert_array_equal(facts.centroid[[1, 3]], [centroid[[0, 2, 4]].mean(axis=0)] * 2)
    files.write_facts(replace(whole, centroid=np.full((5, 3), np.nan, np.float32)))
    assert not files.facts(7).centroid.any() and 0 < files.facts(7).area.max() < 1e-30
