# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part of the body a bone moves, from its name, its relatives and the whole skeleton.

Read conventions: Rigify (metarig and DEF-), Mixamo, Unreal, MakeHuman, VRM, Biped, CMU, Daz,
Character Creator, SMPL, MikuMikuDance. The words are in `data/parts.toml`; here are only the rules
between bones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..ontology.identifiers import split_words
from ..ontology.ontology import LEFT, NO_SIDE, RIGHT, Ontology

_ONE_LETTER_SIDE = re.compile(r"^([lr])([a-z]{3,})$")
_RIGIFY_SPINE = re.compile(r"^(?:DEF-|ORG-|MCH-)?spine(?:\.(\d{3}))?$")
_GLYPH_SIDES = {"左": LEFT, "右": RIGHT}


@dataclass(frozen=True)
class BonePlace:
    """Concept index (-1 unknown) and side of what a bone moves."""

    concept: int
    side: int


def read_bones(
    names: Sequence[str], parents: Sequence[int], ontology: Ontology
) -> tuple[BonePlace, ...]:
    """The place of every bone; `parents` are indices into `names`, -1 for roots.

    Bones whose names say nothing inherit from the nearest ancestor that is known; those above all
    known bones (a root with weights) take what their children move, the pelvis or the torso.
    """
    read = [_read_bone(name, ontology) for name in names]
    concepts = [concept for concept, _ in read]
    sides = [side for _, side in read]
    _settle_short_names(names, concepts, sides, ontology)
    _settle_rigify_spine(names, concepts, ontology)

    for bone in range(len(names)):
        chain = _ancestors(bone, parents)
        known = next((b for b in chain if concepts[b] >= 0), -1)
        if concepts[bone] < 0 and known >= 0:
            concepts[bone] = concepts[known]
            sides[bone] = sides[bone] or sides[known]
        elif sides[bone] == NO_SIDE and known == bone and _is_limb(concepts[bone], ontology):
            sides[bone] = next((sides[b] for b in chain if sides[b]), NO_SIDE)
    _settle_roots(concepts, parents, ontology)
    return tuple(BonePlace(c, s) for c, s in zip(concepts, sides, strict=True))


def _read_bone(name: str, ontology: Ontology) -> tuple[int, int]:
    """Concept index (-1 unknown) and side from one bone's name alone."""
    name = name.rpartition(":")[2]
    words, side = split_words(name)
    pieces: list[str] = []
    for word in words:
        side, piece = _take_side(word, side, ontology)
        pieces.append(piece)
    for glyph, glyph_side in _GLYPH_SIDES.items():
        if glyph in name:
            side = glyph_side
    found = _best_phrase(pieces, ontology)
    if found < 0:
        glyphs = sorted((g for g in ontology.bone_glyphs if g in name), key=len)
        found = ontology.index[ontology.bone_glyphs[glyphs[-1]]] if glyphs else -1
    return found, side


def _take_side(word: str, side: int, ontology: Ontology) -> tuple[int, str]:
    """Splits "leftarm" and "lthigh", when the rest is a known word."""
    if _single(word, ontology) >= 0:
        return side, word
    for prefix, meant in (("left", LEFT), ("right", RIGHT)):
        if word.startswith(prefix):
            return meant, word[len(prefix) :]
        if word.endswith(prefix):
            return meant, word[: -len(prefix)]
    match = _ONE_LETTER_SIDE.match(word)
    if match and _single(match[2], ontology) >= 0:
        return (LEFT if match[1] == "l" else RIGHT), match[2]
    return side, word


def _single(phrase: str, ontology: Ontology) -> int:
    """Concept of a word or phrase in a bone's name, -1 if none; bones have their own words."""
    for form in (phrase, phrase.removesuffix("s")):
        if form in ontology.bone_words:
            return ontology.index[ontology.bone_words[form]]
    if phrase in ontology.bone_noise or phrase in ontology.neutral:
        return -1
    if " " not in phrase and not {phrase, phrase.removesuffix("s")} & ontology.handmade:
        return -1  # WordNet knows too many words for the codes in bone names
    return ontology.find(phrase)


def _best_phrase(pieces: list[str], ontology: Ontology) -> int:
    """The longest known phrase, the last of equals; "back" only if nothing else is said."""
    if len(pieces) > 1 and "back" in pieces and "low" not in pieces and "lower" not in pieces:
        without = [p for p in pieces if p != "back"]
        found = _best_phrase(without, ontology)
        if found >= 0:
            return found
    for length in range(min(3, len(pieces)), 0, -1):
        for start in range(len(pieces) - length, -1, -1):
            run = pieces[start : start + length]
            joints = (" ",) if length == 1 else (" ", "")
            for joint in joints:
                found = _single(joint.join(run), ontology)
                if found >= 0 and not (length > 1 and run[0] == run[-1]):
                    return found
    return -1


def _settle_short_names(
    names: Sequence[str], concepts: list[int], sides: list[int], ontology: Ontology
) -> None:
    """ "Arm", "Leg", "Shoulder", "Hip" and "Foot" mean different bones in different skeletons."""
    index = ontology.index
    has = set(concepts)
    words = [" ".join(split_words(name)[0]) for name in names]
    clavicle = any("clav" in w or "collar" in w for w in words)
    upper_arm_named = index["upper arm"] in has or index["arm"] in has
    for bone, word in enumerate(words):
        here = concepts[bone]
        if here == index["arm"] and index["forearm"] in has:
            concepts[bone] = index["upper arm"]
        elif here == index["leg"]:
            if index["thigh"] in has:
                concepts[bone] = index["lower leg"]
            elif index["lower leg"] in has:
                concepts[bone] = index["thigh"]
        elif here == index["shoulder"] and clavicle and not upper_arm_named and "shoulder" in word:
            concepts[bone] = index["upper arm"]  # SMPL: collar, shoulder, elbow, wrist
        elif here == index["pelvis"] and sides[bone] and index["thigh"] not in has:
            if index["leg"] not in has and "joint" not in word:
                concepts[bone] = index["thigh"]  # SMPL: hip, knee, ankle
        elif here == index["buttock"]:
            concepts[bone] = index["pelvis"]


def _settle_rigify_spine(names: Sequence[str], concepts: list[int], ontology: Ontology) -> None:
    """Rigify names pelvis, torso, neck and head alike: spine, spine.001 ... spine.006."""
    numbers = {}
    for bone, name in enumerate(names):
        match = _RIGIFY_SPINE.match(name)
        if match:
            numbers[bone] = int(match[1] or 0)
    heads = {ontology.index["head"], ontology.index["neck"]} & set(concepts)
    if not numbers or max(numbers.values()) < 3 or any("hips" in n.lower() for n in names):
        return
    last = max(numbers.values())
    for bone, number in numbers.items():
        if number == 0:
            concepts[bone] = ontology.index["pelvis"]
        elif not heads and last >= 5 and number >= 4:
            concepts[bone] = ontology.index["head" if number == last else "neck"]


def _is_limb(concept: int, ontology: Ontology) -> bool:
    return ontology.region[concept] >= 4  # from the upper arm on in BODY_REGIONS


def _settle_roots(concepts: list[int], parents: Sequence[int], ontology: Ontology) -> None:
    """Unknown bones above the pelvis move the pelvis, those above the spine the torso."""
    for bone in range(len(concepts) - 1, -1, -1):
        if concepts[bone] >= 0:
            continue
        below = {
            int(ontology.region[concepts[b]])
            for b in range(len(concepts))
            if concepts[b] >= 0 and bone in _ancestors(b, parents)
        }
        if 2 in below or 3 in below:  # torso, pelvis in BODY_REGIONS
            concepts[bone] = ontology.index["pelvis" if 3 in below else "torso"]


def _ancestors(bone: int, parents: Sequence[int]) -> list[int]:
    """The bone and its ancestors, nearest first; a broken parent table cannot loop."""
    chain = []
    while 0 <= bone < len(parents) and bone not in chain:
        chain.append(bone)
        bone = parents[bone]
    return chain
