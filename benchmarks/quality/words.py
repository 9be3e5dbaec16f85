# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that the vision model was never trained with, against their nearest trained word.

    python -m benchmarks.quality.words --characters DIR [--only REGEX] [--cases N]
                                       [--out build/benchmark]

For every part of a character that `words.toml` has a trained word for, the character's own names
are typed with that word, and again with each of the untrained words in its place, and the IoU of
the part is compared. Evidence is sight alone: neither names nor bones help. Words that the ontology
has for the same thing ("pullover" and "sweater") show that it knows them; the others ("cardigan",
"windbreaker") have to be grounded in what was trained. Writes words.json, which the benchmark's
report shows.
"""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from core.job.spec import Part
from core.parsing.ontology.ontology import Ontology

from .captured import CaptureOptions, capture_case
from .cases import Case, run_on_few_cases
from .layout import Layout
from .methods.ours import SETTINGS, judge_all
from .records import WordResults, WordScore, write_record
from .relabel import parsed_job, relabel
from .scoring import Judge
from .shared_sight import look
from .study import machine, run_side_by_side
from .vocabularies import FREE, Vocabulary, vocabularies_for, without_side

ALL = 1000  # cases: a word needs all characters that wear it


@dataclass(frozen=True)
class Garment:
    """A trained word, and what else the same thing may be called."""

    trained: str
    of: tuple[str, ...]  # fine names of ground truths, without sides
    words: tuple[str, ...]


@cache
def garments() -> tuple[Garment, ...]:
    """What `words.toml` lists."""
    document = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return tuple(
        Garment(g["trained"], tuple(g["of"]), tuple(g["words"])) for g in document["garments"]
    )


def run_words(cases: Sequence[Case], layout: Layout, command: str = "") -> WordResults:
    """Compares all words on all cases; writes words.json. A case that fails becomes a note."""
    found: dict[str, list[WordScore]] = {}
    notes = []

    def done(case: Case, outcome: list[WordScore] | Exception) -> None:
        if isinstance(outcome, Exception):
            notes.append(f"{case.name}: {outcome}")
            print(notes[-1], flush=True)
            return
        found[case.name] = outcome
        print(f"{len(found)}/{len(cases)} {case.name}: {len(outcome)} words", flush=True)

    run_side_by_side({case: partial(score_words, case, layout) for case in cases}, done)
    scores = tuple(score for name in sorted(found) for score in found[name])
    results = WordResults(scores, machine(), command, tuple(sorted(notes)))
    write_record(layout.out / "words.json", results)
    return results


def score_words(case: Case, layout: Layout) -> list[WordScore]:
    """The scores of one case, for every part of it that has a trained word."""
    captured = capture_case(case, layout.capture(case.name), CaptureOptions())
    vocabularies = vocabularies_for(captured.names, captured.present)
    free = next((v for v in vocabularies if v.name == FREE), None)
    if free is None or not any(_list_trained(free)):
        return []
    look(captured)
    settings = judge_all(SETTINGS["sight"])
    scratch = layout.scratch(case.name, "words")
    shutil.rmtree(scratch, ignore_errors=True)
    job = parsed_job(captured, settings, scratch / "job", "embeddings")
    judge, found = Judge(captured), []

    def iou(vocabulary: Vocabulary, index: int) -> float:
        labelling = relabel(job.path, settings, vocabulary.parts)
        return judge.score("sight", vocabulary, labelling).iou[index]

    for index, garment in _list_trained(free):
        trained = iou(with_word(free, index, garment.trained), index)
        for word in words_for(free, garment):
            found.append(
                WordScore(
                    case=case.name,
                    family=case.family,
                    part=free.classes[index],
                    trained=garment.trained,
                    word=word,
                    is_synonym=is_synonym(word, garment.trained),
                    trained_iou=trained,
                    iou=iou(with_word(free, index, word), index),
                )
            )
    shutil.rmtree(scratch, ignore_errors=True)
    return found


def with_word(vocabulary: Vocabulary, index: int, word: str) -> Vocabulary:
    """The vocabulary with another word typed for one class; a side stays what it was."""
    name = vocabulary.classes[index]
    side = name.removesuffix(without_side(name))
    parts = list(vocabulary.parts)
    parts[index] = Part(f"{side}{word}")
    return replace(vocabulary, parts=tuple(parts))


def words_for(vocabulary: Vocabulary, garment: Garment) -> list[str]:
    """The untrained words, without those that mean another of the character's own parts."""
    others = [name for name in vocabulary.classes if without_side(name) not in garment.of]
    return [w for w in garment.words if not any(is_synonym(w, other) for other in others)]


def is_synonym(word: str, other: str) -> bool:
    """Whether the ontology has both for the same thing."""
    meanings = [Ontology.load().lookup(w) for w in (word, other)]
    concepts = {meaning.concept for meaning in meanings if meaning is not None}
    return None not in meanings and len(concepts) == 1


def _list_trained(vocabulary: Vocabulary) -> Iterator[tuple[int, Garment]]:
    """(class, garment) of the classes that a trained word is listed for."""
    for index, name in enumerate(vocabulary.classes):
        for garment in garments():
            if without_side(name) in garment.of:
                yield index, garment


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    return run_on_few_cases(
        arguments,
        __doc__ or "",
        "benchmarks.quality.words",
        run_words,
        lambda results: (
            f"{s.case:28} {s.trained:12} {s.trained_iou:.3f}   {s.word:16} {s.iou:.3f}"
            for s in results.scores
        ),
        ALL,
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
