# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages between processes, and the record of a run: both are JSON, one object a line."""

from __future__ import annotations

import json
import os
import time
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from ..errors import CancelledError, InputError, JobError, Parts4DError
from ..files.own_files import open_own

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
    code: str = ""  # error: a stable word, see core/errors.py
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
        document = json.loads(line)
    except (ValueError, RecursionError):
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
    return Message(
        "error", stage=stage, code=error.code, message=error.message, remedy=error.remedy
    )


def error_of(message: Message) -> Parts4DError:
    """The error that a child reported, of the same class where this process knows the class."""
    for cls in (InputError, JobError, CancelledError):
        if message.code == cls.code or (message.type == "cancelled" and cls is CancelledError):
            return cls(message.message, message.remedy)
    error = Parts4DError(message.message, message.remedy)
    error.code = message.code or Parts4DError.code
    return error


class EventLog:
    """Appends messages to `events.jsonl`. Losing the record is no reason to lose the run, so a
    full disk is silent here: the stage that needs the space will say so."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def append(self, message: Message) -> None:
        values = {f.name: getattr(message, f.name) for f in fields(message)}
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


def read_events(path: Path) -> list[Message]:
    """All whole messages of a record, oldest first; truncated lines are left out.

    A record that does not exist is an empty one.
    """
    try:
        content = Path(path).read_bytes()
    except OSError:
        return []
    messages = (decode(line) for line in content.split(b"\n") if line)
    return [m for m in messages if m is not None]


def _lacks_newline(file: int) -> bool:
    size = os.lseek(file, 0, os.SEEK_END)
    if size == 0:
        return False
    os.lseek(file, size - 1, os.SEEK_SET)
    return os.read(file, 1) != b"\n"
