# SPDX-License-Identifier: GPL-3.0-or-later
"""Part names as people type them: `jacket; trousers | jeans; left shoe #cc2233`."""

from __future__ import annotations

import re

from ..errors import InputError
from .spec import Part

_COLOR = re.compile(r"#([0-9a-fA-F]{6})\s*$")


def parse_parts(text: str) -> tuple[Part, ...]:
    """Parts separated by ; or , or new lines, synonyms by |, a colour as #rrggbb at the end.

    Raises InputError when there is none; duplicates are for the spec's validation to find.
    """
    parts = [_part(entry) for entry in re.split(r"[;,\n]", text) if entry.strip()]
    if not parts:
        raise InputError("No part names were given", 'Name some, for example "jacket; hair"')
    return tuple(parts)


def _part(entry: str) -> Part:
    color = None
    if match := _COLOR.search(entry):
        red, green, blue = bytes.fromhex(match[1])
        color = (red / 255, green / 255, blue / 255)
        entry = entry[: match.start()]
    words = [" ".join(word.split()) for word in entry.split("|")]
    words = [word for word in words if word]
    if not words:
        raise InputError("A part has a colour but no name", "Write the name before the colour")
    return Part(words[0], tuple(words[1:]), color)
