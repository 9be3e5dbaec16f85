# SPDX-License-Identifier: GPL-3.0-or-later
"""What was rendered apart is, brought together, what one machine would have made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.dataset.assembly import EXPORTS, AssemblySettings, assemble
from core.dataset.registry import Label, Registry, save_registry
from core.dataset.sequences import load_sequences, save_sequence
from core.dataset.shards import gather
from core.errors import InputError
from tests.unit.dataset.made_images import VIEWS, make_dataset, make_image

SETTINGS = AssemblySettings(EXPORTS)


def content(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_shards_make_the_data_set_of_one_machine(tmp_path):
    make_dataset(tmp_path / "whole")
    make_dataset(tmp_path / "a", ("walk",))
    make_dataset(tmp_path / "b", ("walk", "run"))
    for path in (tmp_path / "a" / "seq" / "walk").rglob("000005.*"):
        path.unlink()
    for path in (tmp_path / "b" / "seq" / "walk").rglob("00000[12].*"):
        path.unlink()
    gather(tmp_path / "all", [tmp_path / "b", tmp_path / "a"])
    assemble(tmp_path / "all", SETTINGS)
    assemble(tmp_path / "whole", SETTINGS)
    assert content(tmp_path / "all") == content(tmp_path / "whole")


def test_an_image_without_its_record_is_taken_from_the_shard(tmp_path):
    make_dataset(tmp_path / "whole", ("walk",))
    make_dataset(tmp_path / "all", ("walk",))
    half = tmp_path / "all" / "seq" / "walk" / "Camera"
    (half / "parts" / "000001.png").write_bytes(b"half")
    (half / "frames" / "000001.json").unlink()
    gather(tmp_path / "all", [tmp_path / "whole"])
    assert content(tmp_path / "all") == content(tmp_path / "whole")


def test_shards_with_other_numbers_are_refused_before_anything_is_copied(tmp_path):
    make_dataset(tmp_path / "a", ("walk",))
    save_registry(tmp_path / "all" / "labels.json", Registry((Label("hair", 9, (0.0, 0.0, 0.0)),)))
    with pytest.raises(InputError, match="hair"):
        gather(tmp_path / "all", [tmp_path / "a"])
    assert not (tmp_path / "all" / "seq").exists()


def test_a_sequence_of_other_settings_is_refused(tmp_path):
    make_dataset(tmp_path / "a", ("walk",))
    make_dataset(tmp_path / "b", ("walk",))
    (sequence,) = load_sequences(tmp_path / "b")
    save_sequence(tmp_path / "b", replace(sequence, key="another"))
    with pytest.raises(InputError, match="walk"):
        gather(tmp_path / "all", [tmp_path / "a", tmp_path / "b"])


def test_views_and_frames_of_both_are_listed(tmp_path):
    make_dataset(tmp_path / "a", ("walk",))
    make_dataset(tmp_path / "b", ("walk",))
    (sequence,) = load_sequences(tmp_path / "b")
    save_sequence(tmp_path / "b", replace(sequence, frames=(9,), views=("Top",)))
    make_image(tmp_path / "b", "walk", "Top", 9, sequence.characters)
    gather(tmp_path / "a", [tmp_path / "b"])
    (sequence,) = load_sequences(tmp_path / "a")
    assert sequence.frames == (1, 2, 5, 9) and sequence.views == (*VIEWS, "Top")
