# SPDX-License-Identifier: GPL-3.0-or-later
"""What a finished stage left is read as it was, or not at all."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import JobError
from core.files import hashing
from core.files.atomic import write_json
from core.job import recorded, workers
from core.job.arrays import load_arrays, save_arrays
from core.job.capture_files import CaptureFiles
from core.job.folder import STAGES, JobFolder
from core.job.label_files import LabelFiles
from core.job.recorded import check_recorded, require_finished
from core.job.report import report_document
from core.job.run_job import run_job
from core.job.stage_marks import StageStore
from core.job.workers import OneShotWorker
from core.worker.stage_runner import run_stages
from tests.unit.cli.finished_doll import VOCABULARY, write_finished_doll
from tests.unit.parsing.doll_job import write_doll_job

MAIN = Path(workers.__file__).parents[1] / "worker" / "main.py"
NOTES = ("done.json", "started.json")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A parsed job. Tests copy it."""
    folder = write_doll_job(tmp_path_factory.mktemp("doll") / "job")
    run_stages(folder, folder.load_spec(), lambda message: None, lambda: False, "labels")
    return folder.path


@pytest.fixture
def job(finished: Path, tmp_path: Path) -> JobFolder:
    return JobFolder(shutil.copytree(finished, tmp_path / "job"))


def change_a_byte(path: Path) -> None:
    """The size stays."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def outputs(job: JobFolder) -> list[Path]:
    """Every file that a stage left."""
    stages = [job.stage(stage) for stage in STAGES]
    files = [p for s in stages for p in sorted(s.iterdir()) if p.name not in NOTES]
    return [*files, job.result]


def test_a_byte_that_changed_in_any_output_is_noticed(job):
    for path in outputs(job):
        check_recorded(path)
        change_a_byte(path)
        with pytest.raises(JobError, match=f"{path.name} is missing or damaged"):
            check_recorded(path)


def test_one_digit_of_the_manifest_is_noticed(job):
    path = job.capture / "capture.json"
    text = path.read_text()
    path.write_text(text.replace('"element_start": 0', '"element_start": 1', 1))
    assert path.read_text() != text and len(path.read_text()) == len(text)
    with pytest.raises(JobError, match=r"capture\.json is missing or damaged"):
        _ = CaptureFiles(job.capture).manifest


def test_a_run_stops_at_a_damaged_file_and_removes_it(job):
    path = job.capture / "capture.json"
    change_a_byte(path)
    worker = OneShotWorker(lambda path: [sys.executable, "-I", "-u", str(MAIN), str(path)])
    shutil.rmtree(job.labels)  # so that there is something to do
    with pytest.raises(JobError, match="damaged"):
        run_job(job, lambda path, shard, shards: [], worker)
    assert not path.exists(), "the next run makes it anew"


def test_an_old_label_file_does_not_come_back(tmp_path):
    labels = write_finished_doll(tmp_path)
    old = labels.frame_path(1).read_bytes()
    label, confidence = labels.read_frame(1)
    labels.write_frame(1, (label + 1) % 3, confidence)
    StageStore(JobFolder(tmp_path)).mark_done("labels", "another key")
    report_document(tmp_path)
    labels.frame_path(1).write_bytes(old)  # by a tool that synchronises
    with pytest.raises(JobError, match=r"frame_0001\.npz is missing or damaged"):
        report_document(tmp_path)


def test_an_output_that_the_stage_did_not_leave_is_not_read_and_goes(job):
    stranger = job.proposals / "key_0099.npz"
    shutil.copy(job.proposals / "key_0000.npz", stranger)
    with pytest.raises(JobError, match=r"key_0099\.npz is missing or damaged"):
        check_recorded(stranger)
    assert StageStore(job).discard_damaged("proposals") == [stranger]
    assert not stranger.exists() and (job.proposals / "key_0000.npz").exists()


def test_labels_that_are_not_finished_are_not_reported(tmp_path):
    write_finished_doll(tmp_path)
    (tmp_path / "labels" / "done.json").unlink()
    with pytest.raises(JobError, match="not finished"):
        report_document(tmp_path)
    with pytest.raises(JobError, match="not finished"):
        require_finished(tmp_path, "labels")
    assert len(LabelFiles(tmp_path).read_frame(1)[0])  # the stage itself reads what it writes


def test_a_file_is_hashed_once_as_long_as_nobody_touches_it(job, monkeypatch):
    hashed: list[Path] = []

    def counting(path: Path) -> str:
        hashed.append(path)
        return hashing.file_hash(path)

    monkeypatch.setattr(recorded, "file_hash", counting)
    path = job.embeddings / "text.npz"
    for _ in range(3):
        check_recorded(path)
    assert hashed == [path]
    os.utime(path, ns=(0, 0))
    check_recorded(path)
    assert hashed == [path, path]


def test_a_file_of_another_folder_is_nobodys(tmp_path):
    path = tmp_path / "notes.npz"
    path.write_bytes(b"anything")
    check_recorded(path)


def test_a_changed_spec_is_not_run(job):
    text = job.spec_path.read_text()
    job.spec_path.write_text(text.replace('"azimuths": 2', '"azimuths": 3', 1))
    assert job.spec_path.read_text() != text
    with pytest.raises(JobError, match=r"job\.json was changed.*remove its line 'checksum'"):
        job.load_spec()
    lines = [line for line in job.spec_path.read_text().splitlines() if "checksum" not in line]
    job.spec_path.write_text("\n".join(lines).replace(",\n}", "\n}"))
    assert job.load_spec()


def test_a_snapshot_that_rotted_is_not_captured(job):
    job.snapshot.write_bytes(b"a scene that rotted")
    write_json(job.path / "source.json", {"snapshot": hashing.file_hash(job.snapshot)})
    job.check_snapshot()
    change_a_byte(job.snapshot)
    with pytest.raises(JobError, match=r"snapshot\.blend is missing or damaged\. Parse the scene"):
        job.check_snapshot()
    assert not (job.path / "source.json").exists(), "the next parse writes a new one"


def test_labels_that_change_while_they_are_read_are_not_mixed_with_other_words(
    tmp_path, monkeypatch
):
    """Another program relabels the job between the result and the labels."""
    write_finished_doll(tmp_path)
    others = (VOCABULARY[2], VOCABULARY[0], VOCABULARY[1])
    read_checked = LabelFiles.read_checked

    def relabelled_meanwhile(self, result, frame):
        write_finished_doll(tmp_path, others)
        return read_checked(self, result, frame)

    before = LabelFiles(tmp_path).read_result()
    LabelFiles(tmp_path).require_same(before)
    monkeypatch.setattr(LabelFiles, "read_checked", relabelled_meanwhile)
    with pytest.raises(JobError, match="changed by another program while they were read"):
        report_document(tmp_path)
    with pytest.raises(JobError, match="changed by another program while they were read"):
        LabelFiles(tmp_path).require_same(before)
    assert report_document(tmp_path)["vocabulary"][0]["name"] == others[0].name


def test_confidences_that_are_no_numbers_are_refused(tmp_path):
    labels = write_finished_doll(tmp_path)
    content = load_arrays(labels.frame_path(1))
    words = content["confidence"].astype(np.str_)
    save_arrays(labels.frame_path(1), content | {"confidence": words})
    StageStore(JobFolder(tmp_path)).mark_done("labels", "a key")
    with pytest.raises(JobError, match="damaged"):
        labels.read_frame(1)


def test_a_file_that_changes_while_it_is_hashed_is_looked_at_again(tmp_path, monkeypatch):
    path = write_finished_doll(tmp_path).frame_path(1)

    def changed_after(path: Path) -> str:
        digest = hashing.file_hash(path)
        change_a_byte(path)
        return digest

    with monkeypatch.context() as patch:
        patch.setattr(recorded, "file_hash", changed_after)
        recorded.record(path)
    with pytest.raises(JobError, match="damaged"):
        check_recorded(path)
