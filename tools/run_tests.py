# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the lint and all tests; makes the environments they need.

    python tools/run_tests.py [-k EXPRESSION] [--bpy 5.0] [--fast] [--no-lint] [FILE ...]

Unit tests run once, in the main environment, and tests/models once, in the environment that has
torch (left out by --fast). Each file of tests/blender runs in a process of its own under every
Blender version, for Blender has one state per process and may hang when it ends.
Those of tests/gui drive a Blender with a window (left out by --fast; skipped where none can be
made). Logs are kept in build/test-logs.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

import window_blender
from lint import lint_commands
from setup_env import MODELS, REPOSITORY, available, set_up

from core.errors import Parts4DError

LOGS = REPOSITORY / "build" / "test-logs"
SIDE_BY_SIDE = 2
TIMEOUT = 900.0  # seconds of one process

_NO_TESTS = 5  # pytest's exit status
_COUNTS = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed|deselected)")


@dataclass(frozen=True)
class Task:
    """One process."""

    name: str
    command: tuple[str, ...]
    is_pytest: bool = True


@dataclass(frozen=True)
class Outcome:
    task: Task
    status: int | None  # None: it ran out of time
    seconds: float
    log: Path

    @property
    def passed(self) -> bool:
        return self.status == 0 or (self.task.is_pytest and self.status == _NO_TESTS)

    def counts(self) -> dict[str, int]:
        """passed, failed, skipped, ... of pytest's last line."""
        text = self.log.read_text("utf-8", "replace") if self.task.is_pytest else ""
        last = next((line for line in reversed(text.splitlines()) if _COUNTS.search(line)), "")
        return {word: int(number) for number, word in _COUNTS.findall(last)}

    def line(self) -> str:
        if self.status is None:
            verdict = "TIME OUT"
        else:
            verdict = "ok" if self.passed else "FAILED"
        counts = ", ".join(f"{n} {word}" for word, n in self.counts().items())
        return f"{verdict:8} {self.task.name:52} {self.seconds:6.1f} s  {counts}"


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status: 0 only when everything passed."""
    chosen = _parser().parse_args(arguments)
    start = time.monotonic()
    try:
        versions = [chosen.bpy] if chosen.bpy else available()[: 1 if chosen.fast else None]
        pythons = {version: set_up(version).python for version in versions}
        if _wants_models(chosen):
            pythons[MODELS] = set_up(MODELS).python
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    tasks = make_tasks(pythons, chosen)
    if any(task.name.startswith("window ") for task in tasks):
        _make_window_blender()
    shutil.rmtree(LOGS, ignore_errors=True)
    outcomes = run_all(tasks)
    failed = [o for o in outcomes if not o.passed]
    for outcome in failed:
        print(f"\n--- {outcome.task.name}: {outcome.log}")
        print("\n".join(outcome.log.read_text("utf-8", "replace").splitlines()[-60:]))
    print(summary(outcomes, time.monotonic() - start))
    return 1 if failed or not outcomes else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("files", nargs="*", type=Path, help="only these test files or folders")
    parser.add_argument("-k", metavar="EXPRESSION", help="passed on to pytest")
    parser.add_argument("--bpy", metavar="VERSION", help="only this Blender version")
    parser.add_argument(
        "--fast", action="store_true", help="main environment, no slow tests, no windows"
    )
    parser.add_argument("--no-lint", action="store_true")
    return parser


def _wants_models(chosen: argparse.Namespace) -> bool:
    """Whether tests that need torch are asked for."""
    models = REPOSITORY / "tests" / "models"
    files = [path.absolute() for path in chosen.files]
    among = any(f.is_relative_to(models) or models.is_relative_to(f) for f in files)
    return among if files else not (chosen.fast or chosen.bpy)


def make_tasks(pythons: dict[str, Path], chosen: argparse.Namespace) -> list[Task]:
    """Lint, unit tests, tests of the models, every Blender file under every version, windows."""
    pythons = dict(pythons)
    main_version, main_python = next(iter(pythons.items()))
    options = ["-k", chosen.k] if chosen.k else []
    options += ["-m", "not slow"] if chosen.fast else []
    tasks = []
    if not (chosen.no_lint or chosen.files or chosen.k or main_version not in ("5.0", "5.2")):
        tasks += [Task(n, tuple(c), False) for n, c in lint_commands(main_python).items()]
    unit = REPOSITORY / "tests" / "unit"
    wanted = [p.absolute() for p in chosen.files]
    for target in [p for p in wanted if p.is_relative_to(unit)] if wanted else [unit]:
        name = f"{main_version} {target.relative_to(REPOSITORY)}"
        tasks.append(Task(name, _pytest(main_python, target, options)))
    if models := pythons.pop(MODELS, None):
        for path in sorted((REPOSITORY / "tests" / "models").glob("test_*.py")):
            if not wanted or any(path.is_relative_to(w) for w in wanted):
                name = f"models {path.relative_to(REPOSITORY)}"
                tasks.append(Task(name, _pytest(models, path, options)))
    for path in sorted((REPOSITORY / "tests" / "blender").glob("**/test_*.py")):
        if wanted and not any(path.is_relative_to(w) for w in wanted):
            continue
        for version, python in pythons.items():
            name = f"{version} {path.relative_to(REPOSITORY)}"
            tasks.append(Task(name, _pytest(python, path, options)))
    for path in () if chosen.fast else sorted((REPOSITORY / "tests" / "gui").glob("test_*.py")):
        if not wanted or any(path.is_relative_to(w) for w in wanted):
            name = f"window {path.relative_to(REPOSITORY)}"
            tasks.append(Task(name, _pytest(main_python, path, options)))
    return tasks


def _make_window_blender() -> None:
    """Now, so that no test takes the time for it. The tests ask again, and are skipped or fail."""
    try:
        window_blender.set_up()
    except Parts4DError as error:
        print(f"No Blender with a window: {error}", flush=True)


def _pytest(python: Path, target: Path, options: Sequence[str]) -> tuple[str, ...]:
    faults = ["-X", "faulthandler"]
    return (str(python), *faults, "-m", "pytest", "-q", "--durations=5", *options, str(target))


def run_all(tasks: Sequence[Task]) -> list[Outcome]:
    """All tasks, a few side by side; each is reported when it ends."""
    waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
    for task in tasks:
        waiting.put(task)
    outcomes: list[Outcome] = []
    printing = threading.Lock()

    def work() -> None:
        while True:
            try:
                outcome = run(waiting.get_nowait())
            except queue.Empty:
                return
            with printing:
                outcomes.append(outcome)
                print(outcome.line(), flush=True)

    workers = [threading.Thread(target=work) for _ in range(SIDE_BY_SIDE)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return outcomes


def run(task: Task, timeout: float = TIMEOUT) -> Outcome:
    """One process, ended with all its children when it takes too long."""
    log = LOGS / (re.sub(r"[^\w.]+", "-", task.name) + ".log")
    log.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    # tests/conftest.py leaves with os._exit: the bpy module may hang in an ordinary exit.
    environment = {**os.environ, "PARTS4D_TEST_EXIT": "now", "PYTHONDONTWRITEBYTECODE": "1"}
    with open(log, "wb") as stream:
        process = subprocess.Popen(
            task.command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=REPOSITORY,
            env=environment,
            start_new_session=True,
        )
        status: int | None
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            status = None
        if status is None:
            _kill_group(process)
    return Outcome(task, status, time.monotonic() - start, log)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    totals: dict[str, int] = {}
    for outcome in outcomes:
        for word, number in outcome.counts().items():
            totals[word] = totals.get(word, 0) + number
    counts = ", ".join(f"{number} {word}" for word, number in totals.items())
    failed = [o.task.name for o in outcomes if not o.passed]
    verdict = f"FAILED: {', '.join(failed)}" if failed else "All passed"
    return f"\n{verdict}. Tests: {counts or 'none'}; {seconds:.0f} s; logs in {LOGS}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
