# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from core.checkpoints.transfer_progress import never
from core.installing.checking import ask_self_test
from core.installing.failures import MissingEnvironment


def ask(
    folder: Path, modules: dict[str, str], pins: str = "", more: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The self-test of a Python that has these modules, name -> code, besides its own."""
    for name, code in modules.items():
        (folder / f"{name}.py").write_text(code)
    (folder / "pins.txt").write_text(pins)
    start = f"import sys; sys.path.insert(0, {str(folder)!r}); sys.argv.pop(0)\n"
    start += "import runpy; runpy.run_path(sys.argv[0], run_name='__main__')"
    (folder / "start.py").write_text(start)
    python = [sys.executable, "-I", str(folder / "start.py")]
    return ask_self_test(python, [*modules, *more], [folder / "pins.txt"], never)


def test_versions_and_time_are_told(tmp_path):
    found = ask(tmp_path, {"fine": "print('noise')"}, "pytest==" + pytest.__version__)
    assert found["problem"] == "" and found["versions"] == {"pytest": pytest.__version__}
    assert isinstance(found["seconds"], float)


def test_another_version_than_the_pinned_one_is_told(tmp_path):
    found = ask(tmp_path, {"fine": ""}, "pytest==1.0 \\\n    --hash=sha256:0\n")
    assert "instead of 1.0" in str(found["problem"]) and found["remedy"]


def test_a_pin_for_another_system_is_passed_over(tmp_path):
    pins = "never-there==1.0 ; sys_platform == 'amiga' \\\n    --hash=sha256:0\n"
    assert ask(tmp_path, {"fine": ""}, pins)["problem"] == ""


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (
            "raise RuntimeError('operator torchvision::nms does not exist')",
            "torch and torchvision are not compatible",
        ),
        (
            "raise ImportError('libGL.so.1: cannot open shared object file: No such file')",
            "needs the system library libGL.so.1",
        ),
        (
            "raise OSError('[WinError 1114] A dynamic link library failed')",
            "cannot load a system library",
        ),
        ("import never_there", "cannot be imported (ModuleNotFoundError"),
    ],
)
def test_a_failed_import_becomes_a_sentence_with_a_remedy(tmp_path, code, problem):
    found = ask(tmp_path, {"broken": code})
    assert problem in str(found["problem"]) and found["remedy"]


def test_a_module_that_may_be_missing_is_no_failure_but_told(tmp_path):
    found = ask(tmp_path, {"fine": ""}, more=("never_there?", "fine?"))
    assert found["problem"] == ""
    assert list(found["without"]) == ["never_there"]
    assert "never_there cannot be imported" in found["without"]["never_there"]


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_crash_is_told_and_not_taken_for_success(tmp_path):
    with pytest.raises(MissingEnvironment, match="The self-test crashed: last words"):
        ask(tmp_path, {"crashing": "import os\nprint('last words', flush=True)\nos.abort()"})
