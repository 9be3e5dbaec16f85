# SPDX-License-Identifier: GPL-3.0-or-later
"""People of the VALID avatar library: .blend files with labelled faces, as figures."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from ..bank import SURFACES, region_index, surface_index
from ..figure import Figure, Material
from .rigs import BoneTable, regions_of_faces, strongest

_CACHE_FORMAT = 4  # a cached figure of another number is not read


def valid_names(folder: Path) -> list[str]:
    """Names (without .blend) of the people in this folder, sorted."""
    return sorted(path.stem for path in folder.glob("valid_*.blend"))


def load_valid(path: Path, cache: Path | None = None) -> Figure:
    """The person in this .blend file.

    All meshes are joined; textures are unpacked. With a `cache` folder the figure is kept there,
    which makes a second load take milliseconds. Needs bpy when it is not in the cache.
    Raises FileNotFoundError without the file, ValueError when it holds no labelled person.
    """
    kept = cache / f"{path.stem}.{_CACHE_FORMAT}.pickle" if cache else None
    if kept and kept.exists() and kept.stat().st_mtime >= path.stat().st_mtime:
        with open(kept, "rb") as file:
            figure: Figure = pickle.load(file)
        return figure
    if not path.exists():
        raise FileNotFoundError(path)
    figure = _read(path)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".partial")
        partial.write_bytes(pickle.dumps(figure, protocol=5))
        partial.replace(kept)
    return figure


def _read(path: Path) -> Figure:
    import bpy

    bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False)
    scene: Any = bpy.context.scene
    rigs = [o for o in bpy.data.objects if o.type == "ARMATURE"]
    meshes = [o for o in bpy.data.objects if o.type == "MESH" and "gt_part" in o.data.attributes]
    if not rigs or not meshes or "gt_names" not in scene:
        raise ValueError(f"{path.name} holds no labelled person")
    names = json.loads(scene["gt_names"])
    bones = _bones(rigs[0])
    materials: dict[str, Material] = {}
    parts = [_mesh(o, names, bones, materials) for o in sorted(meshes, key=lambda o: o.name)]
    return _figure(path.stem, parts, bones, tuple(materials.values()))


def _bones(rig: Any) -> BoneTable:
    matrix = np.array(rig.matrix_world)
    bones = {}
    for bone in rig.data.bones:
        ends = [matrix[:3, :3] @ np.array(p) + matrix[:3, 3] for p in _ends(bone)]
        bones[bone.name] = (bone.parent.name if bone.parent else None, ends[0], ends[1])
    return BoneTable(bones)


def _ends(bone: Any) -> tuple[Any, Any]:
    return bone.head_local, bone.tail_local


def _mesh(obj: Any, names: list[str], bones: BoneTable, materials: dict[str, Material]) -> dict:
    """One mesh as arrays, welded where the importer split it along texture seams."""
    mesh = obj.data
    position: np.ndarray = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", position)
    matrix = np.array(obj.matrix_world, np.float32)
    position = position.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
    _, first, place = np.unique(
        np.round(position * 1e6).astype(np.int64), axis=0, return_index=True, return_inverse=True
    )
    sizes = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("loop_total", sizes)
    if sizes.max() > 4:
        raise ValueError(f"{obj.name} has a face with more than four corners")
    corner = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corner)
    used = np.arange(4) < sizes[:, None]
    faces = np.full((len(sizes), 4), -1, np.int32)
    faces[used] = place.reshape(-1)[corner]
    uv = np.zeros((len(sizes), 4, 2), np.float32)
    if mesh.uv_layers.active:
        flat = np.empty(len(mesh.loops) * 2, np.float32)
        mesh.uv_layers.active.uv.foreach_get("vector", flat)
        uv[used] = flat.reshape(-1, 2)
    part = np.empty(len(sizes), np.int32)
    mesh.attributes["gt_part"].data.foreach_get("value", part)
    joints, weights = _weights(obj, bones)
    return {
        "vertices": position[first],
        "faces": faces,
        "uv": uv,
        "part": np.array(names, object)[part],
        "material": np.full(len(sizes), _material(obj, materials), np.int16),
        "joints": joints[first],
        "weights": weights[first],
    }


def _weights(obj: Any, bones: BoneTable) -> tuple[np.ndarray, np.ndarray]:
    groups = [bones.index(g.name) if g.name in bones else -1 for g in obj.vertex_groups]
    rows = [
        (vertex.index, groups[e.group], e.weight)
        for vertex in obj.data.vertices
        for e in vertex.groups
        if groups[e.group] >= 0
    ]
    vertex, joint, weight = (np.array(column) for column in zip(*rows, strict=True))
    return strongest(len(obj.data.vertices), vertex, joint, weight)


def _material(obj: Any, materials: dict[str, Material]) -> int:
    """Its place in `materials`, where it is put when it is not there."""
    import cv2

    slot = obj.data.materials[0]
    if slot.name not in materials:
        images = [n.image for n in slot.node_tree.nodes if n.type == "TEX_IMAGE" and n.image]
        texture = None
        if images and images[0].packed_file:
            code = np.frombuffer(images[0].packed_file.data, np.uint8)
            texture = cv2.imdecode(code, cv2.IMREAD_UNCHANGED)
            swapped = cv2.COLOR_BGRA2RGBA if texture.shape[2] == 4 else cv2.COLOR_BGR2RGB
            texture = cv2.cvtColor(texture, swapped)
        holes = texture is not None and bool((texture[..., 3:] < 255).any())
        materials[slot.name] = Material(slot.name, texture=texture, cut_out=holes)
    return list(materials).index(slot.name)


def _figure(
    name: str, parts: list[dict], bones: BoneTable, materials: tuple[Material, ...]
) -> Figure:
    starts = np.cumsum([0] + [len(p["vertices"]) for p in parts])
    faces = np.concatenate(
        [np.where(p["faces"] < 0, -1, p["faces"] + s) for p, s in zip(parts, starts, strict=False)]
    ).astype(np.int32)
    vertices, uv, label, material, joints, weights = (
        np.concatenate([p[key] for p in parts])
        for key in ("vertices", "uv", "part", "material", "joints", "weights")
    )
    kinds, kind = np.unique(label.astype(str), return_inverse=True)
    surface = np.array([surface_index(k) for k in kinds], np.uint8)[kind]
    skeleton = bones.skeleton(vertices)
    region = regions_of_faces(vertices, faces, joints, weights, skeleton)
    for index, part in enumerate(kinds):
        own = kind == index
        if part in ("hair", "eyes"):
            region[own] = region_index("head")
        elif surface[own][0] == surface_index("skin"):
            region[own] = region_index(part)
    pieces = ["body"]
    piece = np.zeros(len(faces), np.int16)
    for value in np.unique(surface[surface != surface_index("skin")]):
        piece[surface == value] = len(pieces)
        pieces.append(SURFACES[value])
    who = name.removeprefix("valid_")
    return Figure(
        vertices=vertices.astype(np.float32),
        faces=faces,
        uv=uv,
        surface=surface,
        region=region,
        material=material,
        piece=piece,
        joints=joints,
        weights=weights,
        skeleton=skeleton,
        materials=materials,
        pieces=tuple(pieces),
        name=name,
        family="valid",
        person=who.rsplit("_", 1)[0],
        garments=(who,),
    )
