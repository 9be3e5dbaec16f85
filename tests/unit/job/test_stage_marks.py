# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields, replace

import pytest

from core.checkpoints.catalogue import models_folder
from core.checkpoints.store import hash_file, stamp_file
from core.errors import JobError
from core.job import shipped_data, stage_marks
from core.job.presets import PRESETS
from core.job.spec import CaptureSettings, FrameSelection, JobSpec, ParsingSettings, Part
from core.job.stage_marks import StageStore, stage_keys
from core.job.stages import STAGE_TABLE, STAGES

PARSING_STAGE = {
    "preset": None,
    "device": None,
    "proposer": "proposals",
    "proposer_model": "proposals",
    "key_views": "proposals",
    "points_per_side": "proposals",
    "minimum_area": "proposals",
    "tracker_model": "masklets",
    "travel": "masklets",
    "evidence": "sight",
    "sight_images": "sight",
    "encoder_model": "embeddings",
    "prompts": "labels",
    "key_frames": "proposals",
    "whole_person": "proposals",
    "tracker": "masklets",
    "merge_overlap": "masklets",
    "encoder": "sight",
    "memory_scale": "embeddings",
    "equalise": "labels",
    "specificity": "labels",
    "threshold": "labels",
    "distractors": "labels",
    "fill": "labels",
    "smoothing": "labels",
    "persistence": "labels",
}
OTHER = {
    "projection": "perspective",
    "engine": "cycles",
    "raised": (30.0,),
    "travel": "orbit_first",
    "prompts": "simple",
    "device": "cpu",
    "evidence": ("names",),
}
KEY = "k" * 64


def changed_value(field_name: str, value):
    if field_name in OTHER:
        return OTHER[field_name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return value / 2 + 0.05 if isinstance(value, float) else value + "2"


def changed_stages(before: JobSpec, after: JobSpec) -> tuple[str, ...]:
    a, b = stage_keys(before, "x"), stage_keys(after, "x")
    return tuple(stage for stage in STAGES if a[stage] != b[stage])


@pytest.mark.parametrize("name", [f.name for f in fields(ParsingSettings)])
def test_a_parsing_setting_changes_its_stage_and_those_after_it(spec, name):
    value = changed_value(name, getattr(spec.parsing, name))
    after = replace(spec, parsing=replace(spec.parsing, **{name: value}))
    first = PARSING_STAGE[name]
    assert changed_stages(spec, after) == (STAGES[STAGES.index(first) :] if first else ())


def test_without_sight_there_is_nothing_to_look_at_anew(spec):
    settings = replace(spec.parsing, evidence=("names", "bones"))
    spec = replace(spec, parsing=settings)
    more = replace(spec, parsing=replace(settings, sight_images=3))
    assert changed_stages(spec, more) == ()
    fewer = replace(spec, parsing=replace(settings, evidence=("names",)))
    assert changed_stages(spec, fewer) == STAGES[STAGES.index("proposals") :]


def test_another_vision_model_changes_what_is_seen_and_all_after_it(spec, tmp_path, monkeypatch):
    model = tmp_path / "sight.onnx"
    monkeypatch.setenv("PARTS4D_SIGHT_MODEL", str(model))
    without = stage_keys(spec, "x")
    model.write_bytes(b"a model")
    with_it = stage_keys(spec, "x")
    assert [s for s in STAGES if without[s] != with_it[s]] == list(STAGES[1:])


def test_a_job_from_before_there_was_sight_is_still_whole(spec):
    """Keys as version 0.1.0 computed them, for a job that goes by names alone."""
    spec = replace(spec, parsing=replace(spec.parsing, encoder="names"))
    capture = stage_keys(spec, "x")["capture"]
    names = (
        "proposer", "proposer_model", "key_frames", "key_views", "whole_person",
        "points_per_side", "minimum_area",
    )  # fmt: skip
    settings = {name: getattr(spec.parsing, name) for name in names}
    text = json.dumps(["proposals", 1, capture, settings], sort_keys=True, separators=(",", ":"))
    assert stage_keys(spec, "x")["proposals"] == hashlib.sha256(text.encode()).hexdigest()


def test_a_setting_that_came_later_leaves_the_keys_of_earlier_jobs(spec):
    """The key of a capture as version 0.1.0 computed it, which knew no setting `depth`."""
    capture = asdict(spec.capture)
    del capture["processes"], capture["depth"]
    settings = [spec.character, asdict(spec.frames), capture]
    text = json.dumps(["capture", 1, "x", settings], sort_keys=True, separators=(",", ":"))
    assert stage_keys(spec, "x")["capture"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("settings", "first"),
    [
        (ParsingSettings(), "sight"),
        (ParsingSettings(evidence=("names",)), "embeddings"),
        (ParsingSettings(encoder="names"), "embeddings"),
        (PRESETS["draft"], "labels"),
    ],
    ids=["sight", "sight without the model", "names", "CLIP"],
)
def test_another_ontology_changes_the_first_stage_that_reads_it(spec, settings, first, monkeypatch):
    spec = replace(spec, parsing=settings)
    before = stage_keys(spec, "x")
    monkeypatch.setitem(shipped_data.SHIPPED, "ontology", lambda: "other")
    changed = [stage for stage, key in stage_keys(spec, "x").items() if key != before[stage]]
    assert changed == list(STAGES[STAGES.index(first) :])


@pytest.mark.parametrize("stage", STAGES)
def test_another_version_of_a_stage_changes_it_and_those_after_it(spec, stage, monkeypatch):
    newer = tuple(
        replace(one, version=one.version + 1) if one.name == stage else one for one in STAGE_TABLE
    )
    before = stage_keys(spec, "x")
    monkeypatch.setattr(stage_marks, "STAGE_TABLE", newer)
    changed = [name for name, key in stage_keys(spec, "x").items() if key != before[name]]
    assert changed == list(STAGES[STAGES.index(stage) :])


@pytest.mark.parametrize("name", [f.name for f in fields(CaptureSettings)])
def test_a_capture_setting_changes_everything_except_the_number_of_processes(spec, name):
    value = changed_value(name, getattr(spec.capture, name))
    after = replace(spec, capture=replace(spec.capture, **{name: value}))
    assert changed_stages(spec, after) == (() if name == "processes" else STAGES)


@pytest.mark.parametrize("name", [f.name for f in fields(FrameSelection)])
def test_the_frames_change_everything(spec, name):
    after = replace(spec, frames=replace(spec.frames, **{name: getattr(spec.frames, name) + 1}))
    assert changed_stages(spec, after) == STAGES


@pytest.mark.parametrize(
    "parts",
    [
        (Part("jacket"), Part("jeans", color=(0.1, 0.2, 0.9))),
        (Part("jacket", ("coat",)), Part("jeans")),
        (Part("jeans", color=(0.1, 0.2, 0.9)), Part("jacket", ("coat",))),
    ],
)
def test_the_vocabulary_its_order_synonyms_and_colours_change_only_the_labels(spec, parts):
    assert changed_stages(spec, replace(spec, parts=parts)) == ("labels",)


def test_the_scene_and_the_character_change_everything_but_the_path_nothing(spec):
    assert changed_stages(spec, replace(spec, character="Dog")) == STAGES
    assert changed_stages(spec, replace(spec, blend="/elsewhere/robot.blend")) == ()
    assert not set(stage_keys(spec, "x").values()) & set(stage_keys(spec, "y").values())


def test_every_field_of_the_spec_is_accounted_for():
    assert {f.name for f in fields(ParsingSettings)} == set(PARSING_STAGE)
    assert [f.name for f in fields(JobSpec)] == [
        "character", "blend", "parts", "frames", "capture", "parsing", "schema_version",
    ]  # fmt: skip


def test_whole_numbers_and_fractions_of_the_same_value_have_the_same_key(spec):
    after = replace(spec, capture=replace(spec.capture, elevation=0))
    assert changed_stages(spec, after) == ()


@pytest.fixture
def store(folder) -> StageStore:
    return StageStore(folder)


@pytest.fixture
def done(store) -> StageStore:
    store.prepare("masklets", KEY)
    for number, name in enumerate(("a", "b")):
        path = store.folder.masklets / f"surface_{number:04d}.npz"
        path.write_bytes(name.encode() * 100)
    store.mark_done("masklets", KEY, seconds=1.5)
    return store


def test_a_stage_is_done_for_its_key_only(done):
    assert done.is_done("masklets", KEY)
    assert not done.is_done("masklets", "other")
    assert not done.is_done("validation", KEY)
    assert done.seconds() == {"masklets": 1.5}
    assert done.verify("masklets") == []


def test_a_truncated_or_missing_output_is_noticed_cheaply(done):
    path = done.folder.masklets / "surface_0000.npz"
    path.write_bytes(b"a")
    assert not done.is_done("masklets", KEY)
    path.unlink()
    assert not done.is_done("masklets", KEY)


def test_a_changed_byte_is_found_by_verify_and_discarded(done):
    path = done.folder.masklets / "surface_0000.npz"
    path.write_bytes(b"x" * 100)
    assert done.is_done("masklets", KEY)
    assert done.verify("masklets") == [path]
    assert done.discard_damaged("masklets") == [path]
    assert not path.exists() and (done.folder.masklets / "surface_0001.npz").exists()
    assert not done.is_done("masklets", KEY)


@pytest.mark.parametrize("length", range(0, 200, 7))
def test_a_truncated_mark_is_no_mark(done, length):
    mark = done.folder.masklets / "done.json"
    content = mark.read_bytes()
    mark.write_bytes(content[:length])
    assert not done.is_done("masklets", KEY)
    assert done.seconds() == {}


@pytest.mark.parametrize(
    "name", ["job.json", "snapshot.blend", "result.json", "masklets/notes.txt"]
)
def test_a_mark_that_names_what_is_not_its_own_deletes_nothing(done, name):
    precious = done.folder.path / name
    precious.write_bytes(b"1")
    document = {"key": KEY, "seconds": 1, "outputs": {name: [0, "0"]}}
    (done.folder.masklets / "done.json").write_text(json.dumps(document))
    assert done.discard_damaged("masklets") == []
    done.clear("masklets")
    assert precious.read_bytes() == b"1"


@pytest.mark.parametrize("name", ["../../precious.npz", "../precious.npz", "/precious", "a/../.."])
def test_a_mark_that_names_other_peoples_files_is_no_mark(done, name):
    precious = done.folder.path.parent / "precious.npz"
    precious.write_bytes(b"1")
    document = {"key": KEY, "seconds": 1, "outputs": {name: [0, "0"]}}
    (done.folder.masklets / "done.json").write_text(json.dumps(document))
    assert done.discard_damaged("masklets") == []
    assert not done.is_done("masklets", KEY)
    assert precious.exists()


def test_clearing_removes_our_files_and_leaves_strangers(done):
    folder = done.folder.masklets
    for mine in ("notes.txt", "notes.json", "sheet.png", "my frame_0001.npz"):
        (folder / mine).write_text("mine")
    (folder / "sub").mkdir()
    (folder / "sub" / "x.npz").write_bytes(b"1")
    (folder / ".surface_0000.npz.77.tmp").write_bytes(b"1")
    done.clear("masklets")
    left = ["my frame_0001.npz", "notes.json", "notes.txt", "sheet.png", "sub"]
    assert sorted(p.name for p in folder.iterdir()) == left
    assert (folder / "sub" / "x.npz").exists()


def test_a_linked_stage_folder_is_refused(store, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.npz").write_bytes(b"1")
    store.folder.masklets.symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(JobError, match="is a link"):
        store.prepare("masklets", KEY)
    assert (elsewhere / "a.npz").exists()


def test_a_stage_that_goes_on_keeps_whole_files_of_the_same_key(store):
    store.prepare("capture", KEY, keep_partial=True)
    frame = store.folder.capture / "frame_0001.npz"
    frame.write_bytes(b"1")
    (store.folder.capture / ".frame_0002.npz.7.tmp").write_bytes(b"1")
    store.prepare("capture", KEY, keep_partial=True)
    assert sorted(p.name for p in store.folder.capture.iterdir()) == [frame.name, "started.json"]
    store.prepare("capture", "other", keep_partial=True)
    assert not frame.exists()


def test_a_damaged_file_of_a_finished_stage_is_not_kept(store):
    store.prepare("capture", KEY, keep_partial=True)
    frame = store.folder.capture / "frame_0001.npz"
    frame.write_bytes(b"123")
    store.mark_done("capture", KEY)
    frame.write_bytes(b"12")
    store.prepare("capture", KEY, keep_partial=True)
    assert not frame.exists()


def test_the_labels_own_the_result(store):
    store.prepare("labels", KEY)
    store.folder.result.write_text("{}")
    store.mark_done("labels", KEY)
    store.folder.result.unlink()
    assert not store.is_done("labels", KEY)
    store.folder.result.write_text("{}")
    store.clear("labels")
    assert not store.folder.result.exists()


def test_a_missing_output_cannot_be_marked(store):
    with pytest.raises(JobError, match="missing"):
        store.mark_done("labels", KEY, [store.folder.labels / "frame_0001.npz"])


def test_a_model_file_that_was_replaced_makes_its_stage_stale_and_a_removed_one_does_not(
    store, tmp_path, monkeypatch
):
    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path / "data"))
    folder = models_folder()
    folder.mkdir(parents=True)
    entry = '[mine]\nkind = "sam"\ntitle = "Mine"\nfile = "mine.pth"\nlicence = "mine"\n'
    (folder / "checkpoints.toml").write_text(entry)

    def install(content: bytes) -> str:
        path = folder / "mine.pth"
        path.write_bytes(content)
        stamp_file(path, hash_file(path))
        return hash_file(path)

    store.prepare("masklets", KEY)
    (store.folder.masklets / "a.npz").write_bytes(b"a")
    store.mark_done("masklets", KEY, models={"mine": install(b"weights")})
    assert store.is_done("masklets", KEY)
    install(b"other weights")
    assert not store.is_done("masklets", KEY)
    (folder / "mine.pth").unlink()
    (folder / "mine.pth.json").unlink()
    assert store.is_done("masklets", KEY)
