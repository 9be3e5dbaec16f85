# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's file is only read, also when writing the snapshot fails."""

from __future__ import annotations

import resource
import signal
import sys

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.errors import InputError, JobError
from core.files.sealed import read_sealed, write_sealed
from core.job.folder import JobFolder
from core.job.spec import FrameSelection, JobSpec, Part
from core.scene.character import find_character
from core.scene.prepare import prepare_job
from core.scene.snapshot import load_snapshot, read_snapshot, snapshot_file, write_snapshot
from tests.blender.capture_scenes import empty_file, file_state, rigged_character, sphere


def saved_character(tmp_path) -> str:
    rigged_character()
    bpy.context.scene.frame_set(3)
    bpy.data.objects["hat"].select_set(True)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "user.blend"))
    return file_state()


def test_the_open_file_is_as_before(tmp_path):
    before = saved_character(tmp_path)
    dirty, content = bpy.data.is_dirty, (tmp_path / "user.blend").read_bytes()
    write_snapshot(find_character("rig"), tmp_path / "job")
    assert file_state() == before
    assert bpy.data.is_dirty == dirty and bpy.context.scene.frame_current == 3
    assert (tmp_path / "user.blend").read_bytes() == content


def test_the_open_file_is_as_before_when_the_disk_is_full(tmp_path):
    before = saved_character(tmp_path)
    character = find_character("rig")
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(JobError):
            write_snapshot(character, tmp_path / "job")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert file_state() == before
    assert list((tmp_path / "job").iterdir()) == []
    with pytest.raises(JobError, match="missing"):
        read_snapshot(tmp_path / "job")


def test_a_job_folder_that_cannot_be_made_is_refused(tmp_path):
    before = saved_character(tmp_path)
    (tmp_path / "job").write_text("a file")
    with pytest.raises(JobError):
        write_snapshot(find_character("rig"), tmp_path / "job")
    assert file_state() == before


def test_an_unusable_character_is_refused_before_anything_is_written(tmp_path):
    empty_file()
    sphere().data.vertices[0].co.x = float("nan")
    with pytest.raises(InputError):
        write_snapshot(find_character("ball"), tmp_path / "job")
    assert not (tmp_path / "job").exists()


def test_a_snapshot_holds_the_character_and_what_it_needs(tmp_path):
    rigged_character()
    sphere("elsewhere", x=9)
    written = write_snapshot(find_character("rig"), tmp_path)
    assert written == read_snapshot(tmp_path)
    character = load_snapshot(tmp_path)
    assert [o.name for o in character.sources] == ["body", "hat"]
    assert {"rig", "body", "hat"} == {o.name for o in bpy.data.objects}
    assert bpy.data.objects["rig"].animation_data.action is not None


def test_a_file_can_be_captured_without_being_opened_by_hand(tmp_path):
    saved_character(tmp_path)
    empty_file()
    content = (tmp_path / "user.blend").read_bytes()
    snapshot = snapshot_file(str(tmp_path / "user.blend"), None, tmp_path / "job")
    assert snapshot.character == "rig" and snapshot.frame == 3
    assert (tmp_path / "user.blend").read_bytes() == content


def test_a_missing_or_damaged_file_is_refused(tmp_path):
    with pytest.raises(JobError, match="does not exist"):
        snapshot_file(str(tmp_path / "none.blend"), None, tmp_path)
    (tmp_path / "bad.blend").write_bytes(b"not a blend")
    with pytest.raises(JobError, match="cannot be opened"):
        snapshot_file(str(tmp_path / "bad.blend"), None, tmp_path)


def test_a_truncated_snapshot_is_refused(tmp_path):
    rigged_character()
    write_snapshot(find_character("rig"), tmp_path)
    path = tmp_path / "snapshot.blend"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(JobError):
        load_snapshot(tmp_path)


@pytest.mark.parametrize("scripts", [False, True])
def test_scripts_in_a_snapshot_are_not_run_whatever_the_user_allows(tmp_path, monkeypatch, scripts):
    saved_character(tmp_path)
    write_snapshot(find_character("rig"), tmp_path)
    before = {name: shape_of(name) for name in read_snapshot(tmp_path).sources}
    script = bpy.data.texts.new("canary.py")
    script.use_module = True  # Blender runs such a text when it opens the file
    script.write(f"open({str(tmp_path / 'canary')!r}, 'w').close()")
    objects = {bpy.data.objects[name] for name in before} | {bpy.data.objects["rig"]}
    bpy.data.libraries.write(str(tmp_path / "snapshot.blend"), {*objects, script}, fake_user=True)
    if scripts:
        monkeypatch.setattr(sys, "argv", [*sys.argv, "--enable-autoexec"])
    character = load_snapshot(tmp_path)
    assert {o.name: shape_of(o.name) for o in character.sources} == before
    assert not (tmp_path / "canary").exists()


def shape_of(name: str) -> tuple[object, ...]:
    """What an object is made of."""
    ob = bpy.data.objects[name]
    corners = [tuple(v.co) for v in ob.data.vertices]
    return corners, [m.name for m in ob.modifiers], [s.name for s in ob.material_slots]


@pytest.mark.parametrize("route", ["opened", "appended"])
def test_a_simulation_baked_to_disk_plays_from_the_snapshot(tmp_path, monkeypatch, route):
    fallen = _baked_flag(tmp_path / "user.blend")
    write_snapshot(find_character("flag"), tmp_path / "job")
    if route == "appended":
        monkeypatch.setattr(sys, "argv", [*sys.argv, "--enable-autoexec"])
    (copy,) = load_snapshot(tmp_path / "job").sources
    if copy.name not in bpy.context.scene.collection.all_objects:
        bpy.context.scene.collection.objects.link(copy)
    assert _heights(copy, 5).tobytes() == fallen.tobytes()


def test_a_simulation_baked_into_the_file_plays_from_the_snapshot_or_is_warned_of(tmp_path):
    fallen = _baked_flag(tmp_path / "user.blend", to_disk=False)
    character = find_character("flag")
    write_snapshot(character, tmp_path / "job")
    if bpy.app.version >= (4, 3, 0):  # which drop the mark when part of a file is written
        (warning,) = character.warnings
        assert "turn on Disk Cache and bake it again" in warning
        return
    assert character.warnings == ()
    (copy,) = load_snapshot(tmp_path / "job").sources
    if copy.name not in bpy.context.scene.collection.all_objects:
        bpy.context.scene.collection.objects.link(copy)
    assert _heights(copy, 5).tobytes() == fallen.tobytes()
    assert not list(tmp_path.glob("job/blendcache*"))


def test_a_simulation_that_is_baked_anew_is_captured_anew_and_else_kept(tmp_path):
    _baked_flag(tmp_path / "user.blend")
    character, folder = find_character("flag"), JobFolder(tmp_path / "job")
    sources = [tmp_path / "user.blend"]
    spec = JobSpec("flag", "", (Part("flag"),), FrameSelection(1, 6))

    def prepared():
        prepare_job(folder, spec, character, sources)
        return folder.snapshot_hash(spec), folder.snapshot.stat().st_mtime_ns

    first = prepared()
    assert prepared() == first
    frame = next((tmp_path / "blendcache_user").glob("*_000005_00.bphys"))
    frame.write_bytes(frame.read_bytes()[:-4] + b"anew")  # the file itself was not saved
    again = prepared()
    assert again[0] != first[0] and again[1] != first[1]
    copy = next((folder.path / "blendcache_snapshot").glob("*_000005_00.bphys"))
    copy.write_bytes(b"rotten")
    with pytest.raises(JobError, match="Parse the scene again"):
        folder.check_snapshot()


def test_an_old_description_of_a_new_snapshot_is_noticed(tmp_path):
    saved_character(tmp_path)
    character, folder = find_character("rig"), JobFolder(tmp_path / "job")
    spec = JobSpec("rig", "", (Part("hat"),), FrameSelection(1, 2))
    prepare_job(folder, spec, character, [tmp_path / "user.blend"])
    folder.check_snapshot()
    path = folder.snapshot.with_suffix(".json")
    description = read_sealed(path)
    write_sealed(path, {**description, "fps": 5.0})  # whole, and of another snapshot
    with pytest.raises(JobError, match="Parse the scene again"):
        folder.check_snapshot()
    prepare_job(folder, spec, character, [tmp_path / "user.blend"])
    assert read_sealed(path) == description


def test_a_simulation_that_is_not_baked_leaves_no_file_in_the_job(tmp_path):
    empty_file()
    cloth = sphere("flag").modifiers.new("Cloth", "CLOTH")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "user.blend"))
    cloth.point_cache.use_disk_cache = True
    write_snapshot(find_character("flag"), tmp_path / "job")
    (copy,) = load_snapshot(tmp_path / "job").sources
    for frame in (1, 2, 3):
        _heights(copy, frame)
    assert not list(tmp_path.glob("job/blendcache*"))


def _baked_flag(path, to_disk=True):
    """A sphere that falls; its simulation is baked, to files or not. Its heights in frame 5."""
    empty_file()
    flag = sphere("flag")
    cache = flag.modifiers.new("Cloth", "CLOTH").point_cache
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    cache.use_disk_cache = to_disk
    cache.frame_end = 6
    with bpy.context.temp_override(point_cache=cache, object=flag, active_object=flag):
        bpy.ops.ptcache.bake(bake=True)
    # What a simulation made anew would not show.
    bpy.context.scene.gravity = (0, 0, 9)
    return _heights(flag, 5)


def _heights(ob, frame):
    bpy.context.scene.frame_set(frame)
    evaluated = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array([v.co.z for v in evaluated.data.vertices])
