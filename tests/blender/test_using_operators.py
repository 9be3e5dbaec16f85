# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators: when they can be called, what they say, and one undo step each."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.scene.writeback import apply_labels
from tests.blender.writeback_scene import (
    changing_job,
    differences,
    empty_scene,
    file_state,
    mesh_state,
    sphere,
    values,
)

ROOT = Path(__file__).resolve().parents[2]
MODULES = (
    "select_part",
    "correct_part",
    "solo_part",
    "show_confidence",
    "part_materials",
    "part_face_sets",
    "split_parts",
    "render_labels",
)


@pytest.fixture(scope="module", autouse=True)
def registered():
    """The operators as Blender knows them: inside a package that has `core` beside them."""
    for name, folder in (
        ("parts4d_extension", ROOT),
        ("parts4d_extension.operators", ROOT / "operators"),
    ):
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    classes = [
        cls
        for name in MODULES
        for cls in importlib.import_module(f"parts4d_extension.operators.{name}").CLASSES
    ]
    for cls in classes:
        bpy.utils.register_class(cls)
    yield
    for cls in classes:
        bpy.utils.unregister_class(cls)
    for name in [n for n in sys.modules if n.startswith("parts4d_extension")]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def fresh():
    empty_scene()


@pytest.fixture
def labelled(tmp_path):
    ob = sphere()
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files)
    bpy.context.tool_settings.mesh_select_mode = (False, False, True)
    return ob, labels


ACTIONS: list[tuple[str, dict[str, Any]]] = [
    ("select_part", {"part": "jacket"}),
    ("solo_part", {"part": "jacket"}),
    ("show_confidence", {}),
    ("part_materials", {}),
    ("part_materials", {"keep_look": True}),
    ("part_face_sets", {}),
    ("split_parts", {"close_holes": True}),
]


@pytest.mark.parametrize(("name", "settings"), ACTIONS)
def test_each_action_changes_something_and_one_undo_takes_it_back(labelled, name, settings):
    before, file_before = _unselected(), _saved()
    bpy.ops.ed.undo_push(message="before")
    assert getattr(bpy.ops.parts4d, name)("EXEC_DEFAULT", True, **settings) == {"FINISHED"}
    after, file_after = _unselected(), _saved()
    assert differences(before, after) or differences(file_before, file_after)
    bpy.ops.ed.undo()
    assert not differences(before, _unselected())
    assert not differences(file_before, _saved())


def _unselected():
    """All but what is selected: an undo that leaves Edit Mode does not bring that back."""
    state = mesh_state(bpy.data.objects["Body"])
    state["attributes"] = [a for a in state["attributes"] if "select" not in a[0]]
    return state


def _saved():
    """What undo brings back: all but the viewports, which are no part of it in Blender."""
    state = file_state()
    del state["views"]
    state["properties"] = [p for p in state["properties"] if p.startswith("Scene")]
    return state


def test_selecting_and_correcting_by_operator(labelled):
    ob, labels = labelled
    with pytest.raises(RuntimeError, match="Select faces in Edit Mode first"):
        bpy.ops.parts4d.correct_part(part="hair")
    bpy.ops.parts4d.select_part(part="jacket")
    bpy.ops.parts4d.select_part(part="jeans", action="ADD")
    assert bpy.ops.parts4d.correct_part(part="hair") == {"FINISHED"}
    bpy.ops.object.mode_set(mode="OBJECT")
    expected = np.where(np.isin(labels[1], (0, 1)), 2, labels[1])
    assert (values(ob.data, "parts_label") == expected).all()
    assert bpy.ops.parts4d.forget_corrections() == {"FINISHED"}
    assert (values(ob.data, "parts_label") == labels[1]).all()


def test_only_the_character_of_the_active_object_is_corrected(labelled, tmp_path):
    ob, _ = labelled
    other = sphere("Other")
    bpy.context.view_layer.objects.active = ob
    for one in (ob, other):
        one.select_set(True)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.parts4d.correct_part(part="")
    bpy.ops.object.mode_set(mode="OBJECT")
    assert (values(ob.data, "parts_label.0005") == -1).all()
    assert "parts4d" not in other.keys()


def test_without_labels_the_actions_say_why_they_are_grey():
    sphere()
    for name, settings in ACTIONS:
        with pytest.raises(RuntimeError, match="Select a character with part labels"):
            getattr(bpy.ops.parts4d, name)(**settings)


def test_errors_are_reported_in_the_users_words(labelled):
    with pytest.raises(RuntimeError, match=r"no part called 'shoe'\. The parts are jacket"):
        bpy.ops.parts4d.solo_part(part="shoe")
    bpy.ops.parts4d.solo_part(part="hair")
    assert bpy.ops.parts4d.show_all_parts() == {"FINISHED"}


def test_the_search_offers_the_parts_of_the_character(labelled):
    module = sys.modules["parts4d_extension.operators.labelled"]
    assert module.part_names(bpy.context) == ["jacket", "jeans", "hair"]
    bpy.context.view_layer.objects.active = sphere("Other")
    assert module.part_names(bpy.context) == []
