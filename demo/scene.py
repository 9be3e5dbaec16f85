# SPDX-License-Identifier: GPL-3.0-or-later
"""Camera, lights, neutral world and render settings, so that F12 gives a picture."""

import bpy
from mathutils import Vector


def _aim(obj: bpy.types.Object, target: Vector) -> None:
    obj.rotation_euler = (target - obj.location).to_track_quat("-Z", "Y").to_euler()


def _area(name: str, place, power: float, size: float, colour=(1.0, 1.0, 1.0)) -> None:
    light = bpy.data.lights.new(name, "AREA")
    light.energy, light.size, light.color = power, size, colour
    obj = bpy.data.objects.new(name, light)
    obj.location = place
    _aim(obj, Vector((0.0, 0.0, 1.1)))
    bpy.context.scene.collection.objects.link(obj)


def _floor() -> None:
    """A disc that catches shadows: a filled curve, so that every mesh is the character's."""
    curve = bpy.data.curves.new("Floor", "CURVE")
    curve.dimensions, curve.fill_mode, curve.resolution_u = "2D", "BOTH", 24
    circle = curve.splines.new("BEZIER")
    circle.bezier_points.add(3)
    for point, (x, y) in zip(
        circle.bezier_points, ((12, 0), (0, 12), (-12, 0), (0, -12)), strict=True
    ):
        point.co = (x, y, 0.0)
        point.handle_left_type = point.handle_right_type = "AUTO"
    circle.use_cyclic_u = True
    material = bpy.data.materials.new("Floor")
    if material.node_tree is None:  # before 5.0
        material.use_nodes = True
    shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (0.55, 0.56, 0.58, 1.0)
    shader.inputs["Roughness"].default_value = 0.9
    curve.materials.append(material)
    floor = bpy.data.objects.new("Floor", curve)
    floor.is_shadow_catcher = True
    bpy.context.scene.collection.objects.link(floor)


def set_up(frames: int) -> None:
    """Prepares the current scene for playing and rendering the walk."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.lens = 98
    camera.location = (3.0, -5.6, 1.35)
    _aim(camera, Vector((0.0, 0.0, 1.0)))
    scene.collection.objects.link(camera)
    scene.camera = camera
    _area("Key", (2.5, -3.5, 3.4), 340.0, 1.2, (1.0, 0.96, 0.9))
    _area("Fill", (-3.5, -2.5, 1.8), 90.0, 2.5, (0.9, 0.95, 1.0))
    _area("Rim", (-1.6, 3.2, 3.0), 380.0, 1.2)
    _floor()
    world = bpy.data.worlds.new("World")
    if world.node_tree is None:  # before 5.0
        world.use_nodes = True
    background = next(n for n in world.node_tree.nodes if n.type == "BACKGROUND")
    background.inputs["Color"].default_value = (0.72, 0.74, 0.77, 1.0)
    background.inputs["Strength"].default_value = 0.95
    scene.world = world
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 32
    scene.render.resolution_x, scene.render.resolution_y = 640, 800
    scene.render.fps = 24
    scene.frame_start, scene.frame_end = 1, frames
    scene.frame_set(1)
