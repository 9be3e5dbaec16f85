# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError, JobError, Parts4DError
from core.job.spec import CaptureSettings, Engine, FrameSelection, JobSpec, ParsingSettings, Part
from core.job.spec_checks import normalise
from core.job.spec_files import load_spec, save_spec, spec_from_json, spec_to_json

share = st.floats(0, 1)
names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=9)


@st.composite
def vocabularies(draw):
    words = draw(st.lists(names, min_size=1, max_size=8, unique_by=normalise))
    parts = []
    while words:
        count = draw(st.integers(1, len(words)))
        color = draw(st.none() | st.tuples(share, share, share))
        parts.append(Part(words[0], tuple(words[1:count]), color))
        words = words[count:]
    return tuple(parts)


@st.composite
def specs(draw):
    start = draw(st.integers(-1000, 1000))
    return JobSpec(
        character=draw(names),
        blend=draw(st.sampled_from(["", "/a/b.blend", "C:\\films\\b.blend"])),
        parts=draw(vocabularies()),
        frames=FrameSelection(
            start, start + draw(st.integers(0, 500)), draw(st.integers(1, 9)), draw(st.just(0))
        ),
        capture=CaptureSettings(
            azimuths=draw(st.integers(1, 16)),
            raised=tuple(draw(st.lists(st.floats(1, 80), max_size=2, unique=True))),
            top=draw(st.booleans()),
            engine=draw(st.sampled_from(get_args(Engine))),
        ),
        parsing=ParsingSettings(memory_scale=draw(st.floats(0, 100)), threshold=draw(share)),
    )


@given(specs())
def test_a_spec_comes_back_from_json_as_it_was(spec):
    assert spec_from_json(json.loads(json.dumps(spec_to_json(spec)))) == spec


@given(
    specs(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(), x),
    ),
    st.data(),
)
def test_any_value_in_any_field_is_read_or_refused_with_a_sentence(spec, value, data):
    document = json.loads(json.dumps(spec_to_json(spec)))
    holder = data.draw(
        st.sampled_from([document, *(document[k] for k in ("frames", "capture", "parsing"))])
    )
    holder[data.draw(st.sampled_from([*holder, "stranger"]))] = value
    try:
        read = spec_from_json(document)
    except Parts4DError as error:
        assert error.remedy
    else:
        assert spec_from_json(spec_to_json(read)) == read


def test_a_spec_survives_the_disk(tmp_path, spec):
    save_spec(tmp_path / "job.json", spec)
    assert load_spec(tmp_path / "job.json") == spec


def test_defaults_may_be_left_out_but_the_character_may_not(spec):
    document = {"schema_version": 1, "character": "A", "blend": "", "parts": [{"name": "hat"}]}
    assert spec_from_json(document) == JobSpec("A", "", (Part("hat"),))
    del document["character"]
    with pytest.raises(InputError, match="character is missing"):
        spec_from_json(document)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"partz": []}, "no setting named partz. Did you mean parts"),
        ({"frames": {"stop": 3}}, "no setting named frames.stop"),
        ({"frames": {"start": "1"}}, "frames.start must be a whole number, not '1'"),
        ({"frames": {"start": True}}, "frames.start must be a whole number"),
        ({"frames": {"step": 0}}, "frames.step must be within 1"),
        ({"frames": {"step": -2}}, "frames.step must be within 1"),
        ({"frames": {"start": 9, "end": 3}}, "frame range 9 to 3 holds no frame"),
        ({"capture": {"engine": "octane"}}, "capture.engine must be one of albedo, workbench"),
        ({"capture": {"engine": ["albedo"]}}, "capture.engine must be one of"),
        ({"capture": {"elevation": math.nan}}, "capture.elevation must be a finite number"),
        ({"capture": {"elevation": 10**400}}, "capture.elevation must be a finite number"),
        ({"capture": {"raised": [0.0]}}, "same elevation"),
        ({"capture": {"azimuths": 64, "raised": [1, 2, 3, 4]}}, "320 views"),
        ({"capture": {"resolution": 512.5}}, "capture.resolution must be a whole number"),
        ({"parsing": {"threshold": 1.5}}, "parsing.threshold must be within 0 to 1, not 1.5"),
        ({"parsing": {"encoder": " "}}, "parsing.encoder is empty"),
        ({"parsing": None}, "parsing must be an object"),
        ({"parts": []}, "vocabulary is empty"),
        ({"parts": {}}, "parts must be a list"),
        ({"parts": ["jacket"]}, r"parts\[0\] must be an object"),
        ({"parts": [{"name": " "}]}, "Part 1 has no name"),
        ({"parts": [{"name": "a\nb"}]}, "unprintable"),
        ({"parts": [{"name": "\ud800"}]}, "valid characters"),
        ({"parts": [{"name": "ü" * 40}]}, "longer than 58 bytes"),
        ({"parts": [{"name": "Hat"}, {"name": " hat  "}]}, "stands for two parts"),
        ({"parts": [{"name": "top hat"}, {"name": "Top  Hat"}]}, "stands for two parts"),
        ({"parts": [{"name": "hat"}, {"name": "cap", "synonyms": ["HAT"]}]}, "two parts, 'hat'"),
        ({"parts": [{"name": "hat", "synonyms": ["Hat"]}]}, "lists 'hat' twice"),
        ({"parts": [{"name": "hat", "synonyms": [""]}]}, "empty or unprintable"),
        ({"parts": [{"name": "hat", "color": [1, 0]}]}, r"color must be a list of 3 values"),
        ({"parts": [{"name": "hat", "color": [1, 0, 2]}]}, "colour of 'hat' must be within"),
        ({"blend": "robot.blend"}, "blend must be an absolute path"),
        ({"character": ""}, "No character"),
        ({"schema_version": "1"}, "schema_version must be"),
        ({"schema_version": None}, "schema_version must be"),
    ],
)
def test_a_bad_value_is_refused_by_name_with_a_remedy(spec, change, complaint):
    document = json.loads(json.dumps(spec_to_json(spec)))
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(document.get(key), dict):
            document[key].update(value)
        else:
            document[key] = value
    with pytest.raises(InputError, match=complaint) as caught:
        spec_from_json(document)
    assert caught.value.remedy


def test_a_newer_schema_is_a_job_error(spec):
    document = {**spec_to_json(spec), "schema_version": 2, "something": "new"}
    with pytest.raises(JobError, match="newer version"):
        spec_from_json(document)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100000, b"1" * 9999])
def test_a_damaged_file_is_a_job_error(tmp_path, content):
    (tmp_path / "job.json").write_bytes(content)
    with pytest.raises(JobError, match="damaged"):
        load_spec(tmp_path / "job.json")


@given(specs(), st.data())
def test_a_truncated_file_is_never_read_as_whole(tmp_path_factory, spec, data):
    path = tmp_path_factory.mktemp("job") / "job.json"
    save_spec(path, spec)
    content = path.read_bytes().rstrip()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(JobError, match="damaged"):
        load_spec(path)


def test_an_invalid_spec_is_not_saved(tmp_path, spec):
    with pytest.raises(InputError):
        save_spec(tmp_path / "job.json", replace(spec, parts=()))
    assert not list(tmp_path.iterdir())
