# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings as options of the command line, and back."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any, get_args, get_origin

from ..job.implementations import SEAMS, implementations
from ..job.setting import SettingField, setting_field

Adder = argparse.ArgumentParser | argparse._ArgumentGroup


def add_flags(parser: Adder, cls: type, names: Iterable[str]) -> None:
    """An option for each of these settings of `cls`; one that is not given is None."""
    for name in names:
        one = setting_field(cls, name)
        parser.add_argument(one.flag, dest=name, default=None, help=_help(one), **_kind(one))


def read_given(arguments: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """The settings among `names` that were given on the command line."""
    values = {name: getattr(arguments, name) for name in names}
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if value is not None
    }


def _kind(one: SettingField) -> dict[str, Any]:
    """How argparse reads the values of a setting."""
    metavar = {"metavar": one.about.metavar} if one.about.metavar else {}
    if one.kind is bool:
        on = one.default
        return {"action": argparse.BooleanOptionalAction if on else "store_true"}
    if one.flag[2:] in one.values:  # the choice that is not the default is a switch
        return {"action": "store_const", "const": one.flag[2:]}
    if get_origin(one.kind) is tuple:
        if one.values:
            return {"type": some_of(one.values), **metavar}
        return {"type": get_args(one.kind)[0], "nargs": "*", **metavar}
    if one.values:
        return {"choices": one.values}
    return {"type": one.kind, **metavar}


def _help(one: SettingField) -> str:
    text = one.about.help
    if one.name in SEAMS:
        rows = implementations(one.name)
        text += f": {'; '.join(f'{row.name} ({row.help})' for row in rows)}"
    text = text[0].lower() + text[1:].replace("β", "beta")  # which not every console has
    is_number = isinstance(one.default, int | float) and not isinstance(one.default, bool)
    return f"{text} [{one.default:g}]" if is_number else text


def some_of(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    """A type for argparse: `sight,bones` as a tuple, in the order of `known`."""

    def read(text: str) -> tuple[str, ...]:
        words = {word.strip() for word in text.split(",")}
        if words - set(known):
            raise argparse.ArgumentTypeError(f"'{text}' is not some of {', '.join(known)}")
        return tuple(name for name in known if name in words)

    return read
