# SPDX-License-Identifier: GPL-3.0-or-later
"""The storage folder that a user chooses in the preferences, and what Copy Diagnostics says."""

from __future__ import annotations

import importlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from tests.blender.extension_package import NAME

pytest_plugins = ("tests.blender.side_bar_fixtures",)


@pytest.fixture
def preferences(pump):
    """Of the extension, as if it was enabled in the preferences."""
    addon = bpy.context.preferences.addons.new()
    addon.module = NAME
    yield addon.preferences
    addon.preferences.data_path = ""
    bpy.context.preferences.addons.remove(addon)


def data_folder() -> Path:
    return importlib.import_module(f"{NAME}.core.data_folder").data_folder()


def test_environments_models_and_runs_are_kept_in_the_chosen_folder(pump, preferences, tmp_path):
    preferences.data_path = str(tmp_path / "chosen")
    assert data_folder() == tmp_path / "chosen"
    models = importlib.import_module(f"{NAME}.core.checkpoints.catalogue").models_folder()
    assert models == tmp_path / "chosen" / "models"
    assert os.environ["PARTS4D_DATA"] == str(tmp_path / "chosen"), "for the programs it starts"
    assert pump.interface().setup.busy, "what is installed there is asked"


def test_an_emptied_field_goes_back_to_the_folder_blender_was_started_with(preferences, tmp_path):
    preferences.data_path = str(tmp_path / "one")
    preferences.data_path = str(tmp_path / "two")
    preferences.data_path = ""
    assert data_folder() == tmp_path / "data"


@pytest.mark.filterwarnings("ignore:.*blend relative")  # Blender 5 warns of it
def test_a_path_relative_to_the_open_file_is_kept_when_another_is_opened(preferences, tmp_path):
    preferences.data_path = "//chosen"
    assert preferences.data_path == str(tmp_path / "chosen")
    bpy.ops.wm.read_homefile(use_empty=True)
    assert data_folder() == tmp_path / "chosen"


def test_the_chosen_folder_is_used_from_the_start_until_the_extension_is_disabled(
    extension, preferences, tmp_path
):
    preferences.data_path = str(tmp_path / "chosen")
    extension.unregister()
    assert data_folder() == tmp_path / "data"
    extension.register()
    addon = bpy.context.preferences.addons[NAME]
    assert addon.preferences.data_path == str(tmp_path / "chosen")
    assert data_folder() == tmp_path / "chosen"


def test_diagnostics_say_what_a_bug_report_needs(pump, begin):
    job, interface = begin(), pump.interface()
    interface.runner.close(patience=60)
    made = importlib.import_module(f"{NAME}.core.session.setup")
    errors = importlib.import_module(f"{NAME}.core.errors")
    interface.setup.state = made.SetupState(
        known=True,
        environments=(made.Environment("full", "outdated", "/x", "cuda", problem="torch is gone"),),
        models=(
            made.Model("sam2_tiny", "SAM 2.1 tiny", "ready", 1, "MIT"),
            made.Model("humanclip", "HumanCLIP", "not installed", 0, "unknown"),
        ),
        failure=errors.Failure(errors.ErrorKind.DISK_FULL, "The disk is full", "Free 6 GB"),
    )
    broke = errors.Failure(errors.ErrorKind.UNEXPECTED, "It broke")
    failed = replace(job, phase="failed", stage="masklets", share=0.5, failure=broke)
    interface.state = replace(interface.state, jobs=(failed,))
    log = Path(job.folder) / "logs" / "worker.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text("".join(f"line {i}\n" for i in range(100)))

    lines = _diagnostics(interface).splitlines()
    assert lines[0].startswith(f"Blender {bpy.app.version_string}, Python 3.")
    assert f"Data folder {data_folder()}" in lines
    assert "Environment full: outdated cuda  torch is gone" in lines
    assert [line for line in lines if line.startswith("Model")] == ["Model sam2_tiny: ready"]
    assert "Installer: disk_full: The disk is full. Free 6 GB." in lines
    assert "Job 1 embedded failed at masklets 50% after 0 s internal: It broke." in lines
    assert lines[-31:] == ["worker.log:", *(f"line {i}" for i in range(70, 100))]

    log.unlink()
    assert "worker.log:" not in _diagnostics(interface)


def _diagnostics(interface) -> str:
    return importlib.import_module(f"{NAME}.core.interface.diagnostics").diagnostics(interface)
