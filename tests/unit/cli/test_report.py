# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import JobError
from core.job.capture_files import CapturedObject
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
