# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes back from a shared drive: the same labels, or a clear sentence; nothing else.

One case again: `python -m pytest tests/unit/fuzz -k "[217]"`. Other cases: PARTS4D_FUZZ_SEED=4
PARTS4D_FUZZ_CASES=2000.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("each case has a fork of this process", allow_module_level=True)

from core.errors import Parts4DError
from core.job.folder import JobFolder
from core.parsing.ontology.ontology import Ontology
from tests.unit.fuzz import data_files, finished_job
from tests.unit.fuzz.attempts import Outcome, attempt
from tests.unit.fuzz.cases import COUNT, Case, choose
from tests.unit.fuzz.finished_job import (
    NAME,
    OWN,
    RELABELLED,
    Commands,
    labels_of,
    mend,
    stages_after,
)
from tests.unit.fuzz.mutations import Target, copy_tree

pytestmark = pytest.mark.slow

DATA = "data folder"
# What stays in the way until the user takes it away.
STAYS = ("forbid", "forbid_folder", "make_folder", "make_link")
# Of these commands nothing is compared: they leave out what cannot be read.
LENIENT = ("runs", *(name for name, (_, strict) in data_files.READERS.items() if not strict))


class Originals:
    """The undisturbed folders, what their commands answer, and the cases made of them."""

    def __init__(self, folder: Path) -> None:
        Ontology.load()  # once for all forks
        self.folder = folder
        makers: dict[str, Callable[[Path], dict[str, str]]] = {
            "job": lambda path: finished_job.make(path, sequence=False),
            "sequence": lambda path: finished_job.make(path, sequence=True),
            DATA: data_files.make,
        }
        self.answers = {kind: self._made(kind, make) for kind, make in makers.items()}
        self.cases = choose({kind: self.targets(kind, folder) for kind in makers})

    def targets(self, kind: str, folder: Path) -> dict[str, Target]:
        """By its path below the root of that kind, each file in a copy of the folders."""
        root = self.root(kind, folder)
        files = data_files.FILES if kind == DATA else map(str, _files_of(self.root(kind)))
        found = {}
        for file in sorted(set(files) - set(OWN)):
            path = root / file
            canary = folder / "outside" / f"mine{path.suffix}"
            if kind == DATA:
                found[file] = Target(path, canary)
            else:
                is_output = "/" in file and path.suffix in (".npz", ".json")
                is_output &= path.name not in ("done.json", "started.json")
                is_mended = is_output or file == "result.json"
                others = tuple(self._others(kind, file))
                found[file] = Target(path, canary, others, mend(root) if is_mended else None)
        return found

    def root(self, kind: str, folder: Path | None = None) -> Path:
        folder = (folder or self.folder) / kind
        return folder if kind == DATA else folder / NAME

    def _others(self, kind: str, file: str) -> list[Path]:
        """The file as it was with other words, and its neighbours."""
        root = self.root(kind)
        old = root.parent / RELABELLED / file
        near = [p for p in (root / file).parent.glob(f"*{Path(file).suffix}") if p.name != file]
        return [p for p in (old, old, *sorted(near)) if p.is_file() and p != root / file]

    def _made(self, kind: str, make: Callable[[Path], dict[str, str]]) -> dict[str, str]:
        def action() -> str:
            os.environ["PARTS4D_DATA"] = str(self.folder / DATA)
            finished_job.use_tiny_model()
            return json.dumps(make(self.folder / kind))

        made = attempt(action, self.folder / "log")
        assert made.kind == "done", f"{made}\n{(self.folder / 'log').read_text()}"
        answers: dict[str, str] = json.loads(made.said)
        return answers


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Originals:
    return Originals(tmp_path_factory.mktemp("originals"))


@pytest.mark.parametrize("number", range(COUNT))
def test_a_changed_file_gives_the_same_labels_or_a_clear_sentence(originals, tmp_path, number):
    case = originals.cases[number]
    copy = Copy(originals, case, tmp_path)
    try:
        copy.change()
        fault = copy.fault()
    finally:
        copy.allow_everything()
    shutil.rmtree(tmp_path, ignore_errors=True)
    if fault:
        pytest.fail(f"{fault} ({case})\n{copy.log_text}", pytrace=False)


class Copy:
    """The folders of one case."""

    def __init__(self, originals: Originals, case: Case, folder: Path) -> None:
        self.case, self.folder = case, folder
        self.answers = originals.answers[case.kind]
        original = originals.root(case.kind)
        self.captured = original / "capture"
        self.root = copy_tree(original, originals.root(case.kind, folder))
        self.fresh = folder / "fresh" / NAME  # for what was asked for by the changed file
        (folder / "outside").mkdir()
        self.target = originals.targets(case.kind, folder)[case.file]
        shutil.copy(self.target.path, self.target.canary)
        self.log = folder / "log"
        self.log_text = ""
        self.guarded = self._guarded()

    def change(self) -> None:
        for stage in stages_after(self.case.file) if self.case.command == "redo" else ():
            (self.root / stage / "done.json").unlink()
        self.case.mutation(self.target, self.case.chance)
        if self.case.file == "job.json" and self.case.command == "label":
            self._ask_afresh()

    def fault(self) -> str:
        """What is wrong with how the program meets the changed file; empty for nothing."""
        first = self._attempt(self.case.command)
        return self._judged(first) or self._touched()

    def allow_everything(self) -> None:
        for path in (self.target.path.parent, self.target.path):
            if path.exists() and not path.is_symlink():
                path.chmod(0o700)
        if self.log.exists():
            self.log_text = self.log.read_text("utf-8", "replace")[-3000:]

    def _attempt(self, command: str) -> Outcome:
        def action() -> str:
            os.environ["PARTS4D_DATA"] = str(self.folder / DATA)
            if self.case.kind == DATA:
                return data_files.READERS[command][0](self.root)
            finished_job.use_tiny_model()
            answer: str = getattr(Commands(self.root, self.captured), command)()
            if command == "label" and self.fresh.exists():
                again = Commands(self.fresh, self.captured).label()
                return self.answers["label"] if again == answer else answer
            return answer

        return attempt(action, self.log)

    def _judged(self, outcome: Outcome) -> str:
        if outcome.kind == "fault":
            return outcome.said
        command = self.case.command
        if outcome.kind == "done":
            return self._compared(outcome.said, command)
        if not outcome.says_to_run_again or self.case.mutation.__name__ in STAYS:
            return ""
        runs = [self._attempt("parse") for _ in range(2)]
        if any(run.kind == "fault" for run in runs):
            return f"After '{outcome.said}': {runs}"
        if runs[-1] == outcome:
            return f"The remedy does not help: {outcome.said}. {outcome.remedy}."
        return self._compared(runs[-1].said, "parse") if runs[-1].kind == "done" else ""

    def _compared(self, said: str, command: str) -> str:
        """Whoever mends hashes can count and name as he likes, but the labels are computed."""
        expected = self.answers[command]
        if self.case.mutation.__name__ == "rewrite_values_and_mend":
            if command not in ("parse", "redo", "label"):
                return ""
            said, expected = labels_of(said), labels_of(expected)
        if command in LENIENT or said == expected:
            return ""
        pairs = zip(said + " ", expected + "!", strict=False)
        place = next(i for i, (one, other) in enumerate(pairs) if one != other)
        about = slice(max(place - 40, 0), place + 80)
        return f"Silently different: ...{said[about]} instead of ...{expected[about]}"

    def _ask_afresh(self) -> None:
        """A folder for the changed spec, if it is one: that is what labels are asked for now."""
        try:
            JobFolder.open(self.root).load_spec()
        except Parts4DError:
            return
        self.fresh.parent.mkdir()
        copy_tree(self.root, self.fresh)
        for mark in self.fresh.glob("*/done.json"):
            mark.unlink()

    def _touched(self) -> str:
        now = self._guarded()
        changed = [name for name in self.guarded if now.get(name) != self.guarded[name]]
        added = sorted(set(now) - set(self.guarded))
        return f"Changed or deleted {changed}, added {added}" if changed or added else ""

    def _guarded(self) -> dict[str, bytes]:
        """What nobody may write, delete or add to: files outside, and a user's own inside."""
        ours = (self.log, self.folder / "fresh")
        beside = [p for p in (*self.folder.iterdir(), *self.root.parent.iterdir()) if p not in ours]
        outside = [p for p in (self.folder / "outside").rglob("*") if p.is_file()]
        inside = [self.root / name for name in (*OWN, "job.json", "snapshot.blend")]
        inside = [p for p in inside if p.is_file() and p != self.target.path]
        return {str(p): b"" for p in beside} | {str(p): _content(p) for p in (*outside, *inside)}


def _content(path: Path) -> bytes:
    """Of job.json, which commands may write, only that it is there."""
    return b"" if path.name == "job.json" else path.read_bytes()


def _files_of(folder: Path) -> list[Path]:
    """Of a job. Logs are only written."""
    files = [p.relative_to(folder) for p in sorted(folder.rglob("*")) if p.is_file()]
    return [p for p in files if p.parts[0] != "logs"]
