# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bug report needs, as plain text."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..data_folder import data_folder
from ..errors import Failure
from ..files.reading import check_is_file
from ..files.sharing import shareable
from ..session.state import Job

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
    if setup.failure:
        lines.append(f"Installer: {setup.failure.kind}: {setup.failure}")
    for job in interface.state.jobs:
        lines.append(
            f"Job {job.number} {job.preset} {job.phase} at {job.stage or 'start'} "
            f"{job.share:.0%} after {job.seconds:.0f} s {_describe(job.failure)}".rstrip()
        )
    failed = [job for job in interface.state.jobs if job.failure]
    if failed:
        lines += _log_tail(_log_of(failed[-1]))
    return shareable("\n".join(lines))


def _describe(failure: Failure | None) -> str:
    return f"{failure.kind}: {failure}" if failure else ""


def _log_of(job: Job) -> Path:
    log = job.failure.log if job.failure else ""
    return Path(log) if log else Path(job.folder) / "logs" / "worker.log"


def _log_tail(path: Path) -> list[str]:
    try:
        check_is_file(path)
        return ["", f"{path.name}:", *path.read_text("utf-8", "replace").splitlines()[-_TAIL:]]
    except OSError:
        return []
