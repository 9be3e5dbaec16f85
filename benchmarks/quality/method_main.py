# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that runs one method on one captured case and scores it.

    python -m benchmarks.quality.method_main '{"case": {...}, "method": ..., "out": ...}'

Leaves `scores/CASE/METHOD.json` and, for the report, `pictures/CASE/METHOD_free.npz` in `out`. Its
own process, so that memory is that of this method and a crash is its alone.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from core.job.arrays import save_arrays
from core.job.child_side import Channel, run_child

from .captured import CapturedCase, open_captured
from .cases import Case
from .layout import Layout
from .methods import METHODS, Method
from .records import CaseScores, ScoreRecord, write_record
from .scoring import Judge
from .vocabularies import FREE, vocabularies_for


def main(channel: Channel) -> None:
    request = json.loads(sys.argv[1])
    case = Case(**(request["case"] | {"path": Path(request["case"]["path"])}))
    layout = Layout(Path(request["out"]))
    captured = open_captured(case, layout.capture(case.name))
    method = METHODS[request["method"]]()
    scratch = layout.scratch(case.name, method.name)
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        scores = tuple(scores_of(method, captured, scratch, layout))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    write_record(layout.scores(case.name, method.name), CaseScores(request["key"], scores))


def scores_of(
    method: Method, captured: CapturedCase, scratch: Path, layout: Layout
) -> list[ScoreRecord]:
    """One record for each vocabulary that makes sense for the case."""
    vocabularies = vocabularies_for(captured.names, captured.present)
    labellings = method.label(captured, vocabularies, scratch)
    judge, found = Judge(captured), []
    for vocabulary in vocabularies:
        labelling = labellings[vocabulary.name]
        found.append(judge.score(method.name, vocabulary, labelling))
        if vocabulary.name == FREE:
            labels = {f"label_{frame}": label for frame, label in labelling.label.items()}
            save_arrays(layout.pictures(captured.case.name) / f"{method.name}_{FREE}.npz", labels)
    return found


if __name__ == "__main__":
    run_child(main)
