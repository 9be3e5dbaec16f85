# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs scenarios in a Blender with a window, under a virtual display, and collects what happened.

A scenario is a function of a module in tests/gui/scenarios; see tests/gui/scenario.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from window_blender import WindowBlender

REPOSITORY = Path(__file__).resolve().parents[2]
SIZE = (1280, 800)  # pixels
TIMEOUT = 300.0  # seconds
SHADERS = REPOSITORY / "build" / "window-shaders"  # compiling them takes half a minute
_ON_PATH = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n"

# Blender goes on after an error in a panel or a timer; only its output tells.
_PROBLEMS = re.compile(
    r"Traceback \(most recent call last\)|^Error\b|^Writing: .*crash\.txt|Policy violation"
    r"|uiItem\w*: |unknown \w+type |List type .* not found",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Outcome:
    """A scenario that has ended."""

    status: int | None  # None: it ran out of time
    events: tuple[dict[str, Any], ...]  # what it reported
    output: str  # stdout and stderr of Blender
    seconds: float
    folder: Path  # output and screenshots
    ended: float = 0.0  # when Blender did, in seconds since 1970
    orphans: tuple[str, ...] = ()  # command lines of what it left running for many seconds

    @property
    def problems(self) -> list[str]:
        """Why this is no success; empty when it is one."""
        found = [event["text"] for event in self.events if event["event"] == "failed"]
        if self.status is None:
            found.append(f"out of time after {self.seconds:.0f} s")
        elif self.status:
            found.append(f"exit status {self.status}")
        elif not any(event["event"] == "ended" for event in self.events):
            found.append("the scenario did not come to its end")
        found += [f"left running: {command}" for command in self.orphans]
        lines = self.output.splitlines()
        for number, line in enumerate(lines):
            if _PROBLEMS.search(line):
                found.append("\n".join(lines[number : number + 12]))
        return found

    def all(self, event: str) -> list[dict[str, Any]]:
        """The reports of a kind, in order."""
        return [e for e in self.events if e["event"] == event]

    def one(self, event: str) -> dict[str, Any]:
        """The only report of a kind."""
        (found,) = self.all(event)
        return found


@dataclass(frozen=True)
class Window:
    """Starts Blenders that share a user folder of their own, and have no network."""

    blender: WindowBlender
    resources: Path  # user folder: preferences, extensions
    folder: Path  # below it each scenario leaves its output, reports, screenshots

    def run(
        self,
        scenario: str,
        *,
        writable: Sequence[Path] = (),
        readable: Sequence[Path] = (),
        variables: dict[str, str] | None = None,
        timeout: float = TIMEOUT,
        check: bool = True,
        **arguments: object,
    ) -> Outcome:
        """Runs "module.function" with `arguments`, which travel as JSON, paths as text.

        With `check` an AssertionError says what went wrong.
        """
        folder = self.folder / scenario.rpartition(".")[2]
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.resources.mkdir(parents=True, exist_ok=True)
        start = time.monotonic()
        told = [scenario, str(folder), json.dumps(arguments, default=str)]
        process, log = self._start(told, folder, readable, writable, variables or {})
        status = _wait(process, timeout)
        reports = folder / "events.jsonl"
        lines = reports.read_text("utf-8").splitlines() if reports.exists() else []
        end = _json(folder / "orphans.json")
        outcome = Outcome(
            status,
            events=tuple(json.loads(line) for line in lines),
            output=log.read_text("utf-8", "replace"),
            seconds=time.monotonic() - start,
            folder=folder,
            ended=end.get("ended", 0.0),
            orphans=tuple(end.get("left", ())),
        )
        if check:
            problems = "\n".join(outcome.problems)
            assert not problems, f"{scenario}: {problems}\nSee {folder}"
        return outcome

    def run_python(
        self, code: str, readable: Sequence[Path] = (), writable: Sequence[Path] = ()
    ) -> str:
        """Runs Python in this Blender without a window. Returns what it printed."""
        self.resources.mkdir(parents=True, exist_ok=True)
        options = ["--background", "-noaudio", "--python-exit-code", "5"]
        command = self._command([*options, "--python-expr", _ON_PATH + code], readable, writable)
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def _start(
        self,
        told: Sequence[str],
        folder: Path,
        readable: Sequence[Path],
        writable: Sequence[Path],
        variables: dict[str, str],
    ) -> tuple[subprocess.Popen[bytes], Path]:
        size = "x".join(map(str, SIZE))
        options = ["--window-geometry", "0", "0", *map(str, SIZE), "--enable-event-simulate"]
        options += ["-noaudio", "--python-exit-code", "5"]
        options += ["--python-expr", _ON_PATH + "from tests.gui import scenario; scenario.main()"]
        options += ["--", *told]
        display = [str(Path(__file__).with_name("display.py")), size, str(folder)]
        SHADERS.mkdir(parents=True, exist_ok=True)
        drawing = {"LIBGL_ALWAYS_SOFTWARE": "1", "MESA_SHADER_CACHE_DIR": str(SHADERS)}
        command = self._command(
            options,
            readable,
            [folder, SHADERS, *writable],
            {**drawing, "XDG_RUNTIME_DIR": str(self.resources), **variables},
            [self.blender.python, *display],
        )
        log = folder / "blender.log"
        with open(log, "wb") as stream:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,  # its end tells the other side that this process is gone
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return process, log

    def _command(
        self,
        options: Sequence[str],
        readable: Sequence[Path],
        writable: Sequence[Path],
        variables: dict[str, str] | None = None,
        before: Sequence[str] = (),
    ) -> list[str]:
        """Blender's command line; the sources are readable."""
        own = {
            "BLENDER_USER_RESOURCES": str(self.resources),
            "PARTS4D_DATA": str(self.resources / "parts4d"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return self.blender.command(
            [*before, self.blender.blender, *options],
            {**own, **(variables or {})},
            [REPOSITORY, *readable],
            [self.resources, *writable],
            network=False,
        )


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def _wait(process: subprocess.Popen[bytes], timeout: float) -> int | None:
    """The exit status; None when it had to be killed. Nothing it has started is left."""
    assert process.stdin is not None
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdin.close()
