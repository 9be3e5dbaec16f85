# SPDX-License-Identifier: GPL-3.0-or-later
"""Controlled failures of the fusion.

    python -m benchmarks.quality.damage --characters DIR [--only REGEX] [--out build/benchmark]

Captures the characters, unless the quality benchmark did, and writes damage.json, which the
benchmark's report shows.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from core.errors import InputError, Parts4DError

from ..captured import CaptureOptions, capture_case
from ..cases import find_cases, spread_over_families
from ..layout import Layout
from ..records import DamageResults
from .damages import DAMAGES, UNNAMED
from .study import run_damage


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--characters", type=Path, required=True, help="FOLDER/NAME/NAME.blend")
    parser.add_argument("--only", default="", help="regular expression on names")
    parser.add_argument("--cases", type=int, default=6, help="so many, of all families in turn")
    parser.add_argument("--out", type=Path, default=Path("build/benchmark"))
    chosen = parser.parse_args(arguments)
    command = f"python -m benchmarks.quality.damage {shlex.join(arguments)}"
    started = time.monotonic()
    try:
        results = measure(chosen, command)
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    print(table(results))
    print(f"{time.monotonic() - started:.0f} s, {chosen.out / 'damage.json'}")
    return 0


def measure(chosen: argparse.Namespace, command: str) -> DamageResults:
    """Captures what is not captured yet, and runs the study. Raises InputError, JobError."""
    layout = Layout(chosen.out.absolute())
    found = [c for c in find_cases(chosen.characters) if re.search(chosen.only, c.name)]
    if not found:
        raise InputError(f"{chosen.characters} holds no character called so", "Change --only")
    cases = spread_over_families(found, chosen.cases)
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
