# SPDX-License-Identifier: GPL-3.0-or-later
"""One setting of the embedded preset at a time: how much each of them is worth.

    python -m benchmarks.quality.ablations --characters DIR [--only REGEX] [--cases 6]
                                           [--out build/benchmark]

Settings of the capture need captures of their own; their labels are judged by what the capture of
the benchmark shows, so that all of them answer for the same elements. Numbers are means over all
vocabularies. Writes ablations.json, which the benchmark's report shows.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from core.job.presets import PRESETS
from core.job.spec import ParsingSettings

from .captured import CaptureOptions, capture_case
from .cases import Case, run_on_few_cases
from .layout import Layout
from .methods.ours import JobMethod, judge_all
from .metrics import known_mean
from .records import AblationResults, AblationRow, ScoreRecord, write_record
from .scoring import Judge
from .study import machine, run_side_by_side
from .vocabularies import vocabularies_for

_CAPTURE = CaptureOptions()
_PARSING = PRESETS["embedded"]
# What is varied -> the setting, and values beside its default.
_SETTINGS: Mapping[str, tuple[str, Sequence[float]]] = {
    "views looked at": ("sight_images", (8, 16, 64)),
    "key frames": ("key_frames", (1, 2, 4)),
    "overlap at which proposals are one masklet": ("merge_overlap", (0.5, 0.7, 0.9)),
    "β of eq. 6": ("memory_scale", (1.0, 5.0, 15.0, 50.0)),
    "eq. 7": ("equalise", (False, True)),
    "specificity": ("specificity", (0.0, 0.5, 1.0)),
    "persistence": ("persistence", (0.0, 0.5, 1.0)),
    "smoothing": ("smoothing", (0.0, 0.1, 0.2, 0.4)),
}


Scores = list[ScoreRecord]  # of one case, one for each vocabulary


@dataclass(frozen=True)
class Variant:
    """One line of an ablation's table."""

    ablation: str
    setting: str
    capture: CaptureOptions
    parsing: ParsingSettings


def variants() -> Iterator[Variant]:
    """All of them, the costly changes first: what stays the same is not computed again."""
    for views in (4, 8, 16):
        capture = replace(_CAPTURE, views=views)
        yield Variant("views", str(views), capture, _PARSING)
    for resolution in (256, 512, 768):
        capture = replace(_CAPTURE, resolution=resolution)
        yield Variant("resolution, pixels", str(resolution), capture, _PARSING)
    for ablation, (name, values) in _SETTINGS.items():
        for value in sorted({*values, getattr(_PARSING, name)}):
            yield Variant(ablation, str(value), _CAPTURE, replace(_PARSING, **{name: value}))


def run_ablations(cases: Sequence[Case], layout: Layout, command: str) -> AblationResults:
    """Scores every variant on every case. Raises InputError or JobError for a case that fails."""
    found: dict[str, list[Scores]] = {}

    def done(case: Case, outcome: list[Scores] | Exception) -> None:
        if isinstance(outcome, Exception):
            raise outcome
        found[case.name] = outcome
        print(f"{len(found)}/{len(cases)} {case.name}", flush=True)

    run_side_by_side({case: partial(score_variants, case, layout) for case in cases}, done)
    rows = (row(v, scores) for v, *scores in zip(variants(), *found.values(), strict=True))
    results = AblationResults(tuple(rows), machine(), command)
    write_record(layout.out / "ablations.json", results)
    return results


def score_variants(case: Case, layout: Layout) -> list[Scores]:
    """The scores of one case with every vocabulary, in the order of `variants`."""
    judge = Judge(capture_case(case, layout.capture(case.name), _CAPTURE))
    vocabularies = vocabularies_for(judge.captured.names, judge.captured.present)
    scratch = layout.scratch(case.name, "ablations")
    shutil.rmtree(scratch, ignore_errors=True)
    known: dict[tuple[CaptureOptions, ParsingSettings], Scores] = {}
    for variant in variants():
        chosen = variant.capture, variant.parsing
        if chosen not in known:
            name = f"{variant.capture.views}x{variant.capture.resolution}"
            folder = layout.capture(
                case.name if variant.capture == _CAPTURE else f"{case.name} {name}"
            )
            captured = capture_case(case, folder, variant.capture)
            method = JobMethod("embedded", "", judge_all(variant.parsing))
            labellings = method.label(captured, vocabularies, scratch / name)
            known[chosen] = [judge.score("embedded", v, labellings[v.name]) for v in vocabularies]
    shutil.rmtree(scratch, ignore_errors=True)
    return [known[v.capture, v.parsing] for v in variants()]


def row(variant: Variant, scores: Sequence[Scores]) -> AblationRow:
    """The mean of a variant's scores over vocabularies and cases."""
    records = [record for of_case in scores for record in of_case]
    return AblationRow(
        ablation=variant.ablation,
        setting=variant.setting,
        miou=known_mean(r.miou for r in records),
        oa=known_mean(r.oa for r in records),
        flicker=known_mean(r.flicker for r in records),
        coverage=known_mean(r.coverage for r in records),
        seconds=known_mean(sum(r.seconds.values()) for r in records),
        cases=len(scores),
    )


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    return run_on_few_cases(
        arguments,
        __doc__ or "",
        "benchmarks.quality.ablations",
        run_ablations,
        lambda results: (
            f"{r.ablation:28} {r.setting:6} {r.miou:.3f} {r.flicker:.4f} {r.seconds:6.1f} s"
            for r in results.rows
        ),
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
