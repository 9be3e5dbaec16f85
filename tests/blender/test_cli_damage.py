# SPDX-License-Identifier: GPL-3.0-or-later
"""Half a file is never read as a whole one: the next run makes it anew, or says what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest.importorskip("bpy")

from tests.blender.cli_character import PARTS
from tests.blender.command_line import SMALL, STAGES, Finished, label_bytes, parts4d

pytestmark = pytest.mark.programs

JOB = 5


@pytest.fixture
def job(finished_hero: Path, tmp_path: Path) -> Path:
    """A copy of the finished job, to be damaged."""
    return Path(shutil.copytree(finished_hero, tmp_path / "job"))


def parse(hero: Path, job: Path) -> Finished:
    return parts4d(
        "parse",
        hero,
        "--parts",
        PARTS,
        "--job",
        job,
        *SMALL,
        "--processes",
        1,
        "--no-apply",
        "--no-sheet",
    )


@pytest.mark.parametrize(
    ("name", "recomputed"),
    [
        ("capture/frame_0001.npz", ("capture",)),
        ("capture/facts.npz", ("capture",)),
        ("capture/capture.json", ("capture",)),
        ("capture/done.json", ("capture",)),
        ("proposals/key_0000.npz", ("proposals",)),
        ("embeddings/embedding_0002.npz", ("embeddings",)),
        ("embeddings/done.json", ("embeddings",)),
        ("embeddings/counts.json", ("embeddings",)),
        ("labels/frame_0003.npz", ("labels",)),
        ("result.json", ("labels",)),
        ("snapshot_hash.json", ()),
    ],
)
def test_a_truncated_file_is_made_anew(hero, job, name, recomputed):
    labels, path = label_bytes(job), job / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    run = parse(hero, job)
    assert run.status == 0, run.stderr
    assert [s for s in STAGES if s not in run.kept_stages()] == list(recomputed)
    assert label_bytes(job) == labels
    if path.suffix == ".npz":
        assert path.read_bytes() == whole


@pytest.mark.parametrize("name", ["job.json", "snapshot.json", "source.json", "snapshot.blend"])
def test_a_truncated_file_of_the_job_itself_is_made_anew(hero, job, name):
    labels, path = label_bytes(job), job / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    run = parse(hero, job)
    assert run.status == 0, run.stderr
    assert label_bytes(job) == labels


def test_commands_that_only_read_say_what_is_damaged(job, hero, tmp_path):
    path = job / "labels" / "frame_0002.npz"
    path.write_bytes(path.read_bytes()[:100])
    again = "Run the job again"
    parts4d("report", job).failed(JOB, "frame_0002.npz is missing or damaged", again)
    output = tmp_path / "out.blend"
    parts4d("apply", job, hero, "--output", output).failed(JOB, "frame_0002.npz", again)
    assert not output.exists()

    (job / "job.json").write_text('{"character": "he')
    parts4d("label", job, "--parts", "head").failed(JOB, "job.json is missing or damaged")


@pytest.mark.parametrize(
    "name", ["capture/frame_0002.npz", "embeddings/masks_0002.npz", "labels/frame_0002.npz"]
)
def test_bits_that_changed_without_a_change_of_size_are_found(hero, job, name):
    labels, path = label_bytes(job), job / name
    content = bytearray(path.read_bytes())
    for i in range(len(content) // 3, len(content) // 3 + 8):
        content[i] ^= 0x55
    path.write_bytes(content)
    shutil.rmtree(job / "proposals")  # the stages are to be computed from what was damaged
    (job / "labels" / "done.json").unlink()
    statuses = []
    for _ in range(3):
        run = parse(hero, job)
        statuses.append(run.status)
        if run.status == 0:
            break
        run.failed(JOB, path.name, "Run the job again")
    assert statuses in ([0], [5, 0])
    assert label_bytes(job) == labels


def test_what_killed_runs_left_half_written_is_cleared_away(hero, job):
    left = [".snapshot.4711.blend", ".snapshot.4711.blend@", ".job.json.4711.tmp"]
    for name in left:
        (job / name).write_bytes(b"half")
    run = parse(hero, job)
    assert run.status == 0, run.stderr
    assert run.kept_stages() == list(STAGES)
    assert not {*left} & {p.name for p in job.iterdir()}
