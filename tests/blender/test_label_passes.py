# SPDX-License-Identifier: GPL-3.0-or-later
"""Label images agree with casting a ray through every pixel's centre."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.label_images.request import LabelledCharacter
from core.scene import compat
from core.scene.character import FRAME_PROPERTY
from tests.blender.label_scenes import (
    Truth,
    box,
    camera,
    character,
    part_of,
    remember_faces,
    rendered,
    save,
)
from tests.blender.writeback_scene import (
    changing_job,
    empty_scene,
    finished_job,
    finished_sequence,
    random_labels,
    sphere,
)


def back_and_front(tmp_path):
    """Two characters of which one is partly behind the other, and their labels."""
    return {
        "Back": character("Back", tmp_path, (0, 2, 0), 1),
        "Front": character("Front", tmp_path, (1.2, -1, 0), 2),
    }


def test_two_overlapping_characters_and_what_stands_before_them_agree_with_rays(tmp_path):
    empty_scene()
    labels = {
        "Alice": character("Alice", tmp_path, (-0.4, 0, 0), 1),
        "Bob": character("Bob", tmp_path, (0.5, 0.6, 0.2), 2),
    }
    box((0.3, -1.5, 0.2), 0.4)
    camera((0.2, -5, 0.3))
    blend = save(tmp_path)
    truth = Truth()
    images = rendered(blend, ["Alice", "Bob"])
    seen, wrong = truth.wrong(images.image("parts"), part_of(labels))
    assert seen > 500 and wrong == 0
    number = {"Alice": 1, "Bob": 2}
    assert truth.wrong(images.image("instances"), lambda name, face: number.get(name, 0))[1] == 0
    record = images.record()
    assert [(i.index, i.character) for i in record.instances] == [(1, "Alice"), (2, "Bob")]
    assert sum(count for _, _, count in record.pixels) == (images.image("parts") > 0).sum()


def test_labels_follow_faces_through_subdivision(tmp_path):
    empty_scene()
    labels = {"Alice": character("Alice", tmp_path)}
    subdivided = bpy.data.objects["Alice"].modifiers.new("Subdivision", "SUBSURF")
    subdivided.levels = subdivided.render_levels = 2
    camera()
    blend = save(tmp_path)
    truth = Truth()
    seen, wrong = truth.wrong(rendered(blend, ["Alice"]).image("parts"), part_of(labels))
    assert seen > 500 and wrong == 0


def _cut_out(ob, alpha) -> None:
    """A material with that alpha; a function links a node to it."""
    material = bpy.data.materials.new(ob.name)
    compat.enable_nodes(material)
    shader = next(n for n in material.node_tree.nodes if n.bl_idname == "ShaderNodeBsdfPrincipled")
    if callable(alpha):
        alpha(material.node_tree, shader.inputs["Alpha"])
    else:
        shader.inputs["Alpha"].default_value = alpha
    ob.data.materials.clear()
    ob.data.materials.append(material)


def _left_half(tree, socket) -> None:
    """Alpha 1 where the object's own x is below 0."""
    place = tree.nodes.new("ShaderNodeTexCoord")
    apart = tree.nodes.new("ShaderNodeSeparateXYZ")
    less = tree.nodes.new("ShaderNodeMath")
    less.operation, less.inputs[1].default_value = "LESS_THAN", 0.0
    tree.links.new(place.outputs["Object"], apart.inputs[0])
    tree.links.new(apart.outputs["X"], less.inputs[0])
    tree.links.new(less.outputs[0], socket)


def test_cut_outs_show_what_is_behind_them(tmp_path):
    empty_scene()
    labels = {
        "Front": character("Front", tmp_path, (0, -1, 0), 1),
        "Back": character("Back", tmp_path, (0.3, 2, 0), 2),
    }
    _cut_out(bpy.data.objects["Front"], _left_half)
    _cut_out(box((-0.5, -2.5, 0), 0.3), 0.3)  # thin: not there
    _cut_out(box((0, -2.5, 0.4), 0.3), 0.7)
    camera()
    blend = save(tmp_path)
    truth = Truth(solid=lambda name, point: name != "Cube" and (name != "Front" or point.x < 0))
    images = rendered(blend, ["Front", "Back"], passes=("parts", "instances", "depth", "matte"))
    seen, wrong = truth.wrong(images.image("parts"), part_of(labels))
    assert seen > 300 and wrong == 0
    # Depth is of the same surfaces.
    depth, instance = images.image("depth")["Z"], images.image("instances")
    assert depth[instance == 1].max() < 5 < depth[instance == 2].min()


@pytest.mark.parametrize(
    ("position", "instant", "time"),
    [("CENTER", "centre", 2.0), ("START", "centre", 2.25), ("END", "open", 1.5)],
)
def test_labels_are_of_one_moment_of_the_shutter(tmp_path, position, instant, time):
    empty_scene()
    ob = sphere("Alice", 16, 12)
    faces = len(ob.data.polygons)
    labels = {frame: random_labels(faces, frame) for frame in (1, 2, 3)}
    apply_job = finished_job(tmp_path / "job", [ob], labels)
    remember_faces(ob)
    for frame, x in ((1, -1.0), (3, 1.0)):
        ob.location.x = x
        ob.keyframe_insert("location", frame=frame)
    render = bpy.context.scene.render
    render.use_motion_blur, render.motion_blur_position = True, position
    render.motion_blur_shutter = 0.5
    camera()
    blend = save(tmp_path)
    truth = Truth(time)
    images = rendered(
        blend, [LabelledCharacter("Alice", str(apply_job.job))], frames=(2,), instant=instant
    )
    seen, wrong = truth.wrong(images.image("parts", 2), part_of({"Alice": labels[2]}))
    assert seen > 400 and wrong == 0
    assert images.record(2).instant == time


def test_every_frame_shows_its_own_labels(tmp_path):
    empty_scene()
    ob = sphere("Body", 16, 12)
    job, labels = changing_job(tmp_path / "job", ob)
    remember_faces(ob)
    camera()
    blend = save(tmp_path)
    truth = Truth()
    images = rendered(blend, [LabelledCharacter("Hero", str(job.job), "Body")], frames=(5, 1, 3, 9))
    for frame, held in ((1, 1), (3, 3), (5, 5), (9, 5)):
        wrong = truth.wrong(images.image("parts", frame), part_of({"Body": labels[held]}))[1]
        assert wrong == 0, frame


def test_copies_of_a_collection_are_instances_of_their_own(tmp_path):
    empty_scene()
    labels = character("Alice", tmp_path)
    scene = bpy.context.scene
    inside = bpy.data.collections.new("Inside")
    inside.objects.link(bpy.data.objects["Alice"])
    scene.collection.objects.unlink(bpy.data.objects["Alice"])
    for name, x in (("First", -1.0), ("Second", 1.0)):
        empty = bpy.data.objects.new(name, None)
        empty.instance_type, empty.instance_collection = "COLLECTION", inside
        empty.location.x, empty.scale = x, (0.8,) * 3
        scene.collection.objects.link(empty)
    camera()
    blend = save(tmp_path)
    truth = Truth()
    images = rendered(blend, ["Alice"])
    assert truth.wrong(images.image("parts"), part_of({"Alice": labels}))[1] == 0
    instance = images.image("instances")
    assert set(np.unique(instance[:, :30])) == {0, 1} and set(np.unique(instance[:, 34:])) == {0, 2}
    assert [i.object for i in images.record().instances] == ["Alice", "Second"]


def test_a_character_linked_from_another_file_is_labelled(tmp_path):
    empty_scene()
    labels = character("Alice", tmp_path)
    inside = bpy.data.collections.new("Inside")
    inside.objects.link(bpy.data.objects["Alice"])
    library = tmp_path / "library.blend"
    bpy.data.libraries.write(str(library), {inside})
    empty_scene()
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.collections = ["Inside"]
    empty = bpy.data.objects.new("Shown", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", wanted.collections[0]
    bpy.context.scene.collection.objects.link(empty)
    camera()
    blend = save(tmp_path)
    truth = Truth()
    seen, wrong = truth.wrong(rendered(blend, ["Alice"]).image("parts"), part_of({"Alice": labels}))
    assert seen > 400 and wrong == 0


def test_what_is_held_out_hides_without_being_anybody(tmp_path):
    empty_scene()
    labels = back_and_front(tmp_path)
    bpy.data.objects["Front"].is_holdout = True
    camera()
    blend = save(tmp_path)
    truth = Truth()
    images = rendered(blend, ["Back", "Front"])
    value = part_of({"Back": labels["Back"]})
    seen, wrong = truth.wrong(images.image("parts"), value)
    assert seen > 100 and wrong == 0
    assert set(np.unique(images.image("instances"))) == {0, 1}


def test_the_file_is_as_it_was_and_a_second_run_renders_what_is_missing(tmp_path):
    empty_scene()
    character("Alice", tmp_path)
    camera()
    blend = save(tmp_path)
    before = hashlib.sha256(blend.read_bytes()).hexdigest()
    settings = {"frames": (1, 2), "key": "k", "passes": ("parts", "instances", "normal")}
    images = rendered(blend, ["Alice"], **settings)
    files = sorted((tmp_path / "images").rglob("*.*"))
    assert len(files) == 8
    content = {path: path.read_bytes() for path in files if path.suffix != ".json"}
    gone, halved = files[0], next(p for p in files if "normal" in str(p))
    times = {path: path.stat().st_mtime_ns for path in files}
    parts = next(p for p in files if p.parent.name == "parts")
    parts.unlink()
    halved.write_bytes(content[halved][:100])
    rendered(blend, ["Alice"], **settings)
    assert {path: path.read_bytes() for path in content} == content
    again = {path for path in content if path.stat().st_mtime_ns != times[path]}
    assert again == {parts, halved}, gone
    assert hashlib.sha256(blend.read_bytes()).hexdigest() == before
    assert images.record(2).key == "k"


def test_a_mesh_that_is_another_one_in_each_frame_shows_the_labels_of_that_frame(tmp_path):
    empty_scene()
    first, second = sphere("Body_1", 16, 12), sphere("Body_2", 12, 10)
    labels = {}
    for frame, ob in ((1, first), (2, second)):
        ob[FRAME_PROPERTY] = frame
        for at in (1, 2):
            ob.hide_viewport = ob.hide_render = at != frame
            ob.keyframe_insert("hide_viewport", frame=at)
            ob.keyframe_insert("hide_render", frame=at)
        remember_faces(ob)
        labels[frame] = random_labels(len(ob.data.polygons), frame)
    pairs = {f: [(ob, len(ob.data.polygons))] for f, ob in ((1, first), (2, second))}
    job = finished_sequence(tmp_path / "job", pairs, labels)
    camera()
    blend = save(tmp_path)
    for frame, name in ((1, "Body_1"), (2, "Body_2")):
        bpy.ops.wm.open_mainfile(filepath=str(blend))
        truth = Truth(frame)
        images = rendered(
            blend, [LabelledCharacter("Hero", str(job.job))], frames=(frame,), key=str(frame)
        )
        value = part_of({name: labels[frame]})
        seen, wrong = truth.wrong(images.image("parts", frame), value)
        assert seen > 400 and wrong == 0


def test_the_view_layer_decides_what_is_seen(tmp_path):
    empty_scene()
    labels = back_and_front(tmp_path)
    scene = bpy.context.scene
    for name, x in (("held out", -0.6), ("excluded", 0.0)):
        hiding = box((x, -2, 0), 0.5)
        collection = bpy.data.collections.new(name)
        scene.collection.children.link(collection)
        for own in list(hiding.users_collection):
            own.objects.unlink(hiding)
        collection.objects.link(hiding)
    camera()
    layer = scene.view_layers[0]
    layer.layer_collection.children["held out"].holdout = True
    layer.layer_collection.children["excluded"].exclude = True
    other = scene.view_layers.new("Other")
    other.layer_collection.children["held out"].exclude = True
    blend = save(tmp_path)
    truth = Truth()
    first = rendered(blend, ["Back", "Front"]).image("parts")
    seen, wrong = truth.wrong(first, part_of(labels))
    assert seen > 100 and wrong == 0
    second = rendered(blend, ["Back", "Front"], view_layer="Other", key="other").image("parts")
    uncovered = (first == 0) & (second > 0)  # by the one box, while the other hides again
    hidden = (first > 0) & (second == 0)
    assert uncovered.any() and hidden.any()
