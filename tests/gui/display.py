# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a program under a virtual display of its own: `display.py WIDTHxHEIGHT LOG COMMAND ...`

Needs only the standard library and Xvfb, whose messages go to LOG. Ends with the program, and with
its status; ends everything when its own stdin ends, so that nothing outlives the tests.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

PATIENCE = 60.0  # seconds for the display to come up
NO_DISPLAY = 9  # exit status


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    size, log, *command = arguments
    threading.Thread(target=_end_with_parent, daemon=True).start()
    read, write = os.pipe()
    server = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-noreset"]
    with open(log, "wb") as messages:
        display = subprocess.Popen(
            [*server, "+extension", "GLX", "-nolisten", "tcp"],
            stdin=subprocess.DEVNULL,
            stdout=messages,
            stderr=subprocess.STDOUT,
            pass_fds=(write,),
        )
    os.close(write)
    try:
        number = _first_line(read)
        if not number:
            print(f"No display: {Path(log).read_text('utf-8', 'replace')}", file=sys.stderr)
            return NO_DISPLAY
        environment = {**os.environ, "DISPLAY": f":{number}"}
        status = subprocess.call(command, stdin=subprocess.DEVNULL, env=environment)
    finally:
        display.kill()
        display.wait()
    return 128 - status if status < 0 else status


def _first_line(file: int) -> str:
    """The number of the display that the server has found free; empty when there is none."""
    text = b""
    while not text.endswith(b"\n"):
        ready, _, _ = select.select([file], [], [], PATIENCE)
        new = os.read(file, 16) if ready else b""
        if not new:
            return ""
        text += new
    return text.decode().strip()


def _end_with_parent() -> None:
    while os.read(0, 1):  # not sys.stdin: Python waits for that at its end
        pass
    if os.getpid() != 1:  # the first process of a namespace takes the others with it
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
