# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker: `python main.py JOB [--until STAGE]` parses a captured job folder.

With `--sheet PNG` it draws the contact sheet of a finished one instead. `python main.py --serve`
takes jobs from its stdin, one after another, and keeps the models it has loaded.

Messages are JSON lines on stdout (core/job/messages.py); all else goes to stderr. The program
is started with `-I`, which leaves the import path bare, so it adds the folder of `core` itself.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.job.child_side import Channel, run_child
from core.job.folder import JobFolder
from core.job.stages import STAGES


def main(channel: Channel) -> None:
    parser = argparse.ArgumentParser(description="Parse a captured job folder.")
    parser.add_argument("job", type=Path, nargs="?")
    parser.add_argument("--serve", action="store_true", help="take jobs from stdin")
    parser.add_argument("--until", choices=STAGES[1:], default=STAGES[-1])
    parser.add_argument("--sheet", type=Path, help="draw the contact sheet into this PNG")
    arguments = parser.parse_args()
    if arguments.serve:
        from core.worker.serve import serve

        serve(channel)
        return
    if arguments.job is None:
        parser.error("name a job folder, or use --serve")
    folder = JobFolder.open(arguments.job)
    if arguments.sheet:
        from core.worker.contact_sheet import write_contact_sheet

        write_contact_sheet(folder.path, arguments.sheet)
        return
    from core.worker.stage_runner import run_stages  # after `hello`: scipy and OpenCV take a moment

    run_stages(folder, folder.load_spec(), channel.send, channel.cancelled.is_set, arguments.until)


if __name__ == "__main__":
    run_child(main)
