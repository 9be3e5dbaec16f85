# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the job spec as properties of Blender: same words, ranges, choices and defaults."""

from __future__ import annotations

from typing import Any

import bpy

from ..job.setting import setting_field


def property_of(cls: type, name: str, **changes: Any) -> Any:
    """The `bpy.props` property for a setting of `cls`; `changes` are further arguments of it."""
    one = setting_field(cls, name)
    facts = {"name": one.about.title, "description": one.about.help, "default": one.default}
    if one.kind is bool:
        return bpy.props.BoolProperty(**facts | changes)
    if one.values:
        items = [(c.value, c.title, c.help) for c in one.about.choices]
        return bpy.props.EnumProperty(**facts | {"items": items} | changes)
    ends = zip(("min", "max"), (one.about.low, one.about.high), one.about.slider, strict=True)
    for end, hard, soft in ends:
        facts[end], facts[f"soft_{end}"] = hard, hard if soft is None else soft
    if one.kind is int:
        facts |= {end: int(facts[end]) for end in ("min", "max", "soft_min", "soft_max")}
        return bpy.props.IntProperty(**facts | changes)
    return bpy.props.FloatProperty(**facts | changes)


def switch_of(cls: type, name: str, value: str) -> Any:
    """A switch for one value of a setting that takes several; all are on at first."""
    choice = next(c for c in setting_field(cls, name).about.choices if c.value == value)
    return bpy.props.BoolProperty(name=choice.title, description=choice.help, default=True)
