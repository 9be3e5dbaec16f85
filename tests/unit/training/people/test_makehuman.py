# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies of a kit, and assets fitted to them, on a kit of a stick person."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.people.tiny_kit import write_tiny_kit
from training.bank import region_index, surface_index
from training.figure import SEGMENTS, Figure, Material
from training.people.makehuman import Kit, Shape, bare_person, sample_person
from training.people.makehuman.kit import Worn

SKIN = Material("skin")
NEUTRAL = Shape(male=0.0)  # the tiny kit has targets for men only


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kit:
    kit = Kit(write_tiny_kit(tmp_path))
    known = {"asian-male-young", "universal-male-young-averagemuscle-averageweight"}
    every = Shape.targets
    monkeypatch.setattr(
        Shape, "targets", lambda s: {n: w for n, w in every(s).items() if n in known}
    )
    return kit


def dressed(kit: Kit, *names: str, shape: Shape = NEUTRAL, whole: bool = False) -> Figure:
    worn = [kit.asset(*name.split("/")) for name in names]
    return kit.figure(kit.body(shape), [Worn(a, a.parts) for a in worn], SKIN, whole)


def test_a_body_stands_on_the_ground_in_metres_and_faces_minus_y(kit):
    figure = dressed(kit)
    assert figure.vertices[:, 2].min() == pytest.approx(0, abs=1e-6)
    assert figure.height == pytest.approx(1.68, abs=0.01)
    toes = figure.skeleton.bone("foot l")[1]
    assert toes[1] < -0.1 and toes[0] == pytest.approx(0.1)


def test_helper_faces_are_no_part_of_the_body(kit):
    figure = dressed(kit)
    assert (figure.surface == surface_index("skin")).all()
    assert len(figure.faces) == 31
    assert figure.faces.max() == len(figure.vertices) - 1


def test_every_segment_has_joints_whose_parents_come_first(kit):
    skeleton = dressed(kit).skeleton
    assert all(skeleton.segments[s] for s in SEGMENTS)
    assert (skeleton.parents < np.arange(len(skeleton.parents))).all()


def test_targets_are_weighted_by_the_product_of_what_their_names_say():
    weights = Shape(male=0.75, age=0.5, muscle=0.25, weight=0.5, asian=0.0).targets()
    assert weights["african-male-young"] == pytest.approx(0.375)
    assert weights["caucasian-female-young"] == pytest.approx(0.125)
    assert weights["universal-male-young-minmuscle-averageweight"] == pytest.approx(0.375)
    assert not any("old" in n or "child" in n or "baby" in n for n in weights)


@pytest.mark.parametrize("age", [0.1, 0.1875, 0.3, 0.5, 0.8, 1.0])
def test_the_ages_of_a_shape_add_up_to_one(age):
    weights = Shape(male=0, age=age).targets()
    origin = [w for n, w in weights.items() if n.split("-")[0] in ("african", "asian", "caucasian")]
    assert sum(origin) == pytest.approx(1)


def test_a_shape_moves_the_body_and_its_joints(kit):
    tall = dressed(kit, shape=Shape(male=1.0, african=0, asian=1, caucasian=0))
    assert tall.height == pytest.approx(2 * dressed(kit).height, rel=1e-5)
    hip = [dressed(kit).skeleton.bone("thigh l")[0][0], tall.skeleton.bone("thigh l")[0][0]]
    assert hip[1] == pytest.approx(2 * hip[0], rel=1e-5)


def test_an_asset_lies_where_its_three_base_vertices_say(kit):
    figure = dressed(kit, "clothes/shirt")
    shirt = figure.faces[figure.piece == 1]
    assert len(shirt) == 1 and shirt[0, 3] == -1
    places = figure.vertices[shirt[0, :3]]
    assert places[1, 1] == pytest.approx(-0.12, abs=1e-5)  # 0.02 of the body and 0.1 before it
    assert places[0, 2] == pytest.approx(1.13, abs=0.01)


def test_offsets_of_an_asset_grow_with_the_body(kit):
    tall = Shape(male=1.0, african=0, asian=1, caucasian=0)
    small, large = dressed(kit, "clothes/shirt"), dressed(kit, "clothes/shirt", shape=tall)
    corner = small.faces[small.piece == 1][0, 1]
    assert large.vertices[corner, 1] == pytest.approx(2 * small.vertices[corner, 1], rel=1e-5)


def test_body_faces_under_a_garment_are_left_out_unless_all_are_asked_for(kit):
    assert (dressed(kit, "clothes/shirt").piece == 0).sum() == 30
    assert (dressed(kit, "clothes/shirt", whole=True).piece == 0).sum() == 31


def test_garments_move_with_the_body_below_them_and_have_its_region(kit):
    figure = dressed(kit, "clothes/shirt", "community/shorts")
    for piece, bone, surface, region in (
        (1, "Spine", "shirt", "torso"), (2, "LeftUpLeg", "shorts", "thigh"),
    ):  # fmt: skip
        own = figure.piece == piece
        corners = figure.faces[own][figure.faces[own] >= 0]
        assert (figure.joints[corners, 0] == figure.skeleton.names.index(bone)).all()
        assert (figure.weights[corners, 0] == 1).all()
        assert (figure.surface[own] == surface_index(surface)).all()
        assert (figure.region[own] == region_index(region)).all()


def test_a_garment_of_which_only_one_part_is_worn_has_only_that_part(kit):
    asset = kit.asset("community", "shorts")
    figure = kit.figure(kit.body(NEUTRAL), [Worn(asset, ())], SKIN)
    assert not (figure.piece > 0).any()


def test_a_folder_that_is_no_kit_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        Kit(tmp_path / "nothing")


@pytest.fixture(scope="module")
def real_kit() -> Kit:
    folder = os.environ.get("PARTS4D_TRAINING_DATA")
    if not folder:
        pytest.skip("PARTS4D_TRAINING_DATA names no folder of training data")
    return Kit(Path(folder) / "makehuman")


@pytest.mark.parametrize("seed", range(6))
def test_sampled_people_are_whole_figures(real_kit, seed):
    figure = sample_person(real_kit, np.random.default_rng(seed))
    assert 0.8 < figure.height < 2.4
    assert figure.faces.max() < len(figure.vertices)
    assert (figure.faces[:, :3] >= 0).all()
    assert np.allclose(figure.weights.sum(axis=1), 1, atol=1e-4)
    assert figure.joints.max() < len(figure.skeleton.names)
    assert figure.piece.max() < len(figure.pieces)
    assert figure.material.max() < len(figure.materials)
    assert np.isfinite(figure.vertices).all()
    assert figure.garments and figure.person and figure.name


def test_the_same_seed_makes_the_same_person(real_kit):
    first, second = (sample_person(real_kit, np.random.default_rng(3)) for _ in range(2))
    assert first.name == second.name
    assert np.array_equal(first.vertices, second.vertices)


def test_a_bare_person_wears_nothing_and_keeps_all_skin(real_kit):
    figure = bare_person(real_kit, np.random.default_rng(1))
    assert (figure.piece == 0).sum() > 13000
    assert figure.garments == ()
    face = [surface_index(n) for n in ("skin", "eye", "eyebrow", "hair")]
    assert np.isin(figure.surface, face).all()
