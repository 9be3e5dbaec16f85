# SPDX-License-Identifier: GPL-3.0-or-later
"""The view rig: numpy alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.job.spec import CaptureSettings
from core.scene.capture.rig import Bounds, directions, fit_rig

COORDINATE = st.floats(-50, 50, allow_nan=False)
POINTS = st.lists(st.tuples(COORDINATE, COORDINATE, COORDINATE), min_size=1, max_size=20)


def project(camera, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(pixels (N, 2), depth (N,)) of world points, as a reader of the capture would."""
    seen = points @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3]
    flat = seen.copy()
    flat[:, 2] = 1
    return (flat @ camera.intrinsics.T)[:, :2], seen[:, 2]


def project_perspective(camera, points: np.ndarray) -> np.ndarray:
    seen = points @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3]
    assert (seen[:, 2] > 0).all()
    pixels = seen @ camera.intrinsics.T
    return pixels[:, :2] / pixels[:, 2:]


@settings(max_examples=60, deadline=None)
@given(POINTS, st.floats(-60, 60), st.booleans())
def test_every_vertex_is_inside_every_picture_and_window(points, elevation, perspective):
    cloud = np.array(points, np.float32)
    chosen = CaptureSettings(
        azimuths=5,
        elevation=elevation,
        top=True,
        bottom=True,
        projection="perspective" if perspective else "orthographic",
    )
    bounds = Bounds.of(cloud)
    rig = fit_rig(chosen, [bounds])
    for view in range(len(rig.views)):
        camera = rig.camera(view, bounds.center)
        pixels = project_perspective(camera, cloud) if perspective else project(camera, cloud)[0]
        left, top, right, bottom = rig.window(view, bounds)
        assert 0 <= left < right <= 512 and 0 <= top < bottom <= 512
        assert (pixels >= np.array([left, top]) - 1e-2).all()
        assert (pixels <= np.array([right, bottom]) + 1e-2).all()


def test_azimuth_zero_looks_at_the_front_and_goes_counter_clockwise():
    bounds = Bounds.of(np.array([[-1, -1, -1], [1, 1, 1]], np.float32))
    rig = fit_rig(CaptureSettings(azimuths=4), [bounds])
    assert rig.views == ("az000_el00", "az090_el00", "az180_el00", "az270_el00")
    places = [rig.camera(v, bounds.center).blender_matrix[:3, 3] for v in range(4)]
    expected = np.array([[0, -1, 0], [1, 0, 0], [0, 1, 0], [-1, 0, 0]]) * rig.distance
    assert np.allclose(places, expected)


def test_axes_are_right_down_forward():
    bounds = Bounds.of(np.array([[-1, -1, -1], [1, 1, 1]], np.float32))
    rig = fit_rig(CaptureSettings(azimuths=1), [bounds])
    camera = rig.camera(0, bounds.center)
    centre, right, up, behind = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0, 0.5], [0, 0.5, 0]])
    pixels, depth = project(camera, np.stack([centre, right, up, behind]))
    assert np.allclose(pixels[0], 256)
    assert pixels[1, 0] > 256 and np.isclose(pixels[1, 1], 256)
    assert pixels[2, 1] < 256 and np.isclose(pixels[2, 0], 256)
    assert np.isclose(depth[3] - depth[0], 0.5)


def test_all_frames_share_one_scale():
    small = Bounds.of(np.array([[0, 0, 0], [1, 1, 1]], np.float32))
    large = Bounds.of(np.array([[5, 5, 0], [6, 6, 4]], np.float32))
    rig = fit_rig(CaptureSettings(), [small, large])
    cameras = [rig.camera(0, b.center) for b in (small, large)]
    assert np.array_equal(cameras[0].intrinsics, cameras[1].intrinsics)
    assert rig.extent == pytest.approx(2.0 / 0.95)


def test_top_shows_the_front_at_the_bottom_of_the_picture():
    bounds = Bounds.of(np.array([[-1, -1, -1], [1, 1, 1]], np.float32))
    rig = fit_rig(CaptureSettings(azimuths=0, top=True), [bounds])
    pixels, _ = project(rig.camera(0, bounds.center), np.array([[0, -0.5, 0], [0.5, 0, 0]]))
    assert rig.views == ("top",)
    assert pixels[0, 1] > 256 and pixels[1, 0] > 256


def test_rings_and_poles_are_listed_once():
    chosen = CaptureSettings(azimuths=3, raised=(30.0, 0.0), top=True)
    assert len(directions(chosen)) == 7
    assert fit_rig(chosen, [Bounds(np.zeros(3), 1.0, 1.0)]).views[3] == "az000_el30"


@pytest.mark.parametrize(
    "wrong",
    [
        {"azimuths": 0},
        {"resolution": 4},
        {"elevation": 120.0},
        {"projection": "perspective", "lens": 0.0},
    ],
)
def test_a_rig_that_cannot_be_built_is_refused(wrong):
    with pytest.raises(InputError):
        fit_rig(CaptureSettings(**wrong), [Bounds(np.zeros(3), 1.0, 1.0)])


def test_a_flat_or_single_point_character_still_has_a_picture():
    rig = fit_rig(CaptureSettings(), [Bounds.of(np.zeros((1, 3), np.float32))])
    assert rig.extent > 0 and rig.distance > 0
