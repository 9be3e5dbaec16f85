# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs a built zip as a user would, and parses the demo character with it.

    python tools/try_zip.py dist/parts4d.zip [--out FOLDER]

Run by a Python that has bpy. Blender's user folder and the data folder of Parts4D are new ones
inside FOLDER. Packages that the zip brings are unpacked and tested first.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PARTS = "hair; jacket; trousers | jeans; shoes"

_PACKAGE = "bl_ext.user_default.parts4d"
_INSTALL = f"""
import json, os, sys
import bpy
import addon_utils  # Blender's, on the path once bpy is loaded
addon_utils.enable("bl_pkg")
archive = json.loads(sys.argv[1])[0]
bpy.ops.extensions.package_install_files(
    filepath=archive, repo="user_default", enable_on_install=True)
there = addon_utils.check("{_PACKAGE}") == (True, True)
sys.stdout.flush()
os._exit(not there)  # the bpy module may hang in an ordinary exit
"""
_PARSE = f"""
import json, os, sys
import bpy
import addon_utils
addon_utils.extensions_refresh()
addon_utils.enable("{_PACKAGE}", default_set=True)
status = sys.modules["{_PACKAGE}.operators.command_line"].run(json.loads(sys.argv[1]))
sys.stdout.flush()
os._exit(status)
"""


def try_zip(archive: Path, folder: Path) -> int:
    """0, or the exit status of the first step that failed; each says itself what is wrong."""
    user, blend, labelled = folder / "user", folder / "character.blend", folder / "labelled.blend"
    user.mkdir(parents=True)
    installed = user / "extensions" / "user_default" / "parts4d"
    parse = ["parse", blend, "--parts", PARTS, "--frames", "1-2", "--views", "4"]
    parse += ["--resolution", "160", "--job", folder / "job", "--output", labelled]
    steps = {
        "install": [sys.executable, "-c", _INSTALL, _as_json([archive])],
        "unpack": [sys.executable, str(installed / "vendor_setup.py"), "install", "embedded"],
        "build the demo": [sys.executable, "-m", "demo", str(blend), "--frames", "2"],
        "parse": [sys.executable, "-c", _PARSE, _as_json(parse)],
    }
    environment = {
        **os.environ,
        "BLENDER_USER_RESOURCES": str(user),
        "PARTS4D_DATA": str(folder / "data"),
    }
    for name, command in steps.items():
        if name == "unpack" and not (installed / "wheels").is_dir():
            continue
        print(f"{archive.name}: {name}", flush=True)
        done = subprocess.run(
            command, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            print(f"{archive.name}: {name} failed ({done.returncode})", file=sys.stderr)
            return done.returncode
    return 0 if labelled.is_file() else 1


def _as_json(arguments: Sequence[object]) -> str:
    return json.dumps([str(argument) for argument in arguments])


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "build" / "try-zip")
    chosen = parser.parse_args(arguments)
    folder = chosen.out.absolute()
    if folder.exists():
        parser.error(f"{folder} exists; it must be a new folder")
    return try_zip(chosen.archive.absolute(), folder)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
