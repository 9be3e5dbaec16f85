# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a program under a virtual display of its own: `display.py WIDTHxHEIGHT FOLDER COMMAND ...`

Needs only the standard library and Xvfb. Ends with the program, and with its status; ends
everything when its own stdin ends, so that nothing outlives the tests. Into FOLDER go the messages
of Xvfb, xvfb.log, and when the program ended and what of it ran on,
orphans.json.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

PATIENCE = 60.0  # seconds for the display to come up
NO_DISPLAY = 9  # exit status
SIGN = "BLENDER_USER_RESOURCES"  # the variable that all have inherited which the program started
ORPHANS_END = 10.0  # seconds for them to leave by themselves


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    size, name, *command = arguments
    folder = Path(name)
    log = folder / "xvfb.log"
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
            print(f"No display: {log.read_text('utf-8', 'replace')}", file=sys.stderr)
            return NO_DISPLAY
        environment = {**os.environ, "DISPLAY": f":{number}"}
        status = subprocess.call(command, stdin=subprocess.DEVNULL, env=environment)
        ended = time.time()
        while (found := _orphans()) and time.time() - ended < ORPHANS_END:
            time.sleep(0.05)
        (folder / "orphans.json").write_text(json.dumps({"ended": ended, "left": found}))
    finally:
        display.kill()
        display.wait()
    return 128 - status if status < 0 else status


def _orphans() -> list[str]:
    """Command lines of what the program has started and what still runs."""
    own = f"{SIGN}={os.environ.get(SIGN)}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            variables = (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes().split(b"\0")
            if own in variables and int(process.name) not in (os.getpid(), os.getppid()):
                found.append(b" ".join(command).decode("utf-8", "replace").strip())
    return [line for line in found if not line.startswith("Xvfb ")]


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
