# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases x methods x vocabularies: captured, labelled, scored; a run that was killed goes on.

Every capture and every (case, method) is a program of its own, two side by side. What a program
finished is kept with the key of what it depends on, and `results.json` is written anew each time.
What fails is a record with its error, or a note, and never the end of the study.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.errors import InputError, Parts4DError
from core.job.folder import file_hash
from core.job.process import run_program
from core.job.sight_model import sight_model_hash

from .captured import LIMIT, CapturedCase, CaptureOptions, capture_case, capture_key
from .cases import Case, find_cases, licence_of
from .layout import Layout
from .methods import METHODS
from .named import named_parts
from .pictures import save_pictures
from .records import (
    CaseRecord,
    CaseScores,
    MethodInfo,
    Results,
    ScoreRecord,
    read_record,
    write_record,
)
from .shared_sight import look
from .vocabularies import unmapped, vocabularies_for

SIDE_BY_SIDE = 2
ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("bpy", "numpy", "scipy", "opencv-python-headless", "PyMaxflow", "torch")
_CODE = ("core", "benchmarks/quality")  # what scores depend on, without:
_OTHER_STUDIES = (
    "report",
    "damage",
    "ablations.py",
    "calibrate.py",
    "encoder_trial.py",
    "numbers_tried.py",
    "relabel.py",
    "words.py",
    "words.toml",
)
_NOT_CODE = tuple(f"benchmarks/quality/{name}" for name in _OTHER_STUDIES)

Report = Callable[[str], None]


@dataclass(frozen=True)
class StudyOptions:
    """What is measured, and where its files lie."""

    out: Path
    characters: Path | None = None
    scans: Path | None = None
    only: str = ""  # regular expression on names of cases
    methods: tuple[str, ...] = tuple(METHODS)
    capture: CaptureOptions = field(default_factory=CaptureOptions)
    command: str = ""  # as it was typed, for the record


def run_study(options: StudyOptions, report: Report = print) -> Results:
    """All scores; `report` is given a line for each step.

    Raises InputError for an unknown method, a folder that is missing, and when no case is left.
    """
    layout = Layout(options.out.absolute())
    methods = [method_info(name) for name in options.methods]
    cases = chosen_cases(options, layout)
    study = _Study(options, layout, methods, report)
    study.capture(cases)
    study.score()
    return study.save()


def chosen_cases(options: StudyOptions, layout: Layout) -> list[Case]:
    """The cases that are asked for. Raises InputError when there is none."""
    found = find_cases(options.characters, options.scans, layout.demo)
    chosen = [case for case in found if re.search(options.only, case.name)]
    if not chosen:
        raise InputError(f"No case is called '{options.only}'", "Correct the expression")
    return chosen


def method_info(name: str) -> MethodInfo:
    """Whether a method can run here. Raises InputError for an unknown one."""
    if name not in METHODS:
        raise InputError(
            f"There is no method called '{name}'", f"Choose among {', '.join(METHODS)}"
        )
    try:
        method = METHODS[name]()
        return MethodInfo(name, method.title, method.unavailable())
    except (Parts4DError, ImportError) as error:
        return MethodInfo(name, name, str(error))


class _Study:
    """What is known so far of a run of the study."""

    def __init__(
        self, options: StudyOptions, layout: Layout, methods: Sequence[MethodInfo], report: Report
    ) -> None:
        self.options = options
        self.layout = layout
        self.methods = methods
        self.report = report
        self.captured: dict[str, CapturedCase] = {}
        self.cases: dict[str, CaseRecord] = {}
        self.scores: dict[tuple[str, str], tuple[ScoreRecord, ...]] = {}
        self.notes: list[str] = []
        self.kept = 0
        self._code = code_hash()
        self._started = time.monotonic()

    def capture(self, cases: Sequence[Case]) -> None:
        """Captures what is not captured yet."""

        def done(case: Case, outcome: tuple[CapturedCase, CaseRecord] | Exception) -> None:
            if isinstance(outcome, Exception):
                self.notes.append(f"{case.name} could not be captured: {outcome}")
                self.report(self.notes[-1])
                return
            self.captured[case.name], self.cases[case.name] = outcome
            self.notes += _unmapped_notes(outcome[0])
            self.report(f"{case.name}: {outcome[1].elements} faces, captured")

        run_side_by_side({case: partial(self._capture, case) for case in cases}, done)

    def score(self) -> None:
        """Runs every method that can run on every captured case."""
        tasks = {}
        for case in sorted(self.captured):
            for method in (m.name for m in self.methods if not m.unavailable):
                key = self._key(self.captured[case].case, method)
                if earlier := read_scores(self.layout.scores(case, method), key):
                    self.scores[case, method] = earlier
                    self.kept += 1
                else:
                    tasks[case, method] = partial(self._score, case, method, key)
        if self.kept:
            self.notes.append(
                f"{self.kept} of {self.kept + len(tasks)} scorings are an earlier run's"
            )
            self.report(self.notes[-1])

        def done(task: tuple[str, str], outcome: tuple[ScoreRecord, ...] | Exception) -> None:
            case, method = task
            if isinstance(outcome, Exception):
                outcome = self._fail(case, method, str(outcome))
            self.scores[task] = outcome
            self.save()
            self.report(
                f"{len(self.scores)}/{len(tasks) + self.kept} {_line(case, method, outcome)}"
            )

        run_side_by_side(tasks, done)

    def save(self) -> Results:
        """Writes what there is, in a fixed order."""
        results = Results(
            command=self.options.command,
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            machine=machine(),
            packages=packages(),
            seconds=round(time.monotonic() - self._started, 1),
            cases=tuple(self.cases[name] for name in sorted(self.cases)),
            methods=tuple(self.methods),
            scores=tuple(score for key in sorted(self.scores) for score in self.scores[key]),
            notes=tuple(self.notes),
        )
        write_record(self.layout.results, results)
        return results

    def _capture(self, case: Case) -> tuple[CapturedCase, CaseRecord]:
        if case.kind == "demo" and _is_outdated(case.path):
            case.path.parent.mkdir(parents=True, exist_ok=True)
            command = [sys.executable, "-m", "demo", str(case.path)]
            run_program(command, case.path.with_suffix(".log"), LIMIT)
        captured = capture_case(case, self.layout.capture(case.name), self.options.capture)
        with suppress(Parts4DError):  # methods that need it try again, and say what is wrong
            look(captured)
        manifest = captured.files.manifest
        sheets = save_pictures(captured, self.layout.pictures(case.name))
        record = CaseRecord(
            name=case.name,
            family=case.family,
            kind=case.kind,
            frames=captured.frames,
            views=manifest.views,
            elements=max(len(truth) for truth in captured.truth.values()),
            capture_seconds=captured.seconds,
            licence=licence_of(case),
            sheets={key: p.relative_to(self.layout.out).as_posix() for key, p in sheets.items()},
            named=named_parts(captured),
        )
        return captured, record

    def _score(self, case: str, method: str, key: str) -> tuple[ScoreRecord, ...]:
        document = asdict(self.captured[case].case)
        request = {
            "case": document | {"path": str(document["path"])},
            "method": method,
            "out": str(self.layout.out),
            "key": key,
        }
        command = [sys.executable, "-m", "benchmarks.quality.method_main", json.dumps(request)]
        run_program(command, self.layout.log(case, method), LIMIT)
        return read_record(CaseScores, self.layout.scores(case, method)).scores

    def _fail(self, case: str, method: str, error: str) -> tuple[ScoreRecord, ...]:
        captured = self.captured[case]
        found = vocabularies_for(captured.names, captured.present)
        return tuple(
            ScoreRecord(case, captured.case.family, method, vocabulary.name, error=error)
            for vocabulary in found
        )

    def _key(self, case: Case, method: str) -> str:
        capture = capture_key(case, self.options.capture)
        content = [capture, method, self._code, sight_model_hash()]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def run_side_by_side(
    tasks: Mapping[Any, Callable[[], Any]], done: Callable[[Any, Any], None]
) -> None:
    """Runs `tasks` in threads; `done` is called here with a task's key and its result or error."""
    pool = ThreadPoolExecutor(SIDE_BY_SIDE)
    try:
        futures = {pool.submit(task): key for key, task in tasks.items()}
        for future in as_completed(futures):
            error = future.exception()
            if error is not None and not isinstance(error, Exception):
                raise error
            done(futures[future], error or future.result())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after Ctrl-C nobody waits


def read_scores(path: Path, key: str) -> tuple[ScoreRecord, ...]:
    """The scores of an earlier run, if they were made for the same key; else none."""
    try:
        found = read_record(CaseScores, path)
    except Parts4DError:
        return ()
    return found.scores if found.key == key else ()


def code_hash(root: Path = ROOT) -> str:
    """sha256 of the programs and data that scores depend on."""
    digest = hashlib.sha256()
    skipped = tuple(root / folder for folder in _NOT_CODE)
    for folder in _CODE:
        for path in sorted((root / folder).rglob("*")):
            is_code = path.is_file() and path.suffix != ".pyc"
            if is_code and not any(path.is_relative_to(s) for s in skipped):
                digest.update(f"{path.relative_to(root)} {file_hash(path)}\n".encode())
    return digest.hexdigest()


def machine() -> dict[str, str]:
    """What the numbers were measured on."""
    found = {"system": platform.platform(), "processor": platform.processor() or platform.machine()}
    found["cores"] = str(os.cpu_count() or 1)
    try:
        cpu = Path("/proc/cpuinfo").read_text("utf-8", "replace")
        memory = Path("/proc/meminfo").read_text("utf-8", "replace")
    except OSError:  # not Linux
        return found
    if match := re.search(r"model name\s*: (.+)", cpu):
        found["processor"] = match[1]
    if match := re.search(r"MemTotal:\s*(\d+) kB", memory):
        found["memory"] = f"{int(match[1]) / 2**20:.0f} GiB"
    return found


def packages() -> dict[str, str]:
    """Versions of what does the work."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _is_outdated(demo: Path) -> bool:
    """Whether the demo is not there, or its scripts changed since."""
    scripts = (ROOT / "demo").glob("*.py")
    return not demo.is_file() or any(p.stat().st_mtime > demo.stat().st_mtime for p in scripts)


def _unmapped_notes(captured: CapturedCase) -> list[str]:
    """Fine names that occur and that a vocabulary does not know."""
    return [
        f"{captured.case.name}: {', '.join(names)} is unknown to the vocabulary {vocabulary} and "
        "not scored there"
        for vocabulary, names in unmapped(captured.present).items()
    ]


def _line(case: str, method: str, scores: Sequence[ScoreRecord]) -> str:
    if any(score.error for score in scores):
        return f"{case} {method}: FAILED, {scores[0].error}"
    numbers = ", ".join(f"{score.vocabulary} {score.miou:.3f}" for score in scores)
    seconds = max((sum(score.seconds.values()) for score in scores), default=0.0)
    return f"{case} {method}: {numbers}, {seconds:.1f} s"
