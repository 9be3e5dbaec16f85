# SPDX-License-Identifier: GPL-3.0-or-later
"""The capture program: `blender -b --factory-startup --python capture_main.py -- JOB --shard 0/2`.

Also runs as `python capture_main.py JOB --shard 0/2` where `bpy` is a module. Standard output
carries JSON lines and nothing else; Blender's own chatter goes to standard error.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# A process of its own, not Blender's UI: here the path may be extended.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from core.job.child_side import Channel, program_arguments, run_child


def main(channel: Channel) -> None:
    """Capture one shard of the job named on the command line."""
    parser = argparse.ArgumentParser(prog="capture_main.py")
    parser.add_argument("job", type=Path)
    parser.add_argument("--shard", default="0/1", help="which share of the frames: INDEX/COUNT")
    options = parser.parse_args(program_arguments())
    shard, shards = (int(n) for n in options.shard.split("/"))

    # bpy is imported only now, when standard output has been set aside for the protocol.
    from core.scene.capture.capture import capture_in_process

    capture_in_process(
        options.job,
        shard,
        shards,
        progress=lambda done, total: channel.progress("capture", done, total),
        warn=lambda message: channel.warning(message, "capture"),
    )


if __name__ == "__main__":
    run_child(main)
