# SPDX-License-Identifier: GPL-3.0-or-later
"""What writing back is asked for, and what it answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

ColorDomain = Literal["CORNER", "POINT"]


@dataclass(frozen=True)
class WriteOptions:
    """How labels are stored on the mesh.

    `color_domain`: CORNER gives every face its own flat colour and crisp borders; POINT blends
    across borders and takes a quarter of the memory, which counts when labels change in every
    frame of a dense mesh (100 000 quads x 250 frames: 400 MB of corners, 100 MB of points).
    """

    color_domain: ColorDomain = "CORNER"
    vertex_groups: bool = True
    every_frame: bool = False  # an attribute for every frame, not only where labels change
    switch: bool = True  # the Geometry Nodes modifier that shows the right one
    overlay: bool = False  # also show the colours, see `show_overlay`

    def to_json(self) -> dict[str, Any]:
        """What a later write needs in order to store the same things."""
        return {name: value for name, value in asdict(self).items() if name != "overlay"}


@dataclass(frozen=True)
class Overlay:
    """What the overlay's colours show: all parts, one part, or how sure the parts are."""

    kind: Literal["parts", "part", "confidence"] = "parts"
    part: str = ""  # of "part": the one in its colour; "" is what is unlabelled


PARTS_VIEW = Overlay()


@dataclass(frozen=True)
class WriteReport:
    """What was written."""

    objects: tuple[str, ...]  # objects that now carry labels; baked frames included
    frames: tuple[int, ...]
    stored: int  # labellings stored over all meshes: 1 each where labels never change
    attributes: int
    groups: int
    switched: tuple[str, ...]  # objects with the modifier
    baked: tuple[str, ...]  # collections made for a changing topology
    warnings: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class ClearReport:
    """What was removed."""

    objects: tuple[str, ...]
    attributes: int
    groups: int
    modifiers: int
    collections: int
