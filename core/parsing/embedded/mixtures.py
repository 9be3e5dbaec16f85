# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, bones and sight as evidence: every element is a short mixture of combinations.

With a weight that depends on how telling its names are, an element is what they say; for the rest
it is each of its most probable seen surfaces, with the probability of each. Probabilities pass
through to the scores of words, for the space is linear.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ...files.reading import parse_json
from ..ontology.identifiers import read
from ..ontology.ontology import Ontology
from .combinations import NOTHING, Combination, NameEvidence
from .likely_places import likely_places
from .name_weights import TELLING, NameWeights
from .rows import NameTables, resolve_rows
from .seen_surfaces import SURFACES_KEPT, SeenSurfaces
from .word_space import WordSpace

SEEN_TRUST = 0.95  # in a region of the body that sight tells, against a bone
MOST_SEEN = 240  # combinations that sight may add; the rarest are noise
SUPPORT = 0.3  # share of an element from which a seen surface supports a word
_SUPPORTED = 5e-4  # of all elements: fewer are noise


@dataclass(frozen=True)
class Mixture:
    """Shares of combinations in each of E elements."""

    index: np.ndarray  # (E, M) int32 into the combinations
    share: np.ndarray  # (E, M) float32, rows sum to 1

    def sums(
        self, group: np.ndarray, element: np.ndarray, groups: int, combinations: int
    ) -> np.ndarray:
        """float64 (G, U): summed shares; entry p counts `element[p]` once more in `group[p]`."""
        key = (group.astype(np.int64) * combinations)[:, None] + self.index[element]
        weights = self.share[element].ravel()
        total = np.bincount(key.ravel(), weights, minlength=groups * combinations)
        return total.reshape(groups, combinations)

    def squares(self, gram: np.ndarray) -> np.ndarray:
        """float32 (E,): squared length of each element's vector Σ m_u v_u; `gram` is V Vᵀ (U, U).

        1 for an element that is one thing only, less the more doubt there is.
        """
        total = np.zeros(len(self.index), np.float32)
        for a in range(self.index.shape[1]):
            for b in range(self.index.shape[1]):
                alike = gram[self.index[:, a], self.index[:, b]]
                total += self.share[:, a] * self.share[:, b] * alike
        return total


class SightEncoder(WordSpace):
    """The space of what names tell and what sight tells; made by `from_rows`."""

    def __init__(
        self,
        objects: Sequence[str],
        materials: Sequence[str],
        combinations: Sequence[Combination],
        told: np.ndarray,
    ) -> None:
        """`told` bool (U,): combinations whose surface some element is named or surely seen as."""
        self.objects, self.materials = tuple(objects), tuple(materials)
        self._supported = told
        super().__init__(NameEvidence(objects, materials, Ontology.load()), combinations)

    @classmethod
    def from_rows(
        cls,
        names: NameTables,
        rows: np.ndarray,
        element_row: np.ndarray,
        seen: SeenSurfaces,
        weights: NameWeights,
    ) -> tuple[SightEncoder, Mixture]:
        """The encoder and the elements' mixtures; `rows`, `element_row` as of `distinct_rows`.

        Without bones the place is the row's region, which should be the one that sight tells.
        """
        ontology = Ontology.load()
        evidence = NameEvidence(names.objects, names.materials, ontology)
        resolved = resolve_rows(names, rows, element_row, evidence, SEEN_TRUST)
        row_weight = np.array([weight_of(c, evidence, weights) for c in resolved], np.float32)
        literal = [_unknown_words(names, *row[:2]) for row in rows.tolist()]
        settings, row_setting = _number(
            [Combination((), (), "", (), c.place, c.trust, c.side, w)
             for c, w in zip(resolved, literal, strict=True)]
        )  # fmt: skip
        seen = _where_worn(seen, resolved, element_row)
        pair, share = _frequent(row_setting[element_row], seen)
        looked = share.any(axis=1)
        said = row_weight[element_row]  # (E,) of names
        share *= (1 - said)[:, None]
        said = np.where(looked, said, said >= TELLING).astype(np.float32)

        spoken = np.bincount(element_row, said, minlength=len(rows)) > 0
        pairs, pair_index = np.unique(pair[share > 0], return_inverse=True)
        listed = [c if used else NOTHING for c, used in zip(resolved, spoken, strict=True)]
        listed += [_combine_seen(settings[p // len(seen.leaves)], seen.leaves[p % len(seen.leaves)])
                   for p in pairs.tolist()]  # fmt: skip
        combinations, number = _number([*listed, NOTHING], last=NOTHING)

        index = np.full((len(element_row), 1 + SURFACES_KEPT), len(combinations) - 1, np.int32)
        index[:, 0] = number[element_row]
        index[:, 1:][share > 0] = number[len(rows) + pair_index.reshape(-1)]
        shares = np.concatenate([said[:, None], share], axis=1)
        unknown = ~shares.any(axis=1)
        index[unknown, 0], shares[unknown, 0] = len(combinations) - 1, 1
        mixture = Mixture(index, shares)
        told = np.array([c.kind not in ("plain", "cloth") for c in combinations])
        by_sight = np.zeros(len(combinations), bool)
        by_sight[number[len(rows) : -1]] = True
        told &= ~by_sight | _find_supported(mixture, len(combinations))
        return cls(names.objects, names.materials, combinations, told), mixture

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All that is needed to encode other words later, as plain arrays."""
        concepts = self._ontology.names
        described = [_describe(c, lambda i: concepts[i]) for c in self._combinations]
        return {
            "objects": np.array(self.objects, np.str_),
            "materials": np.array(self.materials, np.str_),
            "combinations": np.array([json.dumps(d) for d in described], np.str_),
            "told": self._supported,
            "combination_vectors": self.combination_vectors,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> SightEncoder:
        """The encoder that `to_arrays` described; its masks' vectors keep their meaning.

        Raises ValueError if this version lacks a concept: then embed the masks again.
        """
        index = Ontology.load().index
        try:
            described = [parse_json(str(text)) for text in arrays["combinations"]]
            combinations = [_combination(d, lambda name: index[name]) for d in described]
        except KeyError as error:
            raise ValueError("embedded by another version of the part ontology") from error
        objects, materials = (tuple(map(str, arrays[k])) for k in ("objects", "materials"))
        encoder = cls(objects, materials, combinations, np.asarray(arrays["told"], bool))
        encoder._use_stored(arrays["combination_vectors"])
        return encoder

    def _find_told(self) -> np.ndarray:
        return self._supported


def weight_of(combination: Combination, evidence: NameEvidence, weights: NameWeights) -> float:
    """Share of the names in an element's evidence where sight has looked as well."""
    if combination.kind == "named" and evidence.is_outfit(combination.surface[-1]):
        return weights.outfit
    return float(getattr(weights, combination.kind))


def _combine_seen(setting: Combination, leaf: int) -> Combination:
    """What an element in this setting is if its surface is bare skin (-1) or concept `leaf`."""
    kind, surface = ("skin", ()) if leaf < 0 else ("seen", (leaf,))
    return Combination(
        surface, (), kind, (), setting.place, setting.trust, setting.side, setting.words
    )


def _unknown_words(names: NameTables, object_: int, material: int) -> tuple[str, ...]:
    """Words in an element's names that only this file knows; sight leaves them what they are."""
    ontology = Ontology.load()
    said = [names.objects[object_]] if object_ >= 0 else []
    said += [names.materials[material]] if material >= 0 else []
    return tuple(sorted({word for name in said for word in read(name, ontology).unknown}))


def _where_worn(
    seen: SeenSurfaces, resolved: Sequence[Combination], element_row: np.ndarray
) -> SeenSurfaces:
    """Less of surfaces that do not belong to the place, where a bone or a name tells it."""
    ontology = Ontology.load()
    sure = [c.place >= 0 and c.trust == 1 for c in resolved]
    regions = [ontology.region[c.place] if s else -1 for c, s in zip(resolved, sure, strict=True)]
    factor = np.pad(likely_places(seen.leaves), ((0, 0), (0, 1)), constant_values=1)  # -1: no place
    region = np.array(regions, np.int32)[element_row]
    share = seen.share * factor[seen.leaf, region[:, None]]
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
    return replace(seen, share=share)


def _frequent(setting: np.ndarray, seen: SeenSurfaces) -> tuple[np.ndarray, np.ndarray]:
    """(pair (E, 3) int64 of setting and leaf, share (E, 3)), all but the most frequent left out.

    `setting` (E,) int. An element's shares sum to 1 again, or to 0 where nothing of it is frequent.
    """
    pair = setting[:, None].astype(np.int64) * len(seen.leaves) + seen.leaf
    mass = np.bincount(pair.ravel(), seen.share.ravel())
    frequent = np.zeros(len(mass), bool)
    frequent[np.argsort(-mass, kind="stable")[:MOST_SEEN]] = True
    share = np.where(frequent[pair], seen.share, np.float32(0))
    total = share.sum(axis=1, keepdims=True)
    return pair, (share / np.where(total > 0, total, 1)).astype(np.float32)


def _number(
    listed: Sequence[Combination], last: Combination | None = None
) -> tuple[list[Combination], np.ndarray]:
    """(distinct combinations, `last` at the end; index (n,) int32 of each listed one)."""
    numbers = {c: i for i, c in enumerate(dict.fromkeys(c for c in listed if c != last))}
    if last is not None:
        numbers[last] = len(numbers)
    return list(numbers), np.array([numbers[c] for c in listed], np.int32)


def _find_supported(mixture: Mixture, combinations: int) -> np.ndarray:
    """bool (U,): combinations that are a good share of more than a few elements."""
    sure = mixture.share >= SUPPORT
    count = np.bincount(mixture.index[sure], minlength=combinations)
    return count >= max(1, _SUPPORTED * len(mixture.index))


def _describe(combination: Combination, name_of: Callable[[int], str]) -> dict:
    """The combination with names in place of concept indices."""
    described = asdict(combination)
    for key in ("surface", "other"):
        described[key] = [name_of(c) for c in described[key]]
    described["place"] = name_of(combination.place) if combination.place >= 0 else ""
    described["extent"] = [float(share) for share in combination.extent]
    return described


def _combination(described: dict, index_of: Callable[[str], int]) -> Combination:
    """Inverse of `_describe`."""
    values: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in described.items()
    }
    for key in ("surface", "other"):
        values[key] = tuple(index_of(name) for name in values[key])
    values["place"] = index_of(values["place"]) if values["place"] else -1
    return Combination(**values)
