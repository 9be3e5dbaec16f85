# SPDX-License-Identifier: GPL-3.0-or-later
"""Running other programs: watched, stopped within a second, never left behind."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from ..checkpoints.transfer_progress import Cancelled, never
from ..errors import CancelledError
from ..files.printable import printable
from ..job.silence import Silence
from .failures import MissingEnvironment, explain_failure

_TICK = 1.0  # seconds between two calls of `on_tick`
_PATIENCE = 0.3  # seconds that a program has to end by itself
SILENCE = 2 * 3600.0  # seconds without a line after which a tool is ended: some build for long
_GONE = 10.0  # seconds to wait for a killed one, which a dead disk can hold
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows opens a console otherwise

_found: set[tuple[str, tuple[str, ...]]] = set()  # Pythons and modules that `has_modules` saw

# Settings of the user's shell that would lead the packages elsewhere.
_DROPPED = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_REQUIRE_VIRTUALENV",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "UV_SYSTEM_PYTHON",
    "UV_PYTHON",
    "UV_PROJECT_ENVIRONMENT",
)


@dataclass(frozen=True)
class Given:
    """What a program gets of ours beside its command."""

    variables: Mapping[str, str] = field(default_factory=dict)  # of the environment
    pass_fds: Sequence[int] = ()  # open files, such as a lock that it goes on holding


NOTHING = Given()


def run_tool(
    command: Sequence[str],
    on_line: Callable[[str], None] = lambda line: None,
    cancelled: Cancelled = never,
    on_tick: Callable[[], None] = lambda: None,
    given: Given = NOTHING,
    explain: Callable[[Sequence[str]], Exception] = explain_failure,
) -> list[str]:
    """Runs a program and returns the lines of its output.

    `on_tick` is called every second. When it is cancelled or interrupted, the program and all that
    it started are ended. Raises MissingEnvironment with a likely cause (or what `explain` makes of
    the output), CancelledError.
    """
    try:
        process = _start(command, given.pass_fds, {**clean_environment(), **given.variables})
    except OSError as error:
        raise MissingEnvironment(
            f"{command[0]} could not be started ({error.strerror})", "Check that it exists"
        ) from error
    lines: list[str] = []
    try:
        name = Path(command[0]).name
        for line in _lines(process, name, cancelled, on_tick):
            lines.append(line)
            on_line(line)
        _wait(process, name, cancelled)
    finally:
        if process.poll() is None:
            _end(process)
    if process.returncode:
        raise explain(lines)
    return lines


def start_detached(command: Sequence[str]) -> None:
    """Starts a program that goes on when this one ends. Raises OSError."""
    detached = getattr(subprocess, "DETACHED_PROCESS", 0)
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=sys.platform != "win32",
        creationflags=detached,
    )
    # Collected when it ends, where this process lives longer than it.
    threading.Thread(target=process.wait, daemon=True).start()


def clean_environment() -> dict[str, str]:
    """This process's environment variables, but those that would lead packages elsewhere."""
    return {k: v for k, v in os.environ.items() if k not in _DROPPED}


def output_of(command: Sequence[str], timeout: float, errors: bool = False) -> str:
    """What a program prints, with `errors` to stderr too; empty when it fails or takes too long."""
    try:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if errors else subprocess.DEVNULL,
            timeout=timeout,
            env={**os.environ, "NO_COLOR": "1"},
            creationflags=_NO_WINDOW,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def has_modules(python: str, modules: tuple[str, ...]) -> bool:
    """Whether a Python starts and can import them. A yes is remembered, a no may be mended."""
    if (python, modules) in _found:
        return True
    command = [python, "-I", "-c", f"import {', '.join(modules)}"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            creationflags=_NO_WINDOW,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    if done.returncode == 0:
        _found.add((python, modules))
    return done.returncode == 0


def _start(
    command: Sequence[str], pass_fds: Sequence[int], variables: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    # A group of its own, so that it can be ended together with what it starts.
    new_group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    return subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(variables),
        pass_fds=tuple(pass_fds),
        start_new_session=sys.platform != "win32",
        creationflags=_NO_WINDOW | new_group,
    )


def _lines(
    process: subprocess.Popen[bytes], name: str, cancelled: Cancelled, on_tick: Callable[[], None]
) -> Iterator[str]:
    assert process.stdout is not None
    said: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(process.stdout, said), daemon=True).start()
    ticked, silence, count = time.monotonic(), Silence(), 0
    while True:
        if cancelled():
            raise CancelledError
        _check_silence(name, silence.since(count))
        if time.monotonic() - ticked > _TICK:
            ticked = time.monotonic()
            on_tick()
        try:
            line = said.get(timeout=0.1)
        except queue.Empty:
            continue
        if line is None:
            return
        count += 1
        yield line


def _wait(process: subprocess.Popen[bytes], name: str, cancelled: Cancelled) -> None:
    """For the end of a program that prints no more."""
    silence = Silence()
    while process.poll() is None:
        if cancelled():
            raise CancelledError
        _check_silence(name, silence.since(None))
        time.sleep(0.01)


def _check_silence(name: str, seconds: float) -> None:
    if seconds > SILENCE:
        raise MissingEnvironment(
            f"{name} showed no life for {SILENCE / 3600:g} hours and was ended", "Try again"
        )


def _read(stream: IO[bytes], said: queue.Queue[str | None]) -> None:
    with contextlib.suppress(OSError, ValueError), stream:
        for raw in stream:
            said.put(printable(raw.decode("utf-8", "replace").rstrip()))
    said.put(None)


def _end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        subprocess.run(
            ["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False
        )
    else:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(OSError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GONE)
