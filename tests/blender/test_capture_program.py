# SPDX-License-Identifier: GPL-3.0-or-later
"""The capture as a program: what it says, how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from core.job.capture_files import CaptureFiles
from core.scene.capture.capture import capture_command, capture_in_process
from tests.blender.capture_scenes import empty_file, rigged_character, sphere, write_job


def run(job: Path, shard: int = 0, shards: int = 1) -> tuple[int, list[dict]]:
    """(exit status, messages) of one capture process."""
    done = subprocess.run(
        capture_command(job, shard, shards), stdin=subprocess.DEVNULL, capture_output=True
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_standard_output_is_only_protocol_and_shards_complete_each_other(tmp_path):
    rigged_character()
    write_job(tmp_path, (1, 3), azimuths=2, resolution=32)
    for shard, views in ((0, 4), (1, 2)):
        status, messages = run(tmp_path, shard, 2)
        assert status == 0
        progress = [m for m in messages if m["type"] == "progress"]
        assert progress[-1]["done"] == progress[-1]["total"] == views
        assert {m["type"] for m in messages} <= {"hello", "progress"}
    files = CaptureFiles(tmp_path / "capture")
    assert [files.view(t, 1).silhouette.any() for t in files.manifest.frames] == [True] * 3


def test_warnings_and_errors_are_messages(tmp_path):
    empty_file()
    ball = sphere("a")
    twin = bpy.data.objects.new("b", ball.data)
    pair = bpy.data.collections.new("pair")
    bpy.context.scene.collection.children.link(pair)
    for obj in (ball, twin):
        pair.objects.link(obj)
    write_job(tmp_path, name="pair", azimuths=1, resolution=16)
    status, messages = run(tmp_path)
    assert status == 0
    assert any(m["type"] == "warning" and "share the mesh" in m["message"] for m in messages)

    (tmp_path / "snapshot.blend").unlink()
    status, messages = run(tmp_path)
    assert status == 3
    assert messages[-1]["type"] == "error" and messages[-1]["code"] == "job"
    assert "snapshot.blend" in messages[-1]["message"] and messages[-1]["remedy"]


def test_the_program_leaves_when_its_parent_does(tmp_path):
    rigged_character()
    write_job(tmp_path, (1, 200), azimuths=8, resolution=256)
    child = subprocess.Popen(
        capture_command(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert child.stdout is not None and child.stdin is not None
    while b"progress" not in child.stdout.readline():
        pass
    child.stdin.close()
    start = time.monotonic()
    child.wait(10)
    child.stdout.close()
    assert time.monotonic() - start < 1.0
    capture = tmp_path / "capture"
    for path in capture.glob("frame_*.npz"):
        CaptureFiles(capture).view(int(path.stem[6:]), 7)  # whatever is there is whole


def test_what_a_killed_process_left_is_cleared_away(tmp_path):
    rigged_character()
    write_job(tmp_path, azimuths=1, resolution=16)
    left = tmp_path / "capture" / ".render-0"
    left.mkdir(parents=True)
    (left / "view.exr").write_bytes(b"half")
    capture_in_process(tmp_path)
    assert not left.exists()


def test_a_full_disk_is_an_error_that_names_the_remedy(tmp_path):
    import resource
    import signal

    from core.errors import JobError

    rigged_character()
    write_job(tmp_path, azimuths=1, resolution=256)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(JobError, match="space"):
            capture_in_process(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert not list((tmp_path / "capture").glob("frame_*"))
    capture_in_process(tmp_path)
    assert (tmp_path / "capture" / "frame_0001.npz").is_file()


@pytest.mark.slow
@pytest.mark.skipif("PARTS4D_CHARACTERS" not in os.environ, reason="PARTS4D_CHARACTERS is not set")
def test_every_shared_character_is_seen_from_all_sides(tmp_path):
    from core.scene.snapshot import snapshot_file

    folders = sorted(Path(os.environ["PARTS4D_CHARACTERS"]).glob("*/*.blend"))
    assert folders
    for blend in folders:
        job = tmp_path / blend.stem
        snapshot = snapshot_file(str(blend), None, job)
        spec = {
            "character": snapshot.character, "blend": str(blend), "parts": [{"name": "body"}],
            "frames": {"start": 5, "end": 5}, "capture": {"azimuths": 4, "resolution": 128},
            "schema_version": 1,
        }  # fmt: skip
        (job / "job.json").write_text(json.dumps(spec))
        capture_in_process(job)
        files = CaptureFiles(job / "capture")
        seen = {int(e) for v in range(4) for e in files.view(5, v).element.ravel()}
        assert len(seen) > 500, blend.stem
