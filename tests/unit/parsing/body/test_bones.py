# SPDX-License-Identifier: GPL-3.0-or-later
"""Bones of the common rigs are read as the parts of the body they move."""

from __future__ import annotations

import pytest

from core.parsing.body.bones import read_bones
from core.parsing.ontology.ontology import BODY_REGIONS, Ontology

SIDES = ("", "left ", "right ")

MIXAMO = """
Hips: pelvis; Spine: torso; Spine1: torso; Spine2: torso; Neck: neck; Head: head
HeadTop_End: head; LeftEye: left eye; LeftShoulder: left shoulder; LeftArm: left upper arm
LeftForeArm: left forearm; LeftHand: left hand; LeftHandThumb1: left thumb
LeftHandIndex3: left index finger; RightHandPinky4: right little finger
RightUpLeg: right thigh; RightLeg: right lower leg; RightFoot: right foot
RightToeBase: right toe; RightToe_End: right toe
"""
UNREAL = """
pelvis: pelvis; spine_01: torso; spine_05: torso; clavicle_l: left shoulder
upperarm_l: left upper arm; upperarm_twist_01_l: left upper arm; lowerarm_l: left forearm
lowerarm_twist_01_l: left forearm; hand_l: left hand; index_metacarpal_l: left hand
index_01_l: left index finger; thumb_03_r: right thumb; pinky_01_r: right little finger
neck_01: neck; head: head; thigh_r: right thigh; thigh_twist_01_r: right thigh
calf_r: right lower leg; calf_twist_01_r: right lower leg; foot_r: right foot; ball_r: right toe
"""
VRM = """
J_Bip_C_Hips: pelvis; J_Bip_C_Spine: torso; J_Bip_C_Chest: chest; J_Bip_C_UpperChest: chest
J_Bip_C_Neck: neck; J_Bip_C_Head: head; J_Adj_L_FaceEye: left eye
J_Bip_L_Shoulder: left shoulder; J_Bip_L_UpperArm: left upper arm
J_Bip_L_LowerArm: left forearm; J_Bip_L_Hand: left hand; J_Bip_L_Index1: left index finger
J_Bip_L_Little2: left little finger; J_Bip_R_UpperLeg: right thigh
J_Bip_R_LowerLeg: right lower leg; J_Bip_R_Foot: right foot; J_Bip_R_ToeBase: right toe
J_Sec_Hair1_03: hair; J_Sec_L_Bust1: left breast
"""
BIPED = """
Bip01 Pelvis: pelvis; Bip01 Spine: torso; Bip01 Spine1: torso; Bip01 Neck: neck
Bip01 Head: head; Bip01 HeadNub: head; Bip01 L Clavicle: left shoulder
Bip01 L UpperArm: left upper arm; Bip01 L Forearm: left forearm; Bip01 L Hand: left hand
Bip01 L Finger0: left finger; Bip01 L Finger11: left finger; Bip01 R Thigh: right thigh
Bip01 R Calf: right lower leg; Bip001-R-Foot: right foot; Bip01 R Toe0: right toe
Bip01 LUpArmTwist: left upper arm; Bip01 L ForeTwist: left forearm
Bip01 R ThighTwist: right thigh; Bip01 Ponytail1: ponytail
ValveBiped.Bip01_L_UpperArm: left upper arm
"""
CMU = """
Hips: pelvis; LHipJoint: left pelvis; LeftUpLeg: left thigh; LeftLeg: left lower leg
LeftFoot: left foot; LeftToeBase: left toe; LowerBack: torso; Spine: torso; Spine1: torso
LeftShoulder: left shoulder; LeftArm: left upper arm; LeftForeArm: left forearm
LeftHand: left hand; LThumb: left thumb; LeftFingerBase: left hand
LeftHandFinger1: left finger; Neck: neck; Neck1: neck; Head: head; RHipJoint: right pelvis
"""
MAKEHUMAN = """
pelvis.L: left pelvis; upperleg01.L: left thigh; upperleg02.L: left thigh
lowerleg01.L: left lower leg; lowerleg02.R: right lower leg; foot.L: left foot
toe1-1.L: left toe; toe5-3.R: right toe; spine05: torso; spine01: torso
clavicle.L: left shoulder; shoulder01.L: left shoulder; upperarm01.L: left upper arm
lowerarm02.L: left forearm; wrist.L: left hand; finger1-1.L: left finger
metacarpal1.L: left hand; neck01: neck; neck03: neck; head: head; jaw: jaw; tongue00: tongue
eye.R: right eye; breast.L: left breast
"""
RIGIFY_META = """
spine: pelvis; spine.001: torso; spine.002: torso; spine.003: torso; spine.004: neck
spine.005: neck; spine.006: head; jaw: jaw; ear.L: left ear; pelvis.L: left pelvis
thigh.L: left thigh; shin.L: left lower leg; foot.L: left foot; toe.L: left toe
heel.02.L: left foot; shoulder.R: right shoulder; upper_arm.R: right upper arm
forearm.R: right forearm; hand.R: right hand; palm.01.R: right hand
f_index.01.R: right index finger; thumb.02.R: right thumb; f_pinky.03.R: right little finger
breast.L: left breast; brow.B.L: left eyebrow; lid.T.L: left eyelid; teeth.T: tooth
"""
RIGIFY_DEFORM = """
DEF-spine: pelvis; DEF-spine.001: torso; DEF-spine.003: torso; DEF-spine.004: neck
DEF-spine.006: head; DEF-pelvis.L: left pelvis; DEF-thigh.L: left thigh
DEF-thigh.L.001: left thigh; DEF-shin.L.001: left lower leg; DEF-foot.L: left foot
DEF-toe.L: left toe; DEF-upper_arm.L.001: left upper arm; DEF-forearm.R: right forearm
DEF-hand.R: right hand; DEF-f_middle.02.L: left middle finger; DEF-palm.02.L: left hand
DEF-breast.R: right breast
"""
DAZ = """
hip: pelvis; pelvis: pelvis; lThighBend: left thigh; lThighTwist: left thigh
lShin: left lower leg; lFoot: left foot; lMetatarsals: left foot; lToe: left toe
lBigToe: left big toe; abdomenLower: belly; abdomenUpper: belly; chestLower: chest
chestUpper: chest; lCollar: left shoulder; lShldrBend: left upper arm
rShldrTwist: right upper arm; rForearmTwist: right forearm; rHand: right hand
lCarpal1: left hand; lThumb1: left thumb; lMid1: left middle finger; neckLower: neck
neckUpper: neck; head: head; lPectoral: left breast; lEye: left eye; lowerJaw: jaw
"""
CHARACTER_CREATOR = """
CC_Base_Hip: pelvis; CC_Base_Waist: waist; CC_Base_Spine01: torso; CC_Base_NeckTwist01: neck
CC_Base_Head: head; CC_Base_L_Clavicle: left shoulder; CC_Base_L_Upperarm: left upper arm
CC_Base_L_UpperarmTwist01: left upper arm; CC_Base_L_Forearm: left forearm
CC_Base_L_Hand: left hand; CC_Base_L_Index1: left index finger; CC_Base_L_Thigh: left thigh
CC_Base_R_Calf: right lower leg; CC_Base_R_CalfTwist01: right lower leg
CC_Base_R_Foot: right foot; CC_Base_R_ToeBase: right toe; CC_Base_L_Breast: left breast
CC_Base_L_ElbowShareBone: left forearm; CC_Base_L_KneeShareBone: left lower leg
CC_Base_FacialBone: face; CC_Base_JawRoot: jaw; CC_Base_Pelvis: pelvis
"""
SMPL = """
Pelvis: pelvis; L_Hip: left thigh; L_Knee: left lower leg; L_Ankle: left foot
L_Foot: left foot; Spine1: torso; Neck: neck; Head: head; L_Collar: left shoulder
L_Shoulder: left upper arm; L_Elbow: left forearm; L_Wrist: left hand; R_Hand: right hand
"""
MMD = """
上半身: torso; 上半身2: torso; 下半身: pelvis; 首: neck; 頭: head; 左肩: left shoulder
左腕: left upper arm; 左ひじ: left forearm; 左手首: left hand; 左人指１: left finger
右足: right thigh; 右ひざ: right lower leg; 右足首: right foot; 右つま先: right toe
"""
LOWER_CASE = """
hips: pelvis; spine: torso; head: head; leftshoulder: left shoulder; leftarm: left upper arm
leftforearm: left forearm; lefthand: left hand; rightupleg: right thigh
rightleg: right lower leg; leftfoot: left foot
"""
RIGS = {
    "mixamo": MIXAMO, "unreal": UNREAL, "vrm": VRM, "biped": BIPED, "cmu": CMU,
    "makehuman": MAKEHUMAN, "rigify metarig": RIGIFY_META, "rigify deform": RIGIFY_DEFORM,
    "daz": DAZ, "character creator": CHARACTER_CREATOR, "smpl": SMPL, "mmd": MMD,
    "lower case": LOWER_CASE,
}  # fmt: skip


def table(text: str) -> dict[str, str]:
    pairs = [p.split(": ") for line in text.strip().splitlines() for p in line.split("; ")]
    return {name.strip(): part.strip() for name, part in pairs}


def parts_of(names: list[str], parents: list[int] | None = None) -> list[str]:
    ontology = Ontology.load()
    places = read_bones(names, parents or [-1] * len(names), ontology)
    named = [ontology.names[p.concept] if p.concept >= 0 else "?" for p in places]
    return [SIDES[p.side] + name for p, name in zip(places, named, strict=True)]


@pytest.mark.parametrize("rig", RIGS)
def test_the_bones_of_a_common_rig_are_known_from_their_names(rig: str) -> None:
    expected = table(RIGS[rig])
    names = list(expected)
    assert dict(zip(names, parts_of(names), strict=True)) == expected


def test_a_name_space_in_front_changes_nothing() -> None:
    expected = table(MIXAMO)
    for prefix in ("mixamorig:", "mixamorig1:", "Armature|char:"):
        assert parts_of([prefix + name for name in expected]) == list(expected.values())


def test_an_unknown_bone_moves_what_its_nearest_known_ancestor_moves() -> None:
    names = ["hips", "thigh.L", "special04", "xyz", "spine"]
    assert parts_of(names, [-1, 0, 1, 2, 0])[2:4] == ["left thigh", "left thigh"]


def test_a_root_with_weights_moves_the_pelvis() -> None:
    assert parts_of(["Root", "Hips", "Spine"], [-1, 0, 1])[0] == "pelvis"


def test_a_broken_parent_table_does_no_harm() -> None:
    assert parts_of(["x1", "x2"], [1, 0]) == ["?", "?"]


@pytest.mark.parametrize("rig", RIGS)
def test_mirrored_bone_names_mean_mirrored_parts(rig: str) -> None:
    swap = str.maketrans({"左": "右", "右": "左"})

    def mirrored(name: str) -> str:
        for left, right in (("Left", "Right"), ("left", "right")):
            if left in name:
                return name.replace(left, right)
            if right in name:
                return name.replace(right, left)
        return name.translate(swap)

    names = [n for n in table(RIGS[rig]) if mirrored(n) != n]
    everything = list(table(RIGS[rig]))
    read = dict(zip(everything, parts_of(everything), strict=True))
    other = parts_of([mirrored(n) for n in everything])
    again = dict(zip(everything, other, strict=True))
    assert all(again[n] == mirrored(read[n]) for n in names)


REGION_OF = {
    "head": "head eye ear eyebrow eyelid jaw tongue tooth face hair ponytail",
    "neck": "neck",
    "torso": "torso chest breast belly waist shoulder",
    "pelvis": "pelvis",
    "upper arm": "upper_arm",
    "forearm": "forearm",
    "hand": "hand thumb finger index_finger middle_finger little_finger",
    "thigh": "thigh",
    "lower leg": "lower_leg",
    "foot": "foot toe big_toe",
}


@pytest.mark.parametrize("rig", RIGS)
def test_every_bone_moves_a_region_of_the_body(rig: str) -> None:
    region_of = {
        part.replace("_", " "): region
        for region, parts in REGION_OF.items()
        for part in parts.split()
    }
    expected = table(RIGS[rig])
    ontology = Ontology.load()
    places = read_bones(list(expected), [-1] * len(expected), ontology)
    found = {
        n: BODY_REGIONS[ontology.region[p.concept]] for n, p in zip(expected, places, strict=True)
    }
    assert found == {
        name: region_of[part.removeprefix("left ").removeprefix("right ")]
        for name, part in expected.items()
    }


def test_what_moves_no_part_of_a_body_has_no_region() -> None:
    ontology = Ontology.load()
    places = read_bones(["sword", "skirt.L", "Bone.001"], [-1, -1, -1], ontology)
    assert [int(ontology.region[p.concept]) if p.concept >= 0 else -1 for p in places] == [-1] * 3


def test_an_end_bone_lies_in_the_region_of_the_bone_before_it() -> None:
    names = ["hips", "thigh.L", "shin.L", "foot.L", "tip", "spine", "neck", "x1", "x2"]
    parents = [-1, 0, 1, 2, 3, 0, 5, 6, 7]
    ontology = Ontology.load()
    places = read_bones(names, parents, ontology)
    regions = [BODY_REGIONS[ontology.region[place.concept]] for place in places]
    assert regions == [
        "pelvis", "thigh", "lower leg", "foot", "foot", "torso", "neck", "neck", "neck",
    ]  # fmt: skip
    assert [place.side for place in places] == [0, 1, 1, 1, 1, 0, 0, 0, 0]
