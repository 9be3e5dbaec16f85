# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be known of a setting beside its type and default, kept in its dataclass field.

The check of a spec, the keys of stages, the command line and the side bar read it from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
_KEY = "setting"


@dataclass(frozen=True)
class Choice:
    """A value that may be chosen, as the side bar shows it."""

    value: str
    title: str
    help: str = ""


@dataclass(frozen=True)
class Setting:
    """Facts about a setting. Ranges include their ends; None has no end."""

    help: str  # one sentence without a full stop: tool tip and help of the command line
    stage: str  # the first that reads it; empty: none, it changes no output
    title: str = ""  # label in the side bar; empty: not there
    low: float | None = None
    high: float | None = None
    slider: tuple[float | None, float | None] = (None, None)  # narrower ends for dragging
    choices: tuple[Choice, ...] = ()
    flag: str = ""  # on the command line; empty: --its-name
    metavar: str = ""
    from_default: bool = False  # came later: jobs from before it are as with its default


@dataclass(frozen=True)
class SettingField:
    """A setting with its name, type and default."""

    name: str
    kind: Any  # the type as annotated
    default: Any
    about: Setting

    @property
    def flag(self) -> str:
        return self.about.flag or f"--{self.name.replace('_', '-')}"

    @property
    def values(self) -> tuple[str, ...]:
        """What may be chosen, where that is one or some of a few words; else nothing."""
        kind = get_args(self.kind)[0] if get_origin(self.kind) is tuple else self.kind
        return cast("tuple[str, ...]", get_args(kind)) if get_origin(kind) is Literal else ()


def setting(default: T, about: Setting) -> T:
    """A dataclass field with a default and what is to be known of it."""
    return field(default=default, metadata={_KEY: about})


def setting_fields(cls: type) -> tuple[SettingField, ...]:
    """The settings of a dataclass, in order."""
    hints = get_type_hints(cls)
    return tuple(
        SettingField(one.name, hints[one.name], one.default, one.metadata[_KEY])
        for one in fields(cls)
    )


def setting_field(cls: type, name: str) -> SettingField:
    """Raises KeyError for a name that is no setting of the class."""
    return {one.name: one for one in setting_fields(cls)}[name]


def settings_of_stage(cls: type, stage: str) -> tuple[str, ...]:
    """Names of the settings that a stage is the first to read."""
    return tuple(one.name for one in setting_fields(cls) if one.about.stage == stage)
