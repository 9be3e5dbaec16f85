# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources as the package that Blender makes of them, for tests in this process."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

REPOSITORY = Path(__file__).resolve().parents[2]
NAME = "parts4d_under_test"


def load_extension() -> ModuleType:
    """The top package, not yet registered. Its modules are others than those of `core`."""
    if NAME not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            NAME, REPOSITORY / "__init__.py", submodule_search_locations=[str(REPOSITORY)]
        )
        assert spec is not None and spec.loader is not None
        package = importlib.util.module_from_spec(spec)
        sys.modules[NAME] = package
        spec.loader.exec_module(package)
    return sys.modules[NAME]
