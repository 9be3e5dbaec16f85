# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

import run_tests
import suites
from setup_env import EMBEDDED, MODELS, REPOSITORY
from watched import Outcome, Task

PYTHONS = {
    "5.0": Path("/env/5.0/python"),
    "4.2": Path("/env/4.2/python"),
    EMBEDDED: Path("/env/embedded/python"),
    MODELS: Path("/env/models/python"),
}


def options(*arguments: str):
    return run_tests._parser().parse_args(arguments)


def tasks_of(*arguments: str) -> list[Task]:
    chosen = options(*arguments)
    pythons = {"5.0": PYTHONS["5.0"]} if chosen.fast or chosen.quick else PYTHONS
    return run_tests.make_tasks(pythons, suites.make_suites(pythons, chosen), chosen)


def files_of(task: Task) -> set[str]:
    return {part for part in task.command if part.endswith(".py")}


def all_files(folder: str) -> set[str]:
    return {p.relative_to(REPOSITORY).as_posix() for p in suites.test_files(folder)}


@pytest.mark.parametrize(
    ("suite", "folder", "python"),
    [
        ("unit", "unit", "5.0"),
        ("blender 5.0", "blender", "5.0"),
        ("blender 4.2", "blender", "4.2"),
        ("models", "models", "models"),
        ("window", "gui", "5.0"),
    ],
)
def test_every_file_of_a_suite_runs_once_under_its_python(suite, folder, python):
    tasks = [task for task in tasks_of() if task.suite == suite]
    files = [name for task in tasks for name in sorted(files_of(task))]
    assert sorted(files) == sorted(all_files(folder)) and files
    assert {task.command[0] for task in tasks} == {f"/env/{python}/python"}


@pytest.mark.parametrize("everywhere", [False, True])
def test_what_is_about_our_programs_runs_under_the_oldest_and_newest_blender(everywhere):
    pythons = {name: Path(f"/env/{name}/python") for name in ("5.0", "4.2", "4.5", "5.2")}
    chosen = options("--no-lint", *(["--everywhere"] if everywhere else []))
    tasks = run_tests.make_tasks(pythons, suites.make_suites(pythons, chosen), chosen)
    files = {f"blender {n}": set[str]() for n in pythons}
    for task in tasks:
        if task.suite in files:
            files[task.suite] |= files_of(task)
    whole = all_files("blender")
    assert files["blender 4.2"] == files["blender 5.2"] == whole
    assert files["blender 5.0"] == files["blender 4.5"]
    left_out = whole - files["blender 5.0"]
    assert not left_out if everywhere else "tests/blender/test_resume.py" in left_out
    assert "tests/blender/test_cli_parse.py" not in left_out


def test_users_packages_run_what_concerns_users():
    files = set().union(*(files_of(t) for t in tasks_of() if t.suite == EMBEDDED))
    folders = {name.split("/")[2] for name in files}
    assert files < all_files("unit") and {"parsing", "job", "installing"} <= folders
    assert not folders & {"benchmarks", "tooling", "training"}


def test_quick_is_lint_and_unit_tests():
    tasks = tasks_of("--quick")
    assert {t.name for t in tasks[:4]} == {"format", "lint", "imports", "types"}
    assert {task.suite for task in tasks[4:]} == {"unit"}
    assert set().union(*map(files_of, tasks[4:])) == all_files("unit")


def test_the_longest_start_first():
    seconds = [task.seconds for task in tasks_of("--no-lint")]
    assert seconds == sorted(seconds, reverse=True)


def test_files_are_shared_out_by_their_durations(monkeypatch, tmp_path):
    monkeypatch.setattr(suites, "REPOSITORY", tmp_path)
    monkeypatch.setattr(suites, "cores", lambda: 2)
    files = []
    for n in range(6):
        files.append(tmp_path / f"test_{n}.py")
        files[-1].write_text("pytestmark = pytest.mark.alone\n" if n == 5 else "")
    seconds = {"test_0.py": 40.0, "test_1.py": 30.0, "test_2.py": 8.0, "test_3.py": 9.0}
    shares = suites.share_out(files, {**seconds, "test_4.py": 1.0})
    names = [[path.stem[-1] for path in share] for share in shares]
    assert names == [["5"], ["0", "4"], ["1", "2", "3"]]
    assert [len(s) for s in suites.share_out(files[:4], dict.fromkeys(seconds, 0.1))] == [4]


def test_the_choice_of_files_and_tests_is_passed_on():
    job = REPOSITORY / "tests" / "unit" / "job"
    tasks = tasks_of(str(job), "-k", "lock", "--fast")
    assert {task.suite for task in tasks} == {"unit"}
    for task in tasks:
        assert all(name.startswith("tests/unit/job/") for name in files_of(task))
        assert " ".join(task.command).find("-k lock -m not slow") > 0 and task.may_be_empty


@pytest.fixture
def outcome(tmp_path: Path):
    def make(suite: str, said: str, status: int = 0, may_be_empty: bool = False) -> Outcome:
        log = tmp_path / f"{suite}-{len(list(tmp_path.iterdir()))}.log"
        log.write_text(f"=== {said} in 3.2s ===\n")
        return Outcome(Task(f"{suite}: 1", (), suite, may_be_empty), status, 3.2, log)

    return make


def test_a_suite_of_which_too_few_tests_ran_is_a_problem(outcome):
    found = [outcome("unit", "60 passed"), outcome("unit", "30 passed, 20 skipped")]
    assert suites.shortfalls(found, {"unit": 90}) == []
    (problem,) = suites.shortfalls(found, {"unit": 91})
    assert "unit: 90 tests ran, fewer than the 91" in problem and "--record" in problem
    skipped = [outcome("window", "30 skipped")]
    assert suites.shortfalls(skipped, {}) and suites.shortfalls(skipped, {"window": 25})
    assert suites.shortfalls(skipped, {"window": 25}, exempt=["window"]) == []


def test_a_choice_has_no_floor_but_must_run_something(outcome, monkeypatch):
    monkeypatch.setattr(suites, "read_floors", lambda: {"unit": 90})
    some, none = outcome("unit", "2 passed"), outcome("unit", "5 deselected", 5, True)
    assert run_tests.find_problems([some, none], options("-k", "lock"), ()) == []
    (problem,) = run_tests.find_problems([none, none], options("-k", "typo"), ())
    assert "no test ran" in problem
    assert len(run_tests.find_problems([some], options(), ())) == 1
    assert run_tests.find_problems([some], options("--record"), ()) == []
    assert len(run_tests.find_problems([none], options("--record"), ())) == 1


def test_the_closing_line_holds_the_counts_alone(outcome):
    good = outcome("unit", "31 passed, 1 skipped")
    lines = run_tests.summary([good, good], [], 1).splitlines()
    assert lines[-1] == "62 passed, 0 failed, 2 skipped" and "All passed" in lines[-2]
    bad = outcome("unit", "1 failed, 2 passed, 1 error", 1)
    lines = run_tests.summary([good, bad], ["unit: 1"], 1).splitlines()
    assert lines[-1] == "33 passed, 2 failed, 1 skipped" and "FAILED: unit: 1" in lines[-2]
    assert run_tests.summary([good], ["types"], 1).splitlines()[-1].startswith("31 passed, 1 fail")


def test_what_ran_is_recorded_and_read_again(outcome, monkeypatch, tmp_path):
    monkeypatch.setattr(suites, "FLOORS", tmp_path / "floors.toml")
    monkeypatch.setattr(suites, "DURATIONS", tmp_path / "durations.json")
    suites.record_floors([outcome("unit", "100 passed"), outcome("blender 5.0", "50 passed")])
    suites.record_floors(
        [outcome("unit", "200 passed"), outcome("window", "9 skipped")], ["window"]
    )
    assert suites.read_floors() == {"blender 5.0": 49, "unit": 196}
    known = Path(__file__).relative_to(REPOSITORY).as_posix()
    suites.record_durations({known: 1.26, "tests/unit/test_gone.py": 3.0})
    assert suites.read_durations() == {known: 1.3}
