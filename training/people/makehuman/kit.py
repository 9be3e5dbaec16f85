# SPDX-License-Identifier: GPL-3.0-or-later
"""The kit: a folder of MakeHuman's base body, rig, shapes and assets; bodies dressed with them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ...bank import NO_LABEL, region_index, surface_index
from ...figure import Figure, Material, Skeleton
from ..rigs import BoneTable, regions_of_faces, strongest
from .assets import Asset, read_asset
from .objects import read_obj
from .shapes import Shape, Targets

_METRES = 0.1  # the kit's unit is a decimetre
# The rig's one finger moves all of them, and ends where the longest does.
_FINGERTIPS = {
    "LeftHandFinger1": "joint-l-finger-3-4",
    "RightHandFinger1": "joint-r-finger-3-4",
}
_NEVER_UNDER = {"hair", "eyes", "eyebrows", "eyelashes", "glasses", "hat"}  # are seen over clothes


@dataclass(frozen=True)
class Body:
    """The base body in a shape. Vertices include the helpers that assets hang on."""

    base: np.ndarray  # (B, 3) float32 as in the kit: decimetres, Y up
    skeleton: Skeleton
    floor: float  # metres: the lowest Z of the skin before the figure is put on the ground

    def placed(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) float32 points of the kit in the figure's metres, Z up, feet at 0."""
        turned = np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1) * _METRES
        turned[:, 2] -= self.floor
        return turned.astype(np.float32)


@dataclass(frozen=True)
class Worn:
    """An asset, or some parts of it, worn by somebody; later ones lie over earlier ones."""

    asset: Asset
    parts: tuple[str, ...]
    material: Material | None = None  # None: its own texture


class Kit:
    """Everything in a kit's folder; files are read when they are first used."""

    def __init__(self, folder: Path) -> None:
        """Raises FileNotFoundError when the folder is no kit."""
        self.folder = folder
        self._mesh = read_obj(folder / "base" / "base.obj")
        self._rig = json.loads((folder / "base" / "rig.cmu_mb.json").read_text())
        self._groups = json.loads((folder / "base" / "basemesh_vertex_groups.json").read_text())
        with gzip.open(folder / "base" / "weights.cmu_mb.json.gz", "rt") as file:
            self._bone_weights = json.load(file)["weights"]
        self._manifest = json.loads((folder / "MANIFEST.json").read_text())
        self._targets = Targets(folder / "targets" / "macrodetails", len(self._mesh.vertices))
        self._assets: dict[str, Asset] = {}
        self._prepared: dict[str, Asset] = {}
        self._under: dict[tuple[str, tuple[str, ...]], np.ndarray] = {}
        self._nearest: dict[str, np.ndarray] = {}
        self._hung: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def names(self, kind: str) -> list[str]:
        """Names of the assets of a kind ("clothes", "hair", "eyes", ...), sorted."""
        return sorted(n.split("/")[1] for n in self._manifest if n.startswith(f"{kind}/"))

    def asset(self, kind: str, name: str) -> Asset:
        """An asset by kind and name. Raises KeyError when the kit has none of that name."""
        key = f"{kind}/{name}"
        if key not in self._assets:
            parts = tuple(self._manifest[key]["parts"])
            self._assets[key] = read_asset(
                self.folder / kind / name, parts, len(self._mesh.vertices)
            )
        return self._assets[key]

    def prepared(self, kind: str, name: str, change: Callable[[Asset], Asset]) -> Asset:
        """An asset as `change` makes it, which is asked once for each asset."""
        if name not in self._prepared:
            self._prepared[name] = change(self.asset(kind, name))
        return self._prepared[name]

    def body(self, shape: Shape) -> Body:
        """The base body in a shape, with its joints."""
        base = self._mesh.vertices + self._targets.offsets(shape.targets())
        faces = self._body_faces
        floor = float(base[faces[faces >= 0], 1].min()) * _METRES
        return Body(base, self._skeleton(base, floor), floor)

    def figure(
        self, body: Body, worn: Sequence[Worn], skin: Material, whole: bool = False
    ) -> Figure:
        """The body with what it wears, later things over earlier ones.

        Faces of the body and of earlier things that lie hidden are left out; with `whole` the
        body keeps them all.
        """
        skin_count = int(self._body_faces.max()) + 1
        covers = [self._covered(w) for w in worn]
        above = np.zeros(len(body.base), bool)
        meshes: list[dict] = []
        for item, cover in zip(reversed(worn), reversed(covers), strict=True):
            meshes.insert(0, self._worn_arrays(body, item, above))
            above = above | cover
        gone = np.zeros(len(self._body_faces), bool)
        if not whole:
            hidden = np.append(above, True)  # a missing corner hides nothing
            gone = hidden[self._body_faces].all(axis=1)
        joints, weights = self._joint_weights
        own = {
            "vertices": body.placed(body.base[:skin_count]),
            "faces": self._body_faces[~gone],
            "uv": self._mesh.uv[self._is_body][~gone],
            "surface": np.full(int((~gone).sum()), surface_index("skin"), np.uint8),
            "region": self._body_region[~gone],
            "piece": np.zeros(int((~gone).sum()), np.int16),
            "joints": joints[:skin_count],
            "weights": weights[:skin_count],
        }
        return self._assembled(body, own, meshes, worn, skin)

    def _assembled(
        self, body: Body, own: dict, meshes: list[dict], worn: Sequence[Worn], skin: Material
    ) -> Figure:
        pieces, count = ["body"], len(own["vertices"])
        own["material"] = np.zeros(len(own["faces"]), np.int16)
        for number, (item, mesh) in enumerate(zip(worn, meshes, strict=True), start=1):
            mesh["faces"] = np.where(mesh["faces"] < 0, -1, mesh["faces"] + count)
            count += len(mesh["vertices"])
            mesh["material"] = np.full(len(mesh["faces"]), number, np.int16)
            mesh["piece"] = (mesh["part"] + len(pieces)).astype(np.int16)
            pieces += [f"{item.asset.name}: {part}" for part in item.asset.parts]
        arrays = {key: np.concatenate([own[key], *(m[key] for m in meshes)]) for key in own}
        arrays["faces"] = arrays["faces"].astype(np.int32)
        return Figure(
            **arrays,
            skeleton=body.skeleton,
            materials=(skin, *(w.material or _own_material(w.asset) for w in worn)),
            pieces=tuple(pieces),
            family="makehuman",
        )

    def _worn_arrays(self, body: Body, item: Worn, above: np.ndarray) -> dict:
        """Arrays of one worn thing, without what lies under the base vertices `above`."""
        asset = item.asset
        shown = np.isin(asset.face_part, [asset.parts.index(p) for p in item.parts])
        if not set(item.parts) <= _NEVER_UNDER:
            beneath = above[asset.references].all(axis=1) | above[self._skin_below(asset)]
            shown &= ~np.append(beneath, True)[asset.mesh.faces].all(axis=1)
        joints, weights = self._hung_weights(asset)
        faces = asset.mesh.faces[shown]
        part = asset.face_part[shown]
        surface = np.array([surface_index(p) for p in asset.parts], np.uint8)[part]
        vertices = body.placed(asset.fitted(body.base))
        region = regions_of_faces(vertices, faces, joints, weights, body.skeleton)
        region[np.isin(part, [asset.parts.index(p) for p in asset.parts if p in _NEVER_UNDER])] = (
            region_index("head")
        )
        return {
            "vertices": vertices,
            "faces": faces,
            "uv": asset.mesh.uv[shown],
            "surface": surface,
            "region": region,
            "part": part,
            "joints": joints,
            "weights": weights,
        }

    def _covered(self, item: Worn) -> np.ndarray:
        """(B,) bool: the base vertices under a worn thing, only under the parts that are worn."""
        asset = item.asset
        if set(item.parts) == set(asset.parts):
            return asset.hidden
        key = (asset.name, item.parts)
        if key not in self._under:
            from scipy.spatial import cKDTree

            base = self._mesh.vertices
            part = np.zeros(len(asset.mesh.vertices), np.int64)
            for corner in range(4):
                used = asset.mesh.faces[:, corner] >= 0
                part[asset.mesh.faces[used, corner]] = asset.face_part[used]
            nearest = cKDTree(asset.fitted(base)).query(base)[1]
            chosen = [asset.parts.index(p) for p in item.parts]
            self._under[key] = asset.hidden & np.isin(part[nearest], chosen)
        return self._under[key]

    def _hung_weights(self, asset: Asset) -> tuple[np.ndarray, np.ndarray]:
        """((V, 4), (V, 4)): the skin weights of the three base vertices, in their shares."""
        if asset.name in self._hung:
            return self._hung[asset.name]
        joints, weights = self._joint_weights
        vertex = np.repeat(np.arange(len(asset.references)), 12)
        share = np.maximum(asset.shares, 0.0)[..., None] * weights[asset.references]
        self._hung[asset.name] = strongest(
            len(asset.references), vertex, joints[asset.references].ravel(), share.ravel()
        )
        return self._hung[asset.name]

    def _skin_below(self, asset: Asset) -> np.ndarray:
        """(V,) the vertex of the body's skin next to each vertex of an asset."""
        if asset.name not in self._nearest:
            from scipy.spatial import cKDTree

            base = self._mesh.vertices
            skin = base[: int(self._body_faces.max()) + 1]
            self._nearest[asset.name] = cKDTree(skin).query(asset.fitted(base))[1]
        return self._nearest[asset.name]

    def _skeleton(self, base: np.ndarray, floor: float) -> Skeleton:
        body = Body(base, None, floor)  # type: ignore[arg-type]
        bones = {}
        for name, bone in self._rig.items():
            head, tail = (
                body.placed(self._joint(base, bone[end])[None])[0] for end in ("head", "tail")
            )
            if name in _FINGERTIPS and _FINGERTIPS[name] in self._groups:
                tail = body.placed(self._cube(base, _FINGERTIPS[name])[None])[0]
            bones[name] = (bone["parent"] or None, head, tail)
        skin = body.placed(base[: int(self._body_faces.max()) + 1])
        return BoneTable(bones).skeleton(skin)

    def _joint(self, base: np.ndarray, end: dict) -> np.ndarray:
        if end["strategy"] == "MEAN":
            return base[end["vertex_indices"]].mean(axis=0)
        return self._cube(base, end["cube_name"])

    def _cube(self, base: np.ndarray, name: str) -> np.ndarray:
        corners = [base[first : last + 1] for first, last in self._groups[name]]
        return np.concatenate(corners).mean(axis=0)

    @cached_property
    def _joint_weights(self) -> tuple[np.ndarray, np.ndarray]:
        nowhere = np.zeros(3)
        bones = BoneTable(
            {n: (b["parent"] or None, nowhere, nowhere) for n, b in self._rig.items()}
        )
        rows = [
            (vertex, bones.index(name), weight)
            for name, entries in self._bone_weights.items()
            for vertex, weight in entries
        ]
        vertex, joint, weight = (np.array(column) for column in zip(*rows, strict=True))
        return strongest(len(self._mesh.vertices), vertex, joint, weight)

    @cached_property
    def _parts(self) -> tuple[list[str], np.ndarray]:
        content = json.loads((self.folder / "base" / "parts.json").read_text())
        return content["names"], np.array(content["face_part"])

    @cached_property
    def _is_body(self) -> np.ndarray:
        names, part = self._parts
        helper = names.index("helper") if "helper" in names else -1
        return part != helper

    @cached_property
    def _body_faces(self) -> np.ndarray:
        return self._mesh.faces[self._is_body]

    @cached_property
    def _body_region(self) -> np.ndarray:
        names, part = self._parts
        regions = [NO_LABEL if n == "helper" else region_index(n) for n in names]
        return np.array(regions, np.uint8)[part[self._is_body]]


def _own_material(asset: Asset) -> Material:
    return Material(asset.name, texture=asset.texture, cut_out=asset.transparent)
