# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of a process that does what a request says."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy


def render_command(request: Path) -> list[str]:
    """The command that renders a request."""
    return blender_command(Path(__file__).with_name("render_main.py"), request)


def blender_command(program: Path, request: Path) -> list[str]:
    """Blender itself where there is a binary; else this Python, which has the `bpy` module."""
    if not bpy.app.binary_path:
        return [sys.executable, str(program), str(request)]
    blender = [bpy.app.binary_path, "--background", "--factory-startup"]
    if bpy.context.preferences.filepaths.use_scripts_auto_execute:
        blender.append("--enable-autoexec")  # the user's choice; drivers may need it
    return [*blender, "--python-exit-code", "1", "--python", str(program), "--", str(request)]
