# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the lint and all tests; makes the environments they need.

    python tools/run_tests.py [-k EXPRESSION] [--bpy 5.0] [--quick | --fast] [--no-lint] [FILE ...]

The suites: `unit` in the main environment; `embedded`, those of them that concern users, with
exactly the packages that the extension brings; `models` in the environment that has torch; `blender
VERSION` under every Blender version; `window` in a Blender with a window (skipped where none can be
made, unless PARTS4D_REQUIRE_WINDOW=1). --quick runs the lint and `unit` without slow tests; --fast
leaves out slow tests, other environments and windows.

Each suite is shared out to processes, as many side by side as there are cores. A process is ended
when it shows no progress for ten minutes, and its log says where it was. A suite of which fewer
tests ran than tests/floors.toml says has failed; --record writes that file anew, and how long each
file takes. Logs are kept in build/test-logs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

import suites
import window_blender
from lint import lint_commands
from setup_env import EMBEDDED, LINTED, MODELS, REPOSITORY, available, environment, set_up
from suites import Suite
from waiting import Waiting
from watched import Outcome, Task, run

from core.errors import Parts4DError

LOGS = REPOSITORY / "build" / "test-logs"
_TIMES = LOGS / "seconds"  # a file of seconds per test file, from each process


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status: 0 only when everything passed."""
    chosen = _parser().parse_args(arguments)
    start = time.monotonic()
    if LOGS.is_symlink():  # to those of .ci/run
        LOGS.unlink()
    shutil.rmtree(LOGS, ignore_errors=True)
    try:
        outcomes, exempt = _set_up_and_run(chosen)
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    for outcome in outcomes:
        if not outcome.passed:
            print(f"\n--- {outcome.task.name}: {outcome.log}")
            print("\n".join(outcome.text().splitlines()[-60:]))
    problems = find_problems(outcomes, chosen, exempt)
    print(summary(outcomes, problems, time.monotonic() - start))
    if chosen.record and not problems:
        suites.record_durations(_read_times())
        if not _is_choice(chosen):
            suites.record_floors(outcomes, exempt)
    return 1 if problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("files", nargs="*", type=Path, help="only these test files or folders")
    parser.add_argument("-k", metavar="EXPRESSION", help="passed on to pytest")
    parser.add_argument("--bpy", metavar="VERSION", help="only this Blender version")
    parser.add_argument(
        "--quick", action="store_true", help="only lint and unit tests, no slow ones"
    )
    parser.add_argument(
        "--everywhere",
        action="store_true",
        help="tests of our programs under every Blender, not only the oldest and the newest",
    )
    parser.add_argument(
        "--fast", action="store_true", help="main environment, no slow tests, no windows"
    )
    parser.add_argument("--no-lint", action="store_true")
    parser.add_argument(
        "--record", action="store_true", help="take counts and times for what is expected"
    )
    return parser


def environments(chosen: argparse.Namespace) -> list[str]:
    """Those that the chosen tests need, the main one first. Raises MissingEnvironment."""
    only_main = chosen.fast or chosen.quick
    names = [chosen.bpy] if chosen.bpy else available()[: 1 if only_main else None]
    if chosen.files:
        tests = suites.TESTS / "models"
        files = [path.absolute() for path in chosen.files]
        among = any(f.is_relative_to(tests) or tests.is_relative_to(f) for f in files)
        return [*names, MODELS] if among else names
    return names if only_main or chosen.bpy else [*names, EMBEDDED, MODELS]


def _set_up_and_run(chosen: argparse.Namespace) -> tuple[list[Outcome], tuple[str, ...]]:
    """Outcomes of all tasks, and the suites that may be skipped here. Raises Parts4DError.

    The main environment is made first, for with it come the system's libraries. The others wait for
    downloads most of the time: they are made two at once, while tests run for which all is there.
    """
    first, *others = environments(chosen)
    pythons = {first: set_up(first).python} | {n: environment(n).python for n in others}
    found = suites.make_suites(pythons, chosen)
    has_windows = any(suite.name == "window" for suite in found)
    with ThreadPoolExecutor(2) as pool:
        making: dict[str, Future[Any]] = {
            suites.suite_of(name): pool.submit(set_up, name) for name in others
        }
        if has_windows:
            making["window"] = pool.submit(_make_window_blender)
        outcomes = run_all(make_tasks(pythons, found, chosen), making)
        skipped = has_windows and not making["window"].result()
    return outcomes, ("window",) if skipped else ()


def make_tasks(
    pythons: Mapping[str, Path], found: Sequence[Suite], chosen: argparse.Namespace
) -> list[Task]:
    """Lint and the processes of all suites, the longest first."""
    main_version, main_python = next(iter(pythons.items()))
    options = ["-k", chosen.k] if chosen.k else []
    options += ["-m", "not slow"] if chosen.fast or chosen.quick else []
    durations = suites.read_durations()
    tasks = []
    for suite in found:
        # What is slow runs in the unit tests already; here it is about the packages.
        own = ["-m", "not slow"] if suite.name == EMBEDDED and not options else options
        tasks += suites.make_tasks(suite, own, durations)
    tasks.sort(key=lambda task: -task.seconds)
    if not (chosen.no_lint or chosen.files or chosen.k or main_version not in LINTED):
        lint = [Task(n, tuple(c)) for n, c in lint_commands(main_python).items()]
        tasks = [*lint, *tasks]
    return tasks


def find_problems(
    outcomes: Sequence[Outcome], chosen: argparse.Namespace, exempt: Sequence[str]
) -> list[str]:
    """Why the run is no success; empty when it is one."""
    found = [outcome.task.name for outcome in outcomes if not outcome.passed]
    if _is_choice(chosen):
        if not any(outcome.ran() for outcome in outcomes):
            found.append("no test ran: none was chosen, or all were skipped")
    else:  # what is recorded anew may be less than before, but not nothing
        floors = {} if chosen.record else suites.read_floors()
        found += suites.shortfalls(outcomes, floors, exempt)
    return found


def _is_choice(chosen: argparse.Namespace) -> bool:
    """Whether only some tests of a suite are asked for."""
    return bool(chosen.files or chosen.k or chosen.fast or chosen.quick)


def _make_window_blender() -> bool:
    """Now, so that no test takes the time for it. False where the tests may be skipped."""
    try:
        window_blender.set_up()
    except Parts4DError as error:
        print(f"No Blender with a window: {error}", flush=True)
        return os.environ.get("PARTS4D_REQUIRE_WINDOW") == "1"
    return True


def run_all(tasks: Sequence[Task], making: Mapping[str, Future[Any]]) -> list[Outcome]:
    """All tasks, one for each core at a time; each is reported when it ends.

    The tasks of a suite wait for what is being made for it. Raises what making it raised.
    """
    waiting = Waiting(tasks, making)
    outcomes: list[Outcome] = []
    printing = threading.Lock()

    def work() -> None:
        while (task := waiting.take()) is not None:
            name = re.sub(r"[^\w.]+", "-", task.name)
            outcome = run(task, LOGS / f"{name}.log", REPOSITORY, _variables(name))
            with printing:
                outcomes.append(outcome)
                print(outcome.line(), flush=True)

    workers = [threading.Thread(target=work) for _ in range(suites.cores())]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if waiting.error:
        raise waiting.error
    return outcomes


def _variables(name: str) -> dict[str, str]:
    """Environment variables for tests/conftest.py."""
    return {
        "PARTS4D_TEST_EXIT": "now",  # the bpy module may hang in an ordinary exit
        "PARTS4D_TEST_SECONDS": str(_TIMES / f"{name}.json"),
        "PARTS4D_TEST_SHARED": str(LOGS / "shared"),
        # Many tests start programs of ours: compiled once, and not into the sources.
        "PYTHONPYCACHEPREFIX": str(LOGS / "pycache"),
    }


def _read_times() -> dict[str, float]:
    """Test file -> seconds; the longest where several suites have it."""
    longest: dict[str, float] = {}
    for path in _TIMES.glob("*.json"):
        for name, seconds in json.loads(path.read_text("utf-8")).items():
            longest[name] = max(longest.get(name, 0.0), seconds)
    return longest


def summary(outcomes: Sequence[Outcome], problems: Sequence[str], seconds: float) -> str:
    """What happened; the last line holds nothing but the counts."""
    totals: dict[str, int] = {}
    for outcome in outcomes:
        for word, number in outcome.counts().items():
            totals[word] = totals.get(word, 0) + number
    failed = sum(totals.get(word, 0) for word in ("failed", "error", "errors"))
    counts = f"{totals.get('passed', 0)} passed, {failed or len(problems)} failed"
    if skipped := totals.get("skipped"):
        counts += f", {skipped} skipped"
    verdict = f"FAILED: {'; '.join(problems)}" if problems else "All passed"
    return f"\n{verdict}. {seconds:.0f} s; logs in {LOGS}\n{counts}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
