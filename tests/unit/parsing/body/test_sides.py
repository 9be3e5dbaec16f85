# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.job.capture_files import Facts, Names
from core.parsing.body.sides import element_sides, sides_of
from core.parsing.images import Images
from core.parsing.ontology.ontology import LEFT, NO_SIDE, RIGHT

from ..paper_doll import facts as doll_facts
from ..paper_doll import write_paper_doll

# name: (bone, centre in metres, half size); a figure that faces -Y, its left is +X
MIDDLE = {
    "head": ("head", (0, 0, 1.62), (0.07, 0.09, 0.1)),
    "nose": ("head", (0, -0.1, 1.6), (0.004, 0.01, 0.02)),
    "left ear": ("head", (0.08, 0, 1.62), (0.01, 0.02, 0.03)),
    "right ear": ("head", (-0.08, 0, 1.62), (0.01, 0.02, 0.03)),
    "torso": ("spine", (0, 0, 1.2), (0.14, 0.1, 0.25)),
    "left pocket": ("spine", (0.08, -0.11, 1.0), (0.03, 0.01, 0.04)),
}
PAIRED = {
    "upper arm": ("upper_arm", (0.25, 0, 1.35), (0.06, 0.04, 0.05)),
    "forearm": ("forearm", (0.45, 0, 1.3), (0.08, 0.04, 0.04)),
    "hand": ("hand", (0.62, 0, 1.28), (0.06, 0.04, 0.02)),
    "thigh": ("thigh", (0.1, 0, 0.68), (0.06, 0.07, 0.17)),
    "shin": ("shin", (0.1, 0, 0.3), (0.05, 0.05, 0.17)),
    "foot": ("foot", (0.1, -0.06, 0.04), (0.04, 0.1, 0.03)),
}
SIDES = {"left": ("L", 1, LEFT), "right": ("R", -1, RIGHT)}


class Figure:
    """Boxes of elements, each named; `moved` shifts some of them."""

    def __init__(self, moved: dict[str, tuple[float, float, float]] | None = None) -> None:
        pieces = dict(MIDDLE)
        for name, (bone, (x, y, z), size) in PAIRED.items():
            for side, (letter, sign, _) in SIDES.items():
                pieces[f"{side} {name}"] = (f"{bone}.{letter}", (sign * x, y, z), size)
        self.bones = tuple(dict.fromkeys(bone for bone, _, _ in pieces.values()))
        steps = np.linspace(-1, 1, 4)
        lattice = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
        self.piece = np.repeat(list(pieces), len(lattice))
        shifts = moved or {}
        self.centroid = np.concatenate(
            [
                np.add(centre, shifts.get(name, (0, 0, 0))) + lattice * size
                for name, (_, centre, size) in pieces.items()
            ]
        )
        surface = [np.prod(np.sort(size)[1:]) for _, _, size in pieces.values()]
        self.area = np.repeat(surface, len(lattice))
        self.bone = np.repeat(
            [self.bones.index(bone) for bone, _, _ in pieces.values()], len(lattice)
        )

    def facts(self, turn: np.ndarray | None = None) -> Facts:
        count = len(self.piece)
        none = np.full(count, -1, np.int32)
        centroid = self.centroid if turn is None else self.centroid @ turn.T
        return Facts(
            object=np.zeros(count, np.int32),
            material=none,
            bone=self.bone.astype(np.int32),
            loose_part=none,
            uv_island=none,
            area=self.area.astype(np.float32),
            centroid=centroid.astype(np.float32),
            neighbours=np.zeros((0, 2), np.int32),
        )

    def names(self, bones: tuple[str, ...] | None = None) -> Names:
        bones = self.bones if bones is None else bones
        return Names(("Figure",), (), bones, (-1,) * len(bones))

    def wanted(self) -> np.ndarray:
        """The side that each element's name says; the middle's own halves are not judged."""
        first = np.array([name.split()[0] for name in self.piece])
        return np.select([first == "left", first == "right"], [LEFT, RIGHT], NO_SIDE)


def assert_sided(figure: Figure, found: np.ndarray) -> None:
    wanted = figure.wanted()
    wrong = set(figure.piece[(wanted > 0) & (found != wanted)])
    assert not wrong
    assert found.dtype == np.int8


def rotation(axis: int, degrees: float) -> np.ndarray:
    a, b = (axis + 1) % 3, (axis + 2) % 3
    turn = np.eye(3)
    turn[a, a] = turn[b, b] = np.cos(np.radians(degrees))
    turn[b, a] = np.sin(np.radians(degrees))
    turn[a, b] = -turn[b, a]
    return turn


def test_bones_give_limbs_their_side_and_the_plane_between_them_the_rest() -> None:
    figure = Figure()
    found = sides_of(figure.facts(), figure.names())
    assert_sided(figure, found)
    torso = figure.piece == "torso"
    assert np.array_equal(found[torso] == LEFT, figure.centroid[torso, 0] > 0)


def test_the_middle_of_the_body_has_no_side() -> None:
    figure = Figure()
    found = sides_of(figure.facts(), figure.names())
    assert not found[figure.piece == "nose"].any()


@pytest.mark.parametrize("turn", [rotation(2, 90), rotation(2, 217), rotation(0, 90)])
def test_a_rigged_character_may_face_anywhere_or_lie(turn: np.ndarray) -> None:
    figure = Figure()
    straight = sides_of(figure.facts(), figure.names())
    assert np.array_equal(sides_of(figure.facts(turn), figure.names()), straight)


def test_a_hand_that_reaches_over_keeps_its_side() -> None:
    figure = Figure({"left hand": (-0.9, -0.2, 0), "left forearm": (-0.5, -0.2, 0)})
    assert_sided(figure, sides_of(figure.facts(), figure.names()))


def test_swinging_limbs_do_not_turn_the_plane() -> None:
    stride = {"left foot": (0, -0.5, 0.1), "left shin": (0, -0.3, 0), "right foot": (0, 0.4, 0.2)}
    swing = {"left hand": (-0.2, 0.4, -0.2), "right hand": (0.2, -0.4, -0.2)}
    figure = Figure({**stride, **swing})
    assert_sided(figure, sides_of(figure.facts(), figure.names()))


def test_a_head_that_leans_has_its_own_middle() -> None:
    lean = (0.15, 0, -0.03)
    figure = Figure(dict.fromkeys(("head", "nose", "left ear", "right ear"), lean))
    found = sides_of(figure.facts(), figure.names())
    assert_sided(figure, found)
    assert not found[figure.piece == "nose"].any()


def test_bones_of_the_face_tell_where_a_turned_head_looks() -> None:
    figure = Figure()
    facts = figure.facts()
    head = np.isin(figure.piece, ("head", "nose", "left ear", "right ear"))
    facts.centroid[head] = facts.centroid[head] @ rotation(2, 80).T
    bones = (*figure.bones, "eye.L", "eye.R")
    eyes = np.array([[0.03, -0.09, 1.65], [-0.03, -0.09, 1.65]], np.float32) @ rotation(2, 80).T
    facts = with_elements(facts, eyes, np.array([len(bones) - 2, len(bones) - 1]))
    found = sides_of(facts, figure.names(bones))
    assert_sided(figure, found[:-2])
    assert found[-2:].tolist() == [LEFT, RIGHT]


@pytest.mark.parametrize("bones", [(), ("Bone", "Bone.001")])
def test_without_telling_bones_the_character_faces_minus_y(bones: tuple[str, ...]) -> None:
    figure = Figure()
    facts = figure.facts()
    bone = np.full(facts.count, -1, np.int32)
    if bones:
        bone[:] = np.arange(facts.count) % len(bones)
    found = sides_of(replace(facts, bone=bone), figure.names(bones))
    assert_sided(figure, found)
    assert not found[figure.piece == "nose"].any()


def test_what_lies_without_a_rig_has_no_sides() -> None:
    figure = Figure()
    facts = replace(figure.facts(rotation(0, 90)), bone=np.full(len(figure.piece), -1, np.int32))
    assert not sides_of(facts, figure.names(())).any()


def test_elements_without_a_bone_follow_the_plane_of_the_others() -> None:
    figure = Figure()
    facts = figure.facts(rotation(2, 90))
    facts.bone[np.isin(figure.piece, ("left ear", "right ear", "left pocket"))] = -1
    assert_sided(figure, sides_of(facts, figure.names()))


def test_a_frame_without_elements_has_none() -> None:
    facts = figure_part(Figure().facts(), np.arange(0))
    assert sides_of(facts, Figure().names()).shape == (0,)


def test_constant_topology_has_the_same_sides_in_every_frame(tmp_path: Path) -> None:
    images = Images(write_paper_doll(tmp_path))
    first, later = element_sides(images, 1), element_sides(images, 3)
    assert later is first
    thighs = doll_facts().bone >= 2
    assert np.array_equal(first[thighs] == LEFT, doll_facts().bone[thighs] == 2)


def test_frames_of_a_sequence_have_their_own_sides(tmp_path: Path) -> None:
    files = write_paper_doll(tmp_path, sequence=True)
    facts = doll_facts()
    files.write_facts(figure_part(facts, np.arange(facts.count)[::-1]), 2)
    images = Images(files)
    first, second = element_sides(images, 1), element_sides(images, 2)
    assert first.any()
    assert np.array_equal(second, first[::-1])
    assert np.array_equal(element_sides(images, 1), first)


def figure_part(facts: Facts, elements: np.ndarray) -> Facts:
    """Some elements, in another order; nothing is said of neighbours."""
    keys = ("object", "material", "bone", "loose_part", "uv_island", "area", "centroid")
    chosen = {key: getattr(facts, key)[elements] for key in keys}
    return Facts(**chosen, neighbours=np.zeros((0, 2), np.int32))


def with_elements(facts: Facts, centroid: np.ndarray, bone: np.ndarray) -> Facts:
    """With more elements at the end."""
    count = facts.count
    facts = figure_part(facts, np.append(np.arange(count), [0] * len(bone)))
    facts.centroid[count:] = centroid
    facts.bone[count:] = bone
    return facts
