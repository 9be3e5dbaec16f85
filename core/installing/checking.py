# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-test of an environment, run by its own Python."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..checkpoints.transfer_progress import Cancelled
from ..errors import Parts4DError
from ..files.own_files import write_own
from ..files.reading import parse_json
from .failures import MissingEnvironment
from .folders import SELF_TEST
from .pins import PinFile
from .processes import run_tool
from .selftest import PREFIX

_SCRIPT = Path(__file__).with_name("selftest.py")


def run_self_test(
    python: Sequence[str],
    folder: Path,
    modules: Sequence[str],
    pins: Sequence[PinFile],
    cancelled: Cancelled,
    device: str = "auto",
) -> dict[str, Any]:
    """Runs it and records it in `folder`, the environment's.

    Raises MissingEnvironment with what is wrong, CancelledError.
    """
    result = ask_self_test(python, modules, [p.path for p in pins], cancelled, device)
    write_own(folder / SELF_TEST, json.dumps(result, indent=1))
    if result["problem"]:
        raise MissingEnvironment(result["problem"].rstrip("."), result["remedy"])
    return result


def ask_self_test(
    python: Sequence[str],
    modules: Sequence[str],
    pins: Sequence[Path],
    cancelled: Cancelled,
    device: str = "auto",
) -> dict[str, Any]:
    """What selftest.py says under `python`. Raises MissingEnvironment, CancelledError."""
    lines: list[str] = []

    def describe_failure(said: Sequence[str]) -> Parts4DError:
        last = next((line for line in reversed(said) if line.strip()), "it printed nothing")
        return MissingEnvironment(f"The self-test crashed: {last[:200]}", "Install it again")

    with contextlib.suppress(MissingEnvironment):
        command = [*python, str(_SCRIPT), ",".join(modules), device, *map(str, pins)]
        run_tool(command, lines.append, cancelled, explain=describe_failure)
    for line in reversed(lines):
        if line.startswith(PREFIX):
            with contextlib.suppress(TypeError, ValueError):
                return dict(parse_json(line.removeprefix(PREFIX)))
    raise describe_failure(lines)
