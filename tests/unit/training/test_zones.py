# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones divide regions by the figure's own measures, and bones are where joints are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.people.tiny_kit import write_tiny_kit
from training.bank import NO_LABEL, REGIONS, ZONES, surface_index, zone_index
from training.figure import NO_SEGMENT, SEGMENTS, Figure, Material
from training.people.makehuman import Kit, Shape
from training.people.poses import Pose, posed, posed_bones
from training.people.rotations import about
from training.scanned import scanned
from training.wardrobe import dress, mannequin, robot, skeleton
from training.zones import region_of, zones_of


@pytest.fixture(scope="module", params=[1, 4, 9])
def figure(request: pytest.FixtureRequest) -> Figure:
    rng = np.random.default_rng(request.param)
    return dress(mannequin(rng), rng, ("casual", "harness", "worldwide")[request.param % 3])


def centres(figure: Figure, zone: str) -> np.ndarray:
    own = figure.faces[zones_of(figure).zone == zone_index(zone)]
    return figure.vertices[own[:, :3]].mean(1)


def test_zones_divide_the_regions_that_were_there(figure: Figure) -> None:
    told = zones_of(figure)
    np.testing.assert_array_equal(region_of(told.zone), figure.region)
    assert len(np.unique(told.zone)) > 15


def test_front_lies_before_back_and_upper_above_lower() -> None:
    figure = mannequin(np.random.default_rng(1))
    for front, back in (
        ("face", "scalp"), ("throat", "nape"), ("chest", "upper back"), ("belly", "lower back"),
        ("groin", "buttock"), ("front of the thigh", "back of the thigh"), ("shin", "calf"),
    ):  # fmt: skip
        assert centres(figure, front)[:, 1].mean() < centres(figure, back)[:, 1].mean()
    assert centres(figure, "belly")[:, 2].max() < centres(figure, "chest")[:, 2].min()
    assert centres(figure, "sole")[:, 2].mean() < centres(figure, "instep")[:, 2].mean()
    assert centres(figure, "toe")[:, 1].mean() < centres(figure, "instep")[:, 1].mean()


def test_a_face_belongs_to_the_bone_that_moves_it(figure: Figure) -> None:
    """Turning one forearm moves what belongs to it, and nothing that belongs to the other."""
    told = zones_of(figure)
    pose = Pose({"forearm l": about("z", 60.0), "hand l": about("z", 60.0)}, rest_arms=False)
    still = Pose({}, rest_arms=False)
    away = np.linalg.norm(posed(figure, pose) - posed(figure, still), axis=1)
    of_face = away[figure.faces[:, :3]].mean(1)
    assert np.median(of_face[told.segment == SEGMENTS.index("forearm l")]) > 0.03
    assert of_face[told.segment == SEGMENTS.index("forearm r")].max() < 1e-4
    off = figure.region == REGIONS.index("none")
    assert (told.segment[off] == NO_SEGMENT).all()


def test_what_hangs_between_the_legs_belongs_to_the_nearer_one() -> None:
    figure = dress(mannequin(np.random.default_rng(4)), np.random.default_rng(4), "worldwide")
    told = zones_of(figure)
    low = np.isin(told.segment, [SEGMENTS.index(f"thigh {side}") for side in "lr"])
    x = figure.vertices[figure.faces[:, :3], 0].mean(1)
    left = told.segment == SEGMENTS.index("thigh l")
    assert ((x > 0) == left)[low & (abs(x) > 0.1)].all()


def test_a_face_that_nobody_knows_has_no_zone() -> None:
    figure = mannequin(np.random.default_rng(3))
    figure = replace(figure, region=np.full(len(figure.faces), NO_LABEL, np.uint8))
    assert (zones_of(figure).zone == NO_LABEL).all()


def test_long_hair_is_scalp_wherever_it_hangs() -> None:
    figure = mannequin(np.random.default_rng(3))
    surface = figure.surface.copy()
    surface[figure.region == REGIONS.index("head")] = surface_index("hair")
    told = zones_of(replace(figure, surface=surface)).zone
    assert set(told[figure.region == REGIONS.index("head")]) == {zone_index("scalp")}


def test_fingers_are_those_of_the_rig(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(Shape, "targets", lambda shape: {})
    kit = Kit(write_tiny_kit(tmp_path))
    figure = kit.figure(kit.body(Shape()), [], Material("skin"))
    names = figure.skeleton.names
    joint = figure.joints[figure.faces[:, 0], 0]
    told = zones_of(figure).zone
    for bone in ("LeftHandFinger1", "LeftThumb", "RightHandFinger1"):
        assert (told[joint == names.index(bone)] == zone_index("finger")).all()
    assert zone_index("finger") not in told[joint == names.index("LeftHand")]


def test_bones_follow_the_pose_and_are_as_long_as_at_rest() -> None:
    figure = mannequin(np.random.default_rng(5))
    rest = posed_bones(figure.skeleton, Pose({}, rest_arms=True))
    bent = posed_bones(figure.skeleton, Pose({"lower leg l": about("x", 80.0)}, rest_arms=True))
    lengths = [np.linalg.norm(bones[:, 1] - bones[:, 0], axis=1) for bones in (rest, bent)]
    np.testing.assert_allclose(lengths[0], lengths[1], atol=1e-5)
    shin = SEGMENTS.index("lower leg l")
    np.testing.assert_allclose(bent[shin, 0], rest[shin, 0], atol=1e-5)
    assert bent[shin, 1, 2] > rest[shin, 1, 2] + 0.5 * lengths[0][shin]
    foot = SEGMENTS.index("foot l")
    np.testing.assert_allclose(bent[foot, 0], bent[shin, 1], atol=1e-5)


def test_posed_vertices_lie_about_the_posed_bones() -> None:
    figure = mannequin(np.random.default_rng(6))
    pose = Pose({"upper arm l": about("y", -60.0), "thigh r": about("x", -70.0)}, rest_arms=False)
    vertices, bones = posed(figure, pose), posed_bones(figure.skeleton, pose)
    told = zones_of(figure)
    for name in ("forearm l", "lower leg r", "head"):
        own = figure.faces[told.segment == SEGMENTS.index(name)][:, :3]
        middle = vertices[own].mean((0, 1))
        start, end = bones[SEGMENTS.index(name)]
        share = (middle - start) @ (end - start) / ((end - start) @ (end - start))
        assert 0.2 < share < 0.8
        assert np.linalg.norm(start + share * (end - start) - middle) < 0.08


def test_a_scan_keeps_the_zones_that_were_told_at_rest() -> None:
    figure = mannequin(np.random.default_rng(7))
    turned = posed(figure, Pose({"pelvis": about("z", 180.0)}))
    scan = scanned(figure, turned, np.random.default_rng(0))
    told = zones_of(scan)
    chest = scan.vertices[scan.faces[told.zone == zone_index("chest")]].mean((0, 1))
    back = scan.vertices[scan.faces[told.zone == zone_index("upper back")]].mean((0, 1))
    assert chest[1] > back[1]  # it faces the other way
    np.testing.assert_array_equal(region_of(told.zone), scan.region)


@pytest.mark.parametrize("make", [robot, skeleton])
def test_machines_and_bones_have_all_their_limbs(make) -> None:
    for seed in range(3):
        told = zones_of(make(np.random.default_rng(seed)))
        assert set(range(len(SEGMENTS))) - set(told.segment) <= {SEGMENTS.index("neck")}
        assert (told.zone < len(ZONES)).all()
