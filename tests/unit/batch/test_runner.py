# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch is run, killed, damaged and run again, with a program in the place of Blender."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from core.batch.marks import look
from core.batch.opening import open_batch, write_plan
from core.batch.runner import Command, RunOptions, run_plan
from core.batch.schedule import BatchProgress
from core.batch.tasks import TaskKind
from core.dataset.assembly import AssemblySettings, assemble
from core.errors import CancelledError, ErrorKind
from tests.unit.batch.made_batch import FAKE, FAKES, TEXT, write_batch

ONE_SHOT = TEXT[: TEXT.rindex("[[shots]]")].replace(
    '["Hero", { name = "Double", target = "Rig.001" }]', '"Hero"'
)
TWO = RunOptions(processes=2)


def run(path, options=TWO, **more):
    _, plan = open_batch(path)
    write_plan(plan)
    return run_plan(plan, FAKES, options, **more)


def lines(path, name):
    file = path.parent / "out" / "orders" / name
    return file.read_text().splitlines() if file.exists() else []


def order(path, name, text):
    (path.parent / "out" / "orders" / name).write_text(text)


def label_files(root):
    paths = [*(root / "seq").rglob("*.*"), *(root / "annotations").rglob("*.*")]
    return {p.relative_to(root): p.read_bytes() for p in paths}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A batch that was run and made a data set; tests leave it as it is."""
    path = write_batch(tmp_path_factory.mktemp("finished"), ONE_SHOT)
    said: list[object] = []
    report = run(path, emit=said.append)
    assemble(path.parent / "out", AssemblySettings(("coco",)))
    return path, report, said


def test_everything_is_done_and_told(finished):
    path, report, said = finished
    assert not report.failed and set(report.done) == {
        "parse_walk_Hero",
        "render_walk_000001",
        "render_walk_000003",
    }
    _, plan = open_batch(path)
    assert {known.state for known in look(plan).values()} == {"done"}
    last = [one for one in said if isinstance(one, BatchProgress)][-1]
    assert last.done == last.total and last.failed == 0 and last.left == 0
    assert (path.parent / "out" / "logs" / "parse_walk_Hero.log").is_file()


def test_a_second_run_starts_no_program(finished):
    path, _, _ = finished
    before = len(lines(path, "runs"))
    report = run(path)
    assert len(lines(path, "runs")) == before
    assert report.done == () and len(report.kept) == 3


def test_missing_and_half_written_images_are_rendered_again_and_no_others(tmp_path):
    path = write_batch(tmp_path, ONE_SHOT)
    run(path)
    walk = tmp_path / "out" / "seq" / "walk"
    whole = label_files(tmp_path / "out")
    (walk / "Low" / "parts" / "000001.png").unlink()
    half = walk / "Camera" / "instances" / "000003.png"
    half.write_bytes(half.read_bytes()[:20])
    order(path, "images", "")
    report = run(path)
    assert sorted(lines(path, "images")) == ["walk Camera 3", "walk Low 1"]
    assert set(report.done) == {"render_walk_000001", "render_walk_000003"}
    assert label_files(tmp_path / "out") == whole


def test_a_failure_takes_only_those_along_that_need_it(tmp_path):
    path = write_batch(tmp_path)
    order(path, "fail", "parse_walk_Double")
    report = run(path)
    assert set(report.failed) == {"parse_walk_Double"}
    assert report.failed["parse_walk_Double"].kind is ErrorKind.INPUT
    assert report.blocked == ("render_walk_000001", "render_walk_000003")
    assert "render_run_body_000010" in report.done
    _, plan = open_batch(path)
    known = look(plan)
    assert known["parse_walk_Double"].state == "failed"
    assert known["parse_walk_Double"].message == (
        "There is no camera named 'Nowhere'. Name another."
    )
    assert known["render_walk_000001"].state == "missing"
    # What is wrong with the input is not tried twice in one run, but again in the next.
    assert sum("Double" in line for line in lines(path, "runs")) == 1
    order(path, "fail", "")
    assert len(run(path).done) == 3


def test_a_crash_is_tried_again(tmp_path):
    path = write_batch(tmp_path, ONE_SHOT)
    order(path, "crash-once", "yes")
    said: list[object] = []
    report = run(path, emit=said.append)
    assert not report.failed and len(report.done) == 3
    assert any("tried again" in getattr(one, "message", "") for one in said)


def test_a_crash_without_retries_is_a_failure(tmp_path):
    path = write_batch(tmp_path, ONE_SHOT)
    order(path, "crash-once", "yes")
    report = run(path, RunOptions(processes=1, retries=0))
    assert report.failed["parse_walk_Hero"].kind is ErrorKind.CRASHED


def test_a_program_that_cannot_be_started_fails_its_task(tmp_path):
    path = write_batch(tmp_path, ONE_SHOT)
    _, plan = open_batch(path)
    write_plan(plan)
    missing: dict[TaskKind, Command] = {
        "parse": lambda request: [str(tmp_path / "none")],
        "render": FAKES["render"],
    }
    report = run_plan(plan, missing)
    assert report.failed["parse_walk_Hero"].kind is ErrorKind.ENVIRONMENT


def test_cancel_stops_the_programs(tmp_path):
    path = write_batch(tmp_path, ONE_SHOT)
    order(path, "sleep", "60")
    started: list[object] = []
    with pytest.raises(CancelledError):
        run(path, emit=started.append, is_cancelled=lambda: bool(lines(path, "runs")))
    for line in lines(path, "runs"):
        assert not is_alive(int(line.split()[1]))


def test_a_killed_run_takes_its_programs_along_and_is_continued(tmp_path, finished):
    path = write_batch(tmp_path, ONE_SHOT)
    order(path, "sleep", "60")
    script = (
        f"import sys; sys.path.insert(0, {str(FAKE.parents[3])!r})\n"
        "from pathlib import Path\n"
        "from tests.unit.batch.test_runner import run\n"
        f"run(Path({str(path)!r}))"
    )
    runner = subprocess.Popen([sys.executable, "-c", script])
    wait_for(lambda: lines(path, "runs"))
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    child = int(lines(path, "runs")[0].split()[1])
    wait_for(lambda: not is_alive(child))
    order(path, "sleep", "0")
    assert len(run(path).done) == 3
    assemble(tmp_path / "out", AssemblySettings(("coco",)))
    assert label_files(tmp_path / "out") == label_files(finished[0].parent / "out")


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
