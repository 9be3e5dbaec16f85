# SPDX-License-Identifier: GPL-3.0-or-later
"""Functions fit on a screen. (The number of their parameters is for the linter.)"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
LONGEST = 50  # lines, with the signature and the docstring


@pytest.mark.parametrize(
    "folder",
    ["core", "operators", "panels", "tools", "benchmarks", "demo", "training", "vendor_setup.py"],
)
def test_no_function_is_longer_than_a_screen(folder: str) -> None:
    start = REPOSITORY / folder
    files = sorted(start.rglob("*.py")) if start.is_dir() else [start]
    assert files
    long = [f"{file}:{line} {name}" for file in files for line, name in _long_functions(file)]
    assert long == []


def _long_functions(file: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            if node.end_lineno - node.lineno + 1 > LONGEST:
                found.append((node.lineno, node.name))
    return found
