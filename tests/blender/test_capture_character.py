# SPDX-License-Identifier: GPL-3.0-or-later
"""Which meshes a name stands for, and what is refused before any work."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.errors import InputError
from core.job.spec import FrameSelection
from core.scene.character import candidates, find_character
from core.scene.checks import check_character, frames_to_capture
from core.scene.files.sequence import show_only_at
from core.scene.motion import describe, frame_range
from tests.blender.capture_scenes import captured, empty_file, rigged_character, sphere


def names(character) -> list[str]:
    return [o.name for o in character.sources]


def test_an_armature_stands_for_what_it_deforms_and_carries():
    rigged_character()
    character = find_character("rig")
    assert names(character) == ["body", "hat"]
    assert character.kind == "rigged"
    assert describe(character) == "rigged, 2 meshes, 240 faces, frames 1-5"


def test_without_a_name_the_only_character_is_taken():
    rigged_character()
    sphere("floor", x=5)
    assert names(find_character()) == ["body", "hat"]


def test_several_characters_without_a_name_are_listed():
    empty_file()
    sphere("one"), sphere("two", x=3)
    with pytest.raises(InputError, match=r"2 possible characters.*one, two"):
        find_character()


def test_an_unknown_name_is_refused_with_the_choices():
    rigged_character()
    with pytest.raises(InputError, match="Name one of: rig"):
        find_character("rgi")


def test_a_mesh_stands_for_itself():
    rigged_character()
    assert names(find_character("hat")) == ["hat"]
    assert frame_range(find_character("hat")) == (1, 5)


def test_a_collection_stands_for_its_meshes_and_those_of_children():
    empty_file()
    outer, inner = bpy.data.collections.new("outer"), bpy.data.collections.new("inner")
    bpy.context.scene.collection.children.link(outer)
    outer.children.link(inner)
    for home, name in ((outer, "b"), (inner, "a")):
        ball = sphere(name)
        bpy.context.scene.collection.objects.unlink(ball)
        home.objects.link(ball)
    assert names(find_character("outer")) == ["a", "b"]


def test_what_is_hidden_from_render_is_left_out():
    rigged_character()
    bpy.data.objects["hat"].hide_render = True
    assert names(find_character("rig")) == ["body"]
    bpy.data.objects["body"].hide_render = True
    with pytest.raises(InputError, match=r"hidden from render.*camera icon"):
        find_character("rig")


def test_collections_hidden_from_render_or_excluded_hide_their_objects():
    empty_file()
    ball, home = sphere(), bpy.data.collections.new("home")
    bpy.context.scene.collection.children.link(home)
    bpy.context.scene.collection.objects.unlink(ball)
    home.objects.link(ball)
    assert candidates(bpy.context.scene) == ["ball"]
    home.hide_render = True
    assert candidates(bpy.context.scene) == []
    home.hide_render = False
    bpy.context.view_layer.layer_collection.children["home"].exclude = True
    with pytest.raises(InputError, match="hidden from render"):
        find_character("ball")


def test_a_collection_instance_shows_its_meshes_where_the_empty_stands(tmp_path):
    empty_file()
    ball, library = sphere(), bpy.data.collections.new("library")
    bpy.context.scene.collection.objects.unlink(ball)
    library.objects.link(ball)
    empty = bpy.data.objects.new("instance", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", library
    empty.location = (4, 0, 2)
    bpy.context.scene.collection.objects.link(empty)
    character = find_character()
    assert names(character) == ["ball"]
    assert [o.name for o in character.roots] == ["instance"]
    files = captured(tmp_path, azimuths=1)
    assert files.view(1, 0).silhouette.mean() > 0.5
    assert files.facts(1).centroid.mean(0) == pytest.approx([4, 0, 2], abs=0.1)


def test_objects_that_share_a_mesh_share_its_elements(tmp_path):
    empty_file()
    ball = sphere("a")
    twin = bpy.data.objects.new("b", ball.data)
    twin.location.x = 3
    pair = bpy.data.collections.new("pair")
    bpy.context.scene.collection.children.link(pair)
    for obj in (ball, twin):
        pair.objects.link(obj)
    files = captured(tmp_path, name="pair", azimuths=1)
    assert [o.name for o in files.manifest.objects] == ["a"]
    assert "share the mesh" in files.manifest.warnings[0]
    element = files.view(1, 0).element
    left, right = (set(half.ravel()) for half in np.array_split(element, 2, axis=1))
    assert len(left & right) > 0.6 * len(left | right)


def test_curves_are_left_out_with_a_warning():
    rigged_character()
    curve = bpy.data.objects.new("braid", bpy.data.curves.new("braid", "CURVE"))
    curve.parent = bpy.data.objects["rig"]
    bpy.context.scene.collection.objects.link(curve)
    character = find_character("rig")
    assert names(character) == ["body", "hat"]
    assert "'braid' is not a mesh" in character.warnings[0]


def test_a_simulation_that_is_not_baked_is_warned_of():
    empty_file()
    sphere("flag").modifiers.new("Cloth", "CLOTH")
    (warning,) = find_character("flag").warnings
    assert "'Cloth' of 'flag' is not baked" in warning


def test_a_mesh_without_faces_is_refused():
    empty_file()
    mesh = bpy.data.meshes.new("cloud")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0)], [], [])
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("cloud", mesh))
    with pytest.raises(InputError, match=r"'cloud' has no faces"):
        check_character(find_character("cloud"))


def test_an_empty_scene_is_refused():
    empty_file()
    with pytest.raises(InputError, match="no mesh that renders"):
        find_character()


def test_an_armature_without_meshes_is_refused():
    empty_file()
    rig = bpy.data.objects.new("bones", bpy.data.armatures.new("bones"))
    bpy.context.scene.collection.objects.link(rig)
    with pytest.raises(InputError, match="'bones' has no mesh"):
        find_character("bones")


def test_a_vertex_that_is_not_finite_is_named():
    empty_file()
    sphere("bad").data.vertices[7].co.z = float("nan")
    with pytest.raises(InputError, match="Vertex 7 of 'bad'"):
        check_character(find_character("bad"))


def test_a_vertex_that_is_not_finite_in_a_later_frame_is_named_with_it(tmp_path):
    empty_file()
    ball = sphere("burst")
    ball.shape_key_add(name="Basis")
    key = ball.shape_key_add(name="wild")
    key.data[3].co.x = float("inf")
    for frame, value in ((1, 0.0), (3, 0.0), (4, 1.0)):
        key.value = value
        key.keyframe_insert("value", frame=frame)
    with pytest.raises(InputError, match=r"Vertex 3 of 'burst'.* in frame 4"):
        captured(tmp_path, (1, 5))


def test_edit_mode_is_refused():
    empty_file()
    sphere()
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(InputError, match="Edit Mode"):
        check_character(find_character("ball"))
    bpy.ops.object.mode_set(mode="OBJECT")


def test_a_linked_mesh_is_refused_with_the_way_out(tmp_path):
    empty_file()
    bpy.data.libraries.write(str(tmp_path / "lib.blend"), {sphere("linked")})
    empty_file()
    with bpy.data.libraries.load(str(tmp_path / "lib.blend"), link=True) as (_, wanted):
        wanted.objects = ["linked"]
    bpy.context.scene.collection.objects.link(wanted.objects[0])
    with pytest.raises(InputError, match=r"linked from lib.blend.*Make Local"):
        check_character(find_character("linked"))


@pytest.mark.parametrize(("start", "end", "step"), [(5, 4, 1), (1, 3, 0)])
def test_a_frame_range_without_frames_is_refused(start, end, step):
    rigged_character()
    with pytest.raises(InputError, match="frame"):
        frames_to_capture(find_character("rig"), FrameSelection(start, end, step))


def test_a_sequences_frames_are_those_it_has_meshes_for():
    empty_file()
    collection = bpy.data.collections.new("scan")
    bpy.context.scene.collection.children.link(collection)
    for frame in (2, 3, 7):
        ball = sphere(f"scan {frame}")
        bpy.context.scene.collection.objects.unlink(ball)
        collection.objects.link(ball)
        ball["parts4d_frame"] = frame
        show_only_at(ball, frame)
    character = find_character()
    assert character.kind == "sequence" and character.frames == (2, 3, 7)
    assert frames_to_capture(character, FrameSelection(1, 5)) == (2, 3)
    with pytest.raises(InputError, match="none of them in 4 to 6"):
        frames_to_capture(character, FrameSelection(4, 6))
