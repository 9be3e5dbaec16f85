# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that others wrote moves a terminal's cursor or turns its writing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import Parts4DError
from core.files.printable import one_line, printable
from core.installing.console import Console
from core.installing.processes import run_tool
from core.job.process import run_program

HOSTILE = "\x1b[2J\u202e\nError"
SHOWN = "\\x1b[2J\\u202e\\nError"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("\x9b31m red", "\\x9b31m red"),
        ("a\x00b\x7f\x08", "a\\x00b\\x7f\\x08"),
        ("gpj.\u202eexe\u2066", "gpj.\\u202eexe\\u2066"),
        ("line\u2028line", "line\\u2028line"),
        ("50%\r100%", "50%\\x0d100%"),
        ("caf\udce9", "caf\\udce9"),
        ("one\ttwo\r\nthree\n", "one\ttwo\nthree\n"),
        (
            "Jäcke \U0001f469\u200d\U0001f680 衣服 שלום",
            "Jäcke \U0001f469\u200d\U0001f680 衣服 שלום",
        ),
    ],
)
def test_what_a_terminal_would_obey_is_spelt_out_and_all_else_stays(text: str, shown: str) -> None:
    assert printable(text) == shown
    printable(text).encode("utf-8")


def test_a_sentence_stays_on_its_line() -> None:
    assert one_line(HOSTILE) == SHOWN


def test_the_installer_prints_nothing_that_a_terminal_obeys(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Console(as_json=False).failure(Parts4DError(f"The model {HOSTILE} is lost"))
    assert capsys.readouterr().err == f"The model {SHOWN} is lost.\n"


def test_the_command_line_prints_nothing_that_a_terminal_obeys() -> None:
    program = f"""
from core.cli.console import Console
from core.errors import Parts4DError
console = Console(as_json=False, quiet=False)
with console.chatter():
    print({HOSTILE!r})
console.warn({HOSTILE!r})
console.failure(Parts4DError({HOSTILE!r}))
console.outcome({HOSTILE!r}, {{}})
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    said = (done.stdout + done.stderr).decode("utf-8")
    assert "\x1b" not in said and "\u202e" not in said
    assert said.count("\\x1b[2J") == 4


def test_logs_and_lines_of_other_programs_hold_nothing_that_a_terminal_obeys(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", "import sys; sys.stderr.write('\x1b[2J hat')"]
    run_program(command, tmp_path / "logs" / "child.log")
    assert (tmp_path / "logs" / "child.log").read_text("utf-8").endswith("\\x1b[2J hat")
    assert run_tool(command) == ["\\x1b[2J hat"]
