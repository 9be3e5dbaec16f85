# SPDX-License-Identifier: GPL-3.0-or-later
"""A kit of a stick person: one square of skin for each bone, a few assets, one target."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

# Bone -> parent, head, tail: decimetres, Y up, facing +Z, arms in A-pose.
_MIDDLE = {
    "Hips": ("", (0, 9, 0), (0, 10, 0)),
    "LowerBack": ("Hips", (0, 10, 0), (0, 11.5, 0)),
    "Spine": ("LowerBack", (0, 11.5, 0), (0, 13, 0)),
    "Spine1": ("Spine", (0, 13, 0), (0, 14.5, 0)),
    "Neck": ("Spine1", (0, 14.5, 0), (0, 15, 0)),
    "Neck1": ("Neck", (0, 15, 0), (0, 15.5, 0)),
    "Head": ("Neck1", (0, 15.5, 0), (0, 17, 0)),
}
_LEFT = {
    "LHipJoint": ("Hips", (0, 9, 0), (1, 9, 0)),
    "LeftUpLeg": ("LHipJoint", (1, 9, 0), (1, 5, 0)),
    "LeftLeg": ("LeftUpLeg", (1, 5, 0), (1, 1, 0)),
    "LeftFoot": ("LeftLeg", (1, 1, 0), (1, 0.2, 1.5)),
    "LeftToeBase": ("LeftFoot", (1, 0.2, 1.5), (1, 0.2, 2)),
    "LeftShoulder": ("Spine1", (0.3, 14, 0), (1.5, 14, 0)),
    "LeftArm": ("LeftShoulder", (1.5, 14, 0), (3.5, 12, 0)),
    "LeftForeArm": ("LeftArm", (3.5, 12, 0), (5.5, 10, 0)),
    "LeftHand": ("LeftForeArm", (5.5, 10, 0), (6, 9.5, 0)),
    "LThumb": ("LeftHand", (5.7, 9.9, 0.2), (5.8, 9.8, 0.6)),
    "LeftFingerBase": ("LeftHand", (6, 9.5, 0), (6.2, 9.3, 0)),
    "LeftHandFinger1": ("LeftFingerBase", (6.2, 9.3, 0), (7, 8.5, 0)),
}
_REGIONS = {
    "Hips": "pelvis", "LowerBack": "torso", "Spine": "torso", "Spine1": "torso", "Neck": "neck",
    "Neck1": "neck", "Head": "head", "HipJoint": "pelvis", "UpLeg": "thigh", "Leg": "lower leg",
    "Foot": "foot", "ToeBase": "foot", "Shoulder": "torso", "Arm": "upper arm",
    "ForeArm": "forearm", "Hand": "hand", "Thumb": "hand", "FingerBase": "hand",
    "HandFinger1": "hand",
}  # fmt: skip


def bones() -> dict[str, tuple[str, tuple[float, ...], tuple[float, ...]]]:
    """All bones, the right ones mirrored."""
    right = {
        _right(n): (_right(p), (-h[0], *h[1:]), (-t[0], *t[1:])) for n, (p, h, t) in _LEFT.items()
    }
    return {**_MIDDLE, **_LEFT, **right}


def write_tiny_kit(folder: Path) -> Path:
    """The kit in `folder`; its body is 1.7 m tall, and 3.4 m in the shape "male, young"."""
    base = folder / "base"
    base.mkdir(parents=True)
    vertices: list[np.ndarray] = []
    faces: list[list[int]] = []
    rig: dict[str, Any] = {}
    weights: dict[str, list[tuple[int, float]]] = {}
    parts: list[int] = []
    names = sorted(set(_REGIONS.values())) + ["helper"]
    for name, (parent, head, tail) in bones().items():
        start = len(vertices)
        wide = np.array([0, 0, 0.2] if abs(tail[2] - head[2]) < 0.1 else [0.2, 0, 0])
        vertices += [head - wide, head + wide, tail + wide, tail - wide]
        faces.append([start, start + 1, start + 2, start + 3])
        rig[name] = {
            "parent": parent,
            "head": {"strategy": "MEAN", "vertex_indices": [start, start + 1]},
            "tail": {"strategy": "MEAN", "vertex_indices": [start + 2, start + 3]},
        }
        weights[name] = [(start + k, 1.0) for k in range(4)]
        bare = name.removeprefix("Left").removeprefix("Right")
        bare = bare if bare in _REGIONS else name[1:]
        parts.append(names.index(_REGIONS[bare]))
    start = len(vertices)  # a helper, far below
    vertices += [np.array(p, float) for p in ((0, -50, 0), (1, -50, 0), (1, -51, 0), (0, -51, 0))]
    faces.append([start, start + 1, start + 2, start + 3])
    weights["Hips"] += [(start + k, 1.0) for k in range(4)]
    parts.append(names.index("helper"))
    _write_obj(base / "base.obj", vertices, faces)
    (base / "rig.cmu_mb.json").write_text(json.dumps(rig))
    (base / "basemesh_vertex_groups.json").write_text("{}")
    (base / "parts.json").write_text(json.dumps({"names": names, "face_part": parts}))
    with gzip.open(base / "weights.cmu_mb.json.gz", "wt") as file:
        json.dump({"weights": weights}, file)
    targets = folder / "targets" / "macrodetails"
    targets.mkdir(parents=True)
    for who in ("asian-male-young", "universal-male-young-averagemuscle-averageweight"):
        with gzip.open(targets / f"{who}.target.gz", "wt") as file:
            share = 0.5  # both together double the body
            rows = (f"{i} " + " ".join(str(share * c) for c in v) for i, v in enumerate(vertices))
            file.write("# a comment\n" + "\n".join(rows) + "\n")
    manifest = {"clothes/shirt": {"parts": ["shirt"]}, "community/shorts": {"parts": ["shorts"]}}
    (folder / "MANIFEST.json").write_text(json.dumps(manifest))
    _write_shirt(folder / "clothes" / "shirt", weights["Spine"][0][0])
    _write_shorts(folder / "community" / "shorts", weights["LeftUpLeg"][0][0], len(vertices))
    return folder


def _write_shirt(folder: Path, first: int) -> None:
    """One triangle on the square of the bone Spine, a decimetre before it, hiding it."""
    folder.mkdir(parents=True)
    _write_obj(folder / "shirt.obj", [np.zeros(3)] * 3, [[0, 1, 2]])
    (folder / "diffuse.jpg").write_bytes(b"")
    (folder / "shirt.mhclo").write_text(
        "name shirt\nobj_file shirt.obj\n"
        f"x_scale {first} {first + 2} 1.0\ny_scale {first} {first + 2} 1.5\n"
        f"z_scale {first} {first + 1} 0.4\nverts 0\n"
        f"{first}\nmaterial late.mhmat\n"
        f"{first} {first + 1} {first + 2} 0 1 0 0 0 1\n"
        f"{first} {first + 1} {first + 2} 0.5 0 0.5 0 0 1\n"
        f"delete_verts\n{first} - {first + 1} {first + 2} - {first + 3}\n"
    )


def _write_shorts(folder: Path, first: int, count: int) -> None:
    folder.mkdir(parents=True)
    content = {
        "vertices": [0.0] * 12,
        "faces": [11, 0, 1, 2, 3, 0, 0, 1, 2, 3],
        "uvs": [[0, 0, 1, 0, 1, 1, 0, 1]],
        "ref_vIdxs": [[first + k, first, first + 1] for k in range(4)],
        "weights": [[1, 0, 0]] * 4,
        "offsets": [[0.1, 0, 0]] * 4,
        "deleteVerts": [0] * count,
    }
    (folder / "mesh.json").write_text(json.dumps(content))


def _write_obj(path: Path, vertices: list, faces: list) -> None:
    lines = [f"v {v[0]} {v[1]} {v[2]}" for v in vertices]
    lines += ["vt 0.25 0.75"]
    lines += ["f " + " ".join(f"{i + 1}/1" for i in face) for face in faces]
    path.write_text("\n".join(lines))


def _right(name: str) -> str:
    if name.startswith("Left"):
        return "Right" + name[4:]
    return "R" + name[1:] if name in ("LHipJoint", "LThumb") else name
