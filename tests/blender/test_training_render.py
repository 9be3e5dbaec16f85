# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures for training are rendered with their labels, figure after figure, within the disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import InputError, JobError
from training import plan, render
from training.bank import NO_LABEL, region_index, surface_index
from training.figure import SEGMENTS, Figure
from training.offsets import ways
from training.people.poses import Pose, posed, posed_bones
from training.people.rotations import about
from training.plan import Makers, Planned, Shot, planned
from training.render import RenderOptions, make_shard, render_some, shard_path
from training.rendering import FigureScene, Look, blender_scratch
from training.scanned import face_colors, scanned
from training.shards import View, load_shard
from training.wardrobe import dress, mannequin

REST = Pose({}, rest_arms=True)
LOOKS = [Look(0.0, 0.0, 96), Look(90.0, 0.0, 96), Look(200.0, 40.0, 96, 50.0)]


@pytest.fixture(scope="module")
def figure() -> Figure:
    rng = np.random.default_rng(11)
    return dress(mannequin(rng), rng, "casual")


@pytest.fixture(scope="module")
def views(figure: Figure, tmp_path_factory: pytest.TempPathFactory) -> list[View]:
    with blender_scratch(tmp_path_factory.mktemp("views") / "scratch") as scratch:
        return list(FigureScene(figure, scratch).views(figure.vertices, bones(figure), LOOKS))


def bones(figure: Figure, pose: Pose = REST) -> np.ndarray:
    return posed_bones(figure.skeleton, pose)


class FakeMakers(Makers):
    """The given figure in two places, seen from two sides each."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.made: list[str] = []

    def shots(self, figure: Planned) -> Iterator[Shot]:
        self.made.append(figure.name)
        if figure.number == 2:
            raise ValueError("a maker's mistake")
        for shift in (0.0, 0.5):
            moved = self.figure.vertices + np.float32(shift)
            yield Shot(self.figure, moved, bones(self.figure) + np.float32(shift), LOOKS[:2])


@pytest.fixture
def makers(figure: Figure, monkeypatch: pytest.MonkeyPatch) -> FakeMakers:
    fake = FakeMakers(figure)
    monkeypatch.setattr(render, "Makers", lambda data, cache: fake)
    monkeypatch.setattr(plan, "FAMILIES", {"mannequin": 4})
    return fake


def options(folder: Path, **more: Any) -> RenderOptions:
    (folder / "material" / "valid").mkdir(parents=True, exist_ok=True)
    (folder / "out" / "shards").mkdir(parents=True, exist_ok=True)
    return replace(RenderOptions(folder / "material", folder / "out", processes=1), **more)


def run(chosen: RenderOptions) -> list[str]:
    said: list[str] = []
    render_some(chosen, 0, said.append)
    return said


def test_a_view_has_the_size_that_was_asked_for_and_a_label_wherever_the_figure_is(
    views: list[View],
) -> None:
    assert 70 <= max(views[0].piece.shape) <= 100
    for view in views:
        assert 45 <= max(view.piece.shape) <= 100
        assert (view.surface[~view.silhouette] == NO_LABEL).all()
        assert (view.surface[view.silhouette] != NO_LABEL).mean() > 0.99
        length = np.linalg.norm(view.normal[view.silhouette] / 127.0, axis=1)
        assert np.allclose(length, 1, atol=0.02)


def test_labels_lie_where_the_parts_are(views: list[View]) -> None:
    head = np.nonzero(views[0].region == region_index("head"))[0]
    feet = np.nonzero(views[0].region == region_index("foot"))[0]
    assert head.mean() < 0.35 * len(views[0].piece) < 0.85 * len(views[0].piece) < feet.mean()


@pytest.mark.parametrize("look", [Look(30.0, 15.0, 160), Look(30.0, 15.0, 160, 35.0)])
def test_pixels_lie_about_the_bones_that_they_name(
    figure: Figure, look: Look, tmp_path: Path
) -> None:
    """From either kind of camera, the point in space that a pixel shows is beside its bone."""
    pose = Pose({"forearm r": about("z", 70.0), "lower leg l": about("x", 60.0)})
    with blender_scratch(tmp_path / "scratch") as scratch:
        stage = FigureScene(figure, scratch)
        (view,) = stage.views(posed(figure, pose), bones(figure, pose), [look])
    tall = figure.height * max(view.piece.shape) / np.ptp(posed(figure, pose)[:, 2])
    for name in ("upper arm l", "forearm r", "thigh r", "lower leg l", "head"):
        rows, columns = np.nonzero(view.segment == SEGMENTS.index(name))
        assert len(rows) > 20
        first, last = np.moveaxis(ways(view, rows, columns).reshape(-1, 2, 3), 1, 0)
        axis = last - first
        length = np.linalg.norm(axis, axis=1)
        away = np.linalg.norm(np.cross(first, axis), axis=1) / length
        assert np.median(away) < 0.2 * tall
        along = -(first * axis).sum(1) / length**2
        assert 0.1 < np.median(along) < 0.9
        # All pixels name one bone, whose length is that in space.
        expected = np.linalg.norm(np.ptp(bones(figure, pose)[SEGMENTS.index(name)], axis=0))
        assert np.ptp(length) < 0.15 * length.mean()
        assert length.mean() / tall == pytest.approx(expected / figure.height, rel=0.25)


def test_a_near_look_shows_the_head_as_large_as_was_asked_for(
    figure: Figure, tmp_path: Path
) -> None:
    looks = [Look(0.0, 0.0, 120, near=True), Look(90.0, 20.0, 120, near=True)]
    with blender_scratch(tmp_path / "scratch") as scratch:
        near = list(FigureScene(figure, scratch).views(figure.vertices, bones(figure), looks))
    for view in near:
        assert view.near and max(view.piece.shape) <= 200
        rows, columns = np.nonzero(view.region == region_index("head"))
        assert 80 <= max(np.ptp(rows), np.ptp(columns)) <= 160
        assert (view.region[view.silhouette] == region_index("head")).mean() > 0.4


def test_a_near_look_at_a_hand_shows_that_hand(figure: Figure, tmp_path: Path) -> None:
    with blender_scratch(tmp_path / "scratch") as scratch:
        stage = FigureScene(figure, scratch)
        for side in "lr":
            look = Look(10.0, 0.0, 100, near=True, hand=side)
            (view,) = stage.views(figure.vertices, bones(figure), [look])
            own = view.segment == SEGMENTS.index(f"hand {side}")
            rows, columns = np.nonzero(own)
            assert view.near and max(np.ptp(rows), np.ptp(columns)) > 50
            other = "lr".replace(side, "")
            assert not (view.segment == SEGMENTS.index(f"hand {other}")).any()


def test_normals_are_those_of_the_camera(views: list[View]) -> None:
    for view in views[:2]:
        facing = view.normal[view.silhouette][:, 2].astype(float)
        assert (facing < 10).mean() > 0.97  # (right, down, forward): towards the camera
        left, right = np.array_split(view.normal[..., 0].astype(float), 2, axis=1)
        shown = np.array_split(view.silhouette, 2, axis=1)
        assert left[shown[0]].mean() < 0 < right[shown[1]].mean()


def test_colors_are_those_of_the_materials(figure: Figure, views: list[View]) -> None:
    surface = surface_index("skin")
    here = np.unique(figure.material[figure.surface == surface])
    plain = [figure.materials[m] for m in here if figure.materials[m].texture is None]
    wanted = np.rint(np.array([m.color for m in plain]) * 255)
    seen = views[0].albedo[views[0].surface == surface].astype(float)
    near = abs(seen[:, None] - wanted[None]).max(-1).min(1)
    assert np.median(near) <= 2


def test_a_pose_moves_the_figure_in_the_same_scene(figure: Figure, tmp_path: Path) -> None:
    x, y, z = figure.vertices.T
    turned = np.stack([y, -x, z], 1)  # what the camera at 90 degrees saw now faces the front
    with blender_scratch(tmp_path / "scratch") as scratch:
        stage = FigureScene(figure, scratch)
        (before,) = stage.views(figure.vertices, bones(figure), LOOKS[1:2])
        (after,) = stage.views(turned, bones(figure), LOOKS[:1])
    assert before.surface.shape == after.surface.shape
    assert (before.surface == after.surface).mean() > 0.98


def test_who_sits_in_a_wheelchair_sits_in_every_pose(figure: Figure, tmp_path: Path) -> None:
    sitting = replace(figure, garments=("scripted wheelchair",))
    rng = np.random.default_rng(0)
    makers = plan.Makers(tmp_path, tmp_path)
    assert {makers._pose(rng, sitting).name for _ in range(12)} == {"sitting"}


@pytest.mark.parametrize("family", ["mannequin", "machine"])
def test_a_planned_figure_is_the_same_whoever_makes_it(family: str, tmp_path: Path) -> None:
    makers = plan.Makers(tmp_path, tmp_path)
    made = [makers._make(each, each.rng()) for each in [Planned(family, 3, 5)] * 2]
    assert made[0].name == made[1].name
    np.testing.assert_array_equal(made[0].vertices, made[1].vertices)


def test_a_shard_holds_every_pose_and_side(makers: FakeMakers, tmp_path: Path) -> None:
    with blender_scratch(tmp_path / "scratch") as scratch:
        shard = make_shard(planned(1)[0], makers, scratch)
    assert len(shard.views) == 4
    assert shard.family == "mannequin" and shard.garments == makers.figure.garments
    first, moved = shard.views[0].surface, shard.views[2].surface
    assert first.shape == moved.shape and (first == moved).mean() > 0.98


def test_a_figure_that_cannot_be_made_is_left_out_and_the_others_go_on(
    makers: FakeMakers, tmp_path: Path
) -> None:
    said = run(options(tmp_path))
    assert sum("could not be made" in line for line in said) == 1
    made = [shard_path(tmp_path / "out", figure) for figure in planned(1)]
    assert [path.is_file() for path in made] == [figure.number != 2 for figure in planned(1)]
    assert len(load_shard(made[0]).views) == 4


def test_what_is_there_is_not_made_again_and_what_is_damaged_is(
    makers: FakeMakers, tmp_path: Path
) -> None:
    run(options(tmp_path))
    cut = shard_path(tmp_path / "out", planned(1)[0])
    cut.write_bytes(cut.read_bytes()[:100])
    makers.made.clear()
    run(options(tmp_path))
    assert makers.made == [f.name for f in planned(1) if f.number in (0, 2)]
    assert len(load_shard(cut).views) == 4


def test_the_disk_limit_ends_rendering_with_what_to_do(makers: FakeMakers, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="limit"):
        run(options(tmp_path, limit=1e-7))
    assert len(list((tmp_path / "out" / "shards").glob("*.npz"))) == 1


def test_a_folder_without_material_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no training material"):
        render.render(RenderOptions(tmp_path, tmp_path / "out"))


def test_a_scan_is_one_surface_with_colors_at_its_vertices(figure: Figure, tmp_path: Path) -> None:
    scan = scanned(figure, figure.vertices, np.random.default_rng(4))
    assert scan.vertex_color is not None and len(scan.vertex_color) == len(scan.vertices)
    assert len(scan.materials) == 1
    known = np.unique(figure.surface)
    assert np.isin(scan.surface, [*known, NO_LABEL]).all()
    ours, theirs = face_colors(figure).mean(0), scan.vertex_color.mean(0)
    assert np.abs(ours - theirs).max() < 60
    with blender_scratch(tmp_path / "scratch") as scratch:
        (view,) = FigureScene(scan, scratch).views(scan.vertices, bones(figure), LOOKS[:1])
    assert view.silhouette.mean() > 0.2
    assert len(np.unique(view.albedo[view.silhouette], axis=0)) > 5
