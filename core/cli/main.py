# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry of the command line: arguments in, exit status out."""

from __future__ import annotations

import signal
import tempfile
import threading
import traceback
from collections.abc import Callable, Sequence

from ..errors import CANCELLED, INTERNAL, OK, CancelledError, Parts4DError, exit_status
from .arguments import make_parser
from .console import Console


def main(argv: Sequence[str], worker_python: Callable[[bool], list[str]]) -> int:
    """Runs one command and returns the exit status.

    `worker_python` gives the command of a Python with the parsing libraries, with torch if True.
    0 done; 1 internal error; 2 wrong usage; 3 something in the input; 4 cancelled; 5 the job
    folder, the environment or a model.
    """
    try:
        arguments = make_parser().parse_args(argv)
    except SystemExit as leaving:  # argparse has printed help or what is wrong
        return int(leaving.code or 0)
    console = Console(arguments.json, arguments.quiet)
    cancelled = _cancel_on_interrupt()
    try:
        if arguments.command == "batch":  # most of it needs no bpy
            from .batch_commands import BATCH_COMMANDS

            BATCH_COMMANDS[arguments.batch_command](arguments, console, cancelled.is_set)
        else:
            from .commands import COMMANDS

            COMMANDS[arguments.command](arguments, console, cancelled.is_set, worker_python)
    except KeyboardInterrupt:
        console.failure(CancelledError())
        return CANCELLED
    except Parts4DError as error:
        console.failure(error)
        return exit_status(error)
    except Exception as error:
        console.failure(_internal(error))
        return INTERNAL
    finally:
        console.close()
    return OK


def _cancel_on_interrupt() -> threading.Event:
    """Ctrl-C and SIGTERM ask the job to stop; a second one stops everything at once."""
    cancelled = threading.Event()

    def ask(number: int, frame: object) -> None:
        if cancelled.is_set():
            raise KeyboardInterrupt
        cancelled.set()

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    return cancelled


def _internal(error: Exception) -> Parts4DError:
    with tempfile.NamedTemporaryFile(
        "w", prefix="parts4d-", suffix=".log", delete=False, encoding="utf-8", errors="replace"
    ) as log:
        traceback.print_exception(error, file=log)
    name = f"{type(error).__name__}: {error}".splitlines()[0]
    return Parts4DError(f"Internal error ({name})", "Report it with the log file", log=log.name)
