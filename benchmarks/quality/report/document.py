# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as blocks of content, before it becomes HTML or Markdown. All texts are unescaped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Color = tuple[float, float, float]  # sRGB 0..1


@dataclass(frozen=True)
class Cell:
    """One field of a table."""

    text: str
    order: float | str | None = None  # what its column is sorted by; None: the text
    best: bool = False
    heat: float = math.nan  # 0..1, how dark its ground is; nan: not at all


@dataclass(frozen=True)
class Column:
    title: str
    is_number: bool = True
    hint: str = ""  # what it means, shown where the pointer rests


@dataclass(frozen=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str
    note: str = ""


@dataclass(frozen=True)
class Paragraph:
    text: str
    is_lead: bool = False  # the one paragraph for those who read no more


@dataclass(frozen=True)
class Listing:
    items: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """An image, with words for those who cannot see it."""

    content: bytes
    kind: Literal["image/svg+xml", "image/png"]
    caption: str
    alt: str
    title: str = ""
    heads: tuple[tuple[str, float], ...] = ()  # words above the image, and where: 0..1 of its width
    legend: tuple[tuple[str, Color], ...] = ()


Block = Table | Paragraph | Listing | Picture


@dataclass(frozen=True)
class Section:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    title: str
    sections: tuple[Section, ...]
