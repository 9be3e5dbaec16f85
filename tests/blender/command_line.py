# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line as its users have it: a process with arguments, two streams and a status."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
SMALL = ("--views", "4", "--resolution", "96")
STAGES = ("capture", "sight", "proposals", "masklets", "validation", "embeddings", "labels")
KEPT = "kept from an earlier run"


@dataclass(frozen=True)
class Finished:
    status: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """What --json said; an error when stdout is anything else but one JSON object."""
        return json.loads(self.stdout)

    def failed(self, status: int, *words: str) -> str:
        """The one line that says what went wrong; it must hold `words`."""
        assert self.status == status, self.stderr
        assert "Traceback" not in self.stderr
        lines = [line for line in self.stderr.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, self.stderr
        for word in words:
            assert word in lines[0]
        assert lines[0].endswith(".") and ". " in lines[0], "a sentence and a remedy"
        assert not self.stdout
        return lines[0]

    def kept_stages(self) -> list[str]:
        return [line.split()[0] for line in self.stderr.splitlines() if line.endswith(KEPT)]


def command(*arguments: object) -> list[str]:
    return [sys.executable, str(REPOSITORY), *map(str, arguments)]


def parts4d(*arguments: object, cwd: Path | None = None) -> Finished:
    """Runs a command to its end."""
    done = subprocess.run(
        command(*arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=300,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def start(*arguments: object) -> subprocess.Popen[str]:
    """Starts a command in a process group of its own."""
    return subprocess.Popen(
        command(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def end(process: subprocess.Popen[str]) -> Finished:
    """Waits for a command that was started."""
    stdout, stderr = process.communicate(timeout=300)
    return Finished(process.returncode, stdout, stderr)


def label_bytes(job: Path) -> dict[str, str]:
    """Per file of the labels, the hash of its bytes."""
    paths = sorted((job / "labels").glob("frame_*.npz"))
    assert paths
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def marks(job: Path) -> dict[str, tuple[int, str]]:
    """Per finished stage, when its mark was written and what it says."""
    paths = {stage: job / stage / "done.json" for stage in STAGES}
    return {s: (p.stat().st_mtime_ns, p.read_text()) for s, p in paths.items() if p.exists()}


def processes_of(job: Path) -> dict[int, list[str]]:
    """Running processes with the job folder among their arguments."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
            if os.fsencode(job) in arguments and (entry / "stat").read_text().split()[2] != "Z":
                found[int(entry.name)] = [os.fsdecode(a) for a in arguments]
    return found


def wait_until(condition: Any, seconds: float = 30.0) -> Any:
    """What `condition` returns as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)
    return value
