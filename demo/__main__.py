# SPDX-License-Identifier: GPL-3.0-or-later
"""Saves the demo character.

`python -m demo OUT.blend [--strip-names] [--frames N] [--preview PNG]`
"""

import argparse
import os
import sys
from pathlib import Path

import bpy

from . import character


def main(arguments: list[str] | None = None) -> int:
    """Builds into an empty file and saves it; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Makes the demo character.")
    parser.add_argument("out", type=Path, help="the .blend file to write")
    parser.add_argument(
        "--strip-names",
        action="store_true",
        help="one mesh, one material, and no name that tells a part",
    )
    parser.add_argument("--frames", type=int, default=24, help="length of the walk cycle")
    parser.add_argument("--preview", type=Path, help="render the first frame to this PNG")
    options = parser.parse_args(arguments)
    if options.frames < 2:
        parser.error("a walk cycle needs at least 2 frames")
    if not options.out.parent.is_dir():
        parser.error(f"no such folder: {options.out.parent}")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    character.build(strip_names=options.strip_names, frames=options.frames)
    faces = sum(len(o.data.polygons) for o in bpy.data.objects if o.type == "MESH")
    bpy.ops.wm.save_as_mainfile(filepath=str(options.out.resolve()), check_existing=False)
    print(f"{options.out}: {faces} faces, {options.frames} frames")
    if options.preview:
        bpy.context.scene.render.filepath = str(options.preview.resolve())
        bpy.ops.render.render(write_still=True)
    return 0


if __name__ == "__main__":
    status = main()
    # The bpy module can hang when the interpreter tears it down.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
