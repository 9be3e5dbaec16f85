# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface in the user's language: Blender asks for single texts, we put sentences together.

`languages/de.toml` and the like hold what stands in the sources and what it means there.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import bpy

LANGUAGES = Path(__file__).parent / "languages"
_translations: Any = bpy.app.translations  # declared as if it returned nothing
CONTEXTS = ("*", "Operator")  # in which Blender looks for labels: of anything, of operators


def messages(language: Path) -> dict[str, str]:
    """English text -> text in the language of the file."""
    return tomllib.loads(language.read_text("utf-8"))


def translate(text: str) -> str:
    """`text` as the interface shows it; braces in it are filled by the caller."""
    return str(_translations.pgettext_iface(text))


def register() -> None:
    known = bpy.app.translations.locales  # "de_DE" or "de", as the version has it
    table = {}
    for file in LANGUAGES.glob("*.toml"):
        entries = {(c, english): text for english, text in messages(file).items() for c in CONTEXTS}
        named = [name for name in known if name.partition("_")[0] == file.stem]
        table.update(dict.fromkeys(named or [file.stem], entries))
    _translations.register(__name__, table)


def unregister() -> None:
    bpy.app.translations.unregister(__name__)
