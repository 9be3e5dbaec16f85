# SPDX-License-Identifier: GPL-3.0-or-later
"""The study's JSON files as dataclasses, written and read strictly.

`results.json`, `damage.json`, `ablations.json`, `words.json`, `targets.json`.

JSON has no nan: a number that could not be computed is null there and nan here. An unknown or
missing field, and a value of another type, are errors that name the field.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from core.errors import InputError
from core.files.atomic import write_json
from core.files.reading import read_object
from core.job.strict_json import wrong_value

VERSION = 1

T = TypeVar("T")


@dataclass(frozen=True)
class CaseRecord:
    """One case as it was captured."""

    name: str
    family: str
    kind: str  # "character", "scan" or "demo"
    frames: tuple[int, ...]
    views: tuple[str, ...]
    elements: int  # of the largest frame
    capture_seconds: float
    licence: str
    sheets: Mapping[str, str] = field(default_factory=dict)  # key -> path below the results
    named: tuple[str, ...] = ()  # own names that an object, a material or a bone of the file tells


@dataclass(frozen=True)
class MethodInfo:
    """A method that was asked for, and why it did not run if it did not."""

    name: str
    title: str
    unavailable: str = ""


@dataclass(frozen=True)
class ScoreRecord:
    """One method on one case with one vocabulary. With `error` the numbers are nan."""

    case: str
    family: str
    method: str
    vocabulary: str
    classes: tuple[str, ...] = ()
    table: tuple[tuple[float, ...], ...] = ()  # (K, K + 1) m²: truth, label; last: unlabelled
    oa: float = math.nan
    macc: float = math.nan
    miou: float = math.nan
    iou: tuple[float, ...] = ()  # per class; nan: in neither truth nor labels
    boundary_f1: float = math.nan
    flicker: float = math.nan
    side_confusion: float = math.nan
    coverage: float = math.nan  # share labelled from evidence, not filled in
    seconds: Mapping[str, float] = field(default_factory=dict)  # stage -> whole sequence
    peak_gb: float = math.nan
    error: str = ""


@dataclass(frozen=True)
class CaseScores:
    """All scores of one method on one case, and the key of what they were made with."""

    key: str
    scores: tuple[ScoreRecord, ...]


@dataclass(frozen=True)
class Results:
    """A run of the benchmark."""

    command: str
    date: str  # ISO 8601
    machine: Mapping[str, str]
    packages: Mapping[str, str]
    seconds: float
    cases: tuple[CaseRecord, ...] = ()
    methods: tuple[MethodInfo, ...] = ()
    scores: tuple[ScoreRecord, ...] = ()
    notes: tuple[str, ...] = ()
    version: int = VERSION


@dataclass(frozen=True)
class Curve:
    """How one way of fusing stands one kind of damage."""

    damage: str
    fusion: str
    rates: tuple[float, ...]
    miou: tuple[float, ...]  # mean over cases, per rate
    cases: int


@dataclass(frozen=True)
class DamageResults:
    """The study of controlled failures."""

    curves: tuple[Curve, ...]
    machine: Mapping[str, str]
    command: str
    version: int = VERSION


@dataclass(frozen=True)
class AblationRow:
    """The mean over cases with one setting of one ablation."""

    ablation: str
    setting: str
    miou: float
    oa: float
    flicker: float
    coverage: float
    seconds: float
    cases: int


@dataclass(frozen=True)
class AblationResults:
    """The ablations."""

    rows: tuple[AblationRow, ...]
    machine: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    version: int = VERSION


@dataclass(frozen=True)
class WordScore:
    """A word that was never trained in the place of a trained one, on one part of one case."""

    case: str
    family: str
    part: str  # as the ground truth has it
    trained: str
    word: str
    is_synonym: bool  # the ontology has both for the same thing
    trained_iou: float
    iou: float


@dataclass(frozen=True)
class WordResults:
    """The study of words that were never trained."""

    scores: tuple[WordScore, ...]
    machine: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    notes: tuple[str, ...] = ()
    version: int = VERSION


@dataclass(frozen=True)
class TargetRow:
    """What was aimed at, and what was measured."""

    title: str
    measure: str  # "mIoU", "flicker", "share of the trained word's IoU"
    target: float
    at_most: bool  # the target is an upper limit
    measured: float  # mean over cases; nan: nothing was
    cases: int
    families: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class TargetResults:
    """`targets.json`: the vision model against what was aimed at."""

    rows: tuple[TargetRow, ...]
    version: int = VERSION


def write_record(path: Path, record: Any) -> None:
    """A record as JSON, written so that a reader never meets half of it. Raises JobError."""
    write_json(path, to_json(record))


def read_record(cls: type[T], path: Path) -> T:
    """The record of class `cls` in a file.

    Raises JobError for a file that is missing or no JSON object, InputError naming the field for
    one that does not fit, and for one that a newer version wrote.
    """
    document = read_object(path)
    version = document.get("version", VERSION)
    if isinstance(version, int) and version > VERSION:
        raise InputError(f"{path} was written by a newer version", "Update Parts4D")
    return from_json(cls, document)


def to_json(value: Any) -> Any:
    """`value` of dataclasses, mappings, tuples and scalars as JSON; nan and infinities are null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def from_json(cls: type[T], document: Any, where: str = "") -> T:
    """An instance of the dataclass `cls`; `where` is the dotted name of the field that holds it.

    Raises InputError for an unknown or missing field and for a value of another type.
    """
    if not isinstance(document, dict):
        raise wrong_value(where or cls.__name__, "an object", document)
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]  # T is a dataclass
    if strange := sorted(document.keys() - known.keys()):
        raise InputError(f"There is no field {_dot(where, strange[0])}", "Remove it")
    hints, values = get_type_hints(cls), {}
    for name, entry in known.items():
        if name in document:
            values[name] = _read(hints[name], document[name], _dot(where, name))
        elif entry.default is MISSING and entry.default_factory is MISSING:
            raise InputError(f"The field {_dot(where, name)} is missing", "Make the file anew")
    return cls(**values)


def _read(kind: Any, value: Any, where: str) -> Any:
    if isinstance(kind, type) and is_dataclass(kind):
        return from_json(kind, value, where)
    arguments = get_args(kind)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise wrong_value(where, "a list", value)
        return tuple(_read(arguments[0], v, f"{where}[{i}]") for i, v in enumerate(value))
    if arguments:  # Mapping[str, ...]
        if not isinstance(value, dict):
            raise wrong_value(where, "an object", value)
        return {k: _read(arguments[1], v, _dot(where, k)) for k, v in value.items()}
    if kind is float:
        if value is None:
            return math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    raise wrong_value(where, {float: "a number", int: "a whole number", str: "a text"}[kind], value)


def _dot(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
