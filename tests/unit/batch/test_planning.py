# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan is the same everywhere, and a task's key changes with what its outcome depends on."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from core.batch.planning import Place, make_plan
from core.batch.spec_files import batch_from_document
from core.batch.tasks import load_parse_request, request_document
from core.dataset.registry import Registry
from core.files.atomic import write_json
from tests.unit.batch.made_batch import TEXT

NOTHING = Registry()
SOURCES = {"walk.blend": "w1", "run.blend": "r1"}


def planned(text=TEXT, base="/films", sources=SOURCES, registry=NOTHING):
    spec = batch_from_document(tomllib.loads(text))
    place = Place(Path(base), Path(base) / "out", sources)
    return make_plan(spec, place, registry)


def keys(plan):
    return {task.id: task.key for task in plan.tasks}


def changed_ids(one, other):
    return {name for name, key in keys(one).items() if keys(other).get(name) != key}


def test_every_file_character_vocabulary_and_portion_of_frames_has_its_task():
    plan = planned()
    assert [task.id for task in plan.tasks] == [
        "parse_walk_Hero",
        "parse_walk_Double",
        "render_walk_000001",
        "render_walk_000003",
        "parse_run_clothes_Hero",
        "render_run_clothes_000001",
        "render_run_clothes_000010",
        "parse_run_body_Hero",
        "render_run_body_000001",
        "render_run_body_000010",
    ]
    assert plan.by_id["render_walk_000003"].needs == ("parse_walk_Hero", "parse_walk_Double")
    assert plan.by_id["render_walk_000001"].images == 4


def test_one_name_has_one_number_in_all_vocabularies():
    plan = planned()
    assert [(x.name, x.id) for x in plan.registry.labels] == [
        ("hair", 1),
        ("jacket", 2),
        ("shoes", 3),
        ("arms", 4),
    ]
    assert plan.by_id["render_run_body_000001"].request.part_ids == {"arms": 4, "hair": 1}


def test_a_machine_with_some_of_the_shots_gives_the_same_numbers_and_keys():
    walk = TEXT.index("[[shots]]")
    run = TEXT.rindex("[[shots]]")
    whole, part = planned(), planned(TEXT[:walk] + TEXT[run:])
    assert part.registry == whole.registry
    assert keys(part) == {i: key for i, key in keys(whole).items() if "_run_" in i}


def test_keys_do_not_depend_on_where_files_lie():
    assert keys(planned()) == keys(planned(base="/elsewhere"))


def test_a_changed_file_changes_its_tasks_only():
    after = planned(sources=SOURCES | {"run.blend": "r2"})
    assert changed_ids(planned(), after) == {i for i in keys(after) if "_run_" in i}


@pytest.mark.parametrize(
    ("old", "new", "affected"),
    [
        ('frames = "1-3"', 'frames = "1-9"', {"parse_walk_Hero", "parse_walk_Double"}),
        ('cameras = ["Camera", "Low"]', 'cameras = ["Camera"]', set()),
        ('["parts", "instances"]', '["parts", "instances", "depth"]', set()),
        ("frames_per_task = 2", "frames_per_task = 1", set()),
        ('"arms; hair"', '"arms; hair; legs"', {"parse_run_body_Hero"}),
    ],
)
def test_a_setting_changes_what_depends_on_it(old, new, affected):
    before, after = planned(), planned(TEXT.replace(old, new, 1))
    parses = {i for i in changed_ids(before, after) if i.startswith("parse")}
    assert parses == affected
    image_keys = [{s.name: s.key for s in plan.sequences} for plan in (before, after)]
    moved = {name for name, key in image_keys[0].items() if image_keys[1][name] != key}
    assert moved == {i.removeprefix("parse_").rpartition("_")[0] for i in affected}


def test_applied_labels_need_no_parsing():
    plan = planned(TEXT.replace('name = "walk"', 'name = "walk"\nlabels = "applied"', 1))
    walk = [t for t in plan.tasks if "_walk_" in t.id]
    assert {t.kind for t in walk} == {"render"} and not any(t.needs for t in walk)
    assert walk[0].request.characters[1].target == "Rig.001"
    assert walk[0].request.characters[1].labels == "applied"


def test_a_rig_adds_its_views_and_is_fitted_to_the_whole_sequence():
    plan = planned(TEXT.replace('cameras = ["Camera"]', "rig = { azimuths = 3 }", 1))
    task = plan.by_id["render_run_body_000010"]
    assert len(task.views) == 3 and task.images == 3
    assert task.request.rig_frames == (1, 2, 10)


def test_numbers_given_before_stay(tmp_path):
    first = planned().registry
    later = planned(TEXT.replace("hair; jacket", "cap; hair; jacket", 1), registry=first).registry
    assert later.labels[:4] == first.labels and later.labels[4].name == "cap"


def test_a_parse_request_is_read_as_it_was_written(tmp_path):
    task = planned().by_id["parse_walk_Double"]
    write_json(tmp_path / "a.json", request_document(task))
    assert load_parse_request(tmp_path / "a.json") == task.request
    assert task.request.spec.character == "Rig.001"


def test_the_cores_of_this_machine_change_no_key():
    plan = planned()
    parse, render = (plan.by_id[i] for i in ("parse_walk_Hero", "render_walk_000001"))
    assert request_document(parse, 3)["spec"]["capture"]["processes"] == 3
    assert request_document(render, 3)["threads"] == 3
    assert request_document(render, 3)["key"] == request_document(render)["key"]
