# SPDX-License-Identifier: GPL-3.0-or-later
"""Names for attributes and vertex groups that never take one of the user's.

Attributes, UV maps and vertex groups share one namespace up to Blender 5.0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

ASIDE = "p4d~"  # begins the names of earlier results while they wait for newer ones
GROUP_BYTES = 63  # Blender cuts vertex group names there, even inside a character


@dataclass(frozen=True)
class AttributeNames:
    """`parts_label` and `parts`, or what they had to become."""

    label: str
    color: str

    def variant(self, index: int) -> AttributeNames:
        """Names for the labels of a further object that shows the same mesh."""
        if index == 0:
            return self
        return AttributeNames(f"{self.label}_{index + 1}", f"{self.color}_{index + 1}")

    def at(self, frame: int) -> AttributeNames:
        """Names of what is stored from scene frame `frame` on."""
        return AttributeNames(f"{self.label}.{frame:04d}", f"{self.color}.{frame:04d}")


def attribute_names(taken: Collection[str], variants: int) -> AttributeNames:
    """The plain names, or with a suffix when the user has anything of that name or prefix.

    Names beginning with "parts." count as taken too: the switch drops them from its output.
    """
    for attempt in range(1, len(taken) + 3):
        suffix = {1: "", 2: "_p4d"}.get(attempt, f"_p4d{attempt - 1}")
        names = AttributeNames(f"parts_label{suffix}", f"parts{suffix}")
        bases = [b for v in map(names.variant, range(variants)) for b in (v.label, v.color)]
        if not any(t == b or t.startswith(f"{b}.") for t in taken for b in bases):
            return names
    raise AssertionError("more suffixes were tried than names are taken")


def free_name(base: str, taken: Collection[str]) -> str:
    """`base`, or with a suffix when it is in `taken`."""
    candidates = (f"{base}_p4d{n or ''}" for n in range(len(taken) + 1))
    return base if base not in taken else next(c for c in candidates if c not in taken)


def group_names(parts: Iterable[str], taken: Collection[str]) -> list[str]:
    """`part:NAME` for each part: at most 63 bytes of whole characters, unique, not in `taken`."""
    names: list[str] = []
    used = set(taken)
    for part in parts:
        name = cut(f"part:{part}", GROUP_BYTES)
        number = 0
        while name in used:
            number += 1
            suffix = f".{number:03d}"
            name = cut(f"part:{part}", GROUP_BYTES - len(suffix)) + suffix
        used.add(name)
        names.append(name)
    return names


def cut(text: str, size: int) -> str:
    """The longest prefix of `text` of at most `size` bytes in UTF-8."""
    return text.encode()[:size].decode(errors="ignore")
