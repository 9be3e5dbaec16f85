# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on a body an element is, from geometry alone: for scans and meshes without a rig.

Only a rough prior for an upright figure, used where there is no bone. Heights are shares of the
standing height (Drillis and Contini 1966, segment lengths over body height); arms are what stands
off the trunk sideways. The character faces -Y, so its left is +X.
"""

from __future__ import annotations

import numpy as np

from ..ontology.ontology import BODY_REGIONS
from ..vectors import weighted_quantiles

# lower end of each trunk and leg region, as a share of body height
_LEVELS = (
    ("head", 0.87),
    ("neck", 0.82),
    ("torso", 0.55),
    ("pelvis", 0.47),
    ("thigh", 0.285),
    ("lower leg", 0.045),
    ("foot", -np.inf),
)
_TRUNK_HALF_WIDTH = 0.13  # of body height, a little more than half the biacromial breadth
_ARM_LEVELS = (0.40, 0.88)  # arms hang or are held between these heights
_ARM_REACH = (("upper arm", 0.0), ("forearm", 0.186), ("hand", 0.332))  # from the shoulder


def body_regions(centroid: np.ndarray, area: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(region (E,) int32 into BODY_REGIONS, side (E,) int8: 0 none, 1 left, 2 right).

    `centroid` (E, 3) metres, Z up; `area` (E,) weights. Figures wider or deeper than they are
    tall get region -1 throughout: they do not stand.
    """
    region = np.full(len(centroid), -1, np.int32)
    side = np.zeros(len(centroid), np.int8)
    if not _stands(centroid):
        return region, side
    low, stature = centroid[:, 2].min(), float(np.ptp(centroid[:, 2]))
    height = (centroid[:, 2] - low) / stature
    middle = float(weighted_quantiles(centroid[:, 0], area, (0.5,))[0])
    lateral = (centroid[:, 0] - middle) / stature
    for name, level in reversed(_LEVELS):
        region[height >= level] = BODY_REGIONS.index(name)
    shoulder = np.stack([np.sign(lateral) * _TRUNK_HALF_WIDTH, np.full(len(height), 0.81)], axis=1)
    reach = np.linalg.norm(np.stack([lateral, height], axis=1) - shoulder, axis=1)
    arm = (np.abs(lateral) > _TRUNK_HALF_WIDTH) & (height > _ARM_LEVELS[0])
    arm &= height < _ARM_LEVELS[1]
    for name, start in _ARM_REACH:
        region[arm & (reach >= start)] = BODY_REGIONS.index(name)
    paired = arm | (height < 0.47)
    side[paired & (lateral > 0)] = 1
    side[paired & (lateral < 0)] = 2
    return region, side


def _stands(centroid: np.ndarray) -> bool:
    """Whether a figure is about as tall as it is wide and deep, or taller."""
    if len(centroid) < 2:
        return False
    extent = np.ptp(centroid, axis=0)
    return bool(extent[2] > 0 and max(extent[:2]) <= 1.3 * extent[2])
