# SPDX-License-Identifier: GPL-3.0-or-later
"""`parts4d batch` without Blender: everything but rendering."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.batch.opening import batch_lock, open_batch, write_plan
from core.batch.runner import RunOptions, run_plan
from core.batch.schedule import BatchProgress
from core.cli.batch_commands import progress_text
from tests.unit.batch.made_batch import FAKES, write_batch

REPOSITORY = Path(__file__).resolve().parents[3]


def batch(*arguments):
    return subprocess.run(
        [sys.executable, str(REPOSITORY), "batch", *map(str, arguments)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A batch whose images are there, but for what a missing file would have shown."""
    path = write_batch(tmp_path_factory.mktemp("batch"))
    (path.parent / "out" / "orders" / "fail").write_text("parse_walk_Double")
    _, plan = open_batch(path)
    write_plan(plan)
    run_plan(plan, FAKES, RunOptions(processes=2))
    return path


def test_init_writes_a_file_that_plan_takes(tmp_path):
    made = batch("init", tmp_path / "new.toml")
    assert made.returncode == 0 and "batch run" in made.stdout
    again = batch("init", tmp_path / "new.toml")
    assert again.returncode == 3 and "there already" in again.stderr
    planned = batch("plan", tmp_path / "new.toml")
    assert planned.stdout.startswith("3 tasks: 0 done, 3 missing, 0 failed. 0 of 120 images")
    assert (tmp_path / "dataset" / "tasks.json").is_file()


def test_status_says_what_failed_and_why(path):
    said = batch("status", path)
    assert said.returncode == 0
    first, second = said.stdout.splitlines()
    assert first == "10 tasks: 7 done, 2 missing, 1 failed. 6 of 12 images"
    assert second == "parse_walk_Double: There is no camera named 'Nowhere'. Name another."
    document = json.loads(batch("status", path, "--json").stdout)
    assert [t["id"] for t in document["tasks"] if t["state"] == "failed"] == ["parse_walk_Double"]


def test_merge_makes_the_data_set_of_what_is_there(path):
    said = batch("merge", path, "--json")
    assert said.returncode == 0, said.stderr
    document = json.loads(said.stdout)
    images = {s["name"]: s["images"] for s in document["sequences"]}
    assert images == {"run_body": 3, "run_clothes": 3, "walk": 0}
    assert (path.parent / "out" / "annotations" / "instances_train.json").is_file()


@pytest.mark.parametrize("step", ["plan", "merge"])
def test_what_writes_a_data_set_waits_for_nobody_and_is_refused(path, step):
    before = (path.parent / "out" / "tasks.json").read_bytes()
    with batch_lock(path):
        said = batch(step, path)
    assert said.returncode == 5 and "already running" in said.stderr
    assert (path.parent / "out" / "tasks.json").read_bytes() == before
    assert batch("status", path).returncode == 0


@pytest.mark.parametrize("text", ["a=" + "[" * 10**5, "shots = " + "9" * 5000])
def test_a_file_that_nests_too_deeply_is_one_sentence(tmp_path, text):
    (tmp_path / "a.toml").write_text(text)
    said = batch("status", tmp_path / "a.toml")
    assert said.returncode == 3 and "Traceback" not in said.stderr
    assert "Internal error" not in said.stderr


def test_a_wrong_file_is_one_sentence(tmp_path):
    (tmp_path / "a.toml").write_text("shots = 3\n")
    said = batch("status", tmp_path / "a.toml")
    assert said.returncode == 3 and "shots must be a list" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    assert batch("init", tmp_path / "new.toml").returncode == 0
    (tmp_path / "dataset").write_text("a file in the way")
    said = batch("plan", tmp_path / "new.toml")
    assert said.returncode == 5 and "a folder belongs there. Remove or rename it" in said.stderr
    assert "Traceback" not in said.stderr and not said.stdout


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (BatchProgress(0, 8, 2, 0, None), "  0%  2 running"),
        (BatchProgress(2, 8, 2, 1, 125.2), " 25%  2 running, 1 failed, 2 min 5 s left"),
        (BatchProgress(8, 8, 0, 0, 0.0), "100%  0 running, 0 s left"),
    ],
)
def test_progress_is_one_line(progress, text):
    assert progress_text(progress) == text
