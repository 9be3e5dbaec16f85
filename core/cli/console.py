# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user sees on the terminal: progress and warnings on stderr, the outcome on stdout."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from ..errors import Parts4DError
from ..files.printable import one_line, printable
from ..job.messages import Message, failure_document

BAR = 24  # characters


class Console:
    """Blender prints to stdout as it likes; the outcome goes to the stdout we were started with.

    The real stdout is kept aside and everything else that is printed joins stderr, to the end of
    the process: Blender has a line to say even when it quits.
    """

    def __init__(self, as_json: bool, quiet: bool) -> None:
        self._as_json = as_json
        self._quiet = quiet
        sys.stdout.flush()
        self._out: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        _flush_c_streams()  # Blender's banner waits in a buffer of its own

    def close(self) -> None:
        """Ends what is on stdout."""
        self._out.close()

    @contextmanager
    def chatter(self) -> Iterator[None]:
        """What Blender prints of its own accord inside the block is progress; it is left out when
        the block fails, for the error already says why, without a traceback."""
        sys.stderr.flush()
        kept = [(fd, os.dup(fd)) for fd in (1, 2)]
        with tempfile.TemporaryFile() as said:
            for fd, _ in kept:
                os.dup2(said.fileno(), fd)
            try:
                yield
            except Parts4DError:
                said.truncate(0)
                raise
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                for fd, original in kept:
                    os.dup2(original, fd)
                    os.close(original)
                said.seek(0)
                if not self._quiet:
                    sys.stderr.write(printable(said.read().decode("utf-8", "replace")))
                    sys.stderr.flush()

    def event(self, message: Message) -> None:
        """Progress of a running job, a line a stage; a moving bar where someone is looking."""
        if message.type == "warning":
            self.warn(message.message)
        elif self._quiet:
            return
        elif message.type == "progress" and sys.stderr.isatty() and message.total:
            share = message.done / message.total
            bar = "#" * round(BAR * share)
            overall = f"{max(message.overall, 0):4.0%}"
            print(f"\r{overall} {message.stage:<12} [{bar:<{BAR}}]", end="", file=sys.stderr)
        elif message.type == "stage" and message.state == "finished":
            lead = "\r\x1b[K" if sys.stderr.isatty() else ""
            print(f"{lead}{message.stage:<12} {message.seconds:7.2f} s", file=sys.stderr)
        elif message.type == "stage" and message.state == "skipped":
            print(f"{message.stage:<12} kept from an earlier run", file=sys.stderr)

    def status(self, text: str) -> None:
        """A line that the next one replaces, where someone is looking."""
        if not self._quiet and sys.stderr.isatty():
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    def warn(self, text: str) -> None:
        if not self._as_json:
            print(f"Warning: {one_line(text)}", file=sys.stderr)

    def outcome(self, text: str, document: dict[str, Any]) -> None:
        """The one thing on stdout: `text` for people, or `document` with --json."""
        said = json.dumps(document, indent=1) if self._as_json else printable(text)
        print(said, file=self._out, flush=True)

    def failure(self, error: Parts4DError) -> None:
        """One sentence and the remedy, never a traceback."""
        print(f"Error: {one_line(str(error))}", file=sys.stderr, flush=True)
        if self._as_json:
            said = {"error": failure_document(error.failure)}
            print(json.dumps(said, indent=1), file=self._out, flush=True)


def _flush_c_streams() -> None:
    """fflush(NULL) of the C library; where none is found its buffers stay as they are."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
        library.fflush(None)
