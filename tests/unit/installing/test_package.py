# SPDX-License-Identifier: GPL-3.0-or-later
"""The installer as a part of Blender's extension: a package below another, not a program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
NOT_IMPORTED = "bootstrap"  # only ever run


def test_every_module_can_be_imported_inside_the_extension_without_new_top_level_names(tmp_path):
    (tmp_path / "bl_ext").mkdir()
    (tmp_path / "bl_ext" / "__init__.py").touch()
    package = tmp_path / "bl_ext" / "parts4d"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "core").symlink_to(REPOSITORY / "core")
    (package / "vendor_setup.py").symlink_to(REPOSITORY / "vendor_setup.py")
    names = sorted(p.stem for p in (REPOSITORY / "core" / "installing").glob("[a-z]*.py"))
    modules = [f"core.installing.{name}" for name in names if name != NOT_IMPORTED]
    code = (
        "import importlib, sys\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        f"for name in {['vendor_setup', *modules]!r}:\n"
        "    importlib.import_module('bl_ext.parts4d.' + name)\n"
        "print([n for n in sys.modules if n.startswith(('vendor_setup', 'core'))])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_the_installer_needs_the_standard_library_only():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.argv[1:] = ['status']\n"
        "import vendor_setup, core.installing.commands\n"
        "print([n for n in ('numpy', 'certifi', 'bpy', 'torch') if n in sys.modules])"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(REPOSITORY)]
    assert subprocess.check_output(command, text=True).strip() == "[]"
