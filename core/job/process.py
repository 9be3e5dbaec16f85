# SPDX-License-Identifier: GPL-3.0-or-later
"""One child program seen from its parent: start, messages, cancel, and why it ended."""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ..errors import CancelledError, ErrorKind, JobError, Parts4DError
from ..files.own_files import open_own
from ..files.printable import printable
from ..files.sharing import shareable
from .child_side import EXIT_CANCELLED, TEMPORARY_MARK, TEMPORARY_PREFIX, TEMPORARY_VARIABLE
from .crash import crash
from .folder import make_folder
from .messages import PROTOCOL_VERSION, Message, decode, error_of
from .silence import Silence

TERMINATE_AFTER = 5.0  # seconds from Cancel
KILL_AFTER = 10.0
SILENCE = 600.0  # seconds without a word or a heartbeat after which a child is ended
_GONE = 10.0  # seconds to wait for a killed child
_LOG_LIMIT = 4 * 2**20  # bytes; a longer log of earlier runs is begun anew
_PLACES = ("TMPDIR", "TEMP", "TMP", TEMPORARY_VARIABLE)
_DROPPED_VARIABLES = (
    *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONEXECUTABLE"),
    TEMPORARY_VARIABLE,  # of our own parent
)


class ChildProcess:
    """A running child. Call `tick` often; read `messages`; when `finished`, ask `failure`.

    The child's stdin stays open as long as this process lives: the child leaves at its end.
    Raises JobError when the program cannot be started.
    """

    def __init__(self, command: Sequence[str], log: Path, pass_fds: Sequence[int] = ()) -> None:
        self.name = log.stem
        self.log = log
        self.last_lines: deque[str] = deque(maxlen=50)  # of stderr
        self.heard = time.monotonic()  # when it last said something
        self._queue: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._outcome: Message | None = None
        self._cancel_time: float | None = None
        self._silence = Silence()
        self._ended_silent = False
        make_folder(log.parent)
        _begin_log(log, list(command))
        self._temporary = _temporary_folder()
        try:
            self._popen = _start(command, pass_fds, self._temporary)
        except JobError:
            _remove_temporary(self._temporary, log.parent)
            raise
        self._readers = [
            threading.Thread(target=self._read_messages, daemon=True),
            threading.Thread(target=self._read_stderr, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def finished(self) -> bool:
        """Whether the process has ended and everything it said has been read."""
        if self._popen.poll() is None:
            return False
        for reader in self._readers:
            reader.join(timeout=1.0)  # a grandchild may hold the pipe open; do not wait for it
        return True

    def messages(self) -> list[Message]:
        """What the child said since the last call. Never blocks."""
        messages = []
        while True:
            try:
                messages.append(self._queue.get_nowait())
            except queue.Empty:
                return messages

    def cancel(self) -> None:
        """Asks the child to stop; `tick` insists after 5 and 10 seconds."""
        if self._cancel_time is None:
            self._cancel_time = time.monotonic()
            self._say({"type": "cancel"})

    def request(self, document: dict[str, str], log: Path) -> None:
        """Asks a child that serves for its next job; from now on it is logged to `log`.

        What was said and cancelled before belongs to earlier jobs and is forgotten.
        """
        self.log, self._outcome, self._cancel_time = log, None, None
        make_folder(log.parent)
        _begin_log(log, document)
        self.heard = time.monotonic()
        self._say(document)

    def end_input(self) -> None:
        """Closes the child's stdin, which ends programs that watch it."""
        with contextlib.suppress(OSError, ValueError):
            assert self._popen.stdin is not None
            self._popen.stdin.close()

    def kill(self) -> None:
        self._popen.kill()

    def tick(self) -> None:
        """Terminates, then kills, a child that does not react to `cancel`; kills one that was
        stopped or hangs, which shows no life for ten minutes."""
        silent = self._silence.since(self.heard)
        if self._popen.poll() is not None:
            return
        if silent > SILENCE:
            self._ended_silent = True
            self._popen.kill()
        if self._cancel_time is None:
            return
        waited = time.monotonic() - self._cancel_time
        if waited > KILL_AFTER:
            self._popen.kill()
        elif waited > TERMINATE_AFTER:
            self._popen.terminate()

    def close(self) -> None:
        """Ends the child if it still runs: stdin is closed, then it is killed."""
        with contextlib.suppress(OSError, ValueError):
            assert self._popen.stdin is not None
            self._popen.stdin.close()
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(timeout=1.0)
        finally:  # a second Ctrl-C does not wait
            if self._popen.poll() is None:
                self._popen.kill()
                with contextlib.suppress(subprocess.TimeoutExpired):  # it waits for a dead disk
                    self._popen.wait(timeout=_GONE)
        for reader, pipe in zip(
            self._readers, (self._popen.stdout, self._popen.stderr), strict=True
        ):
            reader.join(timeout=1.0)
            if pipe is not None and not reader.is_alive():  # closing under a reader can block
                pipe.close()
        _remove_temporary(self._temporary, self.log.parent)

    def failure(self) -> Parts4DError | None:
        """Why a finished child failed, or None when it ended well."""
        status = self._popen.returncode
        if self._ended_silent:
            return JobError(
                f"The program '{self.name}' showed no life for {SILENCE:.0f} s and was ended",
                "Run again to continue",
                ErrorKind.CRASHED,
                str(self.log),
            )
        if self._outcome is not None:
            return error_of(self._outcome, self.log)
        if status == 0:
            return None
        if status == EXIT_CANCELLED or self._cancel_time is not None:
            return CancelledError()
        return crash(self.name, status, self.log, self.last_lines)

    def _say(self, document: dict[str, str]) -> None:
        with contextlib.suppress(OSError, ValueError):  # it is ending; `finished` tells
            assert self._popen.stdin is not None
            self._popen.stdin.write(json.dumps(document).encode() + b"\n")
            self._popen.stdin.flush()

    def _read_messages(self) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            self.heard = time.monotonic()
            message = decode(line)
            if message is None:
                message = Message("log", message=line.decode("utf-8", "replace").rstrip())
            if message.type == "hello" and message.protocol != PROTOCOL_VERSION:
                message = Message(
                    "error",
                    code=ErrorKind.ENVIRONMENT,
                    message=f"{self.name} is of another version of Parts4D",
                    remedy="Install its environment again",
                )
            if message.type in ("error", "cancelled"):
                self._outcome = message
            if message.type != "heartbeat":
                self._queue.put(message)

    def _read_stderr(self) -> None:
        assert self._popen.stderr is not None
        path = self.log
        log = _open_log(path)
        try:
            for line in self._popen.stderr:
                if path != self.log:
                    _close(log)
                    path = self.log
                    log = _open_log(path)
                self.heard = time.monotonic()
                said = printable(line.decode("utf-8", "replace"))
                self.last_lines.append(said.rstrip())
                _write(log, _shareable(said.encode(), path))
        finally:
            _close(log)


def clean_environment() -> dict[str, str]:
    """This process's environment without what would bend another Python: Blender sets some."""
    return {k: v for k, v in os.environ.items() if k not in _DROPPED_VARIABLES}


def _temporary_folder() -> Path | None:
    """For the child alone; None where none can be made, and then it uses the common one."""
    with contextlib.suppress(OSError):
        folder = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX))
        with contextlib.suppress(OSError):  # a full disk; then only we remove the folder
            (folder / TEMPORARY_MARK).touch(exist_ok=False)
        return folder
    return None


def _remove_temporary(folder: Path | None, logs: Path) -> None:
    """Removes what the child left; Blender's account of a crash goes to the logs."""
    if folder is None:
        return
    for account in folder.glob("*.crash.txt"):
        with contextlib.suppress(OSError):
            shutil.move(account, logs / account.name)
    shutil.rmtree(folder, ignore_errors=True)


def _start(
    command: Sequence[str], pass_fds: Sequence[int], temporary: Path | None
) -> subprocess.Popen[bytes]:
    windows = sys.platform == "win32"
    # Blender makes a folder in it that it removes only when it quits in the ordinary way.
    place = dict.fromkeys(_PLACES, str(temporary)) if temporary else {}
    try:
        return subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment() | place,
            pass_fds=tuple(pass_fds),
            # Its own group: Ctrl-C in a terminal is for us, and we pass it on as Cancel.
            start_new_session=not windows,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise JobError(
            f"The program {command[0]} could not be started ({error.strerror})",
            "Check that it exists and may be run, or install the environment again",
            ErrorKind.ENVIRONMENT,
        ) from error


def _begin_log(path: Path, what: object) -> None:
    log = _open_log(path)
    line = f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} {what}\n".encode()
    _write(log, _shareable(line, path))
    _close(log)


def _shareable(line: bytes, log: Path) -> bytes:
    """Logs of a job lie in its folder `logs` and are shared with it."""
    text = line.decode("utf-8", "surrogateescape")
    return shareable(text, log.absolute().parent.parent).encode("utf-8", "surrogateescape")


def _open_log(path: Path) -> IO[bytes] | None:
    try:
        begin_anew = path.exists() and path.stat().st_size > _LOG_LIMIT
        mode = os.O_TRUNC if begin_anew else os.O_APPEND
        return os.fdopen(open_own(path, os.O_WRONLY | mode), "wb", buffering=0)
    except OSError:
        return None


def _write(log: IO[bytes] | None, line: bytes) -> None:
    if log is not None:
        with contextlib.suppress(OSError):  # a full disk must not stop the reading of the pipe
            log.write(line)


def _close(log: IO[bytes] | None) -> None:
    if log is not None:
        with contextlib.suppress(OSError):
            log.close()


def run_program(command: Sequence[str], log: Path, limit: float = math.inf) -> None:
    """Runs a child program to its end; what it says is not kept.

    Raises what it failed with, as `run_job` does, and JobError after `limit` seconds.
    """
    child = ChildProcess(command, log)
    deadline = time.monotonic() + limit
    try:
        while not child.finished:
            child.messages()
            child.tick()
            if time.monotonic() > deadline:
                raise JobError(f"It took longer than {limit:.0f} s", log=str(log))
            time.sleep(0.01)
        child.messages()
        failure = child.failure()
    finally:
        child.close()
    if failure is not None:
        raise failure
