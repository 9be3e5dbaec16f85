# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import JobError
from core.job.capture_files import ViewImage
from core.job.sight_model import VARIABLE, sight_model_hash
from core.parsing.sight.network import SightNetwork, load_sight
from tests.unit.parsing.sight.make_tiny import COLORS, HEIGHT, REGIONS, TINY, tiny_model


@pytest.fixture(scope="module")
def network() -> SightNetwork:
    return SightNetwork.load(TINY, threads=1)


def striped_view() -> ViewImage:
    """One stripe of 40 rows for each surface's colour, all facing the camera."""
    height, width = 40 * len(COLORS), 60
    element = np.arange(height)[:, None] // 40 * np.ones((1, width), int)
    color = np.rint(np.array(list(COLORS.values())) * 255).astype(np.uint8)
    camera = np.array([[1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], float)
    return ViewImage(
        resolution=(512, 512),
        corner=(100, 200),
        element=element.astype(np.int32),
        color=color[element],
        normal=np.broadcast_to(np.array([0, -127, 0], np.int8), (height, width, 3)),
        depth=np.zeros((height, width), np.float16),
        world_to_camera=camera,
        intrinsics=np.eye(3),
    )


def test_the_committed_model_is_what_its_script_makes():
    assert TINY.read_bytes() == tiny_model()


def test_a_model_says_what_it_knows(network):
    assert network.surfaces == tuple(COLORS) and network.regions == REGIONS
    assert (network.height, network.name, network.license) == (HEIGHT, "tiny 1", "GPL-3.0-or-later")


def test_every_pixel_of_a_view_gets_its_answer(network):
    image = striped_view()
    sighting = network.look(image)
    rows, columns = np.nonzero(image.silhouette)
    surface, region, boundary = sighting.at(rows, columns)
    np.testing.assert_allclose(surface.sum(1), 1, atol=1e-4)
    inner = (rows % 40 > 6) & (rows % 40 < 34) & (columns > 6) & (columns < 54)
    np.testing.assert_array_equal(surface.argmax(1)[inner], image.element[rows, columns][inner])
    assert (region.argmax(1)[inner] == REGIONS.index("torso")).all()  # towards the camera
    assert (boundary[inner] < 0.01).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (tiny_model()[:700], "is damaged"),
        (b"", "is damaged"),
        (tiny_model().replace(b"parts4d_bank", b"others__bank"), "not a Parts4D vision model"),
        (tiny_model(version=2), "for another version"),
        (tiny_model(channels=8), "for another version"),
        (tiny_model(surfaces=("skin", "hair")), "for another version"),
    ],
    ids=["truncated", "empty", "foreign", "newer", "other channels", "another bank"],
)
def test_a_file_that_cannot_be_used_is_a_sentence_with_a_remedy(tmp_path, content, message):
    path = tmp_path / "sight.onnx"
    path.write_bytes(content)
    with pytest.raises(JobError, match=message) as raised:
        SightNetwork.load(path)
    assert "Install" in raised.value.remedy


def test_a_missing_file_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none.onnx"))
    assert sight_model_hash() == ""
    with pytest.raises(JobError, match="is missing") as raised:
        load_sight()
    assert VARIABLE in raised.value.remedy


def test_a_python_without_onnx_runtime_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(JobError, match="ONNX Runtime, which runs the vision model, cannot be"):
        SightNetwork.load(TINY)


def test_the_chosen_model_is_loaded_once_until_its_file_changes(tmp_path, monkeypatch):
    path = tmp_path / "sight.onnx"
    path.write_bytes(TINY.read_bytes())
    monkeypatch.setenv(VARIABLE, str(path))
    first, digest = load_sight(), sight_model_hash()
    assert load_sight() is first
    path.write_bytes(TINY.read_bytes().replace(b"tiny 1", b"tiny 2"))
    assert load_sight().name == "tiny 2" and sight_model_hash() != digest


def test_the_module_is_imported_without_onnx_runtime():
    source = Path(sys.modules[SightNetwork.__module__].__file__ or "").read_text("utf-8")
    assert "\nimport onnxruntime" not in source
