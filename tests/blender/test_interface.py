# SPDX-License-Identifier: GPL-3.0-or-later
"""The side bar's operators and what stands behind them, without a window."""

from __future__ import annotations

import importlib
import time
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

import numpy as np

from core.job.presets import PRESETS
from tests.blender.cli_character import PART_NAMES, add_character, truth
from tests.blender.extension_package import NAME
from tests.blender.side_bar import finish, labelled

pytest_plugins = ("tests.blender.side_bar_fixtures",)


def test_typed_parts_become_entries_with_colours_of_their_own(pump):
    parts = bpy.context.scene.parts4d.parts
    assert [(p.name, p.synonyms) for p in parts] == [
        ("head", ""), ("shirt", ""), ("legs", "trousers"),
    ]  # fmt: skip
    assert len({tuple(p.color) for p in parts}) == 3
    assert bpy.context.scene.parts4d.typed == ""
    bpy.ops.parts4d.add_parts(names="Shirt; hat")
    assert [p.name for p in parts] == ["head", "shirt", "legs", "hat"]


def test_typed_words_that_are_refused_are_said_under_the_field(pump):
    chosen = bpy.context.scene.parts4d
    chosen.typed = "hat, #ff0000"
    assert chosen.typed == "hat, #ff0000" and len(chosen.parts) == 3
    assert "colour but no name. Write the name" in chosen.refused
    chosen.typed = "hat, Head, shirt"
    assert chosen.typed == "" and [p.name for p in chosen.parts][3:] == ["hat"]
    assert chosen.refused == "Already in the list: Head, shirt"
    chosen.typed = "shoe"
    assert chosen.refused == ""


def test_parts_are_removed_moved_and_taken_from_lists(pump):
    chosen = bpy.context.scene.parts4d
    chosen.active_part = 0
    bpy.ops.parts4d.move_part(up=False)
    assert [p.name for p in chosen.parts] == ["shirt", "head", "legs"]
    bpy.ops.parts4d.remove_part()
    assert [p.name for p in chosen.parts] == ["shirt", "legs"]
    bpy.ops.parts4d.save_list(list_name="Mine")
    bpy.ops.parts4d.take_list(list_name="CTD 4")
    assert len(chosen.parts) == 4 and "jacket" in chosen.parts[0].synonyms
    bpy.ops.parts4d.take_list(list_name="Mine")
    assert [p.name for p in chosen.parts] == ["shirt", "legs"]
    bpy.ops.parts4d.remove_list(list_name="Mine")
    with pytest.raises(RuntimeError, match="no part list called 'Mine'"):
        bpy.ops.parts4d.take_list(list_name="Mine")


def test_the_status_says_what_the_character_is_and_what_is_in_the_way(pump):
    interface = pump.interface()
    assert "faces" in interface.status.line and interface.status.problem == ""
    mesh = next(o for o in bpy.context.scene.objects if o.type == "MESH")
    bpy.context.view_layer.objects.active = mesh
    bpy.ops.object.mode_set(mode="EDIT")
    interface.refresh(bpy.context)
    assert "Edit Mode" in interface.status.problem
    assert interface.status.fix == "parts4d.leave_mode"
    assert not bpy.ops.parts4d.parse.poll()
    bpy.ops.parts4d.leave_mode()
    interface.refresh(bpy.context)
    assert bpy.ops.parts4d.parse.poll()


def test_parse_needs_a_part(pump):
    bpy.context.scene.parts4d.parts.clear()
    assert not bpy.ops.parts4d.parse.poll()
    with pytest.raises(RuntimeError, match="Type at least one part"):
        bpy.ops.parts4d.parse()


def test_a_missing_model_is_said_under_the_button_until_it_is_dismissed(pump):
    interface = pump.interface()
    bpy.context.scene.parts4d.preset = "draft"
    with pytest.raises(RuntimeError, match="is not installed"):
        bpy.ops.parts4d.parse()
    assert interface.refusal.kind == "checkpoint" and not interface.state.jobs
    bpy.ops.parts4d.dismiss()
    assert interface.refusal is None


class Buttons:
    """A layout that remembers what was put on it."""

    def __init__(self) -> None:
        self.made: dict[str, Buttons] = {}
        self.filepath = ""

    def operator(self, idname: str, icon: str) -> Buttons:
        return self.made.setdefault(idname, Buttons())


@pytest.mark.parametrize(
    ("kind", "log", "buttons"),
    [
        ("ENVIRONMENT", "", ["parts4d.open_setup"]),
        ("MODEL", "/logs/worker.log", ["parts4d.open_setup", "parts4d.open_log"]),
        ("OUT_OF_MEMORY", "/logs/worker.log", ["parts4d.release_memory", "parts4d.open_log"]),
        ("INPUT", "", []),
    ],
)
def test_an_error_has_the_buttons_that_help_with_its_kind(pump, kind, log, buttons):
    errors = importlib.import_module(f"{NAME}.core.errors")
    base = importlib.import_module(f"{NAME}.panels.base")
    layout = Buttons()
    base.draw_remedy(layout, errors.Failure(errors.ErrorKind[kind], "No", "Do", log))
    assert list(layout.made) == buttons
    for idname in buttons:
        assert hasattr(bpy.types, f"PARTS4D_OT_{idname.partition('.')[2]}")
    if log:
        assert layout.made["parts4d.open_log"].filepath == log


def test_a_parse_labels_the_character_and_is_listed(pump):
    assert bpy.ops.parts4d.parse() == {"FINISHED"}
    interface = pump.interface()
    (job,) = interface.state.jobs
    assert (job.phase, job.applied) == ("finished", True) and labelled()
    interface.refresh(bpy.context)
    assert [(r.preset, r.finished) for r in interface.runs] == [("embedded", True)]
    assert [p.name for p in interface.runs[0].parts] == ["head", "shirt", "legs"]


def test_other_words_are_on_the_mesh_soon_after_they_were_typed(pump):
    bpy.ops.parts4d.parse()
    bpy.context.scene.parts4d.parts[0].name = "face"
    assert pump.typing_pause.is_typing()
    finish(pump)
    jobs = pump.interface().state.jobs
    assert [j.relabel for j in jobs] == [False, True] and jobs[1].applied
    assert "face" in labelled()[0]["parts4d"]


def test_a_colour_changes_without_parsing_again(pump):
    bpy.ops.parts4d.parse()
    bpy.context.scene.parts4d.parts[0].color = (1.0, 0.0, 1.0)
    finish(pump)
    jobs = pump.interface().state.jobs
    assert [j.relabel for j in jobs] == [False, True] and jobs[1].applied
    heads = 0
    for mesh in (o.data for o in labelled()):
        label = np.empty(len(mesh.polygons), np.int32)
        mesh.attributes["parts_label"].data.foreach_get("value", label)
        colors = np.empty(len(mesh.loops) * 4, np.float32)
        mesh.color_attributes["parts"].data.foreach_get("color_srgb", colors)
        corners = np.repeat(label, [p.loop_total for p in mesh.polygons])
        is_magenta = (np.abs(colors.reshape(-1, 4)[:, :3] - (1, 0, 1)) < 0.01).all(axis=1)
        np.testing.assert_array_equal(is_magenta, corners == 0)
        heads += int((label == 0).sum())
    assert heads >= (truth() == PART_NAMES.index("head")).sum()


def test_the_timer_looks_at_the_scene_only_when_it_changed(pump, begin, monkeypatch):
    looked: list[str] = []  # what takes more than an instant on the main thread

    def count(module, name: str) -> None:
        whole = getattr(module, name)

        def counted(*arguments):
            looked.append(name)
            return whole(*arguments)

        monkeypatch.setattr(module, name, counted)

    count(pump.status, "find_out")
    count(pump, "runs_of")
    begin()
    interface = pump.interface()
    interface.refresh(bpy.context)
    looked.clear()
    ticks = 0
    while (job := interface.state.running) is not None:
        job_before, ticks = job, ticks + 1
        interface.tick()
        if interface.state.running is not None:
            assert not looked, f"at {job_before.stage}"
        time.sleep(0.02)
    assert ticks > 10
    interface.tick()
    assert looked == ["find_out", "runs_of"], "once, for the labels are new"


def test_labels_are_written_as_the_output_settings_say(pump):
    chosen = bpy.context.scene.parts4d
    chosen.vertex_groups, chosen.color_domain = False, "POINT"
    bpy.ops.parts4d.parse()
    assert sorted(o.name for o in labelled()) == ["body", "shirt", "shoes"]
    for ob in labelled():
        assert not [g for g in ob.vertex_groups if g.name.startswith("part:")]
        assert ob.data.color_attributes["parts"].domain == "POINT"


def test_own_settings_begin_with_the_presets_and_reach_a_finished_run(pump):
    chosen = bpy.context.scene.parts4d
    names = ("memory_scale", "key_frames", "threshold", "smoothing", "persistence", "travel")
    shown = []
    for preset in ("paper", "embedded"):
        chosen.preset = preset
        shown.append([getattr(chosen, name) for name in names])
        assert shown[-1] == pytest.approx([getattr(PRESETS[preset], name) for name in names])
    assert shown[0] != shown[1]
    bpy.ops.parts4d.parse()
    chosen.advanced = True
    chosen.threshold = 1.0
    finish(pump)
    jobs = pump.interface().state.jobs
    assert [j.relabel for j in jobs] == [False, True] and jobs[1].phase == "finished"
    folder = importlib.import_module(f"{NAME}.core.job.folder").JobFolder(Path(jobs[1].folder))
    assert folder.load_spec().parsing.threshold == 1.0


def test_labels_are_not_put_on_a_mesh_that_was_edited_meanwhile(pump):
    interface = pump.interface()
    bpy.ops.parts4d.parse()
    bpy.ops.parts4d.clear_labels()
    number = interface.state.jobs[0].number
    mesh = next(o for o in bpy.context.scene.objects if o.type == "MESH").data
    mesh.vertices.add(1)
    mesh.update()
    interface.apply(number)
    assert "were edited meanwhile" in interface.notes[number] and not labelled()


def test_labels_are_not_put_into_another_file(pump, tmp_path):
    interface = pump.interface()
    bpy.ops.parts4d.parse()
    number = interface.state.jobs[0].number
    bpy.ops.wm.read_homefile(use_empty=True)
    add_character()
    interface.apply(number)
    assert "another file" in interface.notes[number] and not labelled()


def test_an_interrupted_run_is_offered_and_goes_on(pump):
    bpy.ops.parts4d.parse()
    bpy.ops.parts4d.clear_labels()
    interface = pump.interface()
    folder = interface.state.jobs[0].folder
    bpy.ops.wm.save_mainfile()
    Path(folder, "result.json").unlink()
    Path(folder, "labels", "done.json").unlink()
    interface.dirty = True
    interface.refresh(bpy.context)
    assert [r.finished for r in interface.runs] == [False]
    bpy.ops.parts4d.resume(directory=folder)
    finish(pump)
    assert interface.state.jobs[-1].phase == "finished" and labelled()


def test_missing_models_are_named_before_any_work(pump):
    bpy.context.scene.parts4d.preset = "standard"
    with pytest.raises(RuntimeError, match=r"SAM ViT-H .* is not installed"):
        bpy.ops.parts4d.parse()
    assert pump.interface().state.jobs == ()


@pytest.mark.parametrize("action", ["fetch_model", "import_model"])
def test_terms_are_agreed_to_for_one_model_at_a_time(pump, monkeypatch, action):
    asked = []
    monkeypatch.setattr(pump.interface().setup, "run", lambda what, words: asked.append(words))
    operators = importlib.import_module(f"{NAME}.operators.setup")
    monkeypatch.setattr(operators.PARTS4D_OT_fetch_model, "needs_network", False)
    monkeypatch.setattr(operators, "_terms", lambda model: "" if model == "free" else "terms")
    run = getattr(bpy.ops.parts4d, action)
    assert run(model="alpha_clip_l14") == {"CANCELLED"} and not asked
    assert run(model="alpha_clip_l14", agreed=True) == {"FINISHED"}
    assert "--accept-terms" in asked.pop()
    assert run(model="humanclip") == {"CANCELLED"} and not asked
    assert run(model="free") == {"FINISHED"}
    assert "--accept-terms" not in asked.pop()


def test_a_redirect_is_followed_where_the_user_agreed_to_it_in_the_dialog(pump, monkeypatch):
    asked = []
    monkeypatch.setattr(pump.interface().setup, "run", lambda what, words: asked.append(words))
    operators = importlib.import_module(f"{NAME}.operators.setup")
    monkeypatch.setattr(operators.PARTS4D_OT_fetch_model, "needs_network", False)
    bpy.ops.parts4d.fetch_model(model="sam_vit_b")
    bpy.ops.parts4d.fetch_model(model="sam_vit_b", follow=True)
    assert ["--follow" in words for words in asked] == [False, True]


def test_enabling_and_disabling_again_and_again_leaves_nothing(extension):
    for _ in range(3):
        extension.unregister()
        assert not hasattr(bpy.types.Scene, "parts4d")
        assert not [n for n in dir(bpy.types) if n.startswith("PARTS4D_")]
        extension.register()
