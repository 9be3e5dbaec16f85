# SPDX-License-Identifier: GPL-3.0-or-later
"""What the installer prints: sentences and a progress line, or JSON lines for a program."""

from __future__ import annotations

import io
import json
import shutil
import sys
import time
from typing import Any

from ..checkpoints.catalogue import Checkpoint
from ..checkpoints.transfer_progress import Progress, as_size
from ..errors import Parts4DError
from ..files.printable import one_line, printable
from ..job.messages import Message, encode, message_of

_PAUSE = 0.2  # seconds between two lines about the same thing on a terminal and in JSON
_LONG_PAUSE = 5.0  # and in a log file


class Console:
    """Prints for people, or with `as_json` one JSON object a line (core/job/messages.py)."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        for stream in (sys.stdout, sys.stderr):  # a console of Windows does not know all letters
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        self.terminal = not as_json and sys.stdout.isatty()
        self._told = ("", 0.0)  # message and time of the last progress
        self._open_line = False

    def progress(self, progress: Progress) -> None:
        message, told = self._told
        pause = _PAUSE if self.as_json or self.terminal else _LONG_PAUSE
        if progress.message == message and time.monotonic() - told < pause:
            return
        self._told = (progress.message, time.monotonic())
        if self.as_json:
            done, total = float(progress.done), float(progress.total)
            self._send(Message("progress", done=done, total=total, message=progress.message))
            return
        line = one_line(progress.message)
        if progress.total:
            line += f" ({as_size(progress.done)} of {as_size(progress.total)})"
        elif progress.done:
            line += f" ({as_size(progress.done)})"
        if self.terminal:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + line[:width].ljust(width), end="", flush=True)
            self._open_line = True
        else:
            print(line, flush=True)

    def tool_line(self, line: str) -> None:
        """What another program prints about its progress."""
        if line.strip().startswith(("Downloading", "Using cached", "Saved")):
            self.progress(Progress(line.strip()[:100]))

    def say(self, line: str) -> None:
        """A result for people."""
        if not self.as_json:
            self._end_line()
            print(printable(line), flush=True)

    def result(self, document: dict[str, Any]) -> None:
        """A result for programs."""
        if self.as_json:
            print(json.dumps({"type": "status", **document}), flush=True)

    def done(self, what: str) -> None:
        self.say(f"{what}: done")
        if self.as_json:
            self._send(Message("done", stage=what))

    def failure(self, error: Parts4DError) -> None:
        if self.as_json:
            self._send(message_of(error))
        else:
            self._end_line()
            print(one_line(str(error)), file=sys.stderr)

    def agree(self, checkpoint: Checkpoint) -> bool:
        """Asks at a terminal whether the terms of a model are agreed to; elsewhere they are not."""
        if self.as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return False
        self._end_line()
        print(printable(f"{checkpoint.title}: {checkpoint.terms}\n{checkpoint.source}"))
        return input("Do you agree? [y/N] ").strip().lower() in ("y", "yes")

    def _send(self, message: Message) -> None:
        sys.stdout.write(encode(message).decode())
        sys.stdout.flush()

    def _end_line(self) -> None:
        if self._open_line:
            print()
        self._open_line = False
