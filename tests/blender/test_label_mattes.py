# SPDX-License-Identifier: GPL-3.0-or-later
"""Mattes: read by Blender's own Cryptomatte node, and in agreement with labels and alpha."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.label_images.cryptomatte import Coverage, read_ranks
from core.label_images.records import image_path
from core.scene import compat
from core.scene.capture.exr import read_exr
from tests.blender.label_scenes import Rendered, box, camera, character, rendered, save
from tests.blender.writeback_scene import PARTS, empty_scene

NAMES = [f"{who}/{part}" for who in ("Alice", "Bob") for part in
         (*(p.name for p in PARTS), "unlabelled")]  # fmt: skip


def scene_of_two(folder: Path, blur: bool = False) -> Path:
    """Two labelled balls, one partly before the other, and a box before both."""
    empty_scene()
    character("Alice", folder, (-0.4, 0, 0), 1)
    character("Bob", folder, (0.5, 0.6, 0.2), 2)
    box((0.3, -1.5, 0.2), 0.4)
    camera()
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 4
    scene.render.use_motion_blur = blur
    if blur:
        for name, step in (("Alice", 1.0), ("Bob", -1.0)):
            ob = bpy.data.objects[name]
            for frame in (0, 2):
                ob.location.x += step * (frame - 1)
                ob.keyframe_insert("location", frame=frame)
    return save(folder)


def coverage(images: Rendered, names: Sequence[str] = NAMES) -> Coverage:
    return read_ranks(images.image("matte"), "parts", names)


def share_of(found: Coverage, place: int) -> np.ndarray:
    """(H, W): how much of each pixel one name covers."""
    return np.where(found.index == place, found.share, 0).sum(0)


def decoded(path: Path, names: str, out: Path) -> np.ndarray:
    """(H, W) float32: the matte of `names` (with commas) as the compositor reads it."""
    empty_scene()
    scene = bpy.context.scene
    image = bpy.data.images.load(str(path))
    if hasattr(scene, "compositing_node_group"):
        tree = bpy.data.node_groups.new("matte", "CompositorNodeTree")
        scene.compositing_node_group = tree
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        end = tree.nodes.new("NodeGroupOutput")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        end = tree.nodes.new("CompositorNodeComposite")
    node = tree.nodes.new("CompositorNodeCryptomatteV2")
    node.source, node.image = "IMAGE", image
    node.layer_name = "parts"
    node.matte_id = names
    tree.links.new(node.outputs["Matte"], end.inputs[0])
    render = scene.render
    render.resolution_x, render.resolution_y = read_exr(path)["A"].shape[::-1]
    compat.set_image_format(render.image_settings, "OPEN_EXR", "32")
    render.filepath = str(out)
    render.use_file_extension = False
    bpy.ops.render.render(write_still=True)
    return read_exr(out)["R"]


def test_blenders_cryptomatte_node_reads_what_was_rendered(tmp_path):
    images = rendered(scene_of_two(tmp_path), ["Alice", "Bob"], passes=("matte",))
    found = coverage(images)
    path = image_path(tmp_path / "images", "Cam", "matte", 1, "exr")
    for chosen in ([0], [1, 4], list(range(len(NAMES)))):
        expected = sum(share_of(found, place) for place in chosen)
        assert expected.max() > 0.9
        names = ",".join(NAMES[place] for place in chosen)
        matte = decoded(path, names, tmp_path / "matte.exr")
        assert np.abs(matte - expected).max() < 1e-6, names


def test_coverage_is_the_alpha_of_the_users_own_render(tmp_path):
    empty_scene()
    character("Alice", tmp_path)
    camera()
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_adaptive_sampling = 16, False
    scene.render.film_transparent = True
    blend = save(tmp_path)
    images = rendered(blend, ["Alice"], passes=("matte", "beauty"), beauty_format="exr")
    alpha = read_exr(image_path(tmp_path / "images", "Cam", "beauty", 1, "exr"))["A"]
    total = coverage(images).total
    assert (np.abs(total - 0.5) < 0.4).sum() > 0
    assert np.abs(total - alpha.astype(np.float32)).max() < 1e-3  # the beauty is half float


def test_a_matte_is_averaged_over_the_shutter_and_labels_are_not(tmp_path):
    passes = ("parts", "instances", "matte")
    images = rendered(scene_of_two(tmp_path, blur=True), ["Alice", "Bob"], passes=passes)
    found = coverage(images)
    soft = (found.total > 0.02) & (found.total < 0.98)
    assert soft.sum() > 300
    sharp = rendered(scene_of_two(tmp_path), ["Alice", "Bob"], passes=passes, key="sharp")
    edges = (coverage(sharp).total > 0.02) & (coverage(sharp).total < 0.98)
    assert edges.sum() < 0.5 * soft.sum()
    assert np.isin(images.image("parts"), (0, 1, 2, 3, 255)).all()
    # Where nothing moves, one part covers the whole pixel, and it is the labelled one.
    best = np.where(sharp.image("matte")["parts00.G"] > 0.999, coverage(sharp).index[0], -1)
    part, instance = sharp.image("parts").astype(int), sharp.image("instances").astype(int)
    number = np.where(part == 255, 4, part) - 1 + 4 * (instance - 1)
    assert (best >= 0).sum() > 300
    assert (best == number)[best >= 0].all()


def test_thin_surfaces_cover_as_much_as_their_alpha_says(tmp_path):
    empty_scene()
    character("Alice", tmp_path)
    material = bpy.data.materials.new("glass")
    compat.enable_nodes(material)
    nodes = material.node_tree.nodes
    shader = next(n for n in nodes if n.bl_idname == "ShaderNodeBsdfPrincipled")
    shader.inputs["Alpha"].default_value = 0.25
    bpy.data.objects["Alice"].data.materials.append(material)
    camera()
    blend = save(tmp_path)
    images = rendered(blend, ["Alice"], passes=("parts", "matte"), matte_samples=64)
    assert not images.image("parts").any()
    middle = coverage(images).total[20:28, 28:36]  # the ray goes through the ball twice
    assert abs(middle.mean() - (1 - 0.75**2)) < 0.05


def test_slots_of_materials_and_modifiers_that_shift_them_keep_their_part(tmp_path):
    empty_scene()
    labels = character("Alice", tmp_path)
    ob = bpy.data.objects["Alice"]
    for name in ("one", "two"):
        ob.data.materials.append(bpy.data.materials.new(name))
    ob.data.polygons.foreach_set("material_index", np.arange(len(labels), dtype=np.int32) % 2)
    solid = ob.modifiers.new("Solidify", "SOLIDIFY")
    solid.material_offset = 5
    camera()
    blend = save(tmp_path)
    images = rendered(blend, ["Alice"], passes=("parts", "matte"))
    found = coverage(images)
    part = images.image("parts").astype(int)
    number = np.where(part == 255, 4, part) - 1
    whole = found.share[0] > 0.999
    assert whole.sum() > 200 and (found.index[0] == number)[whole].all()


def test_what_was_rendered_before_it_leaves_nothing_in_a_matte(tmp_path):
    blend = scene_of_two(tmp_path)
    path = image_path(tmp_path / "images", "Cam", "matte", 1, "exr")
    both = rendered(blend, ["Alice", "Bob"], passes=("parts", "instances", "depth", "matte"))
    content = path.read_bytes()
    assert coverage(both).total.max() <= 1 + 1e-6
    rendered(blend, ["Alice", "Bob"], passes=("matte",), key="alone")
    assert path.read_bytes() == content
