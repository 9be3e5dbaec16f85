# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from core.errors import InputError
from core.job.spec import JobSpec, Part
from core.job.spec_checks import check_spec
from core.parsing.ontology.ontology import Ontology
from core.session.vocabularies import (
    remove_vocabulary,
    save_vocabulary,
    saved_vocabularies,
    shipped_vocabularies,
)

SIZES = {"CTD 4": 4, "4D-DRESS 6": 6, "CloSe 18": 18, "LIP 20": 19, "ATR 18": 17, "Sapiens 28": 27}


@pytest.mark.parametrize("vocabulary", shipped_vocabularies(), ids=lambda v: v.name)
def test_a_shipped_list_can_be_parsed_with_and_its_words_are_known(vocabulary):
    check_spec(JobSpec("Hero", "", vocabulary.parts))
    assert len(vocabulary.parts) == SIZES.get(vocabulary.name, len(vocabulary.parts))
    ontology = Ontology.load()
    unknown = [p.name for p in vocabulary.parts if not any(map(ontology.lookup, p.words))]
    assert unknown == []


def test_a_saved_list_comes_back_as_it_was(tmp_path):
    parts = (Part("jacket", ("coat",), (0.1, 0.2, 0.3)), Part("left shoe"))
    save_vocabulary(tmp_path / "lists", "My hero", parts)
    for number, broken in enumerate(
        ("{", '{"parts": [{"name": 7}]}', '{"parts": {}}', "[" * 10**5)
    ):
        (tmp_path / "lists" / f"broken {number}.json").write_text(broken)
    (saved,) = saved_vocabularies(tmp_path / "lists")
    assert (saved.name, saved.parts) == ("My hero", parts)
    save_vocabulary(tmp_path / "lists", "My hero", parts[:1])
    assert saved_vocabularies(tmp_path / "lists")[0].parts == parts[:1]
    remove_vocabulary(tmp_path / "lists", "My hero")
    assert saved_vocabularies(tmp_path / "lists") == ()


@pytest.mark.parametrize("name", ["", "  ", "a/b", "..", "x\ny", 'a"b'])
def test_a_name_that_is_no_file_name_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="cannot be named"):
        save_vocabulary(tmp_path, name, (Part("hat"),))


def test_nothing_is_not_saved_and_nothing_else_removed(tmp_path):
    with pytest.raises(InputError, match="no parts"):
        save_vocabulary(tmp_path, "empty", ())
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(InputError, match="no saved part list"):
        remove_vocabulary(tmp_path / "lists", "../other")
