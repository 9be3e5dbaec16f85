# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON into frozen dataclasses by their type hints: nothing unknown, missing or of another type."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ..errors import InputError

T = TypeVar("T")

_TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def read_dataclass(cls: type[T], document: Any, where: str = "") -> T:
    """An instance of `cls` from a JSON object.

    `where` is the dotted name of the field that holds it. Raises InputError that names the field
    for an unknown or missing key and for a value of another type.
    """
    if not isinstance(document, dict):
        raise wrong_value(where or cls.__name__, "an object with named values", document)
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]  # T is a dataclass
    for key in document:
        if key not in known:
            raise _unknown_key(key, where, list(known))
    hints = _hints(cls)  # type: ignore[arg-type]  # classes can be hashed
    values = {}
    for name, field in known.items():
        dotted = f"{where}.{name}" if where else name
        if name in document:
            values[name] = _read(hints[name], document[name], dotted)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise InputError(f"The setting {dotted} is missing", f"Give a value for {dotted}")
    return cls(**values)


@cache
def _hints(cls: type) -> dict[str, Any]:
    """Working them out takes longer than reading a part, and there may be thousands of parts."""
    return get_type_hints(cls)


def wrong_value(where: str, expected: str, value: Any) -> InputError:
    shown = repr(value)
    shown = shown if len(shown) <= 40 else f"{shown[:37]}..."
    return InputError(f"{where} must be {expected}, not {shown}", f"Correct {where}")


def _read(kind: Any, value: Any, where: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        return read_dataclass(kind, value, where)
    if origin is Literal:
        if not isinstance(value, str) or value not in arguments:
            raise wrong_value(where, f"one of {', '.join(arguments)}", value)
        return value
    if origin in (Union, UnionType):
        if value is None and NoneType in arguments:
            return None
        return _read(next(a for a in arguments if a is not NoneType), value, where)
    if origin is tuple:
        return _read_tuple(arguments, value, where)
    if origin is Mapping:
        if not isinstance(value, dict):
            raise wrong_value(where, "an object with named values", value)
        return {k: _read(arguments[1], v, f"{where}.{k}") for k, v in value.items()}
    return _read_scalar(kind, value, where)


def _read_tuple(arguments: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise wrong_value(where, "a list", value)
    if arguments[-1] is Ellipsis:
        kinds = arguments[:1] * len(value)
    elif len(arguments) == len(value):
        kinds = arguments
    else:
        raise wrong_value(where, f"a list of {len(arguments)} values", value)
    pairs = zip(kinds, value, strict=True)
    return tuple(_read(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(pairs))


def _read_scalar(kind: Any, value: Any, where: str) -> Any:
    accepted = int | float if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise wrong_value(where, _TYPE_NAMES[kind], value)
    if kind is float:
        return _finite(value, where)
    if isinstance(value, str) and not _is_encodable(value):
        raise wrong_value(where, "a text of valid characters", value)
    return value


def _finite(value: int | float, where: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(f"{where} must be a finite number", f"Correct {where}")
    return number


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate, which no file can hold
        return False
    return True


def _unknown_key(key: str, where: str, known: list[str]) -> InputError:
    dotted = f"{where}.{key}" if where else key
    near = difflib.get_close_matches(key, known, 1)
    remedy = f"Did you mean {near[0]}" if near else f"Remove it; known are {', '.join(known)}"
    return InputError(f"There is no setting named {dotted}", remedy)
