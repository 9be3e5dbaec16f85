# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InputError, JobError
from core.files.atomic import write_json
from core.job.arrays import load_arrays, save_arrays
from core.job.capture_files import CaptureFiles
from core.job.disk_space import image_count, needed_bytes
from core.job.folder import STAGES, JobFolder
from core.job.label_files import LabelFiles
from core.job.spec import FrameSelection, Part

root_on_linux = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0 or not Path("/proc/mounts").exists(),
    reason="needs root to mount a small disk",
)


def test_a_new_folder_is_made_and_opened(tmp_path, spec):
    created = JobFolder.create(tmp_path / "a" / "b", spec)
    assert JobFolder.open(created.path).load_spec() == spec


def test_an_invalid_spec_leaves_no_folder(tmp_path, spec):
    with pytest.raises(InputError):
        JobFolder.create(tmp_path / "a", replace(spec, parts=()))
    assert not (tmp_path / "a").exists()


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path, spec):
    (tmp_path / "holiday.jpg").write_bytes(b"1")
    with pytest.raises(JobError, match=r"other files \(holiday\.jpg\)"):
        JobFolder.create(tmp_path, spec)
    assert [p.name for p in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_file_is_no_folder(tmp_path, spec):
    (tmp_path / "a").write_text("")
    with pytest.raises(JobError, match="is a file"):
        JobFolder.create(tmp_path / "a", spec)


def test_what_a_killed_creation_leaves_is_taken_over(tmp_path, spec):
    for name in ("job.lock", ".job.json.123.tmp", "snapshot.blend", "snapshot.blend@"):
        (tmp_path / name).write_bytes(b"")
    assert JobFolder.create(tmp_path, spec).load_spec() == spec


def test_opening_what_is_no_job_is_refused(tmp_path):
    with pytest.raises(JobError, match="not a job folder"):
        JobFolder.open(tmp_path)
    with pytest.raises(JobError, match="not a job folder"):
        JobFolder.open(tmp_path / "nothing")


def test_a_folder_from_a_newer_version_is_refused(folder, spec):
    write_json(folder.spec_path, {"schema_version": 99})
    for attempt in (
        lambda: JobFolder.open(folder.path),
        lambda: JobFolder.create(folder.path, spec),
    ):
        with pytest.raises(JobError, match=r"newer version.*Update Parts4D"):
            attempt()


def test_a_job_json_of_another_program_is_refused(folder, spec):
    write_json(folder.spec_path, {"name": "backup"})
    with pytest.raises(JobError, match="another program"):
        JobFolder.create(folder.path, spec)


def test_the_spec_of_a_running_job_cannot_be_changed(folder, spec):
    with folder.lock(), pytest.raises(JobError, match="already running"):
        JobFolder.create(folder.path, replace(spec, character="Dog"))
    assert folder.load_spec() == spec


def test_who_holds_a_folder_may_change_and_run_it_and_nobody_else(folder, spec):
    other = JobFolder(folder.path)
    with folder.held():
        folder.take(replace(spec, character="Dog"))
        with folder.lock():
            pass
        with pytest.raises(JobError, match="already running"):
            other.take(spec)
    other.take(spec)
    assert folder.load_spec() == spec


def test_a_foreign_folder_is_not_touched_to_be_held(tmp_path):
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(JobError, match="other files"), JobFolder(tmp_path).held():
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


@pytest.mark.parametrize("what", ["words", "scene"])
def test_a_folder_that_was_changed_since_it_was_prepared_is_noticed(folder, spec, what):
    prepared = folder.fingerprint()
    folder.require(prepared)
    if what == "words":
        folder.take(replace(spec, parts=(*spec.parts, Part("hair"))))
    else:
        folder.snapshot.write_bytes(b"another scene")
    with pytest.raises(JobError, match="changed by another program"):
        folder.require(prepared)


def test_the_hash_of_the_scene_is_kept_and_follows_the_file(folder, spec, monkeypatch):
    first = folder.snapshot_hash(spec)
    monkeypatch.setattr("core.job.folder.file_hash", lambda _: "new")
    assert folder.snapshot_hash(spec) == first
    folder.snapshot.write_bytes(b"another scene")
    assert folder.snapshot_hash(spec) == "new"
    (folder.path / "snapshot.json").write_text("{")
    assert folder.snapshot_hash(spec) == "new"


def test_without_a_snapshot_the_scene_of_the_spec_is_taken(folder, spec, tmp_path):
    folder.snapshot.unlink()
    scene = tmp_path / "scene.blend"
    scene.write_bytes(b"x")
    assert folder.blend(replace(spec, blend=str(scene))) == scene


def test_stage_folders_have_the_names_of_the_stages(folder):
    assert [folder.stage(s).name for s in STAGES] == list(STAGES)
    assert all(folder.stage(s) == getattr(folder, s) for s in STAGES)


def test_the_estimate_counts_frames_and_views(spec):
    assert image_count(spec) == 6 * 2
    more = replace(spec, capture=replace(spec.capture, raised=(30.0,), top=True))
    assert image_count(more) == 6 * 5
    assert image_count(replace(spec, frames=FrameSelection(1, 10, 3))) == 4 * 2
    assert image_count(replace(spec, frames=FrameSelection(1, 10, 1, 3))) == 3 * 2
    assert needed_bytes(spec, ["labels"]) < needed_bytes(spec, STAGES)


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@root_on_linux
def test_a_full_disk_is_a_sentence_and_leaves_the_old_file_whole(small_disk):
    import numpy as np

    path = small_disk / "a.npz"
    save_arrays(path, {"x": np.arange(10)})
    noise = np.random.default_rng(0).integers(0, 255, 200_000, np.uint8)
    with pytest.raises(JobError, match=r"No disk space left while writing .*MB free"):
        save_arrays(path, {"x": noise})
    assert load_arrays(path)["x"].tolist() == list(range(10))
    assert [p.name for p in small_disk.iterdir()] == ["a.npz"]


@pytest.mark.slow
@root_on_linux
def test_a_run_on_a_full_disk_ends_with_a_sentence(small_disk, spec, toy, monkeypatch):
    from core.job import disk_space
    from core.job.run_job import run_job
    from core.job.workers import OneShotWorker

    worker = OneShotWorker(lambda p: toy("worker", p))
    folder = JobFolder.create(small_disk / "job", spec)
    folder.snapshot.write_bytes(b"a scene")
    monkeypatch.setattr(disk_space, "_RESERVE", 0)
    monkeypatch.setattr(disk_space, "needed_bytes", lambda *_: 0)
    (small_disk / "filler").write_bytes(bytes(40_000))
    with pytest.raises(JobError, match="No disk space left"):
        run_job(folder, lambda p, i, n: toy("capture", p, f"{i}/{n}"), worker)
    (small_disk / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    run_job(folder, lambda p, i, n: toy("capture", p, f"{i}/{n}"), worker)
    assert len(list(folder.labels.glob("*.npz"))) == 6


def test_readers_refuse_truncated_files(folder):
    import numpy as np

    labels = LabelFiles(folder.path)
    labels.write_frame(1, np.zeros(500), np.linspace(0, 1, 500))
    path = labels.frame_path(1)
    content = path.read_bytes()
    for length in range(0, len(content), 13):
        path.write_bytes(content[:length])
        with pytest.raises(JobError, match="damaged"):
            labels.read_frame(1)
    folder.result.write_text('{"character": "Robot", ')
    with pytest.raises(JobError, match="damaged"):
        labels.read_result()
    folder.result.write_text("[]")
    with pytest.raises(JobError, match="damaged"):
        labels.read_result()
    folder.capture.mkdir()
    (folder.capture / "capture.json").write_text('{"frames": [1, ')
    with pytest.raises(JobError, match="damaged"):
        _ = CaptureFiles(folder.capture).manifest
