# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that were never trained: the list, and what is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.quality.captured import CaptureOptions
from benchmarks.quality.layout import Layout
from benchmarks.quality.records import WordResults, read_record
from benchmarks.quality.vocabularies import Vocabulary
from benchmarks.quality.words import Garment, garments, is_synonym, run_words, with_word, words_for
from core.job.spec import Part
from core.parsing.ontology.ontology import Ontology
from tests.unit.benchmarks.doll_case import finished_capture
from tests.unit.benchmarks.seen_doll import seen_in
from tests.unit.parsing.sight.make_tiny import TINY
from training.bank import SURFACES

FREE = Vocabulary(
    "free", (Part("left shoe"), Part("right shoe"), Part("shirt"), Part("jacket")), (0, 1, 2, 3)
)


def test_listed_words_are_known_and_none_was_trained() -> None:
    ontology = Ontology.load()
    for garment in garments():
        assert garment.trained in SURFACES
        for word in garment.words:
            assert word not in SURFACES, word
            assert ontology.lookup(word) is not None, word
    listed = [word for garment in garments() for word in garment.words]
    assert len(set(listed)) == len(listed)


def test_a_part_of_a_ground_truth_is_listed_under_one_trained_word() -> None:
    names = [name for garment in garments() for name in garment.of]
    assert len(set(names)) == len(names)


def test_a_word_takes_the_place_of_one_part_and_keeps_its_side() -> None:
    typed = with_word(FREE, 1, "sneakers")
    assert typed.classes == ("left shoe", "right sneakers", "shirt", "jacket")
    assert typed.of_truth == FREE.of_truth
    assert with_word(FREE, 3, "windbreaker").classes[3] == "windbreaker"


def test_words_for_another_part_of_the_character_are_not_typed() -> None:
    shirt = Garment("shirt", ("shirt",), ("dress shirt", "blazer"))
    assert words_for(FREE, shirt) == ["dress shirt"]  # a blazer is the jacket it wears


def test_synonyms_are_words_for_one_concept() -> None:
    assert is_synonym("pullover", "sweater")
    assert not is_synonym("cardigan", "sweater")
    assert not is_synonym("xyzzy", "plugh")


@pytest.mark.slow
def test_words_are_compared_on_what_was_seen(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PARTS4D_SIGHT_MODEL", str(TINY))
    captures = tmp_path / "out" / "captures"
    case = finished_capture(tmp_path / "characters", captures, "doll_a", CaptureOptions())
    seen_in(captures / "doll_a" / "job")
    results = run_words([case], Layout(tmp_path / "out"), "a test")
    assert read_record(WordResults, tmp_path / "out" / "words.json") == results
    assert not results.notes
    found = {s.word: s for s in results.scores}
    assert found["slacks"].is_synonym and not found["jeans"].is_synonym
    assert found["slacks"].iou == found["slacks"].trained_iou > 0.9
    assert {s.trained for s in results.scores} == {"shirt", "trousers"}
