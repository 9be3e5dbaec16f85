# SPDX-License-Identifier: GPL-3.0-or-later
"""In the place of the capture by Blender: `capture_again.py CAPTURE JOB` copies a finished one.

As the real one it keeps the frames that are there.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from core.files.atomic import replacing
from core.job.child_side import Channel, run_child


def main(channel: Channel) -> None:
    source, job = map(Path, sys.argv[1:])
    files = [p for p in sorted(source.iterdir()) if p.name not in ("done.json", "started.json")]
    for number, path in enumerate(files):
        channel.progress("capture", number, len(files))
        target = job / "capture" / path.name
        if target.exists() and path.name.startswith("frame_"):
            continue
        with replacing(target) as stream:
            stream.write(path.read_bytes())


if __name__ == "__main__":
    run_child(main)
