# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages between processes, and the record of a run: both are JSON, one object a line.

The `code` of an error is the value of its `ErrorKind` (core/errors.py), a word that never changes:

| code | what happened | exit status |
|---|---|---|
| input | the scene, the vocabulary or a setting cannot be worked with | 3 |
| topology | the labels are of other faces than the mesh has | 3 |
| cancelled | the user asked to stop | 4 |
| job | the job folder cannot be used | 5 |
| busy | another process has the folder | 5 |
| disk_full, out_of_memory, graphics | what the computer lacked | 5 |
| crashed | a program ended without saying why | 5 |
| environment, checkpoint, terms | what is to be installed or agreed to | 5 |
| download, offline, redirected | the network | 5 |
| internal | a fault of Parts4D | 1 |

A code that the reader does not know is one of a newer program and is taken for `internal`.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from ..errors import CancelledError, ErrorKind, Failure, InputError, JobError, Parts4DError
from ..files.own_files import open_own
from ..files.reading import parse_json
from ..files.sharing import shareable

PROTOCOL_VERSION = 2

MessageType = Literal[
    "hello",
    "progress",
    "stage",
    "warning",
    "result",
    "error",
    "cancelled",
    "log",
    "accepted",  # a serving child has read a request
    "done",  # and finished it
    "heartbeat",
]
_TYPES = frozenset(MessageType.__args__)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Message:
    """One line. Only the fields its type needs are set; the others stay away from the line."""

    type: MessageType
    stage: str = ""  # progress, stage, error: which stage
    state: str = ""  # stage: started, finished or skipped
    done: float = 0.0  # progress within the stage, in units of `total`
    total: float = 0.0
    overall: float = -1.0  # progress of the whole run 0..1, filled in by the runner
    seconds: float = 0.0  # stage finished, result: how long it took
    message: str = ""  # warning, error, log: one sentence
    remedy: str = ""  # error
    code: str = ""  # error: the value of its kind
    log: str = ""  # error: path of the file with what led to it
    source: str = ""  # which child program, e.g. "capture-0"; filled in by the runner
    time: float = 0.0  # seconds since 1970, filled in when recorded
    protocol: int = 0  # hello


def encode(message: Message) -> bytes:
    """One line of JSON in UTF-8, newline included."""
    document = {}
    for field in fields(message):
        value = getattr(message, field.name)
        if field.default is MISSING or value != field.default:
            document[field.name] = value
    return json.dumps(document, ensure_ascii=True).encode("ascii") + b"\n"


def decode(line: bytes | str) -> Message | None:
    """The message on a line; None when it is truncated, of an unknown type, or no message.

    Unknown keys are ignored, so that a newer child may say more than an older parent knows.
    """
    try:
        document = parse_json(line)
    except ValueError:
        return None
    if not isinstance(document, dict) or str(document.get("type")) not in _TYPES:
        return None
    values: dict[str, Any] = {}
    for field in fields(Message):
        if field.name not in document:
            continue
        value, kind = document[field.name], type(field.default)
        if field.default is MISSING or kind is str:
            accepted = isinstance(value, str)
        else:
            accepted = isinstance(value, int | float) and not isinstance(value, bool)
        if not accepted:
            return None
        values[field.name] = value
    return Message(**values)


def message_of(error: Parts4DError, stage: str = "") -> Message:
    """The line that carries an error to another process."""
    if isinstance(error, CancelledError):
        return Message("cancelled", message=error.message, remedy=error.remedy)
    failure = error.failure
    return Message(
        "error",
        stage=stage,
        code=failure.kind.value,
        message=failure.message,
        remedy=failure.remedy,
        log=failure.log,
    )


def failure_document(failure: Failure) -> dict[str, str]:
    """A failure as values of JSON; `log` only where there is one."""
    said = {"code": failure.kind.value, "message": failure.message, "remedy": failure.remedy}
    return said | ({"log": failure.log} if failure.log else {})


def error_of(message: Message, log: Path | None = None) -> Parts4DError:
    """The error that a child reported.

    `log` is the child's log file, which belongs to errors that the child did not expect.
    """
    if message.type == "cancelled" or message.code == ErrorKind.CANCELLED:
        return CancelledError(message.message, message.remedy)
    kind = _kind(message.code)
    where = message.log or (str(log) if log and kind is ErrorKind.UNEXPECTED else "")
    return _CLASSES.get(kind, JobError)(message.message, message.remedy, kind, where)


# The others are of jobs that cannot go on.
_CLASSES: dict[ErrorKind, type[Parts4DError]] = {
    ErrorKind.INPUT: InputError,
    ErrorKind.TOPOLOGY: InputError,
    ErrorKind.UNEXPECTED: Parts4DError,
}


def _kind(code: str) -> ErrorKind:
    try:
        return ErrorKind(code)
    except ValueError:
        return ErrorKind.UNEXPECTED


class EventLog:
    """Appends messages to `events.jsonl`. Losing the record is no reason to lose the run, so a
    full disk is silent here: the stage that needs the space will say so."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def append(self, message: Message) -> None:
        values = {f.name: getattr(message, f.name) for f in fields(message)}
        job = self.path.absolute().parent
        for name in ("message", "remedy", "log"):
            values[name] = shareable(values[name], job)
        line = encode(Message(**{**values, "time": round(time.time(), 3)}))
        try:
            file = open_own(self.path, os.O_RDWR | os.O_APPEND)
        except OSError:
            return
        try:
            if _lacks_newline(file):  # a run was killed in the middle of a line
                line = b"\n" + line
            os.write(file, line)  # one call: lines of two writers do not mix
        except OSError:
            pass
        finally:
            os.close(file)


def _lacks_newline(file: int) -> bool:
    size = os.lseek(file, 0, os.SEEK_END)
    if size == 0:
        return False
    os.lseek(file, size - 1, os.SEEK_SET)
    return os.read(file, 1) != b"\n"
