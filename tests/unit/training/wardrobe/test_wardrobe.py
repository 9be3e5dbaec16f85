# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripted people and garments keep their labels, weights and hems in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("scipy")

from training.bank import NO_LABEL, REGIONS, SURFACES, region_index, surface_index
from training.figure import Figure
from training.wardrobe import (
    damaged,
    dress,
    equipped,
    low_poly,
    mannequin,
    recolored,
    robot,
    scan_like,
    skeleton,
    stripped,
    stylised,
)
from training.wardrobe.cutting import cut
from training.wardrobe.fitting import Fitting
from training.wardrobe.garments import GARMENTS, wear
from training.wardrobe.outfits import STYLES
from training.wardrobe.palette import Palette
from training.wardrobe.shapes import ball, corner_values
from training.wardrobe.stylise import Proportions, scaled
from training.wardrobe.trunk import Cloth

PLAIN = Palette("free", (0.5, 0.5, 0.5))


def check(figure: Figure) -> None:
    used = figure.faces[figure.faces >= 0]
    assert used.max() < len(figure.vertices)
    assert np.isfinite(figure.vertices).all()
    assert np.allclose(figure.weights.sum(1), 1, atol=1e-3)
    assert (figure.weights >= 0).all()
    assert figure.joints.max() < len(figure.skeleton.names)
    assert figure.material.max() < len(figure.materials)
    assert figure.piece.max() < len(figure.pieces)
    assert ((figure.surface < len(SURFACES)) | (figure.surface == NO_LABEL)).all()
    assert ((figure.region < len(REGIONS)) | (figure.region == NO_LABEL)).all()
    count = len(figure.faces)
    for name in ("uv", "surface", "region", "material", "piece"):
        assert len(getattr(figure, name)) == count


def body(seed: int = 3) -> Figure:
    return mannequin(np.random.default_rng(seed))


def heights(figure: Figure, surface: str) -> np.ndarray:
    faces = figure.faces[figure.surface == surface_index(surface)]
    return figure.vertices[faces[faces >= 0], 2]


def test_a_cut_keeps_area_and_leaves_no_face_across_the_line() -> None:
    shape = ball(np.zeros(3), 1.0, 16, 9)
    faces, vertices = shape.faces, shape.vertices
    field = vertices @ np.array([0.3, 0.2, 1.0]) - 0.13
    result = cut(faces, np.zeros((len(faces), 4, 2)), field, np.ones(len(faces), bool))
    a, b = result.ends.T
    share = result.share[:, None]
    points = np.concatenate([vertices, vertices[a] * (1 - share) + vertices[b] * share])
    values = np.append(field, np.zeros(len(a)))
    corners = corner_values(result.faces, values)
    assert not ((corners > 1e-9).any(1) & (corners < -1e-9).any(1)).any()
    assert area(points, result.faces) == pytest.approx(area(vertices, faces), rel=1e-2)


def area(points: np.ndarray, faces: np.ndarray) -> float:
    p = corner_values(faces, points)
    first = np.cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
    second = np.cross(p[:, 2] - p[:, 0], p[:, 3] - p[:, 0]) * (faces[:, 3:] >= 0)
    return float((np.linalg.norm(first, axis=1) + np.linalg.norm(second, axis=1)).sum() / 2)


@pytest.mark.parametrize("name", GARMENTS)
def test_every_garment_can_be_worn_and_shows(name: str) -> None:
    fit = Fitting(body())
    wear(fit, np.random.default_rng(1), name, Cloth(PLAIN))
    figure = fit.figure()
    check(figure)
    made_of = {
        "beard": "hair", "face": "eye", "suit jacket": "jacket", "cardigan": "sweater",
        "open shirt": "shirt", "long cardigan": "coat", "plate": "armor", "mail": "armor",
        "visored helmet": "helmet", "combat helmet": "helmet", "animal head": "eye",
        "kimono": "robe", "thawb": "robe", "hanbok": "skirt", "sari": "dress", "hijab": "headscarf",
        "keffiyeh": "headscarf", "back": "weapon", "prosthesis": "skin", "wheelchair": "prop",
    }  # fmt: skip
    one_of = {"tactical vest": ("vest", "armor"), "prop": ("prop", "umbrella", "bag")}
    surfaces = one_of.get(name, (made_of.get(name, name),))
    assert np.isin(figure.surface, [surface_index(surface) for surface in surfaces]).any()
    assert figure.garments == (f"scripted {name}",)


@pytest.mark.parametrize("name", ["skirt", "dress", "crop top"])
def test_short_limbs_leave_room_for_every_length(name: str) -> None:
    factors = {"thigh": (1, 1, 0.3), "lower leg": (1, 1, 0.3), "torso": (1, 1, 0.5)}
    short = scaled(body(), Proportions(factors))
    for seed in range(8):
        fit = Fitting(short)
        wear(fit, np.random.default_rng(seed), name, Cloth(PLAIN))
        check(fit.figure())


def test_a_suit_jacket_parts_below_its_last_button() -> None:
    fit = Fitting(body())
    for name in ("trousers", "shirt", "suit jacket"):
        wear(fit, np.random.default_rng(1), name, Cloth(PLAIN))
    figure = fit.figure()
    check(figure)
    jacket = figure.faces[figure.surface == surface_index("jacket")]
    low = figure.vertices[jacket[jacket >= 0]]
    low = low[low[:, 2] < np.quantile(low[:, 2], 0.1)]
    ahead = low[low[:, 1] < fit.body.neck_y - 0.03 * fit.body.unit]
    assert abs(ahead[:, 0]).min() > 0.01 * fit.body.unit
    assert abs(low[:, 0]).min() < abs(ahead[:, 0]).min()


@pytest.mark.parametrize("style", STYLES)
def test_outfits_of_every_style_keep_labels_in_order(style: str) -> None:
    for seed in range(2):
        rng = np.random.default_rng(seed)
        check(dress(mannequin(rng), rng, style))


def test_the_same_seed_dresses_the_same_way() -> None:
    first, second = (dress(body(), np.random.default_rng(5)) for _ in range(2))
    assert first.name == second.name
    assert np.array_equal(first.vertices, second.vertices)


def test_trousers_end_above_the_sole_and_cover_no_arm() -> None:
    fit = Fitting(body())
    wear(fit, np.random.default_rng(0), "trousers", Cloth(PLAIN))
    figure = fit.figure()
    assert heights(figure, "trousers").min() > fit.body.sole
    assert heights(figure, "trousers").max() < fit.body.armpit
    arms = [region_index(n) for n in ("upper arm", "forearm", "hand")]
    covered = figure.region[figure.surface == surface_index("trousers")]
    assert not np.isin(covered, arms).any()


def test_a_painted_shirt_adds_no_volume() -> None:
    fit = Fitting(body())
    before = fit.vertices.min(0), fit.vertices.max(0)
    wear(fit, np.random.default_rng(2), "t-shirt", Cloth(PLAIN, painted=True))
    figure = fit.figure()
    assert (figure.surface == surface_index("t-shirt")).any()
    assert np.allclose(figure.vertices.min(0), before[0], atol=1e-5)
    assert np.allclose(figure.vertices.max(0), before[1], atol=1e-5)


def test_weapons_lie_on_no_body_region_and_hats_on_the_head() -> None:
    fit = Fitting(body())
    for name in ("hat", "weapon"):
        wear(fit, np.random.default_rng(4), name, Cloth(PLAIN))
    figure = fit.figure()
    assert set(figure.region[figure.surface == surface_index("weapon")]) == {region_index("none")}
    assert set(figure.region[figure.surface == surface_index("hat")]) == {region_index("head")}


def test_an_open_cardigan_shows_the_shirt_below() -> None:
    shown = 0
    for seed in range(6):
        fit = Fitting(body())
        for name in ("trousers", "shirt", "long cardigan"):
            wear(fit, np.random.default_rng(seed), name, Cloth(PLAIN))
        figure = fit.figure()
        x, y, _ = figure.vertices[figure.faces[figure.surface == surface_index("shirt")][:, 0]].T
        shown += (abs(x[y < fit.body.neck_y]) < 0.05 * fit.body.unit).sum() > 5
    assert shown == 6


def test_a_headscarf_leaves_the_face_free_and_covers_the_neck() -> None:
    fit = Fitting(body())
    wear(fit, np.random.default_rng(1), "hijab", Cloth(PLAIN))
    figure = fit.figure()
    bare = figure.surface == surface_index("skin")
    head, neck = (figure.region == region_index(n) for n in ("head", "neck"))
    assert (bare & head).any() and not (bare & neck).any()


def test_mail_and_plates_cover_trunk_and_limbs() -> None:
    for name, wanted in (("plate", ("torso", "upper arm", "thigh")), ("mail", ("torso", "pelvis"))):
        fit = Fitting(body())
        wear(fit, np.random.default_rng(2), name, Cloth(PLAIN))
        figure = fit.figure()
        covered = set(figure.region[figure.surface == surface_index("armor")])
        assert {region_index(region) for region in wanted} <= covered


def test_things_in_hands_follow_the_hand_and_lie_on_no_region() -> None:
    fit = Fitting(body())
    wear(fit, np.random.default_rng(3), "prop", Cloth(PLAIN))
    figure = fit.figure()
    own = figure.region == region_index("none")
    hands = [figure.skeleton.segments[f"hand {side}"][0] for side in "lr"]
    assert own.any() and np.isin(figure.joints[figure.faces[own, 0], 0], hands).all()


@pytest.mark.parametrize("make", [robot, skeleton])
def test_machines_are_bare_bodies_that_may_carry_things(make: Callable) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        figure = make(rng)
        check(figure)
        body_surfaces = [surface_index(n) for n in ("skin", "eye", "mouth")]
        assert np.isin(figure.surface, body_surfaces).all()
        check(equipped(figure, rng))


def test_without_textures_no_material_has_one() -> None:
    tile = np.zeros((4, 4, 3), np.uint8)
    figure = body()
    textured = tuple(replace(m, texture=tile) for m in figure.materials)
    for seed in range(6):
        other = stripped(replace(figure, materials=textured), np.random.default_rng(seed))
        check(other)
        assert all(m.texture is None for m in other.materials)


def test_a_damaged_scan_has_holes_and_other_colors() -> None:
    shape = ball(np.zeros(3), 1.0, 60, 40)
    faces = shape.faces[shape.faces[:, 3] >= 0]
    grey = np.full((len(faces), 3), 128, np.uint8)
    lost = []
    for seed in range(5):
        left, color = damaged(shape.vertices, faces, grey, np.random.default_rng(seed))
        lost.append(1 - left.mean())
        assert color.shape == grey.shape and np.ptp(color) > 5
    assert 0 < max(lost) < 0.3


def test_stylised_figures_keep_faces_and_height() -> None:
    figure = dress(body(), np.random.default_rng(7))
    other = stylised(figure, np.random.default_rng(8))
    check(other)
    assert np.array_equal(other.faces, figure.faces)
    assert other.height == pytest.approx(figure.height, rel=1e-3)
    assert not np.allclose(other.vertices, figure.vertices, atol=1e-2)


def test_other_looks_change_no_label() -> None:
    figure = dress(body(), np.random.default_rng(9))
    for seed in range(8):
        other = recolored(figure, np.random.default_rng(seed))
        check(other)
        assert np.array_equal(other.surface, figure.surface)
        assert np.array_equal(other.vertices, figure.vertices)


def test_a_scan_is_one_skin_with_the_labels_of_what_was_there() -> None:
    figure = dress(body(), np.random.default_rng(10))
    color = np.array([m.color for m in figure.materials], np.float32)[figure.material]
    vertices, faces, colors, surface, region, piece = scan_like(
        figure.vertices, figure.faces, color, figure.surface, figure.region, figure.piece,
        np.random.default_rng(0),
    )  # fmt: skip
    assert len(faces) == len(colors) == len(surface) == len(region) == len(piece)
    assert colors.min() >= 0 and colors.max() <= 1
    assert set(surface) <= set(figure.surface)
    assert abs(vertices.max(0) - figure.vertices.max(0)).max() < 0.05


def test_low_poly_figures_have_few_triangles_and_the_same_surfaces() -> None:
    pytest.importorskip("bpy")
    figure = dress(body(), np.random.default_rng(11))
    other = low_poly(figure, np.random.default_rng(0), faces=800)
    check(other)
    assert len(other.faces) <= 900
    assert set(other.surface) <= set(figure.surface)
