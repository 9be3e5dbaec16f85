# SPDX-License-Identifier: GPL-3.0-or-later
"""What the interface says, and what its translations lack: `python tools/messages.py`.

A translation is a file in core/interface/languages named after its language. Found are the labels,
descriptions and fixed texts in the sources of operators, panels and settings, and what the tables
of settings, stages and presets say in the side bar.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from core.job.presets import PRESET_TABLE
from core.job.setting import setting_fields
from core.job.spec import CaptureSettings, FrameSelection, ParsingSettings
from core.job.stages import STAGE_TABLE

LANGUAGES = REPOSITORY / "core" / "interface" / "languages"
SOURCES = ("operators", "panels", "core/interface")

_ATTRIBUTES = {"bl_label", "bl_description"}
_ARGUMENTS = {"name", "description", "text", "heading"}
_CALLS = {"poll_message_set", "translate", "paragraph", "_message"}


def main() -> int:
    """Prints what is missing or left over; the exit status is 1 if anything is."""
    found, wrong = set(interface_messages()), 0
    for file in sorted(LANGUAGES.glob("*.toml")):
        translated = set(tomllib.loads(file.read_text("utf-8")))
        for what, texts in (("missing", found - translated), ("unused", translated - found)):
            wrong += len(texts)
            for text in sorted(texts):
                print(f"{file.name}: {what}: {text}")
    print(f"{len(found)} messages")
    return int(wrong > 0)


def interface_messages() -> Iterator[str]:
    """Every text of the interface that has a letter in it."""
    for folder in SOURCES:
        for file in sorted((REPOSITORY / folder).glob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                for text in map(_constant, _texts(node)):
                    if any(map(str.islower, text)):  # not the name of an icon
                        yield text
    yield from (text for text in _table_messages() if any(map(str.islower, text)))


def _table_messages() -> Iterator[str]:
    """What the tables say in the side bar; a setting without a title is not there."""
    for cls in (FrameSelection, CaptureSettings, ParsingSettings):
        for one in (one for one in setting_fields(cls) if one.about.title):
            yield one.about.title
            if not isinstance(one.default, tuple):  # of several values each is a switch
                yield one.about.help
            for choice in one.about.choices:
                yield from (choice.title, choice.help)
    yield from (stage.title for stage in STAGE_TABLE)
    for preset in PRESET_TABLE:
        yield from (preset.title, preset.help, preset.needs)


def _texts(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        if name in _ATTRIBUTES:
            yield node.value
        elif name.isupper() and isinstance(node.value, ast.Dict):  # a table of things to say
            yield from node.value.values
    elif isinstance(node, ast.Call):
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called in _CALLS:
            yield from node.args
        if called == "label" and any(k.arg == "translate" for k in node.keywords):
            return
        for keyword in node.keywords:
            if keyword.arg in _ARGUMENTS:
                yield keyword.value
            elif keyword.arg == "items" and isinstance(keyword.value, ast.List):
                for item in keyword.value.elts:
                    if isinstance(item, ast.Tuple):
                        yield from item.elts[1:3]


def _constant(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


if __name__ == "__main__":
    sys.exit(main())
