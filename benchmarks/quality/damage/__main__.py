# SPDX-License-Identifier: GPL-3.0-or-later
"""Controlled failures of the fusion.

    python -m benchmarks.quality.damage --characters DIR [--only REGEX] [--out build/benchmark]

Captures the characters, unless the quality benchmark did, and writes damage.json, which the
benchmark's report shows.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..captured import CaptureOptions, capture_case
from ..cases import Case, run_on_few_cases
from ..layout import Layout
from ..records import DamageResults
from .damages import DAMAGES, UNNAMED
from .study import run_damage


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    started, written = time.monotonic(), Path()

    def study(cases: Sequence[Case], layout: Layout, command: str) -> DamageResults:
        nonlocal written
        written = layout.out / "damage.json"
        return measure(cases, layout, command)

    def lines(results: DamageResults) -> Iterator[str]:
        yield table(results)
        yield f"{time.monotonic() - started:.0f} s, {written}"

    return run_on_few_cases(arguments, __doc__ or "", "benchmarks.quality.damage", study, lines)


def measure(cases: Sequence[Case], layout: Layout, command: str) -> DamageResults:
    """Captures what is not captured yet, and runs the study. Raises InputError, JobError."""
    captured = [capture_case(c, layout.capture(c.name), CaptureOptions()) for c in cases]
    return run_damage(captured, layout.out, command=command)


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
