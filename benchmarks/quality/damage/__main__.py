# SPDX-License-Identifier: GPL-3.0-or-later
"""Controlled failures of the fusion.

    python -m benchmarks.quality.damage --characters DIR [--only REGEX] [--out build/benchmark]

Captures the characters, unless the quality benchmark did, and writes damage.json, which the
benchmark's report shows.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Sequence

from core.errors import Parts4DError, exit_status

from ..captured import CaptureOptions, capture_case
from ..cases import few_cases, few_cases_parser
from ..layout import Layout
from ..records import DamageResults
from .damages import DAMAGES, UNNAMED
from .study import run_damage


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    chosen = few_cases_parser(__doc__ or "").parse_args(arguments)
    command = f"python -m benchmarks.quality.damage {shlex.join(arguments)}"
    started = time.monotonic()
    try:
        results = measure(chosen, command)
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return exit_status(error)
    print(table(results))
    print(f"{time.monotonic() - started:.0f} s, {chosen.out / 'damage.json'}")
    return 0


def measure(chosen: argparse.Namespace, command: str) -> DamageResults:
    """Captures what is not captured yet, and runs the study. Raises InputError, JobError."""
    layout = Layout(chosen.out.absolute())
    cases = few_cases(chosen.characters, chosen.only, chosen.cases)
    captured = [capture_case(c, layout.capture(c.name), CaptureOptions()) for c in cases]
    return run_damage(captured, chosen.out, command=command)


def table(results: DamageResults) -> str:
    """Mean IoU at all rates, a line for each curve."""
    lines = []
    for damage in (*DAMAGES, UNNAMED):
        curves = [c for c in results.curves if c.damage == damage]
        lines.append(f"{damage:36}" + "".join(f"{rate:7.2f}" for rate in curves[0].rates))
        lines += [f"  {c.fusion:34}" + "".join(f"{m:7.3f}" for m in c.miou) for c in curves]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
