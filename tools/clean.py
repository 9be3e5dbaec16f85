# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes what the other tools made, except the environments: `python tools/clean.py`."""

from __future__ import annotations

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

for name in (
    *("build", "dist", "__pycache__"),
    *(".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"),
):
    shutil.rmtree(REPOSITORY / name, ignore_errors=True)
for top in ("core", "demo", "operators", "panels", "tests", "tools", "benchmarks"):
    for cache in (REPOSITORY / top).rglob("__pycache__"):
        shutil.rmtree(cache, ignore_errors=True)
