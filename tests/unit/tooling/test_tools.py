# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[3] / "tools"
sys.path.insert(0, str(TOOLS))

import setup_env
import system_libraries
from pythons import find_python

from core.installing.environments import PINS
from core.installing.failures import MissingEnvironment
from core.installing.pins import PinFile, list_pins, pinned_hashes

REQUIREMENTS = sorted(setup_env.REQUIREMENTS.glob("*.txt"))
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_the_running_python_is_found_without_its_environment():
    found = find_python(RUNNING)
    assert found is not None and not Path(found).is_relative_to(sys.prefix)
    assert find_python("2.1") is None


def test_without_a_fitting_python_it_says_which(monkeypatch):
    monkeypatch.setattr(setup_env, "find_python", lambda version: None)
    with pytest.raises(MissingEnvironment, match=r"Neither Python 3\.11 nor Python 3\.13"):
        setup_env.available()
    with pytest.raises(MissingEnvironment, match=r"Blender 4\.2 needs Python 3\.11"):
        setup_env.installer("4.2")
    with pytest.raises(MissingEnvironment, match=r"no environment for Blender 1\.0"):
        setup_env.environment("1.0")


@pytest.mark.parametrize(
    ("pythons", "expected"),
    [
        ({"3.11"}, ["5.0", "4.2", "4.5"]),
        ({"3.13"}, ["5.2"]),
        ({"3.11", "3.13"}, ["5.0", "4.2", "4.5", "5.2"]),
    ],
)
def test_the_versions_follow_from_the_pythons(monkeypatch, pythons, expected):
    monkeypatch.setattr(setup_env, "find_python", lambda v: v if v in pythons else None)
    assert setup_env.available() == expected


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.stem)
def test_every_requirement_is_an_exact_version_with_hashes(path):
    lines = [x for x in path.read_text().splitlines() if x and x[0] not in "# "]
    assert lines and all("==" in line for line in lines)
    assert len(lines) == len(list_pins(path)) and all(pinned_hashes(path).values())
    assert PinFile(path).hashed and "://" not in path.read_text()


@pytest.mark.parametrize("blender", setup_env.PYTHON_OF)
def test_an_environment_has_its_blender_and_the_worker_s_packages(blender):
    (pins,) = setup_env.environment(blender).pins
    versions = dict(pin.split("==") for pin in list_pins(pins.path))
    assert versions["bpy"].startswith(f"{blender}.")
    users = dict(pin.split("==") for pin in list_pins(PINS / "embedded.txt"))
    del users["numpy"]  # Blender's own
    assert {name: versions[name] for name in users} == users


def test_what_users_get_is_tested_with_nothing_but_the_tests_own_tools():
    users, tools = setup_env.environment(setup_env.EMBEDDED).pins
    assert users.path == PINS / "embedded.txt"
    names = {pin.split("==")[0] for pin in list_pins(tools.path)}
    assert {"pytest", "hypothesis"} <= names
    assert not names & {pin.split("==")[0] for pin in list_pins(users.path)}
    assert setup_env.environment(setup_env.MODELS).pins[0].path == PINS / "full.txt"


@pytest.mark.parametrize("path", [PINS / "embedded.txt", PINS / "full.txt"], ids=lambda p: p.stem)
def test_users_need_no_library_of_windows(path):
    names = {pin.split("==")[0] for pin in list_pins(path)}
    assert "opencv-python-headless" in names and "opencv-python" not in names


@pytest.mark.skipif(os.name != "posix", reason="Linux libraries")
@pytest.mark.parametrize("root", [True, False])
def test_a_missing_system_library_is_named_with_the_command(monkeypatch, tmp_path, root):
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\necho 'ImportError: libSM.so.6: cannot open shared object file: No such' >&2\n"
        "exit 1\n"
    )
    python.chmod(0o755)
    calls = tmp_path / "calls"
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n')
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(system_libraries.os, "geteuid", lambda: 0 if root else 1000)
    sentence = "still cannot be loaded" if root else r"libSM\.so\.6\. Run: sudo apt-get install"
    with pytest.raises(MissingEnvironment, match=sentence):
        system_libraries.ensure_bpy_imports(python, lambda line: None)
    assert calls.exists() == root and (not root or "libsm6" in calls.read_text())
