# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at any moment, and run again: the labels are those of a run that nothing disturbed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

if sys.platform != "linux":
    pytest.skip("each run is a fork of this process", allow_module_level=True)

from core.job.sight_model import VARIABLE
from core.parsing.ontology.ontology import Ontology
from tests.unit.fuzz import finished_job
from tests.unit.fuzz.attempts import attempt
from tests.unit.fuzz.finished_job import NAME, Commands
from tests.unit.fuzz.kills import Moment, changes_in, run_until, whole
from tests.unit.fuzz.mutations import copy_tree
from tests.unit.parsing.sight.make_tiny import TINY

pytestmark = pytest.mark.slow

ROUNDS, KILLS = 15, 4  # of each round two of `parse`, two of `label`


class Undisturbed:
    """A finished job, what its commands answer, and how many files these change."""

    def __init__(self, folder: Path) -> None:
        Ontology.load()  # once for all forks
        self.job = folder / NAME
        self.log = folder / "log"
        made = attempt(lambda: json.dumps(finished_job.make(folder, False)), self.log)
        self.answers: dict[str, str] = json.loads(whole(made))
        self.changes = {
            command: int(whole(attempt(partial(self._counted, command), self.log)))
            for command in ("parse", "label")
        }

    def _counted(self, command: str) -> str:
        job = fresh(self, self.job.with_name(f"counted {command}"), captured=command == "label")
        return str(changes_in(getattr(Commands(job, self.job / "capture"), command)))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PARTS4D_DATA", str(tmp_path_factory.mktemp("data")))
        environment.setenv(VARIABLE, str(TINY))
        yield Undisturbed(tmp_path_factory.mktemp("undisturbed"))


def fresh(undisturbed: Undisturbed, path: Path, captured: bool = False) -> Path:
    """A copy of the job with nothing done, or with all but the labels."""
    copy_tree(undisturbed.job, path)
    for mark in [] if captured else path.glob("*/done.json"):
        mark.unlink()
    return path


@pytest.mark.parametrize("number", range(ROUNDS))
def test_killed_again_and_again_the_labels_are_the_same(undisturbed, tmp_path, number):
    chance, log = Random(number), tmp_path / "log"
    job = fresh(undisturbed, tmp_path / NAME)
    commands = Commands(job, undisturbed.job / "capture")
    for command in ("parse", "label"):
        action, last = getattr(commands, command), undisturbed.changes[command]
        moments: list[Moment] = []
        while len(moments) < KILLS // 2:
            moment = Moment.drawn(chance, last)
            if run_until(moment, action, log):
                moments.append(moment)
            else:  # so much was done by the runs before
                last = max(last // 2, 1)
        outcome = attempt(action, log)
        assert outcome.kind == "done", f"{outcome} after {moments} of {command}"
        assert outcome.said == undisturbed.answers[command], f"{moments} of {command}"
        left = [p for p in job.rglob(".*") if p.is_file()]
        assert not left, f"left behind by {moments} of {command}: {left}"
