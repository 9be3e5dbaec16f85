# SPDX-License-Identifier: GPL-3.0-or-later
"""Child-process side: send messages, receive cancel, guarantee exit.

def main(channel: Channel) -> None:
    for i in range(frames):
        channel.progress("capture", i, frames)  # raises CancelledError after Cancel
        ...

run_child(main)
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import queue
import shutil
import stat
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from ..errors import CancelledError, ErrorKind, JobError, Parts4DError
from ..files.disk import FULL_NUMBERS
from ..files.reading import parse_json
from .crash import likely_cause
from .messages import PROTOCOL_VERSION, Message, encode, message_of

EXIT_INTERNAL, EXIT_ERROR, EXIT_CANCELLED = 1, 3, 4
TEMPORARY_VARIABLE, TEMPORARY_PREFIX = "PARTS4D_TEMPORARY", "parts4d-"
TEMPORARY_MARK = ".parts4d-temporary"  # an empty file in a folder that we made
HEARTBEAT = 1.0  # seconds
_PROGRESS_INTERVAL = 0.1  # seconds between progress lines of one stage


@dataclass(frozen=True)
class Request:
    """One job that the parent asks a serving child for."""

    document: dict[str, Any]
    cancelled: threading.Event


class Inbox:
    """What the parent said. A cancel is meant for the request before it, or for the program."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()  # of the latest request
        self.requests: queue.SimpleQueue[Request] = queue.SimpleQueue()

    def read(self, line: bytes) -> None:
        try:
            document = parse_json(line)
        except ValueError:
            return
        kind = document.get("type") if isinstance(document, dict) else None
        if kind == "cancel":
            self.cancelled.set()
        elif kind == "run":
            self.cancelled = threading.Event()
            self.requests.put(Request(document, self.cancelled))


class Channel:
    """The child's line to its parent. Safe to use from several threads."""

    def __init__(self, stream: BinaryIO, inbox: Inbox) -> None:
        self.cancelled = inbox.cancelled
        self._requests = inbox.requests
        self._stream = stream
        self._writing = threading.Lock()
        self._last_progress: dict[str, float] = {}

    def next_request(self, patience: float) -> dict[str, Any] | None:
        """The next job, whose Cancel `cancelled` is from now on; None after `patience` seconds."""
        try:
            request = self._requests.get(timeout=patience)
        except queue.Empty:
            return None
        self.cancelled = request.cancelled
        self._last_progress.clear()
        return request.document

    def send(self, message: Message) -> None:
        try:
            with self._writing:
                self._stream.write(encode(message))
                self._stream.flush()
        except (BrokenPipeError, ConnectionResetError):
            remove_temporary_folder()
            leave(EXIT_INTERNAL)  # the parent is gone: nobody waits for the outcome

    def progress(self, stage: str, done: float, total: float) -> None:
        """Says how far the stage is, a few times a second. Raises CancelledError after Cancel."""
        self.check_cancelled()
        now = time.monotonic()
        due = now - self._last_progress.get(stage, -1.0) >= _PROGRESS_INTERVAL
        if due or done >= total:
            self._last_progress[stage] = now
            self.send(Message("progress", stage=stage, done=done, total=total))

    def stage(self, stage: str, state: str, seconds: float = 0.0) -> None:
        """`state` is started, finished or skipped."""
        self.send(Message("stage", stage=stage, state=state, seconds=round(seconds, 3)))

    def warning(self, text: str, stage: str = "") -> None:
        self.send(Message("warning", stage=stage, message=text))

    def log(self, text: str) -> None:
        self.send(Message("log", message=text))

    def check_cancelled(self) -> None:
        """Raises CancelledError after the parent asked to stop."""
        if self.cancelled.is_set():
            raise CancelledError()


def protocol_stream() -> BinaryIO:
    """The real stdout, for messages only; everything printed from now on goes to stderr.

    File descriptors are exchanged, not `sys.stdout`: libraries and Blender print from C.
    """
    sys.stdout.flush()
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream


def exit_with_parent() -> Inbox:
    """What the parent says from now on: {"type": "cancel"} or {"type": "run", ...}, line by line.

    The parent keeps our stdin open; when it ends, however it ends, reading stdin meets the end
    and this process leaves at once. A program started by hand has no such pipe and just runs.
    """
    inbox = Inbox()
    if _is_pipe(0):
        threading.Thread(target=_watch_stdin, args=(inbox,), daemon=True).start()
    return inbox


def run_child(main: Callable[[Channel], None]) -> NoReturn:
    """Runs `main` as a child program and ends the process.

    Exit status: 0; 3 for a Parts4DError, which is sent as an error message; 4 when cancelled;
    1 for an unexpected exception, whose traceback goes to stderr, the log file.
    """
    inbox = exit_with_parent()
    channel = Channel(protocol_stream(), inbox)
    with contextlib.suppress(Exception):
        faulthandler.enable(file=2)
    channel.send(Message("hello", protocol=PROTOCOL_VERSION))
    if _is_pipe(0):
        threading.Thread(target=_beat, args=(channel,), daemon=True).start()
    try:
        main(channel)
    except BaseException as error:  # the process ends here, whatever it was
        leave(report(channel, error))
    leave(0)


def program_arguments() -> list[str]:
    """What was given to this program: all, or what stands behind `--` where Blender runs it."""
    arguments = sys.argv[1:]
    return arguments[arguments.index("--") + 1 :] if "--" in arguments else arguments


def leave(status: int) -> NoReturn:
    """Ends the process now. Ordinary exit runs Blender's own, which can hang in module mode."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(status)


def remove_temporary_folder() -> None:
    """Removes the folder that the parent made for this process and can no longer remove.

    It carries the parent's mark: a variable alone, whoever has set it, has nothing deleted.
    """
    place = Path(os.environ.get(TEMPORARY_VARIABLE) or "?")
    if place.name.startswith(TEMPORARY_PREFIX) and (place / TEMPORARY_MARK).is_file():
        shutil.rmtree(place, ignore_errors=True)


def report(channel: Channel, error: BaseException) -> int:
    """Tells the parent of an error, and the log what led to it; returns the exit status."""
    if isinstance(error, CancelledError | KeyboardInterrupt):
        channel.send(message_of(CancelledError()))
        return EXIT_CANCELLED
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else EXIT_INTERNAL if error.code else 0
    traceback.print_exception(error)
    if isinstance(error, Parts4DError):
        channel.send(message_of(error))
        return EXIT_ERROR
    if isinstance(error, MemoryError):
        known: Parts4DError = JobError(
            "There was not enough memory", "Lower the resolution", ErrorKind.OUT_OF_MEMORY
        )
    elif isinstance(error, OSError) and error.errno in FULL_NUMBERS:
        known = JobError(
            "No disk space left",
            "Free some space, then run again to continue",
            ErrorKind.DISK_FULL,
        )
    elif cause := likely_cause(f"{type(error).__name__}: {error}"):
        known = cause
    else:
        name = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        known = Parts4DError(f"Internal error, {name}", "Report it with the log file")
    channel.send(message_of(known))
    return EXIT_INTERNAL


def _beat(channel: Channel) -> None:
    """Shows the parent that this process lives, however long it has nothing to say."""
    while True:
        time.sleep(HEARTBEAT)
        channel.send(Message("heartbeat"))


def _watch_stdin(inbox: Inbox) -> None:
    pending = b""
    while True:
        try:
            chunk = os.read(0, 4096)  # not sys.stdin: its lock could block the exit
        except OSError:
            chunk = b""
        if not chunk:
            remove_temporary_folder()
            os._exit(EXIT_CANCELLED)
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            inbox.read(line)


def _is_pipe(file: int) -> bool:
    try:
        mode = os.fstat(file).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
