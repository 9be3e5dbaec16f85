# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of a job, in order, and what is to be known of each. Imports nothing.

Which settings a stage reads stands with the settings (`spec.py`), what it does in
`parsing/pipeline.py` and `scene/capture`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One step of a job; its output is the folder of its name.

    Raise `version` when code changes in a way that changes the stage's output: what older code
    computed is then computed anew. The test of the frozen job says when that is due.
    """

    name: str
    title: str  # what the side bar says while it runs
    version: int
    weight: float  # share of a typical run's time on two cores, with the embedded default
    model_weight: float  # the same of a run in which models take the time
    seam: str = ""  # whose implementation, and its checkpoints, the output is made with
    data: tuple[str, ...] = ()  # shipped data the output depends on, see `shipped_data.py`
    looks: bool = False  # computed only where the vision model is used
    packages: tuple[str, ...] = ()  # of the stage itself, recorded where it computed something


STAGE_TABLE: tuple[Stage, ...] = (
    Stage("capture", "Rendering views", version=1, weight=60.0, model_weight=15.0),
    Stage(
        "sight",
        "Looking at views",
        version=3,
        weight=25.0,
        model_weight=0.0,
        data=("model", "ontology"),
        looks=True,
        packages=("onnxruntime",),
    ),
    Stage("proposals", "Finding masks", version=1, weight=8.0, model_weight=25.0, seam="proposer"),
    Stage("masklets", "Following masks", version=1, weight=12.0, model_weight=25.0, seam="tracker"),
    Stage(
        "validation", "Checking coverage", version=1, weight=4.0, model_weight=15.0, seam="tracker"
    ),
    Stage(
        "embeddings",
        "Understanding masks",
        version=2,
        weight=10.0,
        model_weight=18.0,
        seam="encoder",
    ),
    Stage(
        "labels",
        "Labelling faces",
        version=1,
        weight=6.0,
        model_weight=2.0,
        seam="encoder",
        data=("ontology",),
    ),
)

STAGES: tuple[str, ...] = tuple(stage.name for stage in STAGE_TABLE)


def stage_named(name: str) -> Stage:
    """Raises KeyError for a name that is no stage."""
    return {stage.name: stage for stage in STAGE_TABLE}[name]
