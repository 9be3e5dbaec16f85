# SPDX-License-Identifier: GPL-3.0-or-later
"""Which folders are cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.quality.cases import Case, find_cases, licence_of, scan_files
from core.errors import InputError


def character(folder: Path, name: str) -> Path:
    path = folder / name / f"{name}.blend"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def scan(folder: Path, name: str, files: tuple[str, ...] = ("frame_0.ply",)) -> Path:
    path = folder / name
    path.mkdir(parents=True)
    for file in (*files, "labels.npz", "meta.json"):
        (path / file).touch()
    return path


def test_characters_scans_and_the_demo_are_found_by_name(tmp_path: Path) -> None:
    blend = character(tmp_path / "characters", "mh_tall")
    sequence = scan(tmp_path / "scans", "sim_dance")
    demo = tmp_path / "demo.blend"
    assert find_cases(tmp_path / "characters", tmp_path / "scans", demo) == (
        Case("demo", "demo", "demo", demo),
        Case("mh_tall", "mh", "character", blend),
        Case("sim_dance", "sim", "scan", sequence),
    )


def test_other_folders_are_no_cases(tmp_path: Path) -> None:
    (tmp_path / "characters" / "extra").mkdir(parents=True)
    (tmp_path / "characters" / "extra" / "extra.glb").touch()
    (tmp_path / "scans" / "empty").mkdir(parents=True)
    (tmp_path / "scans" / "empty" / "frame_0.ply").touch()
    assert find_cases(tmp_path / "characters", tmp_path / "scans") == ()


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        find_cases(tmp_path / "nowhere")


def test_two_cases_of_one_name_are_an_error(tmp_path: Path) -> None:
    character(tmp_path / "characters", "twin")
    scan(tmp_path / "scans", "twin")
    with pytest.raises(InputError, match="twin"):
        find_cases(tmp_path / "characters", tmp_path / "scans")


def test_meshes_of_a_scan_come_by_their_numbers(tmp_path: Path) -> None:
    folder = scan(tmp_path, "sim_run", ("f_10.ply", "f_9.ply", "f_0.ply"))
    assert [p.name for p in scan_files(folder)] == ["f_0.ply", "f_9.ply", "f_10.ply"]


def test_the_licence_is_what_the_data_says(tmp_path: Path) -> None:
    blend = character(tmp_path, "mh_tall")
    case = Case("mh_tall", "mh", "character", blend)
    assert licence_of(case) == ""
    (blend.parent / "LICENSE.txt").write_text("\nCC-BY, by somebody\nmore\n")
    assert licence_of(case) == "CC-BY, by somebody"
    (blend.parent / "meta.json").write_text(json.dumps({"licence": "CC0-1.0"}))
    assert licence_of(case) == "CC0-1.0"
