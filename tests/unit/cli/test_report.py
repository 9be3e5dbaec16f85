# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import JobError
from core.job.capture_files import CapturedObject, CaptureFiles
from core.job.folder import JobFolder
from core.job.report import report_document, report_text
from core.job.stage_marks import StageStore
from tests.unit.cli.finished_doll import write_finished_doll


def test_the_document_is_the_result_with_shares_and_without_the_bulk(tmp_path):
    write_finished_doll(tmp_path)
    document = report_document(tmp_path)
    assert document["share_of_elements"] == {
        "head": pytest.approx(1 / 6, abs=1e-4),
        "shirt": pytest.approx(2 / 9, abs=1e-4),
        "trousers": pytest.approx(5 / 18, abs=1e-4),
        "unlabelled": pytest.approx(1 / 3, abs=1e-4),
    }
    assert list(document["share_of_elements"])[-1] == "unlabelled"
    assert document["job"] == str(tmp_path)
    assert not {"objects", "frame_objects"} & set(document)
    assert json.loads(json.dumps(document))["vocabulary"][0]["name"] == "head"


def test_shares_are_means_over_frames_also_where_their_sizes_differ(tmp_path):
    labels = write_finished_doll(tmp_path, sequence=True)
    sizes = {}
    for frame, label in {1: [0, 0], 2: [1, 1, 1, -1], 3: [], 4: [2]}.items():
        labels.write_frame(frame, np.array(label, np.int16), np.ones(len(label)))
        sizes[str(frame)] = (CapturedObject("doll", "doll", 0, len(label)),)
    labels.write_result(replace(labels.read_result(), frame_objects=sizes))
    StageStore(JobFolder(tmp_path)).mark_done("labels", "a key")
    assert report_document(tmp_path)["share_of_elements"] == {
        "head": 0.25,
        "shirt": 0.1875,
        "trousers": 0.25,
        "unlabelled": 0.0625,
    }


def test_the_text_says_what_was_made_of_what_by_what(tmp_path):
    write_finished_doll(tmp_path)
    lines = report_text(report_document(tmp_path)).splitlines()
    assert lines == [
        "Character  Doll: 4 frames, 2 views, 216 faces, constant topology",
        "Made by    preset unknown, renderer none, encoder names",
        "Stages     capture 1.25 s, labels 0.50 s",
        "Counts     7 masks",
        "Parts      head 16.7%, shirt 22.2%, trousers 27.8%, unlabelled 33.3%",
        f"Job folder {tmp_path}",
        "Warning    'wings' is not known to this encoder",
    ]


def test_a_job_without_a_result_says_what_to_do(tmp_path):
    with pytest.raises(JobError, match=r"has no result yet\. Run parse first"):
        report_document(tmp_path)


@pytest.mark.parametrize("name", ["result.json", "labels/frame_0003.npz"])
def test_a_damaged_file_is_named(tmp_path, name):
    write_finished_doll(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(JobError, match=f"{name} is .*damaged"):
        report_document(tmp_path)


WRONG_VALUES = {
    "frames": "1-4",
    "frames[0]": [1.5],
    "vocabulary": [{"name": 7, "color": [0, 0, 0], "synonyms": []}],
    "color": [{"name": "hat", "color": [0, 0], "synonyms": []}],
    "objects": [{"name": "Doll", "mesh": "M", "element_start": -1, "element_count": 216}],
    "overlap": [
        {"name": "Doll", "mesh": "M", "element_start": 0, "element_count": 216},
        {"name": "Hat", "mesh": "H", "element_start": 100, "element_count": 4},
    ],
    "count": [{"name": "Doll", "mesh": "M", "element_start": 0, "element_count": 10**30}],
    "seconds": {"capture": "fast"},
    "counts": [1],
    "topology": "round",
}


@pytest.mark.parametrize("key", WRONG_VALUES)
@pytest.mark.parametrize("name", ["result.json", "capture/capture.json"])
def test_a_value_of_another_type_is_damage(tmp_path, key, name):
    write_finished_doll(tmp_path)
    path = tmp_path / name
    document = json.loads(path.read_text("utf-8"))
    field = {"overlap": "objects", "count": "objects", "color": "vocabulary"}.get(key, key)
    document[field.partition("[")[0]] = WRONG_VALUES[key]
    path.write_text(json.dumps(document), "utf-8")
    read = {
        "result.json": lambda: report_document(tmp_path),
        "capture/capture.json": lambda: CaptureFiles(tmp_path / "capture").manifest,
    }[name]
    with pytest.raises(JobError, match=f"{name} is missing or damaged"):
        read()


def test_a_sequence_without_the_objects_of_a_frame_is_damage(tmp_path):
    write_finished_doll(tmp_path, sequence=True)
    path = tmp_path / "result.json"
    document = json.loads(path.read_text("utf-8"))
    del document["frame_objects"]["3"]
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(JobError, match="missing or damaged"):
        report_document(tmp_path)


def test_a_result_without_numbers_still_has_a_report(tmp_path):
    write_finished_doll(tmp_path)
    path = tmp_path / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"counts": {}}), "utf-8")
    StageStore(JobFolder(tmp_path)).mark_done("labels", "a key")
    assert "? frames, ? views, ? faces" in report_text(report_document(tmp_path))
