# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of a document as Markdown, for terminals and code reviews."""

from __future__ import annotations

import re

from .document import Cell, Column, Document, Paragraph, Table


def markdown(document: Document) -> str:
    """Title, first paragraph and all tables with their notes; no pictures."""
    lines = [f"# {_escape(document.title)}", ""]
    for section in document.sections:
        blocks = [
            b
            for b in section.blocks
            if isinstance(b, Table) or (isinstance(b, Paragraph) and b.is_lead)
        ]
        if not blocks:
            continue
        lines += [f"## {_escape(section.title)}", ""]
        for block in blocks:
            lines += [_escape(block.text)] if isinstance(block, Paragraph) else _table(block)
            lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(table: Table) -> list[str]:
    heads = " | ".join(_escape(column.title) for column in table.columns)
    rule = " | ".join("---:" if column.is_number else "---" for column in table.columns)
    rows = [f"| {' | '.join(map(_cell, row, table.columns))} |" for row in table.rows]
    note = ["", _escape(table.note)] if table.note else []
    return [f"**{_escape(table.caption)}**", "", f"| {heads} |", f"| {rule} |", *rows, *note]


def _cell(cell: Cell, column: Column) -> str:
    text = cell.text if column.is_number else _escape(cell.text)
    return f"**{text}**" if cell.best else text


def _escape(text: str) -> str:
    """The text, with nothing in it that Markdown would take for markup; on one line."""
    return re.sub(r"([\\`*_|<>\[\]#])", r"\\\1", " ".join(text.split()))
