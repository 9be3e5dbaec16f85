# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody else may change a job between a command's change of it and what the command says of it."""

from __future__ import annotations

import contextlib
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

bpy = pytest.importorskip("bpy")

from core.cli import commands
from core.cli.arguments import make_parser
from core.errors import ErrorKind, JobError
from core.job.folder import JobFolder
from core.job.spec import Part
from tests.blender.cli_character import PARTS
from tests.blender.command_line import SMALL


class Quiet:
    """A console that keeps what comes out."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}

    def chatter(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def outcome(self, text: str, document: dict[str, Any]) -> None:
        self.document = document

    def event(self, message: object) -> None:
        """Nobody reads it."""

    warn = event


def run(*arguments: object) -> dict[str, Any]:
    """A command in this very process."""
    parsed = make_parser().parse_args([str(a) for a in arguments])
    console = Quiet()
    commands.COMMANDS[parsed.command](
        parsed,
        console,  # type: ignore[arg-type]
        lambda: False,
        lambda torch: [sys.executable, "-I"],
    )
    return console.document


@pytest.fixture
def meddler(monkeypatch: pytest.MonkeyPatch) -> list[ErrorKind]:
    """Somebody who tries to give the job other words whenever the command goes on to something
    else; how the attempts ended."""
    ends: list[ErrorKind] = []

    def between(name: str) -> None:
        real = getattr(commands, name)

        def meddle(*arguments: Any, **options: Any) -> Any:
            first = arguments[0]
            path = getattr(first, "path", first)
            other = JobFolder(path)
            try:
                other.take(replace(other.load_spec(), parts=(Part("nose"),)))
            except JobError as error:
                ends.append(error.kind)
            return real(*arguments, **options)

        monkeypatch.setattr(commands, name, meddle)

    for name in ("run_job", "report_document", "_draw_sheet"):
        between(name)
    return ends


def test_other_words_stay_those_of_the_command(finished_hero, tmp_path, meddler):
    job = Path(shutil.copytree(finished_hero, tmp_path / "job"))
    document = run("label", job, "--parts", "head; limbs | arms | legs")
    assert meddler and set(meddler) == {ErrorKind.BUSY}
    assert set(document["share_of_elements"]) == {"head", "limbs", "unlabelled"}


def test_a_parse_stays_the_command_s(hero, tmp_path, meddler):
    job = tmp_path / "job"
    document = run("parse", hero, "--parts", PARTS, "--job", job, *SMALL, "--no-apply")
    assert len(meddler) == 3 and set(meddler) == {ErrorKind.BUSY}
    assert "nose" not in document["share_of_elements"]
