# SPDX-License-Identifier: GPL-3.0-or-later
"""The direction of imports: import-linter's contracts, and what they cannot see."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "tools"))

from lint import lint_commands

IGNORED = shutil.ignore_patterns("__pycache__", "*.npz", "*.onnx", "*.txt")
# What the outermost modules may import; of the others they know nothing.
ALLOWED = {
    "operators": ("data_folder", "errors", "interface", "job", "scene", "session"),
    "panels": ("data_folder", "errors", "interface", "job", "scene", "session", "operators"),
}
# The extension's command `parts4d` is the command line.
EXCEPTIONS = {("operators/command_line.py", "cli"), ("operators/command_line.py", "vendor_setup")}


def imported(path: Path, root: Path = REPOSITORY) -> Iterator[str]:
    """What of the extension a file imports, from its top folder: `core.job.spec`, `operators`."""
    package = path.relative_to(root).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            if node.module not in (None, "core"):
                yield ".".join([*base, node.module])
            else:
                inside = [*base, *([node.module] if node.module else [])]
                yield from (".".join([*inside, name.name]) for name in node.names)


def neighbour(module: str) -> str:
    """The folder or module that rules are about: `job` of `core.job.spec`, else the first name."""
    first, _, rest = module.partition(".")
    return rest.partition(".")[0] if first == "core" and rest else first


@pytest.mark.parametrize("folder", ALLOWED)
def test_operators_and_panels_import_what_they_may(folder):
    ours = {path.stem for path in REPOSITORY.glob("*.py")} | {"core", "operators", "panels"}
    ours |= {path.stem for path in (REPOSITORY / "core").iterdir()}
    wrong = []
    for path in sorted((REPOSITORY / folder).rglob("*.py")):
        name = path.relative_to(REPOSITORY).as_posix()
        found = {neighbour(module) for module in imported(path)} & ours
        wrong += [(name, f) for f in sorted(found - {folder, *ALLOWED[folder]})]
    assert {*wrong} <= EXCEPTIONS


def test_the_extension_imports_its_own_modules_by_relative_imports_only():
    folders = [REPOSITORY / name for name in ("core", "operators", "panels")]
    paths = [REPOSITORY / "__init__.py", *(p for f in folders for p in f.rglob("*.py"))]
    for path in paths:
        if path.name.endswith("main.py"):  # programs of their own
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            names = [n.name for n in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            top = {name.partition(".")[0] for name in names}
            assert not top & {"core", "operators", "panels"}, f"{path}:{node.lineno}"


def test_what_a_file_imports_is_read_from_its_text(tmp_path):
    path = tmp_path / "operators" / "a.py"
    path.parent.mkdir()
    path.write_text(
        "import bpy\nfrom ..core import parsing\nfrom ..core.job.spec import Spec\n"
        "def late():\n    from . import b\n    from .. import panels\n"
    )
    found = sorted(imported(path, tmp_path))
    assert found == ["bpy", "core.job.spec", "core.parsing", "operators.b", "panels"]
    assert [neighbour(name) for name in found] == ["bpy", "job", "parsing", "operators", "panels"]


WRONG = {
    "scene that imports parsing": ("core/scene/motion.py", "from ..parsing import masks"),
    "parsing that imports scene": ("core/parsing/masks.py", "from ..scene import motion"),
    "upward": ("core/job/spec.py", "from ..session import state"),
    "checkpoints that import job": ("core/checkpoints/store.py", "from ..job import folder"),
    "job that imports parsing": ("core/job/spec.py", "from ..parsing import masks"),
    "a circle": ("core/job/spec.py", "from . import vocabulary"),
    "bpy in the worker": ("core/worker/serve.py", "import bpy"),
    "scipy in Blender": ("core/session/state.py", "import scipy"),
    "torch outside its adapters": ("core/parsing/labelling/__init__.py", "import torch"),
    "a folder without a place": ("core/new/__init__.py", ""),
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imports")
    shutil.copytree(REPOSITORY / "core", folder / "core", ignore=IGNORED)
    shutil.copy(REPOSITORY / "pyproject.toml", folder)
    return folder


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = lint_commands(Path(sys.executable))["imports"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_the_sources_keep_the_contracts(sources):
    done = lint_imports(sources)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_import_makes_lint_fail(sources, wrong):
    name, line = WRONG[wrong]
    path = sources / name
    before = path.read_text("utf-8") if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{line}\n", "utf-8")
    try:
        done = lint_imports(sources)
    finally:
        if before is None:
            shutil.rmtree(path.parent)
        else:
            path.write_text(before, "utf-8")
    assert done.returncode == 1 and "BROKEN" in done.stdout, done.stdout + done.stderr
