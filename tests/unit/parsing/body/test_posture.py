# SPDX-License-Identifier: GPL-3.0-or-later
"""Left and right of a body without bones, however it is turned and wherever its limbs are held."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from core.job.capture_files import Facts
from core.parsing.body.posture import limb_sides
from core.parsing.ontology.ontology import BODY_REGIONS, LEFT, NO_SIDE, RIGHT

SPACING = 0.04  # metres
# Region -> boxes (low, high) in metres; the figure faces -Y, its left is +X.
TRUNK = {
    "head": [((-0.08, -0.1, 1.5), (0.08, 0.1, 1.75))],
    "torso": [((-0.18, -0.08, 1.05), (0.18, 0.08, 1.48))],
    "pelvis": [((-0.18, -0.08, 0.88), (0.18, 0.08, 1.02))],
}
ARM = {
    "upper arm": ((0.2, -0.04, 1.36), (0.46, 0.04, 1.44)),
    "forearm": ((0.48, -0.04, 1.36), (0.72, 0.04, 1.44)),
    "hand": ((0.74, -0.04, 1.36), (0.88, 0.04, 1.44)),
}
LEG = {
    "thigh": ((0.04, -0.05, 0.48), (0.14, 0.05, 0.86)),
    "lower leg": ((0.04, -0.05, 0.08), (0.14, 0.05, 0.46)),
    "foot": ((0.04, -0.2, 0.0), (0.14, 0.05, 0.06)),
}


class Body:
    """Points of a standing figure in T-pose, their regions and true sides."""

    def __init__(self) -> None:
        boxes = [(name, box, NO_SIDE) for name, found in TRUNK.items() for box in found]
        for name, (low, high) in {**ARM, **LEG}.items():
            boxes.append((name, (low, high), LEFT))
            mirrored = ((-high[0], *low[1:]), (-low[0], *high[1:]))
            boxes.append((name, mirrored, RIGHT))
        points, region, side = [], [], []
        for name, (low, high), which in boxes:
            axes = [np.arange(a, b + 1e-9, SPACING) for a, b in zip(low, high, strict=True)]
            grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
            points.append(grid)
            region += [BODY_REGIONS.index(name)] * len(grid)
            side += [which] * len(grid)
        self.points = np.concatenate(points)
        self.region, self.side = np.array(region, np.int32), np.array(side)
        head = self.region == BODY_REGIONS.index("head")
        self.front = np.where(head & (self.points[:, 1] < 0), 1.0, -1.0)
        self.neighbours = cKDTree(self.points).query_pairs(SPACING * 1.3, output_type="ndarray")

    def facts(self, points: np.ndarray | None = None) -> Facts:
        points = self.points if points is None else points
        none, count = np.full(len(points), -1, np.int32), len(points)
        zeros = np.zeros(count, np.int32)
        area, centroid = np.full(count, SPACING**2, np.float32), points.astype(np.float32)
        return Facts(zeros, none, none, zeros, none, area, centroid, self.neighbours)

    def right_sides(self, points: np.ndarray | None = None) -> float:
        """Share of the limbs whose side is right."""
        found = limb_sides(self.facts(points), self.region, self.front)
        assert not found[self.side == NO_SIDE].any()
        limb = self.side != NO_SIDE
        return float((found == self.side)[limb].mean())


@pytest.fixture(scope="module")
def body() -> Body:
    return Body()


def test_a_standing_figure_has_its_left_at_plus_x(body: Body) -> None:
    assert body.right_sides() == 1


@pytest.mark.parametrize("seed", range(12))
def test_sides_stay_however_the_body_is_turned(body: Body, seed: int) -> None:
    turned = Rotation.random(random_state=seed).as_matrix()
    assert body.right_sides(body.points @ turned.T) > 0.99


def test_limbs_that_cross_the_middle_keep_their_side(body: Body) -> None:
    points = body.points.copy()
    forearm = body.region >= BODY_REGIONS.index("forearm")
    arm = forearm & (body.region <= BODY_REGIONS.index("hand"))
    reach = np.abs(points[arm, 0]) - 0.47
    points[arm, 0] = np.sign(points[arm, 0]) * (0.47 - 1.6 * reach)  # both to the other side
    points[arm, 1] -= 0.3 + 0.1 * np.sign(body.points[arm, 0])  # the right one in front
    assert body.right_sides(points) > 0.99


def test_a_face_behind_turns_the_sides(body: Body) -> None:
    points = body.points * (-1, -1, 1)  # faces +Y
    assert body.right_sides(points) == 1


def test_without_face_and_toes_an_upright_figure_faces_the_front(body: Body) -> None:
    body_region = np.where(body.region == BODY_REGIONS.index("foot"), -1, body.region)
    found = limb_sides(body.facts(), body_region, np.zeros(len(body.region)))
    limb = (body.side != NO_SIDE) & (body_region >= 0)
    assert (found == body.side)[limb].all()


def test_nothing_tells_the_sides_of_one_that_lies_without_a_face(body: Body) -> None:
    lying = body.points[:, [0, 2, 1]]
    region = np.where(body.region == BODY_REGIONS.index("foot"), -1, body.region)
    assert not limb_sides(body.facts(lying), region, np.zeros(len(region))).any()


def test_a_loose_hand_belongs_to_the_forearm_that_is_nearest(body: Body) -> None:
    facts = body.facts()
    hand = body.region == BODY_REGIONS.index("hand")
    facts.loose_part[hand] = 1 + body.side[hand]
    cut = facts.neighbours[hand[facts.neighbours[:, 0]] == hand[facts.neighbours[:, 1]]]
    facts = Facts(*(cut if name == "neighbours" else getattr(facts, name)
                    for name in Facts.__dataclass_fields__))  # fmt: skip
    found = limb_sides(facts, body.region, body.front)
    assert (found[hand] == body.side[hand]).all()


def test_what_has_no_trunk_has_no_sides(body: Body) -> None:
    nowhere = np.full(len(body.region), -1, np.int32)
    assert not limb_sides(body.facts(), nowhere, body.front).any()
    none = np.empty(0, np.int32)
    empty = Facts(none, none, none, none, none, np.empty(0, np.float32),
                  np.empty((0, 3), np.float32), np.empty((0, 2), np.int32))  # fmt: skip
    assert not len(limb_sides(empty, none, np.empty(0)))
