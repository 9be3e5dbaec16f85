# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.job.spec import Part
from core.job.vocabulary import parse_parts


def test_parts_are_separated_by_semicolons_commas_or_lines():
    names = ["jacket", "left shoe", "hair"]
    for text in ("jacket; left shoe; hair", "jacket,left shoe,hair", "jacket\nleft shoe\nhair\n"):
        assert [part.name for part in parse_parts(text)] == names


def test_synonyms_and_a_colour_belong_to_their_part():
    assert parse_parts("trousers | jeans|pants #FF8000; hair") == (
        Part("trousers", ("jeans", "pants"), (1.0, 128 / 255, 0.0)),
        Part("hair"),
    )


def test_spaces_do_not_matter_and_empty_entries_are_left_out():
    assert parse_parts(" ;left \t shoe ,, | head | ;") == (Part("left shoe"), Part("head"))


def test_only_a_whole_colour_at_the_end_is_one():
    assert parse_parts("arm #2") == (Part("arm #2"),)
    assert parse_parts("#00ff00 arm") == (Part("#00ff00 arm"),)
    assert parse_parts("arm#00ff00") == (Part("arm", (), (0.0, 1.0, 0.0)),)


@pytest.mark.parametrize("text", ["", " ", ";,;", "\n"])
def test_nothing_is_refused_with_an_example(text):
    with pytest.raises(
        InputError, match=r'No part names were given\. Name some, for example "jacket; hair"'
    ):
        parse_parts(text)


@pytest.mark.parametrize("text", ["#00ff00", "head; | #00ff00", " | "])
def test_a_part_without_a_name_is_refused(text):
    with pytest.raises(InputError, match="no name"):
        parse_parts(text)


def test_duplicates_are_kept_for_the_validation_to_name():
    assert len(parse_parts("arm; arm")) == 2


words = st.text(st.characters(blacklist_characters=";,|#", blacklist_categories=["Cs", "Cc"]))
words = words.map(lambda text: " ".join(text.split())).filter(bool)
colors = st.none() | st.tuples(*[st.integers(0, 255).map(lambda byte: byte / 255)] * 3)
parts = st.builds(Part, words, st.lists(words, max_size=3).map(tuple), colors)


def written(part: Part) -> str:
    color = "".join(f"{round(c * 255):02x}" for c in part.color or ())
    return " | ".join(part.words) + (f" #{color}" if color else "")


@given(st.lists(parts, min_size=1, max_size=5))
def test_what_is_written_is_read_back(vocabulary):
    assert parse_parts("; ".join(map(written, vocabulary))) == tuple(vocabulary)


@given(st.text())
def test_any_text_is_parts_or_an_error_with_a_remedy(text):
    try:
        vocabulary = parse_parts(text)
    except InputError as error:
        assert error.message and error.remedy
    else:
        assert all(word.strip() for part in vocabulary for word in part.words)
