# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of the sight encoder that can be tried: mixing weights, and constants of its modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from importlib import import_module

from core.errors import InputError
from core.parsing.embedded.name_weights import NAME_WEIGHT, NameWeights

_PACKAGE = "core.parsing"
_WEIGHTS = {field.name for field in fields(NameWeights)}
Point = Mapping[str, float]  # number -> value


@dataclass(frozen=True)
class Number:
    """A number with its present value and those that are tried, which include it."""

    name: str  # a field of NameWeights, or a constant: "embedded.combinations.SEEN_ALIKE"
    start: float
    values: tuple[float, ...]

    @property
    def is_weight(self) -> bool:
        return self.name in _WEIGHTS


MIXING = tuple(
    Number(name, getattr(NAME_WEIGHT, name), tuple(sorted({getattr(NAME_WEIGHT, name), *values})))
    for name, values in {
        "named": (0.6, 0.75, 0.9, 1.0),
        "outfit": (0.2, 0.35, 0.5, 0.7),
        "skin": (0.4, 0.6, 0.75, 0.85, 0.95),
        "part": (0.4, 0.6, 0.8, 0.95),
        "cloth": (0.0, 0.2, 0.35, 0.5, 0.7),
        "plain": (0.0, 0.15, 0.3, 0.5),
    }.items()
)


def number_of(text: str) -> Number:
    """`embedded.combinations.SEEN_ALIKE=0.3,0.5,0.7`. Raises InputError for anything else."""
    name, _, values = text.partition("=")
    try:
        start = float(getattr(*_owner(name)))
        tried = {float(value) for value in values.split(",")}
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise InputError(f"'{text}' is no number with values", "Write module.NAME=1,2,3") from error
    return Number(name, start, tuple(sorted({start, *tried})))


def weights_at(point: Point) -> NameWeights:
    """The mixing weights at a point."""
    return replace(NAME_WEIGHT, **{k: v for k, v in point.items() if k in _WEIGHTS})


@contextmanager
def constants_at(point: Point) -> Iterator[None]:
    """The constants have the point's values as long as this lasts."""
    changed = {name: value for name, value in point.items() if name not in _WEIGHTS}
    before = {name: getattr(*_owner(name)) for name in changed}
    try:
        for name, value in changed.items():
            setattr(*_owner(name), value)
        yield
    finally:
        for name, value in before.items():
            setattr(*_owner(name), value)


class UsedWeights:
    """Stands where `NameWeights` do and notes which of them are asked for."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def __getattr__(self, name: str) -> float:
        if name not in _WEIGHTS:
            raise AttributeError(name)
        self.used.add(name)
        return float(asdict(NAME_WEIGHT)[name])


def _owner(name: str) -> tuple[object, str]:
    """(module, attribute) of a constant below core.parsing."""
    module, _, attribute = name.rpartition(".")
    return import_module(f"{_PACKAGE}.{module}" if module else _PACKAGE), attribute
