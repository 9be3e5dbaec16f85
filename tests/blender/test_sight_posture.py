# SPDX-License-Identifier: GPL-3.0-or-later
"""Left and right from what the shipped vision model sees of a real capture, without bones' help."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from mathutils import Matrix

from core.parsing.body.bones import read_bones
from core.parsing.body.posture import limb_sides
from core.parsing.embedded.seen_surfaces import front_of_head, seen_surfaces
from core.parsing.images import Images
from core.parsing.ontology.ontology import BODY_REGIONS, LEFT, RIGHT, Ontology
from core.parsing.sight.looking import look_at_views
from core.parsing.sight.sightings import load_sightings
from demo import character
from tests.blender.capture_scenes import captured

ARMS, LEGS = ("upper arm", "forearm", "hand"), ("thigh", "lower leg", "foot")
LYING = Matrix.Rotation(np.pi / 2, 4, "Z") @ Matrix.Rotation(-np.pi / 2, 4, "X")
# How it is turned, and the share of an arm and of a leg that has to be right. Legs that are close
# together in one pair of trousers are partly taken for each other where they are seen less well.
POSTURES = {
    "standing": (Matrix.Identity(4), 0.97, 0.97),
    "facing away": (Matrix.Rotation(np.pi, 4, "Z"), 0.97, 0.97),
    "lying on the back": (LYING, 0.97, 0.85),
    "upside down": (Matrix.Rotation(np.pi, 4, "Y"), 0.97, 0.65),
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo character, walking."""
    path = tmp_path_factory.mktemp("demo") / "demo.blend"
    bpy.ops.wm.read_factory_settings(use_empty=True)
    character.build(frames=24)
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


@pytest.mark.parametrize("posture", POSTURES)
def test_the_sides_of_limbs_are_those_of_their_bones(scene: Path, tmp_path: Path, posture) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(scene))
    rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    turn, arms, legs = POSTURES[posture]
    rig.matrix_world = turn @ rig.matrix_world
    images = Images(captured(tmp_path, (5, 5), name=rig.name, azimuths=8, resolution=256))
    (tmp_path / "sight").mkdir()
    look_at_views(images, 0, tmp_path / "sight", lambda items: iter(items))
    sightings, facts = load_sightings(tmp_path / "sight", None), images.facts(5)
    seen = seen_surfaces(sightings)
    region = np.where(seen.looked, seen.region, -1).astype(np.int32)
    found = limb_sides(facts, region, front_of_head(sightings))

    names, ontology = images.manifest.names, Ontology.load()
    places = read_bones(names.bones, names.bone_parent, ontology)
    wanted = np.array([place.side for place in places])[facts.bone]
    true_region = np.array([ontology.region[place.concept] for place in places])[facts.bone]
    for limb, enough in ((ARMS, arms), (LEGS, legs)):
        regions = [BODY_REGIONS.index(name) for name in limb]
        for which in (LEFT, RIGHT):
            # Where sight takes a thigh for a forearm, posture is not to blame.
            judged = np.isin(region, regions) & (region == true_region) & (wanted == which)
            area = facts.area[judged]
            assert area.sum() > 0.05, "square metres of it are seen"
            assert np.average(found[judged] == which, weights=area) > enough, (limb, which)
