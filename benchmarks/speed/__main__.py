# SPDX-License-Identifier: GPL-3.0-or-later
"""All benchmarks of speed one after another, each in its own process, and one table of targets.

    python -m benchmarks.speed [--quick] [--json FILE]

`--quick` uses short sequences and leaves out the memory case: it shows that all of it runs, and is
not judged.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Document = dict[str, Any]
Figures = Callable[[list[Document]], float]  # from the JSON objects that a benchmark prints


@dataclass(frozen=True)
class Target:
    """One line of the table."""

    what: str
    limit: float | None  # None: a number to watch, without a target
    unit: str
    measured: Figures
    at_most: bool = True  # otherwise `limit` is a minimum

    def is_missed(self, value: float) -> bool:
        """Not where there is no target, or nothing was measured (nan)."""
        if self.limit is None or not np.isfinite(value):
            return False
        return (value <= self.limit) != self.at_most

    def verdict(self, value: float) -> str:
        if not np.isfinite(value):
            return "not measured"
        if self.is_missed(value):
            return "MISSED"
        return "" if self.limit is None else "ok"


@dataclass(frozen=True)
class Benchmark:
    """A module of this package that prints JSON objects, one a line."""

    module: str
    arguments: tuple[str, ...]
    targets: tuple[Target, ...]

    @property
    def command(self) -> str:
        return " ".join(["python -m", f"benchmarks.speed.{self.module}", *self.arguments])


LABEL_TARGETS = (
    Target("label image, 512 x 512", 0.2, "s", lambda d: d[-1]["seconds"]),
    Target("its processor time", None, "s", lambda d: d[-1]["cpu"]),
    Target("index and matte by index", None, "", lambda d: d[-1]["matte_ratio"]),
)


def benchmarks(quick: bool) -> list[Benchmark]:
    """What is run, in order."""
    short = ("--frames", "4") if quick else ()
    repeat = () if quick else ("--repeat", "3")
    chosen = [
        Benchmark(
            "capture",
            short,
            (
                Target("capture, a view", 0.15, "s", lambda d: d[-1]["per_view"]),
                Target("capture, processor time", None, "s", lambda d: d[-1]["cpu_per_view"]),
            ),
        ),
        Benchmark(
            "parsing",
            (*short, *repeat, "--json"),
            (
                Target("parsing, all stages", 20, "s", lambda d: d[-1]["all stages"]),
                Target("new vocabulary", 1, "s", lambda d: d[-1]["new vocabulary"]),
                Target(
                    "new vocabulary, whole process",
                    None,
                    "s",
                    lambda d: d[-1]["new vocabulary, whole process"],
                ),
            ),
        ),
        Benchmark(
            "parsing",
            ("--memory", "--json"),
            (
                Target("peak memory, large", 3, "GB", lambda d: d[-1]["peak GB"]),
                Target("all stages, large", None, "s", lambda d: d[-1]["all stages"]),
                Target("new vocabulary, large", None, "s", lambda d: d[-1]["new vocabulary"]),
            ),
        ),
        Benchmark(
            "writeback",
            short,
            (Target("writing back", 5, "s", lambda d: max(case["apply"] for case in d)),),
        ),
        Benchmark("labels", short, LABEL_TARGETS),
    ]
    return [b for b in chosen if not (quick and "--memory" in b.arguments)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, help="also write what every benchmark said here")
    arguments = parser.parse_args()
    rows, record, missed = [], [], False
    for benchmark in benchmarks(arguments.quick):
        print(f"{benchmark.command} ...", file=sys.stderr, flush=True)
        documents = run(benchmark)
        record.append({"command": benchmark.command, "printed": documents})
        for target in benchmark.targets:
            value = target.measured(documents) if documents else float("nan")
            missed |= target.is_missed(value) and not arguments.quick
            line = row(target, value, benchmark.command)
            rows.append((*line[:3], "quick", line[4]) if arguments.quick else line)
    print(table(rows), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    if missed:
        sys.exit(1)


def run(benchmark: Benchmark) -> list[Document]:
    """The JSON objects it printed; none when it is not there or fails, which is said."""
    if importlib.util.find_spec(f"benchmarks.speed.{benchmark.module}") is None:
        print(f"there is no benchmark called {benchmark.module}", file=sys.stderr)
        return []
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.speed.{benchmark.module}", *benchmark.arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    if done.returncode:
        print(f"{benchmark.module} ended with {done.returncode}", file=sys.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def row(target: Target, value: float, command: str) -> tuple[str, ...]:
    sign = "<=" if target.at_most else ">="
    wanted = f"{sign} {target.limit:g} {target.unit}" if target.limit is not None else ""
    measured = f"{value:.3g} {target.unit}".rstrip()
    return target.what, wanted, measured, target.verdict(value), command


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their longest entry."""
    lines = [("what", "target", "measured", "", "command"), *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ([c.ljust(w) for c, w in zip(line, widths, strict=True)] for line in lines)
    return "\n".join("  ".join(line).rstrip() for line in padded)


if __name__ == "__main__":
    main()
