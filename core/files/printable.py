# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that others wrote, made fit for a terminal and for a line of a log.

Names of objects and files, answers of servers and what libraries print may hold characters that a
terminal obeys: escapes that move the cursor, change colours or the title, and marks that turn the
direction of the writing.
"""

from __future__ import annotations

import re

_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but the tabulator and the end of a line
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # of the direction of writing
    "\u2028\u2029"  # ends of lines for some
    "\ud800-\udfff]"  # half characters: of a path that is not UTF-8
)


def printable(text: str) -> str:
    """`text` with every character that a terminal would obey as \\xNN or \\uNNNN; lines stay."""
    return _OBEYED.sub(_escaped, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """`text` as above, and what ends a line escaped too."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def _escaped(found: re.Match[str]) -> str:
    number = ord(found.group())
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
