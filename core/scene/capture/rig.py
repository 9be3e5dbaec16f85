# SPDX-License-Identifier: GPL-3.0-or-later
"""The view rig: cameras around the character, fitted to its bounds. Pure numpy, no Blender.

All cameras of a sequence share one scale, so that a part is equally large in every frame; they
follow the centre of each frame's bounds, so that a walking character stays in the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import InputError
from ...job.spec import CaptureSettings

SENSOR = 36.0  # mm
MARGIN = 0.05  # empty border on each side, share of the half picture


@dataclass(frozen=True)
class Bounds:
    """What of a character's extent the rig has to know, in world units."""

    center: np.ndarray  # (3,) float64, of the axis-aligned box
    radius: float  # largest horizontal distance of a vertex from the vertical axis through center
    half_height: float

    @property
    def reach(self) -> float:
        """Radius of a sphere around center that holds all vertices."""
        return float(np.hypot(self.radius, self.half_height))

    @classmethod
    def of(cls, points: np.ndarray) -> Bounds:
        """Bounds of (N, 3) world positions, N >= 1."""
        low, high = points.min(0).astype(np.float64), points.max(0).astype(np.float64)
        center = (low + high) / 2
        horizontal = points[:, :2] - center[:2]
        radius = float(np.sqrt((horizontal * horizontal).sum(1).max()))
        return cls(center, radius, float(high[2] - low[2]) / 2)


@dataclass(frozen=True)
class Camera:
    """One camera: where it is and how it projects."""

    world_to_camera: np.ndarray  # (4, 4) float64, OpenCV axes: x right, y down, z forward
    intrinsics: np.ndarray  # (3, 3) float64 pixels; the centre of pixel (0, 0) is at (0.5, 0.5)
    distance: float  # from the camera to the bounds' centre, along the view axis

    @property
    def blender_matrix(self) -> np.ndarray:
        """(4, 4) camera-to-world with Blender's axes: x right, y up, z backward."""
        return np.linalg.inv(self.world_to_camera) @ np.diag([1.0, -1.0, -1.0, 1.0])


@dataclass(frozen=True)
class Rig:
    """The cameras of a whole sequence, up to the centre that they look at."""

    views: tuple[str, ...]
    azimuths: tuple[float, ...]  # degrees, 0 = front (-Y), counter-clockwise seen from above
    elevations: tuple[float, ...]  # degrees
    resolution: int
    perspective: bool
    lens: float  # mm, perspective only
    extent: float  # half the picture's width at the centre's distance, world units
    distance: float  # from the cameras to the centre

    def window(self, view: int, bounds: Bounds) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) in pixels: no vertex of `bounds` projects outside."""
        if self.perspective:
            return 0, 0, self.resolution, self.resolution
        half, scale = self.resolution / 2, self.resolution / (2 * self.extent)
        wide = bounds.radius * scale
        elevation = self.elevations[view]
        high = _half_picture_height(bounds.radius, bounds.half_height, elevation) * scale
        low = [max(0, int(half - reach) - 1) for reach in (wide, high)]
        return low[0], low[1], self.resolution - low[0], self.resolution - low[1]

    def camera(self, view: int, center: np.ndarray) -> Camera:
        """The camera of `view` when the character's bounds are centred at `center`."""
        rotation = view_rotation(self.azimuths[view], self.elevations[view])
        world_to_camera = np.eye(4)
        world_to_camera[:3, :3] = rotation
        world_to_camera[:3, 3] = -rotation @ np.asarray(center, np.float64)
        world_to_camera[2, 3] += self.distance
        half = self.resolution / 2
        focal = self.lens / SENSOR * self.resolution if self.perspective else half / self.extent
        intrinsics = np.array([[focal, 0, half], [0, focal, half], [0, 0, 1.0]])
        return Camera(world_to_camera, intrinsics, self.distance)


def view_rotation(azimuth: float, elevation: float) -> np.ndarray:
    """(3, 3) world-to-camera rotation (rows: right, down, forward) of a camera looking inwards.

    Straight above (90 degrees) the picture's up is +Y for azimuth 0, so that the character's
    front is at the bottom.
    """
    a, e = np.radians(azimuth), np.radians(elevation)
    right = np.array([np.cos(a), np.sin(a), 0.0])
    forward = np.array([-np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), -np.sin(e)])
    return np.stack([right, np.cross(forward, right), forward])


def directions(settings: CaptureSettings) -> list[tuple[float, float]]:
    """(azimuth, elevation) in degrees of every view: the main ring, raised rings, top, bottom."""
    step = 360.0 / max(settings.azimuths, 1)
    rings = (settings.elevation, *settings.raised)
    found = [(step * i, float(e)) for e in rings for i in range(settings.azimuths)]
    if settings.top:
        found.append((0.0, 90.0))
    if settings.bottom:
        found.append((0.0, -90.0))
    return list(dict.fromkeys(found))


def view_names(settings: CaptureSettings) -> tuple[str, ...]:
    """The names of a rig's views, in order."""
    return tuple(_view_name(a, e) for a, e in directions(settings))


def fit_rig(settings: CaptureSettings, bounds: Sequence[Bounds]) -> Rig:
    """The rig of a sequence whose frames have these bounds; every vertex is inside each picture.

    Raises InputError for settings without a view, a picture too small or large, a bad lens.
    """
    check_settings(settings)
    views = directions(settings)
    vertical = max(
        _half_picture_height(b.radius, b.half_height, e) for b in bounds for _, e in views
    )
    extent = max(vertical, *(b.radius for b in bounds), 1e-6) / (1 - MARGIN)
    reach = max(b.reach for b in bounds)
    distance = max(2.0 * reach, 1e-3)
    perspective = settings.projection == "perspective"
    if perspective:
        # Wide enough already where the nearest vertex can be.
        distance = extent * settings.lens * 2 / SENSOR + reach
    return Rig(
        view_names(settings),
        tuple(a for a, _ in views),
        tuple(e for _, e in views),
        settings.resolution,
        perspective,
        settings.lens,
        extent,
        distance,
    )


def check_settings(settings: CaptureSettings) -> None:
    """Raises InputError for a rig that cannot be built."""
    if not directions(settings):
        raise InputError("The view rig has no camera", "Set at least one azimuth, or top or bottom")
    if not 16 <= settings.resolution <= 8192:
        raise InputError(
            f"A capture resolution of {settings.resolution} pixels is not possible",
            "Choose between 16 and 8192",
        )
    if not all(-90 <= e <= 90 for _, e in directions(settings)):
        raise InputError("A camera's elevation lies outside -90 to 90 degrees", "Correct it")
    if settings.projection == "perspective" and not 1 <= settings.lens <= 5000:
        raise InputError(f"A lens of {settings.lens:g} mm is not possible", "Choose 1 to 5000 mm")


def _half_picture_height(radius: float, half_height: float, elevation: float) -> float:
    """How far above and below the centre a cylinder around it reaches in a picture."""
    e = np.radians(elevation)
    return float(half_height * np.abs(np.cos(e)) + radius * np.abs(np.sin(e)))


def _view_name(azimuth: float, elevation: float) -> str:
    if abs(elevation) == 90:
        return "top" if elevation > 0 else "bottom"
    sign = "m" if round(elevation) < 0 else ""
    return f"az{round(azimuth):03d}_el{sign}{abs(round(elevation)):02d}"
