# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that parses a character for a batch: `parse_main.py REQUEST.json`, in Blender after
`--`. Its standard output carries JSON lines (core/job/messages.py).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# A process of its own, not Blender's UI: here the path may be extended.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.job.child_side import Channel, program_arguments, run_child


def main(channel: Channel) -> None:
    """Parse what the request named on the command line asks for."""
    parser = argparse.ArgumentParser(prog="parse_main.py")
    parser.add_argument("request", type=Path)
    options = parser.parse_args(program_arguments())

    # bpy is imported only now, when standard output has been set aside for the protocol.
    from core.batch.tasks import load_parse_request
    from core.cli.parse_task import parse_character

    parse_character(load_parse_request(options.request), channel.send, channel.cancelled.is_set)


if __name__ == "__main__":
    run_child(main)
