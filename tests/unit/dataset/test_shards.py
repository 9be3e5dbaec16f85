# SPDX-License-Identifier: GPL-3.0-or-later
"""What was rendered apart is, brought together, what one machine would have made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.dataset.assembly import EXPORTS, AssemblySettings, assemble
from core.dataset.registry import Label, Registry, load_registry, save_registry
from core.dataset.sequences import load_sequences, save_sequence
from core.dataset.shards import gather
from core.errors import InputError, JobError
from core.label_images.records import ImageFile, read_record, write_record
from core.label_images.request import PassName
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


def test_a_link_in_a_shard_brings_nothing_in(tmp_path):
    make_dataset(tmp_path / "a", ("walk",))
    (tmp_path / "secret").write_text("mine")
    (tmp_path / "a" / "seq" / "walk" / "Camera" / "parts" / "000009.png").symlink_to(
        tmp_path / "secret"
    )
    gather(tmp_path / "all", [tmp_path / "a"])
    assert b"mine" not in content(tmp_path / "all").values()


def test_a_sequence_that_names_another_folder_writes_nothing_there(tmp_path):
    make_dataset(tmp_path / "a", ("walk",))
    path = tmp_path / "a" / "seq" / "walk" / "sequence.json"
    path.write_text(path.read_text().replace('"walk"', '"../../../elsewhere"'))
    with pytest.raises(JobError, match=r"sequence\.json is missing or damaged"):
        gather(tmp_path / "all", [tmp_path / "a"])
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["../../../secret", "/secret", "parts\\..\\x", "C:x"])
def test_a_record_that_names_a_file_elsewhere_is_none(tmp_path, name):
    make_dataset(tmp_path / "a", ("walk",))
    folder = tmp_path / "a" / "seq" / "walk"
    record = read_record(folder, "Camera", 1)
    assert record is not None
    files: dict[PassName, ImageFile] = {"parts": replace(record.files["parts"], path=name)}
    write_record(folder, replace(record, files=files))
    assert read_record(folder, "Camera", 1) is None


@pytest.mark.parametrize("number", [0, -1, 255, 2**16])
def test_a_number_that_no_image_can_hold_is_refused(tmp_path, number):
    path = tmp_path / "labels.json"
    save_registry(path, Registry((Label("hair", number, (0.0, 0.0, 0.0)),)))
    with pytest.raises(JobError, match=r"labels\.json is missing or damaged"):
        load_registry(path)
