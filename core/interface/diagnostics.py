# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bug report needs, as plain text."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..data_folder import data_folder

if TYPE_CHECKING:
    from .pump import Interface

_TAIL = 30  # lines of a log


def diagnostics(interface: Interface) -> str:
    lines = [
        f"Blender {bpy.app.version_string}, Python {platform.python_version()}",
        f"System {platform.platform()} {platform.machine()}",
        f"Executable {sys.executable}",
        f"Data folder {data_folder()}",
        f"Online access {bpy.app.online_access}",
    ]
    setup = interface.setup.state
    for environment in setup.environments:
        lines.append(
            f"Environment {environment.name}: {environment.state} {environment.backend} "
            f"{environment.tested} {environment.problem}".rstrip()
        )
    lines += [f"Model {m.name}: {m.state}" for m in setup.models if m.state != "not installed"]
    if setup.error:
        lines.append(f"Installer: {setup.error}. {setup.remedy}.")
    for job in interface.state.jobs:
        lines.append(
            f"Job {job.number} {job.preset} {job.phase} at {job.stage or 'start'} "
            f"{job.share:.0%} after {job.seconds:.0f} s {job.error}".rstrip()
        )
    failed = [job for job in interface.state.jobs if job.phase == "failed"]
    if failed:
        lines += _log_tail(Path(failed[-1].folder) / "logs" / "worker.log")
    return "\n".join(lines)


def _log_tail(path: Path) -> list[str]:
    try:
        return ["", f"{path.name}:", *path.read_text("utf-8", "replace").splitlines()[-_TAIL:]]
    except OSError:
        return []
