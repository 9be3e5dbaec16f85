# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that renders one request: `render_main.py REQUEST.json`, in Blender after `--`.

Its standard output carries JSON lines (core/job/messages.py).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# A process of its own, not Blender's UI: here the path may be extended.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from core.job.child_side import Channel, program_arguments, run_child


def main(channel: Channel) -> None:
    """Render the request named on the command line."""
    parser = argparse.ArgumentParser(prog="render_main.py")
    parser.add_argument("request", type=Path)
    options = parser.parse_args(program_arguments())

    # bpy is imported only now, when standard output has been set aside for the protocol.
    from core.label_images.request import load_request
    from core.scene.label_passes.render import render_labels

    render_labels(
        load_request(options.request),
        progress=lambda done, total: channel.progress("labels", done, total),
        warn=lambda message: channel.warning(message, "labels"),
    )


if __name__ == "__main__":
    run_child(main)
