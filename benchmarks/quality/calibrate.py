# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses the numbers of the sight encoder by leaving one family out at a time.

    python -m benchmarks.quality.calibrate --characters DIR [--only REGEX] [--cases N] [--frames 2]
        [--evidence sight,names,bones] [--also embedded.combinations.SEEN_ALIKE=0.3,0.5,0.7]
        [--out build/benchmark]

Tried are the mixing weights of names and sight (`NameWeights`), one at a time over a small grid
with the others at their present values, and the constants that `--also` names. For every family the
values that are best on the others are scored on the family itself: what they are worth on
characters that did not choose them. The final choice is the median over the families. Captures and
what the vision model saw are those of the benchmark; only embeddings and labels are computed again,
for few frames. What was scored is kept in `calibration/`, so that a run that was killed goes on.
Prints JSON.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from core.errors import InputError, JobError, Parts4DError, exit_status
from core.files.atomic import write_json
from core.files.reading import read_object
from core.job.sight_model import sight_model_hash
from core.job.spec import EvidenceName, ParsingSettings

from .captured import CaptureOptions, capture_case, capture_key
from .cases import Case, few_cases, few_cases_parser
from .encoder_trial import EncoderTrial, few_frames
from .layout import Layout
from .methods.ours import SETTINGS, judge_all
from .metrics import known_mean
from .numbers_tried import MIXING, Number, Point, number_of
from .relabel import parsed_job
from .shared_sight import look
from .study import SIDE_BY_SIDE, code_hash

ALL = 1000
FRAMES = 2
NICENESS = 10


@dataclass(frozen=True)
class Options:
    """What is tried, and on what."""

    out: Path
    numbers: tuple[Number, ...] = MIXING
    evidence: tuple[EvidenceName, ...] = ("sight", "names", "bones")
    frames: int = FRAMES
    capture: CaptureOptions = field(default_factory=CaptureOptions)
    code: str = field(default_factory=code_hash)  # asked once: all cases are of one version

    @property
    def settings(self) -> ParsingSettings:
        return judge_all(replace(SETTINGS["embedded"], evidence=self.evidence))

    @property
    def start(self) -> dict[str, float]:
        return {number.name: number.start for number in self.numbers}


@dataclass(frozen=True)
class Tried:
    """Scores of one case."""

    case: str
    family: str
    used: frozenset[str]  # numbers that make a difference to it
    scores: Mapping[str, float]  # key of a point -> mean IoU

    def at(self, point: Point) -> float:
        return self.scores[point_key(point, self.used)]


Table = Sequence[Tried]


def point_key(point: Point, used: Iterable[str]) -> str:
    """The same for points that differ only in what is not `used`."""
    return json.dumps({name: point[name] for name in sorted(used)})


def calibrate(cases: Sequence[Case], options: Options) -> dict:
    """What is printed. Raises JobError or InputError for a case that fails."""
    start = options.start
    table = score_points(cases, options, [start, *neighbours(start, options.numbers)])
    families = sorted({tried.family for tried in table})
    if len(families) < 2:
        raise InputError("One family alone leaves none to choose on", "Add characters")
    chosen = {
        family: best_point([t for t in table if t.family != family], options.numbers)
        for family in families
    }
    final = {n.name: _median([c[n.name] for c in chosen.values()]) for n in options.numbers}
    table = score_points(cases, options, [start, final, *chosen.values()])
    return {
        "start": {"values": start, "score": _mean_at(table, start)},
        "families": {
            family: {
                "values": chosen[family],
                "score there": _mean_at([t for t in table if t.family == family], chosen[family]),
                "before": _mean_at([t for t in table if t.family == family], start),
            }
            for family in families
        },
        "left out": known_mean(t.at(chosen[t.family]) for t in table),
        "final": {"values": final, "score": _mean_at(table, final)},
        "cases": len(table),
    }


def neighbours(point: Point, numbers: Sequence[Number]) -> list[dict[str, float]]:
    """All points that differ from `point` in one number."""
    return [
        {**point, number.name: value}
        for number in numbers
        for value in number.values
        if value != point[number.name]
    ]


def best_point(table: Table, numbers: Sequence[Number]) -> dict[str, float]:
    """Every number at the value that is best with the others at their start; a tie changes none."""
    start = {number.name: number.start for number in numbers}

    def merit(number: Number, value: float) -> tuple[float, float]:
        mean = _mean_at(table, {**start, number.name: value})
        return round(mean, 4), -abs(value - number.start)

    return {n.name: max(n.values, key=partial(merit, n)) for n in numbers}


def score_points(cases: Sequence[Case], options: Options, points: Sequence[Point]) -> Table:
    """Every case at every point, several cases side by side."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(SIDE_BY_SIDE, mp_context=context, initializer=_be_nice) as pool:
        table = []
        tasks = [pool.submit(score_case, case, options, points) for case in cases]
        for done, task in enumerate(tasks, 1):
            table.append(task.result())
            print(f"{done}/{len(tasks)} {table[-1].case}", file=sys.stderr, flush=True)
    return table


def score_case(case: Case, options: Options, points: Sequence[Point]) -> Tried:
    """One case at the points; what was scored before is read. Capture and sight are made if need
    be."""
    layout = Layout(options.out.absolute())
    path = layout.out / "calibration" / f"{case.name}.json"
    key = _key(case, options)
    known = _find_tried(path, key)
    if known is not None and all(point_key(p, known.used) in known.scores for p in points):
        return known
    captured = capture_case(case, layout.capture(case.name), options.capture)
    look(captured)
    scratch = layout.scratch(case.name, "calibrate") / key[:12]
    job = parsed_job(captured, options.settings, scratch, "validation")
    trial = EncoderTrial(few_frames(captured, options.frames), job.path, options.settings)
    constants = frozenset(n.name for n in options.numbers if not n.is_weight)
    used = constants | (trial.used_weights() & options.start.keys())
    scores = dict(known.scores) if known is not None else {}
    for point in points:
        if point_key(point, used) not in scores:
            scores[point_key(point, used)] = trial.score(point)
            write_json(path, {"key": key, "used": sorted(used), "scores": scores})
    return Tried(case.name, case.family, used, scores)


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    parser = few_cases_parser(__doc__ or "")
    parser.set_defaults(cases=ALL)
    parser.add_argument("--frames", type=int, default=FRAMES, help="of a case; default 2")
    parser.add_argument("--evidence", default="sight,names,bones")
    parser.add_argument("--also", action="append", default=[], help="module.NAME=1,2,3")
    parser.add_argument("--only-also", action="store_true", help="no mixing weights")
    chosen = parser.parse_args(arguments)
    try:
        cases = few_cases(chosen.characters, chosen.only, chosen.cases)
        numbers = tuple(map(number_of, chosen.also))
        evidence = tuple(chosen.evidence.split(","))
        if not chosen.only_also and "names" in evidence:
            numbers = (*MIXING, *numbers)
        found = calibrate(cases, Options(chosen.out, numbers, evidence, chosen.frames))
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return exit_status(error)
    print(json.dumps(found, indent=2))
    write_json(chosen.out.absolute() / "calibration.json", found)
    return 0


def _key(case: Case, options: Options) -> str:
    """Of everything that scores depend on but the numbers."""
    capture = capture_key(case, options.capture)
    constants = sorted(number.name for number in options.numbers if not number.is_weight)
    content = [capture, options.code, sight_model_hash(), options.frames, options.evidence]
    return hashlib.sha256(json.dumps([*content, constants]).encode()).hexdigest()


def _find_tried(path: Path, key: str) -> Tried | None:
    try:
        document = read_object(path)
    except JobError:
        return None
    if document.get("key") != key:
        return None
    family = path.stem.split("_", 1)[0]
    return Tried(path.stem, family, frozenset(document["used"]), document["scores"])


def _median(values: Sequence[float]) -> float:
    """The lower of the two middle ones, so that it has been tried."""
    return statistics.median_low(values)


def _mean_at(table: Table, point: Point) -> float:
    return known_mean(tried.at(point) for tried in table)


def _be_nice() -> None:
    if hasattr(os, "nice"):  # not on Windows
        os.nice(NICENESS)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
