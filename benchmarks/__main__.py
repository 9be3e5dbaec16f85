# SPDX-License-Identifier: GPL-3.0-or-later
"""Quality of the labels: every method on the same captures of every case, against ground truth.

    python -m benchmarks [--characters DIR] [--scans DIR] [--only REGEX] [--methods a,b] [--quick]
    python -m benchmarks compare BEFORE AFTER

Without folders: the demo character alone. With --characters, and unless the capture is changed,
six of them are also damaged on purpose (benchmarks.quality.damage) and parsed with other settings
(benchmarks.quality.ablations). Writes results.json, report.html and report.md; what an interrupted
run finished of the scores is kept. `compare` takes two results.json or their folders; the exit
status is 1 when something got worse. Speed is measured by `python -m benchmarks.speed`.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.quality.ablations import run_ablations
from benchmarks.quality.captured import QUICK, CaptureOptions, capture_case
from benchmarks.quality.cases import few_cases
from benchmarks.quality.damage.study import run_damage
from benchmarks.quality.layout import Layout
from benchmarks.quality.methods import METHODS
from benchmarks.quality.metrics import known_mean
from benchmarks.quality.records import Results
from benchmarks.quality.study import StudyOptions, run_study
from benchmarks.quality.words import ALL, run_words
from core.errors import Parts4DError, exit_status
from core.job.child_side import leave


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    try:
        if arguments[:1] == ["compare"]:
            from benchmarks.quality.report.compare import main_compare

            return main_compare(_compare_parser().parse_args(arguments[1:]))
        return measure(_parser().parse_args(arguments), shlex.join(arguments))
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return exit_status(error)


def measure(chosen: argparse.Namespace, command: str) -> int:
    """Runs the study and writes the report. Returns the exit status."""
    from benchmarks.quality.report import write_report

    capture = QUICK if chosen.quick else CaptureOptions()
    options = StudyOptions(
        out=chosen.out,
        characters=chosen.characters,
        scans=chosen.scans,
        only=chosen.only,
        methods=tuple(chosen.methods.split(",")) if chosen.methods else tuple(METHODS),
        capture=replace(capture, frames=chosen.frames or capture.frames),
        command=f"python -m benchmarks {command}".strip(),
    )
    results = run_study(options, lambda line: print(line, flush=True))
    if chosen.characters and options.capture == CaptureOptions() and not chosen.scores_only:
        _further_studies(options)
    print(f"\n{table(results)}\n")
    print(write_report(chosen.out), flush=True)
    return 1 if any(score.error for score in results.scores) else 0


def _further_studies(options: StudyOptions) -> None:
    """Untrained words; controlled failures and ablations, on a few of all families."""
    assert options.characters is not None  # the caller asked
    layout = Layout(options.out.absolute())
    print("Typing words that sight was never trained on", flush=True)
    run_words(few_cases(options.characters, options.only, ALL), layout, options.command)
    cases = few_cases(options.characters, options.only)
    captured = [capture_case(c, layout.capture(c.name), options.capture) for c in cases]
    print(f"Damaging {', '.join(c.name for c in cases)}", flush=True)
    run_damage(captured, layout.out, command=options.command)
    print("Changing one setting at a time", flush=True)
    run_ablations(cases, layout, options.command)


def table(results: Results) -> str:
    """Mean IoU over cases of methods x vocabularies, and seconds a case."""
    vocabularies = list(dict.fromkeys(score.vocabulary for score in results.scores))
    lines = [["mean IoU over cases", *vocabularies, "seconds a case"]]
    for method in results.methods:
        if method.unavailable:
            lines.append([method.title, f"did not run: {method.unavailable}"])
            continue
        mine = [score for score in results.scores if score.method == method.name]
        means = [known_mean(s.miou for s in mine if s.vocabulary == v) for v in vocabularies]
        seconds = known_mean(sum(s.seconds.values()) for s in mine if not s.error)
        lines.append([method.title, *(f"{m:.3f}" for m in means), f"{seconds:.1f}"])
    width = max(len(line[0]) for line in lines)
    return "\n".join(
        "  ".join([line[0].ljust(width), *(cell.rjust(8) for cell in line[1:])]) for line in lines
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--characters", type=Path, help="folder of NAME/NAME.blend with truth")
    parser.add_argument("--scans", type=Path, help="folder of scan sequences with truth")
    parser.add_argument("--out", type=Path, default=Path("build/benchmark"))
    parser.add_argument("--only", default="", help="regular expression on names of cases")
    parser.add_argument("--methods", default="", help=f"some of {','.join(METHODS)}")
    parser.add_argument("--frames", type=int, help="key poses of a case; default 4")
    parser.add_argument("--scores-only", action="store_true", help="no damages and no ablations")
    parser.add_argument("--quick", action="store_true", help="2 frames, 4 views, 256 pixels")
    return parser


def _compare_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks compare")
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    return parser


if __name__ == "__main__":
    try:
        status = main(sys.argv[1:])
    except KeyboardInterrupt:
        print("Interrupted; run again to continue", file=sys.stderr)
        status = 130
    leave(status)
