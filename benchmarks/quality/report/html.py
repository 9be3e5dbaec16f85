# SPDX-License-Identifier: GPL-3.0-or-later
"""A document as one HTML file that needs nothing else: images, style and script are inside."""

from __future__ import annotations

import base64
import math
import re
from html import escape
from pathlib import Path

from .document import Block, Cell, Color, Column, Document, Listing, Paragraph, Picture, Table

# The browser itself sees to it that nothing is fetched.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_HOT = (230, 145, 56)  # the ground of a score of 0; dark ink stays readable on it
_HERE = Path(__file__).parent


def html(document: Document) -> str:
    """The page."""
    style = (_HERE / "page.css").read_text("utf-8")
    script = (_HERE / "page.js").read_text("utf-8")
    title = escape(document.title)
    links = "".join(
        f'<a href="#{_anchor(s.title)}">{escape(s.title)}</a> ' for s in document.sections
    )
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>",
        f"<style>{style}</style></head><body>",
        f"<h1>{title}</h1>",
        f"<nav>{links}</nav>",
    ]
    for section in document.sections:
        parts.append(f'<h2 id="{_anchor(section.title)}">{escape(section.title)}</h2>')
        parts += [_block(block) for block in section.blocks]
    parts += [f"<script>{script}</script>", "</body></html>"]
    return "\n".join(parts) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        kind = ' class="lead"' if block.is_lead else ""
        return f"<p{kind}>{escape(block.text)}</p>"
    if isinstance(block, Listing):
        return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in block.items)}</ul>"
    if isinstance(block, Picture):
        return _picture(block)
    return _table(block)


def _table(table: Table) -> str:
    heads = "".join(_head(column) for column in table.columns)
    rows = "\n".join(f"<tr>{''.join(map(_cell, row, table.columns))}</tr>" for row in table.rows)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<div class="wide"><table><caption>{escape(table.caption)}</caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>{note}</div>"
    )


def _head(column: Column) -> str:
    kind = ' class="number"' if column.is_number else ""
    hint = f' title="{escape(column.hint)}"' if column.hint else ""
    return f'<th scope="col"{kind}{hint}>{escape(column.title)}</th>'


def _cell(cell: Cell, column: Column) -> str:
    kinds = [k for k, holds in (("number", column.is_number), ("best", cell.best)) if holds]
    kind = f' class="{" ".join(kinds)}"' if kinds else ""
    order = "" if cell.order is None else f' data-order="{escape(str(cell.order))}"'
    ground = f' style="background:{_ground(cell.heat)}"' if math.isfinite(cell.heat) else ""
    return f"<td{kind}{order}{ground}>{escape(cell.text)}</td>"


def _ground(heat: float) -> str:
    """White for 0; the root lets small errors be seen."""
    amount = math.sqrt(min(max(heat, 0.0), 1.0))
    red, green, blue = (round(255 + amount * (c - 255)) for c in _HOT)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _picture(picture: Picture) -> str:
    content = base64.b64encode(picture.content).decode("ascii")
    image = f'<img src="data:{picture.kind};base64,{content}" alt="{escape(picture.alt)}">'
    title = f'<p class="title">{escape(picture.title)}</p>' if picture.title else ""
    heads = "".join(
        f'<span style="left:{100 * middle:.2f}%">{escape(word)}</span>'
        for word, middle in picture.heads
    )
    heads = f'<div class="heads">{heads}</div>' if heads else ""
    legend = "".join(
        f'<li><i style="background:{_hex(color)}"></i>{escape(name)}</li>'
        for name, color in picture.legend
    )
    legend = f'<ul class="legend">{legend}</ul>' if legend else ""
    caption = f"<figcaption>{escape(picture.caption)}</figcaption>"
    return f'<figure>{title}<div class="image">{heads}{image}</div>{legend}{caption}</figure>'


def _hex(color: Color) -> str:
    return "#" + "".join(f"{round(255 * min(max(c, 0.0), 1.0)):02x}" for c in color)


def _anchor(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")
