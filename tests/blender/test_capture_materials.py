# SPDX-License-Identifier: GPL-3.0-or-later
"""Colour and cut-outs of materials as artists and importers make them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.scene import compat
from tests.blender.capture_scenes import captured, empty_file, sphere

RED, GREEN, BLUE = (0.8, 0.02, 0.02, 1.0), (0.02, 0.6, 0.02, 1.0), (0.02, 0.02, 0.8, 1.0)


def new_material(*nodes: str, name: str = "m"):
    """A material with the named shader nodes and an output: (tree, [nodes], output)."""
    material = bpy.data.materials.new(name)
    compat.enable_nodes(material)
    tree = material.node_tree
    tree.nodes.clear()
    made = [tree.nodes.new(n) for n in nodes]
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    return material, tree, made, output


def principled(color=RED, **inputs):
    material, tree, (shader,), output = new_material("ShaderNodeBsdfPrincipled")
    shader.inputs["Base Color"].default_value = color
    for name, value in inputs.items():
        shader.inputs[name.replace("_", " ")].default_value = value
    tree.links.new(shader.outputs[0], output.inputs[0])
    return material


def plain(kind: str, color=RED):
    material, tree, (shader,), output = new_material(kind)
    shader.inputs["Color"].default_value = color
    tree.links.new(shader.outputs[0], output.inputs[0])
    return material


def unlit():
    """Emission shown to camera rays only: how importers make unlit materials."""
    material, tree, (glow, clear, mix, path), output = new_material(
        "ShaderNodeEmission", "ShaderNodeBsdfTransparent", "ShaderNodeMixShader",
        "ShaderNodeLightPath",
    )  # fmt: skip
    glow.inputs["Color"].default_value = RED
    tree.links.new(path.outputs["Is Camera Ray"], mix.inputs[0])
    tree.links.new(clear.outputs[0], mix.inputs[1])
    tree.links.new(glow.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], output.inputs[0])
    return material


def toon():
    """EEVEE's Shader to RGB, which Cycles does not know."""
    material, tree, (diffuse, flat, ramp, glow), output = new_material(
        "ShaderNodeBsdfDiffuse", "ShaderNodeShaderToRGB", "ShaderNodeMix", "ShaderNodeEmission"
    )
    ramp.data_type, ramp.blend_type = "RGBA", "MULTIPLY"
    ramp.inputs[0].default_value = 1.0
    diffuse.inputs["Color"].default_value = (1, 1, 1, 1)
    ramp.inputs[7].default_value = RED
    tree.links.new(diffuse.outputs[0], flat.inputs[0])
    tree.links.new(flat.outputs[0], ramp.inputs[6])
    tree.links.new(ramp.outputs[2], glow.inputs["Color"])
    tree.links.new(glow.outputs[0], output.inputs[0])
    return material


def grouped(linked: bool):
    """The shader inside a group, its colour perhaps from the group's input."""
    group = bpy.data.node_groups.new("look", "ShaderNodeTree")
    group.interface.new_socket("Shader", in_out="OUTPUT", socket_type="NodeSocketShader")
    shader = group.nodes.new("ShaderNodeBsdfPrincipled")
    end = group.nodes.new("NodeGroupOutput")
    group.links.new(shader.outputs[0], end.inputs[0])
    shader.inputs["Base Color"].default_value = RED
    material, tree, (node,), output = new_material("ShaderNodeGroup")
    if linked:
        shader.inputs["Base Color"].default_value = BLUE
        group.interface.new_socket("Tint", in_out="INPUT", socket_type="NodeSocketColor")
        start = group.nodes.new("NodeGroupInput")
        group.links.new(start.outputs[0], shader.inputs["Base Color"])
    node.node_tree = group
    if linked:
        node.inputs[0].default_value = RED
    tree.links.new(node.outputs[0], output.inputs[0])
    return material


def without_nodes():
    material = bpy.data.materials.new("old")
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = False
    else:
        material.node_tree.nodes.clear()
    material.diffuse_color = RED
    return material


LOOKS = {
    "plain": principled,
    "metal": lambda: principled(Metallic=1.0),
    "glass": lambda: principled(Transmission_Weight=1.0),
    "emission colour of a black base": lambda: principled(
        (0, 0, 0, 1), Emission_Color=RED, Emission_Strength=1.0
    ),
    "diffuse": lambda: plain("ShaderNodeBsdfDiffuse"),
    "glass shader": lambda: plain("ShaderNodeBsdfGlass"),
    "emission": lambda: plain("ShaderNodeEmission"),
    "unlit": unlit,
    "toon": toon,
    "group": lambda: grouped(False),
    "group with input": lambda: grouped(True),
    "without nodes": without_nodes,
}


def test_every_kind_of_material_shows_its_colour(tmp_path):
    empty_file()
    for index, make in enumerate(LOOKS.values()):
        sphere(f"ball {index:02d}", 8, 6, x=3.0 * index).data.materials.append(make())
    collection = bpy.data.collections.new("looks")
    bpy.context.scene.collection.children.link(collection)
    for obj in list(bpy.context.scene.collection.objects):
        collection.objects.link(obj)
    files = captured(tmp_path, name="looks", azimuths=1, resolution=512)
    image, facts = files.view(1, 0), files.facts(1)
    for index, look in enumerate(LOOKS):
        pixels = image.color[(facts.object[image.element] == index) & image.silhouette]
        assert len(pixels) > 50, look
        red, green, blue = np.median(pixels, axis=0)
        assert red > 150 and green < 80 and blue < 80, (look, red, green, blue)


def card(name: str, y: float, alpha) -> None:
    """A square facing the front; `alpha` is a number or a function that links a node to Alpha."""
    mesh = bpy.data.meshes.new(name)
    corners = [(-1, y, -1), (1, y, -1), (1, y, 1), (-1, y, 1)]
    mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
    uv = mesh.uv_layers.new(name="UVMap")
    uv.uv.foreach_set("vector", np.array([0, 0, 1, 0, 1, 1, 0, 1], np.float32))
    material = principled(GREEN if y < 0 else RED)
    shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    if callable(alpha):
        alpha(material.node_tree, shader.inputs["Alpha"])
    else:
        shader.inputs["Alpha"].default_value = alpha
    mesh.materials.append(material)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new(name, mesh))


def cards(alpha) -> None:
    empty_file()
    card("back", 0.5, 1.0)
    card("front", -0.5, alpha)
    collection = bpy.data.collections.new("cards")
    bpy.context.scene.collection.children.link(collection)
    for obj in list(bpy.context.scene.collection.objects):
        collection.objects.link(obj)


@pytest.mark.parametrize(("alpha", "seen"), [(0.0, 0), (0.3, 0), (0.7, 1), (1.0, 1)])
def test_alpha_is_all_or_nothing_at_one_half(tmp_path, alpha, seen):
    cards(alpha)
    card("further back", 0.6, 1.0)  # most faces are opaque: a thin card is meant to be thin
    bpy.data.collections["cards"].objects.link(bpy.data.objects["further back"])
    image = captured(tmp_path, name="cards", azimuths=1).view(1, 0)
    assert (np.unique(image.element[image.silhouette]) == seen).all()
    red, green, _ = image.color[image.silhouette].mean(0)
    assert (red > green) == (seen == 0)


def test_cut_outs_show_what_lies_behind_pixel_by_pixel(tmp_path):
    def left_half(tree, socket):
        uv = tree.nodes.new("ShaderNodeUVMap")
        split = tree.nodes.new("ShaderNodeSeparateXYZ")
        clip = tree.nodes.new("ShaderNodeMath")
        clip.operation = "LESS_THAN"
        tree.links.new(uv.outputs[0], split.inputs[0])
        tree.links.new(split.outputs[0], clip.inputs[0])
        tree.links.new(clip.outputs[0], socket)

    cards(left_half)
    image = captured(tmp_path, name="cards", azimuths=1).view(1, 0)
    half = image.element.shape[1] // 2
    assert (image.element[:, : half - 1] == 1).all()
    assert (image.element[:, half + 1 :] == 0).all()
    assert image.depth is not None
    assert float(image.depth[5, 2]) == pytest.approx(-0.5, abs=0.01)
    assert float(image.depth[5, -3]) == pytest.approx(0.5, abs=0.01)


def test_many_transparent_layers_do_not_stop_the_ray(tmp_path):
    def thin(tree, socket):
        value = tree.nodes.new("ShaderNodeValue")
        value.outputs[0].default_value = 0.1
        tree.links.new(value.outputs[0], socket)

    empty_file()
    for layer in range(40):
        card(f"card {layer:02d}", -2.0 + layer * 0.05, thin if layer < 39 else 1.0)
    collection = bpy.data.collections.new("cards")
    bpy.context.scene.collection.children.link(collection)
    for obj in list(bpy.context.scene.collection.objects):
        collection.objects.link(obj)
    image = captured(tmp_path, name="cards", azimuths=1).view(1, 0)
    assert (image.element == 39).all()


@pytest.mark.parametrize(("clear", "ignored"), [(96, True), (90, True), (10, False)])
def test_constant_alpha_on_most_faces_is_taken_as_opaque(tmp_path, clear, ignored):
    empty_file()
    ball = sphere(segments=12, rings=8)
    ball.data.materials.append(principled(GREEN, Alpha=0.0))
    ball.data.materials.append(principled(RED))
    assert len(ball.data.polygons) == 96
    ball.data.polygons.foreach_set("material_index", (np.arange(96) >= clear).astype(np.int32))
    files = captured(tmp_path, azimuths=4)
    facts = files.facts(1)
    seen = np.concatenate([files.view(1, v).element.ravel() for v in range(4)])
    shown = set(facts.material[seen[seen >= 0]])
    assert (facts.material[0] in shown) == ignored
    assert any("alpha below 0.5" in w for w in files.manifest.warnings) == ignored


def test_empty_slots_object_slots_and_missing_materials_are_filled(tmp_path):
    empty_file()
    ball = sphere()
    ball.data.materials.append(None)
    ball.data.materials.append(principled(GREEN))
    ball.material_slots[0].link = "OBJECT"
    ball.material_slots[0].material = principled(RED)
    count = len(ball.data.polygons)
    ball.data.polygons.foreach_set("material_index", np.arange(count, dtype=np.int32) % 2)
    files = captured(tmp_path / "slots", azimuths=1)
    image, facts = files.view(1, 0), files.facts(1)
    even = facts.material[image.element] == facts.material[0]
    assert image.color[image.silhouette & even][:, 0].mean() > 150
    assert image.color[image.silhouette & ~even][:, 1].mean() > 120

    empty_file()
    sphere().data.materials.append(None)
    files = captured(tmp_path / "empty", azimuths=1)
    assert files.view(1, 0).silhouette.mean() > 0.5
    assert (files.facts(1).material == -1).all() and files.manifest.names.materials == ()


@pytest.mark.parametrize("domain", ["POINT", "CORNER"])
def test_a_mesh_without_material_shows_its_colour_attribute(tmp_path, domain):
    empty_file()
    ball = sphere()
    layer = ball.data.color_attributes.new("scan", "BYTE_COLOR", domain)
    layer.data.foreach_set("color_srgb", np.tile([0.9, 0.1, 0.1, 1.0], len(layer.data)))
    image = captured(tmp_path, azimuths=1).view(1, 0)
    red, green, _ = np.median(image.color[image.silhouette], axis=0)
    assert red > 190 and green < 70


@pytest.mark.parametrize("kind", ["ShaderNodeVertexColor", "ShaderNodeAttribute", None])
def test_a_colour_attribute_that_is_called_color_is_seen(tmp_path, kind):
    empty_file()
    ball = sphere()
    layer = ball.data.color_attributes.new("color", "BYTE_COLOR", "POINT")
    layer.data.foreach_set("color_srgb", np.tile([0.9, 0.1, 0.1, 1.0], len(layer.data)))
    if kind is not None:
        material = principled(BLUE)
        node = material.node_tree.nodes.new(kind)
        setattr(node, "layer_name" if "Vertex" in kind else "attribute_name", "color")
        shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
        material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
        ball.data.materials.append(material)
    image = captured(tmp_path, azimuths=1).view(1, 0)
    red, green, _ = np.median(image.color[image.silhouette], axis=0)
    assert red > 190 and green < 70


def test_a_linked_material_reads_it_too_and_its_file_stays_as_it_was(tmp_path: Path):
    empty_file()
    material = principled(BLUE)
    material.name, material.use_fake_user = "linked", True
    node = material.node_tree.nodes.new("ShaderNodeVertexColor")
    node.layer_name = "color"
    shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    library = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(library))
    before = library.read_bytes()
    empty_file()
    ball = sphere()
    layer = ball.data.color_attributes.new("color", "BYTE_COLOR", "POINT")
    layer.data.foreach_set("color_srgb", np.tile([0.9, 0.1, 0.1, 1.0], len(layer.data)))
    with bpy.data.libraries.load(str(library), link=True) as (_, wanted):
        wanted.materials = ["linked"]
    ball.data.materials.append(wanted.materials[0])
    image = captured(tmp_path / "job", azimuths=1).view(1, 0)
    red, green, _ = np.median(image.color[image.silhouette], axis=0)
    assert red > 190 and green < 70
    assert library.read_bytes() == before


def test_a_texture_beside_the_file_is_found(tmp_path: Path):
    empty_file()
    picture = bpy.data.images.new("tex", 4, 4)
    picture.pixels.foreach_set(np.tile(np.array(RED, np.float32), 16))
    picture.filepath_raw, picture.file_format = str(tmp_path / "textures" / "tex.png"), "PNG"
    (tmp_path / "textures").mkdir()
    picture.save()
    bpy.data.images.remove(picture)
    material = principled(BLUE)
    tree = material.node_tree
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.load(str(tmp_path / "textures" / "tex.png"))
    shader = next(n for n in tree.nodes if n.type == "BSDF_PRINCIPLED")
    tree.links.new(node.outputs[0], shader.inputs["Base Color"])
    sphere().data.materials.append(material)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.file.make_paths_relative()
    assert node.image.filepath.startswith("//")
    image = captured(tmp_path / "elsewhere" / "job", azimuths=1).view(1, 0)
    red, _, blue = np.median(image.color[image.silhouette], axis=0)
    assert red > 150 and blue < 80


@pytest.mark.parametrize("engine", ["workbench", "cycles"])
def test_other_engines_give_colour_and_the_same_elements(tmp_path, engine):
    colors = {}
    for name in ("albedo", engine):
        empty_file()
        material = principled(RED)
        material.diffuse_color = RED
        sphere().data.materials.append(material)
        image = captured(tmp_path / name, azimuths=1, engine=name, resolution=32).view(1, 0)
        colors[name] = image
    assert np.array_equal(colors[engine].element, colors["albedo"].element)
    red, green, _ = np.median(colors[engine].color[colors[engine].silhouette], axis=0)
    assert red > 120 and green < 100
    assert (colors[engine].color[~colors[engine].silhouette] == 255).all()


@pytest.mark.slow
def test_eevee_gives_colour_too(tmp_path):
    empty_file()
    sphere().data.materials.append(principled(RED))
    image = captured(tmp_path, azimuths=1, engine="eevee", resolution=16).view(1, 0)
    red, green, _ = np.median(image.color[image.silhouette], axis=0)
    assert red > 120 and green < 100
