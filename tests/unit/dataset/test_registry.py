# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of labels never change their meaning."""

from __future__ import annotations

import pytest

from core.dataset.registry import (
    Label,
    Registry,
    extended,
    load_registry,
    save_registry,
    united,
)
from core.errors import InputError
from core.job.spec import Part


def test_a_name_keeps_its_number_when_others_are_added():
    first = extended(Registry(), (Part("hair"), Part("jacket")))
    later = extended(first, (Part("shoes"), Part("Jacket ", ("coat",))))
    assert [(x.name, x.id) for x in later.labels] == [("hair", 1), ("jacket", 2), ("shoes", 3)]
    assert later.labels[1].aliases == ("coat",)
    assert later.labels[:1] == first.labels[:1]


def test_no_label_gets_the_number_that_means_unlabelled():
    registry = extended(Registry(), [Part(f"part {i}") for i in range(260)])
    numbers = [label.id for label in registry.labels]
    assert 255 not in numbers and 0 not in numbers
    assert len(set(numbers)) == 260 and max(numbers) == 261


def test_a_registry_is_read_as_it_was_written(tmp_path):
    registry = extended(Registry(), (Part("hair", ("locks",), (1.0, 0.0, 0.5)),))
    save_registry(tmp_path / "labels.json", registry)
    assert load_registry(tmp_path / "labels.json") == registry
    assert load_registry(tmp_path / "none.json") == Registry()


def test_registries_that_disagree_are_not_united():
    one = Registry((Label("hair", 1, (0.0, 0.0, 0.0)),))
    for other in (Label("hair", 2, (0.0, 0.0, 0.0)), Label("shoes", 1, (0.0, 0.0, 0.0))):
        with pytest.raises(InputError, match="has the number"):
            united(one, Registry((other,)))


def test_united_registries_have_the_labels_of_both():
    one = Registry((Label("hair", 1, (0.0, 0.0, 0.0)),))
    other = Registry((Label("shoes", 4, (1.0, 0.0, 0.0)), Label("hair", 1, (0.0, 0.0, 0.0))))
    assert [label.id for label in united(one, other).labels] == [1, 4]
    assert united(one, other).hash == united(other, one).hash
