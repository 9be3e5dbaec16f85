# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo character is what its documentation says: geometry, truth, skinning, walk, names."""

import hashlib
import json
import re

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from demo import character
from demo.weights import MAX_INFLUENCES

PART_WORDS = {
    "hair",
    "cap",
    "lock",
    "head",
    "skull",
    "face",
    "neck",
    "eye",
    "eyes",
    "brow",
    "eyebrow",
    "eyebrows",
    "mouth",
    "lip",
    "lips",
    "nose",
    "ear",
    "torso",
    "body",
    "skin",
    "chest",
    "spine",
    "shirt",
    "t-shirt",
    "jacket",
    "collar",
    "zip",
    "trousers",
    "jeans",
    "belt",
    "buckle",
    "shoe",
    "shoes",
    "sole",
    "rubber",
    "hand",
    "hands",
    "palm",
    "finger",
    "thumb",
    "arm",
    "upper",
    "forearm",
    "shoulder",
    "leg",
    "thigh",
    "shin",
    "foot",
    "toe",
    "heel",
    "pelvis",
    "jaw",
    "chin",
}


def _meshes() -> list:
    return sorted((o for o in bpy.data.objects if o.type == "MESH"), key=lambda o: o.name)


def _read(collection, attribute: str, width: int, kind=np.float32) -> np.ndarray:
    values = np.empty(len(collection) * width, kind)
    collection.foreach_get(attribute, values)
    return values.reshape(-1, width)


def _weights(obj) -> np.ndarray:
    table = np.zeros((len(obj.data.vertices), len(obj.vertex_groups)))
    for vertex in obj.data.vertices:
        for group in vertex.groups:
            table[vertex.index, group.group] = group.weight
    return table


def _posed(obj, frame: int) -> np.ndarray:
    bpy.context.scene.frame_set(frame)
    evaluated = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    places = _read(mesh.vertices, "co", 3)
    evaluated.to_mesh_clear()
    return places


def _bone(rig, frame: int, name: str) -> np.ndarray:
    bpy.context.scene.frame_set(frame)
    bone = rig.pose.bones[name]
    return np.array(bone.tail - bone.head)


def _snapshot() -> dict:
    """Everything the tests of the plain character need, taken while it is in the file."""
    rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    meshes = {}
    for obj in _meshes():
        mesh = obj.data
        meshes[obj.name] = {
            "vertices": _read(mesh.vertices, "co", 3),
            "corners": _read(mesh.loops, "vertex_index", 1, np.int32),
            "part": _read(mesh.attributes["gt_part"].data, "value", 1, np.int32)[:, 0],
            "domain": (mesh.attributes["gt_part"].domain, mesh.attributes["gt_part"].data_type),
            "area": _read(mesh.polygons, "area", 1)[:, 0],
            "uv": _read(mesh.uv_layers[0].data, "uv", 2),
            "weights": _weights(obj),
            "posed": {frame: _posed(obj, frame) for frame in (1, 7, 25)},
        }
    bones = {
        (frame, name): _bone(rig, frame, name)
        for frame in range(1, 26)
        for name in ("thigh.L", "shin.L", "upper_arm.L", "forearm.L")
    }
    names = json.loads(bpy.context.scene["gt_names"])
    return {"meshes": meshes, "bones": bones, "names": names}


def _build(**options):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return character.build(**options)


@pytest.fixture(scope="module")
def plain() -> dict:
    _build()
    return _snapshot()


@pytest.fixture(scope="module")
def nameless(plain):
    """Built last, so that it stays in the file for the tests that look at names."""
    return _build(strip_names=True)


def _digest(snapshot: dict) -> str:
    digest = hashlib.sha256()
    for name, mesh in sorted(snapshot["meshes"].items()):
        digest.update(name.encode())
        for key in ("vertices", "corners", "part", "uv", "weights"):
            digest.update(np.ascontiguousarray(mesh[key]).tobytes())
    return digest.hexdigest()


def test_it_has_enough_faces_and_not_too_many(plain) -> None:
    assert 15_000 <= sum(len(m["part"]) for m in plain["meshes"].values()) <= 40_000


def test_every_mesh_carries_an_integer_truth_on_its_faces(plain) -> None:
    for name, mesh in plain["meshes"].items():
        assert mesh["domain"] == ("FACE", "INT"), name


def test_every_face_is_labelled_and_every_visible_part_occurs(plain) -> None:
    parts = np.concatenate([m["part"] for m in plain["meshes"].values()])
    assert parts.min() >= 0
    assert parts.max() < len(plain["names"])
    present = {plain["names"][k] for k in np.unique(parts)}
    assert present >= {
        "hair",
        "head",
        "neck",
        "eyes",
        "eyebrows",
        "mouth",
        "t-shirt",
        "jacket",
        "trousers",
        "belt",
        "shoes",
        "left hand",
        "right hand",
    }


def test_left_is_the_side_of_positive_x(plain) -> None:
    body = plain["meshes"]["Body"]
    centre = body["vertices"][body["corners"][:, 0]].reshape(-1, 4, 3).mean(1)
    assert (centre[body["part"] == plain["names"].index("left hand"), 0] > 0.3).all()
    assert (centre[body["part"] == plain["names"].index("right hand"), 0] < -0.3).all()


def test_its_geometry_is_finite_and_has_almost_no_degenerate_faces(plain) -> None:
    for name, mesh in plain["meshes"].items():
        assert np.isfinite(mesh["vertices"]).all()
        assert np.isfinite(mesh["uv"]).all()
        assert (mesh["area"] < 1e-9).mean() < 0.002, name


def test_weights_sum_to_one_with_few_influences(plain) -> None:
    for name, mesh in plain["meshes"].items():
        np.testing.assert_allclose(mesh["weights"].sum(1), 1.0, atol=1e-4, err_msg=name)
        assert (mesh["weights"] > 0).sum(1).max() <= MAX_INFLUENCES, name


def test_the_walk_moves_every_mesh_and_loops(plain) -> None:
    for name, mesh in plain["meshes"].items():
        posed = mesh["posed"]
        assert np.abs(posed[7] - posed[1]).max() > 0.005, name
        np.testing.assert_allclose(posed[25], posed[1], atol=1e-5, err_msg=name)


def test_knees_bend_backwards_below_and_elbows_forwards(plain) -> None:
    """Facing -Y, a positive x of (thigh x shin) turns the foot towards +Y, behind the knee."""
    for frame in range(1, 26):
        bones = plain["bones"]
        knee = np.cross(bones[frame, "thigh.L"], bones[frame, "shin.L"])[0]
        elbow = np.cross(bones[frame, "upper_arm.L"], bones[frame, "forearm.L"])[0]
        assert knee > 0, frame
        assert elbow < 0, frame


def test_arms_hang_down(plain) -> None:
    for frame in range(1, 26):
        arm = plain["bones"][frame, "upper_arm.L"]
        assert arm[2] / np.linalg.norm(arm) < -0.85, frame


def test_shoes_neither_sink_into_the_ground_nor_leave_it_together(plain) -> None:
    for posed in plain["meshes"]["Shoes"]["posed"].values():
        assert -0.02 < posed[:, 2].min() < 0.01


def test_two_builds_are_identical(plain) -> None:
    _build()
    assert _digest(_snapshot()) == _digest(plain)


def test_stripped_of_names_it_is_one_mesh_with_one_material(plain, nameless) -> None:
    (obj,) = _meshes()
    assert len(obj.data.materials) == 1
    faces = sum(len(m["part"]) for m in plain["meshes"].values())
    assert len(obj.data.polygons) == faces
    assert json.loads(bpy.context.scene["gt_names"]) == plain["names"]


def test_stripped_of_names_no_name_tells_a_part(nameless) -> None:
    names = [nameless.name, nameless.data.name, nameless.animation_data.action.name]
    names += [b.name for b in nameless.data.bones]
    names += [c.name for c in nameless.data.collections_all]
    names += [key for owner in (nameless.data, *nameless.pose.bones) for key in owner.keys()]
    for obj in _meshes():
        names += [obj.name, obj.data.name, *(a.name for a in obj.data.attributes)]
        names += [g.name for g in obj.vertex_groups] + [m.name for m in obj.data.materials]
        names += [m.name for m in obj.modifiers]
    names += [
        x.name
        for kind in ("collections", "materials", "images", "node_groups")
        for x in getattr(bpy.data, kind)
    ]
    for name in names:
        words = set(re.split(r"[^a-z\-]+", name.lower())) - {""}
        assert not words & PART_WORDS, name


def test_stripped_of_names_it_still_walks(nameless) -> None:
    (obj,) = _meshes()
    assert np.abs(_posed(obj, 7) - _posed(obj, 1)).max() > 0.2
    np.testing.assert_allclose(_weights(obj).sum(1), 1.0, atol=1e-4)


def test_a_cycle_of_one_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        character.build(frames=1)
