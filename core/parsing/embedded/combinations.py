# SPDX-License-Identifier: GPL-3.0-or-later
"""What the names under an element say: how well every concept describes it.

An element's evidence is its object's name, its material's name and a place on the body (a bone, or
a region where there are no bones). Elements with the same evidence form a combination.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..ontology.identifiers import Reading, read
from ..ontology.ontology import NO_SIDE, Ontology

# How strongly ... (1 = certain)
SKIN_PLACE = 1.0  # a surface named skin is the body part its bone moves
BODY_PART_NAME = 0.95  # an object or material named after a body part is that part
PLAIN_PLACE = 0.82  # a surface without a telling name is the body part its bone moves
CLOTH_PLACE = 0.52  # the same where another surface of the character is named skin
DRESSED_PLACE = 0.55  # under a named garment lies the body part
OUTFIT_PLACE = 0.52  # the same where the garment is a whole outfit
OTHER_NAME = 0.7  # what the object's name says where the material's says something else
OUTFIT_PIECE = 0.84  # an outfit ("suit") at a place is the garment for that place
DRESS_PIECE = 0.5  # so is a dress or robe, but less
CLOTH_PIECE = 0.8  # so is an unnamed surface where another one is named skin
BAKED_PIECE = 0.9  # so is an unnamed surface where no garment is named: clothes are painted on
PLAIN_PIECE = 0.4  # so is an unnamed surface where garments are named elsewhere
HEAD_REACH = 0.15  # an unnamed surface with this share of its elements on the head is worn there
OFF_PLACE = 0.7  # a whole-body garment where it does not reach
REGION_TRUST = 0.8  # a region of the body against a bone
RIGHT_SIDE, UNSAID_SIDE, WRONG_SIDE, NO_SIDE_TYPED = 1.0, 0.55, 0.06, 0.98
UNDER_A_JACKET, UNDER_A_SHIRT = 0.97, 0.9  # a shirt, where a jacket is typed too; a vest
WHOLE_SKIN, WHOLE_FIGURE = 0.75, 0.6  # "body" at a surface named skin, at one without a name
OVERALLS_PIECE = 0.6  # seen overalls are the garment for each place
SEEN_ALIKE = 0.5  # what looks like one thing is another of its sort
SEEN_PART = 0.8  # a seen garment's part (sleeve) where that part lies
GROUNDED = 0.7  # a surface this close to a typed word is the one that is meant

_EYE_PARTS = ("iris", "pupil", "sclera", "cornea", "tear gland")
_FEATURES = ("face part", *_EYE_PARTS, "gum", "extra limb", "nail")  # they beat the bone of a head
_OUTFITS = ("suit", "uniform", "sportswear", "armor")


@dataclass(frozen=True)
class Combination:
    """The evidence of some elements, resolved; hashable, so that equal ones fall together."""

    surface: tuple[int, ...]  # concepts of the name that decides, the deciding one last
    other: tuple[int, ...]  # concepts of the other name
    kind: str  # "named", "seen", "skin", "part", "plain", "cloth", "nothing"
    extent: tuple[float, ...]  # of a "cloth" surface: share of its elements in each region
    place: int  # concept of the bone or region, -1 none
    trust: float  # in the place
    side: int
    words: tuple[str, ...]  # literal words, for typed names that only this file knows


NOTHING = Combination((), (), "nothing", (), -1, 0.0, NO_SIDE, ())


class NameEvidence:
    """Resolves names and places to combinations and scores concepts for them."""

    def __init__(
        self, objects: Sequence[str], materials: Sequence[str], ontology: Ontology
    ) -> None:
        self._ontology = ontology
        self._objects = [read(name, ontology) for name in objects]
        self._materials = [read(name, ontology) for name in materials]
        self._skin_named = any(r.skin for r in (*self._objects, *self._materials))
        self._feature = np.any([ontology.below(name) for name in _FEATURES], axis=0)
        self._whole = ontology.index["body"]
        self._body = self._body_parts()
        self._local = self._body.copy()  # body parts smaller than the upper or lower body
        for name in ("body", "upper body", "lower body", "limb"):
            self._local[ontology.index[name]] = False
        self._general = self._ancestors_of_garments()
        named = {c for r in (*self._objects, *self._materials) for c in self._things(r)}
        self._worn = ontology.below("clothing") & ~ontology.below("accessory")
        self._dressed_by_name = any(self._worn[c] for c in named)
        self._garments = self._likely_garments(named)

    def resolve(
        self,
        object_: int,
        material: int,
        place: int,
        trust: float,
        side: int,
        extent: tuple[float, ...],
    ) -> Combination:
        """The combination of an element; indices are -1 where unknown.

        `extent` is the share of the surface's (object and material) elements in each region.
        """
        upper = self._objects[object_] if object_ >= 0 else _EMPTY
        lower = self._materials[material] if material >= 0 else _EMPTY
        side = lower.side or upper.side or side
        words = tuple(sorted({*upper.words, *lower.words}))
        found = Combination((), (), "plain", (), place, trust, side, words)

        of_lower, of_upper = self._things(lower), self._things(upper)
        parts = self._parts(lower) or self._parts(upper)
        if of_lower:
            found = replace(found, surface=of_lower, other=of_upper, kind="named")
            return self._place(found, parts)
        if lower.skin and not any(self._feature[c] for c in of_upper):
            return self._bare(found, parts)
        if of_upper:
            return self._place(replace(found, surface=of_upper, kind="named"), parts)
        if upper.skin:
            return self._bare(found, parts)
        cloth = self._skin_named and not (lower.figure and not upper.concepts)
        if parts and not cloth:
            return replace(found, surface=parts, kind="part")
        if cloth:
            return self._place(replace(found, kind="cloth", extent=extent), parts)
        if place < 0 and not (lower.figure or upper.figure):
            return replace(found, kind="nothing")
        return found

    def scores(self, combination: Combination) -> np.ndarray:
        """float32 (C,): how well each concept, said without a side, describes the combination."""
        ontology, row = self._ontology, self._ontology.relations.row
        scores: np.ndarray = np.zeros(len(ontology.names), np.float32)
        place, trust = combination.place, combination.trust
        region = ontology.region[place] if place >= 0 else -1
        covered = trust * ontology.covers[:, region] if region >= 0 else np.zeros_like(scores)
        body = trust * row(place) if place >= 0 else scores
        kind = combination.kind

        if kind == "named":
            seen = combination.surface[-1]
            for concept in (*combination.other, *combination.surface[:-1]):
                scores = np.maximum(scores, OTHER_NAME * row(concept))
            scores = np.maximum(scores, self._relate_named(seen, region))
            scores = np.maximum(scores, self._piece_strength(seen) * self._pieces(seen) * covered)
            scores = np.maximum(scores, self._beneath(seen, region) * self._local * body)
        elif kind == "seen":
            seen = combination.surface[-1]
            scores = np.maximum(self._relate_seen(seen, region), self._seen_pieces(seen) * covered)
            scores = np.maximum(scores, self._beneath(seen, region) * self._local * body)
        elif kind == "skin":
            scores = SKIN_PLACE * body
            scores[self._whole] = max(scores[self._whole], WHOLE_SKIN)
        elif kind == "part":
            scores = np.maximum(BODY_PART_NAME * row(combination.surface[-1]), PLAIN_PLACE * body)
        elif kind == "plain":
            pieces = PLAIN_PIECE if self._dressed_by_name else BAKED_PIECE
            likely = np.where(ontology.below("full-body clothing"), 0.93, 1) * self._garments
            likely = np.where(self._worn_on_head(), 0, likely)  # a painted head is mostly face
            scores = np.maximum(PLAIN_PLACE * body, pieces * likely * covered)
            scores[self._whole] = max(scores[self._whole], WHOLE_FIGURE)
        elif kind == "cloth":
            scores = np.maximum(CLOTH_PLACE * body, CLOTH_PIECE * self._cloth(combination, covered))
        return scores

    def side_factors(self, combination: Combination) -> np.ndarray:
        """float32 (3,): factor for concepts typed without a side, with left, with right."""
        if combination.side == NO_SIDE:
            return np.array([1, UNSAID_SIDE, UNSAID_SIDE], np.float32)
        factors = np.array([NO_SIDE_TYPED, WRONG_SIDE, WRONG_SIDE], np.float32)
        factors[combination.side] = RIGHT_SIDE
        return factors

    def is_outfit(self, seen: int) -> bool:
        """Whether a garment's name leaves open what it is: clothing in general, suits, armour."""
        return bool(self._general[seen] or any(self._ontology.below(n)[seen] for n in _OUTFITS))

    def _relate_named(self, seen: int, region: int) -> np.ndarray:
        """Relations of a named thing, less where it or its kinds do not reach."""
        ontology = self._ontology
        scores = ontology.relations.row(seen).copy()
        if region < 0 or not ontology.covers[seen].any():
            return scores
        if ontology.covers[seen, region] == 0:
            return scores * (OFF_PLACE if ontology.below("full-body clothing")[seen] else 0.97)
        kinds = ontology.relations.below(seen).copy()
        kinds[seen] = False
        scores[kinds & (ontology.covers[:, region] == 0)] *= OFF_PLACE
        return scores

    def _relate_seen(self, seen: int, region: int) -> np.ndarray:
        """Relations of a thing that was seen; it need not be exactly what it looks like."""
        ontology = self._ontology
        scores = ontology.relations.row(seen).copy()
        for name in ontology.seen_alike:
            below = ontology.below(name)
            if below[seen] and ontology.index[name] != seen:
                scores = np.maximum(scores, SEEN_ALIKE * below)
        for other, score in ontology.seen_as(seen).items():
            scores[other] = max(scores[other], score)
        if region < 0:
            return scores
        kinds = ontology.relations.below(seen).copy()
        kinds[seen] = False
        if ontology.covers[seen].any():
            scores[kinds & (ontology.covers[:, region] == 0)] *= OFF_PLACE
        parts = np.any(
            [ontology.relations.parts(c) for c in ontology.relations.upwards(seen)], axis=0
        )
        return np.maximum(scores, SEEN_PART * parts * ontology.covers[:, region])

    def _seen_pieces(self, seen: int) -> np.ndarray:
        """float32 (C,): how well a seen whole-body garment is called the garment for its place."""
        ontology = self._ontology
        if not ontology.below("full-body clothing")[seen]:
            return np.zeros(len(ontology.names), np.float32)
        strength = OVERALLS_PIECE if ontology.below("overalls")[seen] else DRESS_PIECE
        return strength * self._pieces(seen)

    def _beneath(self, seen: int, region: int) -> float:
        """How well the body part under a named garment describes the place."""
        covers = region >= 0 and self._ontology.covers[seen, region] > 0
        if self._piece_strength(seen):
            return OUTFIT_PLACE if covers else 0.0
        return DRESSED_PLACE if covers or self._worn[seen] else 0.0

    def _piece_strength(self, seen: int) -> float:
        ontology = self._ontology
        if self.is_outfit(seen) or ontology.below("overalls")[seen]:
            return OUTFIT_PIECE
        return DRESS_PIECE if ontology.below("full-body clothing")[seen] else 0.0

    def _pieces(self, seen: int) -> np.ndarray:
        """float32 (C,): how likely a piece of a whole outfit each garment is."""
        ontology = self._ontology
        if self._general[seen]:
            return self._garments * self._worn * ontology.relations.below(seen)
        return self._garments * self._worn * ~ontology.below("full-body clothing")

    def _cloth(self, combination: Combination, covered: np.ndarray) -> np.ndarray:
        """(C,): how well each garment explains an unnamed surface, here and in its whole extent."""
        ontology = self._ontology
        extent = np.array(combination.extent, np.float32)
        if extent[0] >= HEAD_REACH:
            return self._worn_on_head() * np.where(ontology.below("hair"), 1, 0.9)
        return self._garments * covered * (0.7 + 0.3 * (ontology.covers @ extent))

    def _worn_on_head(self) -> np.ndarray:
        """bool (C,): hair and all that covers the head."""
        return (self._garments > 0) & (self._ontology.covers[:, 0] == 1)

    def _body_parts(self) -> np.ndarray:
        """bool (C,): what a bone can tell; not hair and the features that a head carries."""
        ontology = self._ontology
        parts = ontology.within("body") & ~self._feature
        for name in ("hair", "facial hair", "hair ornament", "tattoo"):
            parts &= ~ontology.below(name)
        return parts

    def _likely_garments(self, named: set[int]) -> np.ndarray:
        """float32 (C,): how likely an unnamed surface is each garment, or hair, for its kind alone.

        It is none that another surface is named after; what is worn on top is seen first.
        """
        ontology = self._ontology
        likely = (self._worn | ontology.below("hair")).astype(np.float32)
        likely[self._named_elsewhere(named)] = 0
        likely[ontology.below("upper clothing") & ~ontology.below("outerwear")] *= UNDER_A_JACKET
        likely[ontology.below("undergarment")] *= UNDER_A_SHIRT
        return likely

    def _named_elsewhere(self, named: set[int]) -> np.ndarray:
        """bool (C,): what some surface of the character is named, or a kind of it."""
        grounded = np.zeros(len(self._ontology.names), bool)
        for concept in named:
            if not self._piece_strength(concept):
                grounded |= self._ontology.relations.row(concept) >= GROUNDED
        return grounded

    def _ancestors_of_garments(self) -> np.ndarray:
        """bool (C,): clothing in general, which says nothing about the garment."""
        general = np.zeros(len(self._ontology.names), bool)
        for name in ("clothing", "garment"):
            general[self._ontology.index[name]] = True
        for name in ("upper clothing", "lower clothing", "full-body clothing"):
            general[self._ontology.index[name]] = True
        return general

    def _things(self, reading: Reading) -> tuple[int, ...]:
        return tuple(c for c in reading.concepts if not self._body[c])

    def _parts(self, reading: Reading) -> tuple[int, ...]:
        return tuple(c for c in reading.concepts if self._body[c])

    def _bare(self, combination: Combination, parts: tuple[int, ...]) -> Combination:
        """Naked skin; its name may tell the part more exactly than the bone ("Face_SKIN")."""
        place, row = combination.place, self._ontology.relations.row
        closer = [p for p in parts if place < 0 or row(p)[place] > row(place)[p]]
        if closer:
            combination = replace(combination, place=closer[-1], trust=1.0)
        return replace(combination, kind="skin")

    def _place(self, combination: Combination, parts: tuple[int, ...]) -> Combination:
        """With the place taken from the name ("Suit_Feet") where the name tells one."""
        regions = [p for p in parts if self._ontology.region[p] >= 0]
        return replace(combination, place=regions[-1], trust=1.0) if regions else combination


_EMPTY = Reading((), NO_SIDE, False, False, (), ())
