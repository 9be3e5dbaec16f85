# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the manifest and builds the extension's zip with Blender's own tool.

python tools/build_zip.py [--blender 5.0] [--out dist]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from setup_env import REPOSITORY, available, set_up

from core.errors import InputError, Parts4DError


def blender_ext(environment: Path) -> Path:
    """Blender's extension tool inside an environment. Raises InputError when it is not there."""
    pattern = "bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"
    for site_packages in (environment / "Lib", environment / "lib"):
        for found in sorted(site_packages.glob(f"**/site-packages/{pattern}")):
            return found
    raise InputError(f"{environment} holds no Blender", "Make it anew with tools/setup_env.py")


def validate(python: Path, tool: Path, target: Path) -> None:
    """Checks a source folder or a zip. Raises InputError with what Blender says."""
    _run([str(python), str(tool), "validate", str(target)])


def build(python: Path, tool: Path, folder: Path) -> Path:
    """The path of the new zip in `folder`. Raises InputError with what Blender says."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "parts4d.zip"
    source = ["--source-dir", str(REPOSITORY), "--output-filepath", str(target)]
    _run([str(python), str(tool), "build", *source])
    return target


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-1000:].rstrip(".")
        raise InputError(f"Blender refuses the extension: {said}", "Correct blender_manifest.toml")


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--blender", help="the version whose tool is used; default: the main one")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "dist")
    chosen = parser.parse_args(arguments)
    try:
        environment = set_up(chosen.blender or available()[0])
        tool = blender_ext(environment.path)
        validate(environment.python, tool, REPOSITORY)
        path = build(environment.python, tool, chosen.out.absolute())
        validate(environment.python, tool, path)
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    print(f"{path} ({path.stat().st_size / 2**20:.1f} MB)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
