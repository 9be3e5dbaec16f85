# SPDX-License-Identifier: GPL-3.0-or-later
"""The suites of the tests, and the processes that each is shared out to.

Files are shared out by how long they took when they were last recorded (tests/durations.json). Each
process has its own Python: a suite's tests never see modules that another suite has loaded. Of
tests/blender several files share a Blender, which is as started before each (see its conftest.py);
a file with `pytestmark = pytest.mark.alone` has one of its own. A file with `pytest.mark.programs`
is about our processes, disks and kills, which are the same under every Blender: it runs under the
oldest and the newest, and with --everywhere under all.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from setup_env import EMBEDDED, MODELS, REPOSITORY
from watched import Outcome, Task

TESTS = REPOSITORY / "tests"
DURATIONS = TESTS / "durations.json"  # file -> seconds
FLOORS = TESTS / "floors.toml"  # suite -> how many tests run at least
SHARE = 45.0  # seconds of one process, about
NEW = 5.0  # seconds, for a file that is not recorded
KEPT = 0.98  # of what ran becomes the floor: some tests run only on some machines

# Not run by users: these need the packages of development.
DEVELOPMENT = ("benchmarks", "tooling", "training")
_ALONE = "pytestmark = pytest.mark.alone"
_PROGRAMS = "pytest.mark.programs"


@dataclass(frozen=True)
class Suite:
    """Test files that one Python runs."""

    name: str
    python: Path
    files: tuple[Path, ...]


def make_suites(pythons: Mapping[str, Path], chosen: argparse.Namespace) -> list[Suite]:
    """Every suite with the files that are asked for; without the empty ones.

    `pythons` are those of the environments, the main one first.
    """
    blenders = {n: p for n, p in pythons.items() if n not in (EMBEDDED, MODELS)}
    main = next(iter(blenders.values()))
    unit = test_files("unit")
    suites = [Suite("unit", main, unit)]
    if EMBEDDED in pythons:
        users = tuple(f for f in unit if f.relative_to(TESTS / "unit").parts[0] not in DEVELOPMENT)
        suites.append(Suite(EMBEDDED, pythons[EMBEDDED], users))
    if MODELS in pythons:
        suites.append(Suite(MODELS, pythons[MODELS], test_files("models")))
    if not chosen.quick:
        files = test_files("blender")
        ends = set(blenders) if chosen.everywhere else {min(blenders), max(blenders)}
        versions = [f for f in files if _PROGRAMS not in f.read_text("utf-8")]
        for name, python in blenders.items():
            own = files if name in ends else tuple(versions)
            suites.append(Suite(suite_of(name), python, own))
    if not (chosen.fast or chosen.quick):
        suites.append(Suite("window", main, test_files("gui")))
    wanted = [path.absolute() for path in chosen.files]
    suites = [Suite(s.name, s.python, _choose_among(s.files, wanted)) for s in suites]
    return [suite for suite in suites if suite.files]


def suite_of(environment: str) -> str:
    """The suite that runs in an environment other than the main one."""
    return environment if environment in (EMBEDDED, MODELS) else f"blender {environment}"


def test_files(folder: str) -> tuple[Path, ...]:
    """The test files of a folder of tests/."""
    return tuple(sorted((TESTS / folder).glob("**/test_*.py")))


def make_tasks(suite: Suite, options: Sequence[str], durations: Mapping[str, float]) -> list[Task]:
    """The processes of a suite. `options` are pytest's; with any, a process may have no test."""
    shares = share_out(suite.files, durations)
    tasks = []
    for number, files in enumerate(shares, 1):
        names = [path.relative_to(REPOSITORY).as_posix() for path in files]
        name = names[0] if len(names) == 1 else f"{number} of {len(shares)}"
        command = (str(suite.python), "-X", "faulthandler", "-m", "pytest", "-v", "--durations=5")
        seconds = sum(durations.get(n, NEW) for n in names)
        tasks.append(
            Task(
                f"{suite.name}: {name}",
                (*command, *options, *names),
                suite.name,
                bool(options),
                seconds,
            )
        )
    return tasks


def share_out(files: Iterable[Path], durations: Mapping[str, float]) -> list[list[Path]]:
    """Files for processes that take about equally long, at least one for each core."""

    def seconds(path: Path) -> float:
        return durations.get(path.relative_to(REPOSITORY).as_posix(), NEW)

    alone = [path for path in files if _ALONE in path.read_text("utf-8")]
    others = sorted((p for p in files if p not in alone), key=lambda p: (-seconds(p), p))
    total = sum(map(seconds, others))
    count = max(math.ceil(total / SHARE), min(cores(), math.ceil(total / NEW)))
    shares: list[list[Path]] = [[] for _ in range(min(count, len(others)))]
    for path in others:  # the longest first, each to whom has least
        min(shares, key=lambda share: sum(map(seconds, share))).append(path)
    return [*([path] for path in alone), *(sorted(share) for share in shares)]


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_durations() -> dict[str, float]:
    """File -> seconds; empty when nothing is recorded."""
    return json.loads(DURATIONS.read_text("utf-8")) if DURATIONS.exists() else {}


def read_floors() -> dict[str, int]:
    """Suite -> how many tests run at least."""
    return tomllib.loads(FLOORS.read_text("utf-8"))["floors"]


def shortfalls(
    outcomes: Iterable[Outcome], floors: Mapping[str, int], exempt: Iterable[str] = ()
) -> list[str]:
    """A sentence for every suite of which too few tests ran. Only for whole suites."""
    ran: dict[str, int] = {}
    for outcome in outcomes:
        if suite := outcome.task.suite:
            ran[suite] = ran.get(suite, 0) + outcome.ran()
    found = []
    for suite, count in ran.items():
        floor = floors.get(suite, 1)
        if count < floor and suite not in exempt:
            found.append(
                f"{suite}: {count} tests ran, fewer than the {floor} of {FLOORS.name}. Where that "
                "is meant: python tools/run_tests.py --record"
            )
    return found


def record_floors(outcomes: Sequence[Outcome], exempt: Iterable[str] = ()) -> None:
    """Writes how many tests of each suite ran as what is expected of later runs."""
    floors = read_floors() if FLOORS.exists() else {}
    for suite in {outcome.task.suite for outcome in outcomes} - {"", *exempt}:
        floors[suite] = int(KEPT * sum(o.ran() for o in outcomes if o.task.suite == suite))
    lines = [f'"{suite}" = {floor}' for suite, floor in sorted(floors.items())]
    FLOORS.write_text(f"{_FLOORS_HEAD}\n[floors]\n" + "\n".join(lines) + "\n", "utf-8")


def record_durations(times: Mapping[str, float]) -> None:
    """Writes how long files took; those that are gone are left out."""
    durations = {**read_durations(), **{name: round(value, 1) for name, value in times.items()}}
    known = {n: durations[n] for n in sorted(durations) if (REPOSITORY / n).exists()}
    DURATIONS.write_text(json.dumps(known, indent=1) + "\n", "utf-8")


_FLOORS_HEAD = """\
# How many tests of a suite run at least in a whole run: a suite that is not collected, or is
# skipped, is no success. Written by `python tools/run_tests.py --record`; some tests run only on
# some machines, so it is a little less than what ran there.
"""


def _choose_among(files: Sequence[Path], wanted: Sequence[Path]) -> tuple[Path, ...]:
    if not wanted:
        return tuple(files)
    return tuple(f for f in files if any(f.is_relative_to(path) for path in wanted))
