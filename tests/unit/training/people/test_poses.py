# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses on figures that rest in different ways, and motions read from BVH files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.training.people.tiny_kit import bones, write_tiny_kit
from training.figure import Figure, Material
from training.people.makehuman import Kit, Shape
from training.people.moves import draw_pose, random_pose, rest_pose, tumbled
from training.people.poses import Pose, clip_poses, mirrored, motion_poses, posed, posed_joints
from training.people.rotations import about, partly, turning, unit

ALONG = ("upper arm", "forearm", "thigh", "lower leg")


@pytest.fixture(scope="module")
def figure(tmp_path_factory: pytest.TempPathFactory) -> Figure:
    """The stick person, arms in A-pose."""
    kit = Kit(write_tiny_kit(tmp_path_factory.mktemp("kit")))
    targets: Any = kit._targets
    targets.offsets = lambda weights: np.zeros((kit._mesh.vertices.shape), np.float32)
    return kit.figure(kit.body(Shape()), [], Material("skin"))


def direction(figure: Figure, pose: Pose, segment: str) -> np.ndarray:
    """Unit vector from the joint of a limb to the next joint."""
    following = dict(zip(ALONG, ("forearm", "hand", "lower leg", "foot"), strict=True))
    name, side = segment[:-2], segment[-1]
    _, places = posed_joints(figure.skeleton, pose)
    ends = [places[figure.skeleton.segments[f"{s} {side}"][0]] for s in (name, following[name])]
    return unit(ends[1] - ends[0])


def test_a_figure_at_rest_stays_as_it_is(figure):
    assert np.allclose(posed(figure, Pose({}, rest_arms=True)), figure.vertices, atol=1e-6)


def test_the_standard_pose_stretches_the_arms_of_an_a_pose_out(figure):
    pose = Pose({})
    assert np.allclose(direction(figure, pose, "upper arm l"), (1, 0, 0), atol=1e-6)
    assert np.allclose(direction(figure, pose, "forearm r"), (-1, 0, 0), atol=1e-6)
    assert np.allclose(direction(figure, pose, "thigh l"), (0, 0, -1), atol=1e-6)


def test_bones_keep_their_lengths_in_any_pose(figure):
    skeleton = figure.skeleton
    child = np.flatnonzero(skeleton.parents >= 0)
    rest = np.linalg.norm(skeleton.heads[child] - skeleton.heads[skeleton.parents[child]], axis=1)
    for seed in range(5):
        _, places = posed_joints(skeleton, random_pose(np.random.default_rng(seed)))
        now = np.linalg.norm(places[child] - places[skeleton.parents[child]], axis=1)
        assert np.allclose(now, rest, atol=1e-5)


def test_a_segment_that_a_pose_leaves_out_moves_with_the_one_above(figure):
    raised = Pose({"upper arm l": about("y", -90)})
    assert np.allclose(direction(figure, raised, "forearm l"), (0, 0, 1), atol=1e-6)
    assert np.allclose(direction(figure, raised, "forearm r"), (-1, 0, 0), atol=1e-6)


def test_vertices_follow_their_joints(figure):
    down = posed(figure, Pose({"upper arm l": about("y", 90), "forearm l": about("y", 90)}))
    hand = figure.joints[:, 0] == figure.skeleton.names.index("LeftHand")
    assert down.dtype == np.float32
    assert down[hand, 2].max() < figure.vertices[hand, 2].min() + 0.05
    assert abs(down[hand, 0] - 0.15).max() < 0.12


def test_a_mirrored_pose_has_left_and_right_exchanged(figure):
    pose = random_pose(np.random.default_rng(4))
    other = mirrored(pose)
    for segment in ("upper arm", "lower leg"):
        left, right = (
            direction(figure, p, f"{segment} {s}") for p, s in ((pose, "l"), (other, "r"))
        )
        assert np.allclose(left * (-1, 1, 1), right, atol=1e-6)
    again = mirrored(other)
    assert all(np.allclose(again.rotations[s], r) for s, r in pose.rotations.items())


def test_fingers_bend_towards_the_palm(figure):
    finger = figure.joints[:, 0] == figure.skeleton.names.index("LeftHandFinger1")
    flat, bent = (
        posed(figure, Pose({}, curl=(angle, 0.0)))[finger, 2].min() for angle in (0.0, 60.0)
    )
    assert bent < flat - 0.02  # palms are down


@pytest.mark.parametrize("draw", [random_pose, rest_pose])
def test_drawn_poses_are_rotations(draw):
    for seed in range(40):
        for matrix in draw(np.random.default_rng(seed)).rotations.values():
            assert np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
            assert np.linalg.det(matrix) == pytest.approx(1)


def test_knees_and_elbows_bend_their_own_way(figure):
    for seed in range(60):
        pose = random_pose(np.random.default_rng(seed))
        for side in "lr":
            thigh, shin = (
                pose.rotation(f"thigh {side}"),
                direction(figure, pose, f"lower leg {side}"),
            )
            assert (thigh.T @ shin)[1] > -1e-6  # backwards of the thigh
            arm, hand = (
                pose.rotation(f"upper arm {side}"),
                direction(figure, pose, f"forearm {side}"),
            )
            assert (arm.T @ hand)[1] < 1e-6  # to the front of the arm


def test_poses_are_drawn_from_motions_random_ones_and_rest():
    motion = Pose({}, name="walk:3")
    rng = np.random.default_rng(0)
    names = [draw_pose(rng, [motion]).name for _ in range(400)]
    moving = sum(n.startswith("walk") for n in names)
    resting = sum(n.split(" ")[0] in ("rest", "T", "A") for n in names)
    assert 160 < moving < 240 and 35 < resting < 85


def test_tumbling_turns_the_whole_figure_and_bends_nothing(figure):
    for seed in range(6):
        rng = np.random.default_rng(seed)
        pose = rest_pose(rng) if seed < 3 else random_pose(rng)
        turned = tumbled(pose, rng)
        before, after = posed(figure, pose), posed(figure, turned)
        first = np.linalg.norm(before[:, None] - before[None], axis=2)
        second = np.linalg.norm(after[:, None] - after[None], axis=2)
        assert np.allclose(first, second, atol=1e-4)
        assert not np.allclose(before, after, atol=0.05)


def test_part_of_a_rotation_turns_about_the_same_axis():
    assert np.allclose(partly(about("y", 80), 0.25), about("y", 20))
    assert np.allclose(partly(about("z", 80), 0.5, most=10), about("z", 10))
    assert np.allclose(turning(np.array([0, 0, 2.0]), np.array([1.0, 0, 0])), about("y", 90))


def write_bvh(path: Path, arm: float, heading: float = 0.0) -> None:
    """One frame: the left upper arm, hanging at rest, is raised sideways by `arm` degrees."""
    order = list(bones())
    at = {n: h for n, (_, h, _) in bones().items()}
    at["LeftArm"], at["LeftForeArm"], at["LeftHand"] = (1.5, 14, 0), (1.5, 11, 0), (1.5, 9, 0)
    kids = {n: [m for m in order if bones()[m][0] == n] for n in order}
    lines, numbers = ["HIERARCHY"], []

    def write(name: str, parent: str) -> None:
        offset = np.subtract(at[name], at[parent]) if parent else np.array(at[name])
        lines.append(f"{'JOINT' if parent else 'ROOT'} {name}")
        lines.append("{\nOFFSET " + " ".join(map(str, offset)))
        places = "" if parent else "Xposition Yposition Zposition "
        count = 3 if parent else 6
        lines.append(f"CHANNELS {count} {places}Zrotation Yrotation Xrotation")
        numbers.extend([] if parent else [5.0, 6.0, 7.0])
        turn = {"LeftArm": (arm, 0, 0), "Hips": (0, heading, 0)}.get(name, (0, 0, 0))
        numbers.extend(float(t) for t in turn)
        for kid in kids[name]:
            write(kid, name)
        if not kids[name]:
            lines.append("End Site\n{\nOFFSET 0 1 0\n}")
        lines.append("}")

    write("Hips", "")
    values = " ".join(map(str, numbers))
    path.write_text("\n".join(lines) + f"\nMOTION\nFrames: 1\nFrame Time: 0.03\n{values}\n")


@pytest.mark.parametrize(
    ("angle", "expected"), [(0, (0, 0, -1)), (90, (1, 0, 0)), (180, (0, 0, 1))]
)
def test_a_motion_points_the_arms_where_the_file_does(figure, tmp_path, angle, expected):
    write_bvh(tmp_path / "a.bvh", angle)
    (pose,) = clip_poses(tmp_path / "a.bvh")
    assert np.allclose(direction(figure, pose, "upper arm l"), expected, atol=1e-5)


def test_motions_face_the_front_whatever_way_they_go(figure, tmp_path):
    write_bvh(tmp_path / "a.bvh", 0, heading=70)
    (pose,) = motion_poses(tmp_path)
    assert pose.name == "a:0"
    _, places = posed_joints(figure.skeleton, pose)
    thighs = [places[figure.skeleton.segments[f"thigh {s}"][0]] for s in "lr"]
    assert np.allclose(unit(thighs[0] - thighs[1]), (1, 0, 0), atol=1e-6)


def test_a_file_that_is_no_motion_is_refused(tmp_path):
    (tmp_path / "a.bvh").write_text("hello")
    with pytest.raises(ValueError, match="no BVH"):
        motion_poses(tmp_path)


def test_a_motion_that_ends_too_early_is_refused(tmp_path):
    write_bvh(tmp_path / "a.bvh", 0)
    text = (tmp_path / "a.bvh").read_text().replace("Frames: 1", "Frames: 2")
    (tmp_path / "a.bvh").write_text(text)
    with pytest.raises(ValueError, match="numbers"):
        motion_poses(tmp_path)


def test_the_real_motions_can_be_read():
    folder = os.environ.get("PARTS4D_TRAINING_DATA")
    if not folder:
        pytest.skip("PARTS4D_TRAINING_DATA names no folder of training data")
    poses = motion_poses(Path(folder) / "bvh", step=10)
    assert len({p.name.split(":")[0] for p in poses}) == 12
