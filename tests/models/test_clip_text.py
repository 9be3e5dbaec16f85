# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import open_clip

from core.checkpoints.store import MissingCheckpoint
from core.errors import CancelledError, JobError
from core.job.spec import ParsingSettings
from core.parsing.labelling.sided_parts import SidedParts
from core.parsing.models import clip_text
from core.parsing.models.clip_text import ClipText, load_text
from core.parsing.models.loaded import release_models
from core.parsing.models.prompts import templates, without_side
from tests.models.clip_cases import CPU, HALF, lively_clip, put, register
from tests.models.tiny import CLIP

SETTINGS = {"bare": 1, "simple": 7, "render": 10, "imagenet": 80}
PARTS = [["left shoe", "sneaker"], ["Right Shoe"], ["hair"], ["42"], ["left"]]


@pytest.fixture(scope="module")
def model():
    return lively_clip()


@pytest.fixture(autouse=True)
def own_models(tmp_path, monkeypatch, model):
    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path))
    monkeypatch.setattr(clip_text, "_rows", {})
    put("own", model.state_dict())
    register("own", "clip", "own.pt", architecture=CLIP)
    yield
    release_models()


def text(prompts="bare", device=CPU, **more) -> ClipText:
    return ClipText("own", prompts, device, **more)


@pytest.mark.parametrize("prompts", SETTINGS)
def test_a_word_is_the_mean_of_its_sentences(model, prompts):
    sentences = [sentence("hair") for sentence in templates(prompts)]
    assert len(sentences) == SETTINGS[prompts]
    with torch.inference_mode():
        rows = model.encode_text(open_clip.tokenize(sentences), normalize=True)
    wanted = torch.nn.functional.normalize(rows.mean(dim=0), dim=0)
    rows, part = text(prompts).encode_text([["hair"]])
    assert rows.dtype == np.float32 and part.dtype == np.int32
    np.testing.assert_allclose(rows[0], wanted, atol=1e-6)
    assert np.linalg.norm(rows[0]) == pytest.approx(1, abs=1e-6)


def test_sentences_of_a_batch_do_not_change_each_other(monkeypatch):
    words = [["hair"], ["the sleeve of a long red leather jacket"], ["hat", "a cap", "beanie"]]
    together, part = text().encode_text(words)
    monkeypatch.setattr(clip_text, "_rows", {})
    monkeypatch.setattr(clip_text, "SENTENCES_AT_ONCE", 1)
    one_by_one, _ = text().encode_text(words)
    np.testing.assert_allclose(together, one_by_one, atol=1e-6)
    assert part.tolist() == [0, 1, 2, 2, 2]


def test_every_word_of_a_part_has_a_row_and_unknown_parts_a_zero_row():
    rows, part = text().encode_text(PARTS)
    assert part.tolist() == [0, 0, 1, 2, 3, 4]
    assert (np.linalg.norm(rows, axis=1) > 0.999).tolist() == [True] * 4 + [False] * 2
    assert rows[4:].max() == rows[4:].min() == 0
    assert text().unknown(PARTS) == {"42": (), "left": ()}
    assert text().guessed(PARTS) == ()


def test_words_that_mean_the_same_are_read_once():
    rows, part = text().encode_text([["shoe", "Shoe", " shoe ", "left shoe"]])
    assert len(rows) == 1 and part.tolist() == [0]


def test_both_sides_of_a_thing_are_the_same_words():
    parts = [["left shoe"], ["right shoe"], ["shoe"], ["hair"]]
    rows, part = text().encode_text(parts)
    side = text().sides(parts)
    assert side.dtype == np.int8 and side.tolist() == [1, 2, 0, 0]
    assert SidedParts.of(side, rows, part).thing.tolist() == [0, 0, 0, 1]


def test_a_side_is_what_the_words_of_a_part_agree_on():
    told = text().sides([["sock", "left sock"], ["left sock", "right sock"], ["left"], ["a r m"]])
    assert told.tolist() == [1, 0, 0, 2]


@pytest.mark.parametrize(
    "typed, phrase, side",
    [
        ("Left Shoe", "shoe", 1),
        ("shoe (L)", "shoe", 1),
        ("shoe_R", "shoe", 2),
        ("hand.L", "hand", 1),
        ("LeftHand", "hand", 1),
        ("the person's right arm", "the person's arm", 2),
        ("T-Shirt", "t-shirt", 0),
        ("upper  arm", "upper arm", 0),
        ("upright collar", "upright collar", 0),
        ("left and right hand", "left and right hand", 0),
        ("jersey 7", "jersey 7", 0),
        ("帽子", "帽子", 0),
        ("left", "", 1),
        ("3 %", "", 0),
        ("", "", 0),
    ],
)
def test_sides_are_taken_off_typed_names(typed, phrase, side):
    assert without_side(typed) == (phrase, side)


def test_noise_votes_and_the_whole_person_does_not():
    rows, votes = text().encode_distractors()
    assert rows.shape == (5, 32) and votes.tolist() == [True, True, True, False, False]
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_the_scale_of_logits_is_the_checkpoints():
    assert text().logit_scale == pytest.approx(100, rel=1e-4)


def test_another_process_reads_the_same_words():
    arrays = text("render").to_arrays()
    assert all(value.dtype.kind == "U" for value in arrays.values())
    settings = ParsingSettings(encoder_model="own", prompts="render", device="cpu")
    again = load_text(settings, arrays)
    np.testing.assert_array_equal(again.encode_text(PARTS)[0], text("render").encode_text(PARTS)[0])


def test_masks_are_not_compared_with_words_of_another_file(model):
    arrays = text().to_arrays()
    put("own", {k: v + 1 for k, v in model.state_dict().items()})
    with pytest.raises(JobError, match="another file of own"):
        ClipText.from_arrays(arrays, "bare", CPU)


def test_another_process_misses_a_file_that_is_gone(tmp_path):
    arrays = text().to_arrays()
    (tmp_path / "models" / "own.pt").unlink()
    with pytest.raises(MissingCheckpoint, match="is not installed"):
        ClipText.from_arrays(arrays, "bare", CPU)


def test_a_missing_file_is_said_when_the_first_word_is_read(tmp_path):
    words = text()
    (tmp_path / "models" / "own.pt").unlink()
    with pytest.raises(MissingCheckpoint, match="is not installed"):
        words.encode_text([["hair"]])


def test_describing_the_words_loads_no_model(monkeypatch):
    monkeypatch.setattr(clip_text, "load_text_tower", None)
    assert set(text().to_arrays()) == {"checkpoint", "sha256"}
    text().sides(PARTS)
    text().unknown(PARTS)


def test_a_word_is_read_once_in_a_process(monkeypatch):
    first, _ = text().encode_text([["hair"], ["hat"]])
    read = []
    monkeypatch.setattr(ClipText, "_read", lambda self, tokens: read.append(tokens))
    again, _ = text().encode_text([["hat"], ["hair"]])
    np.testing.assert_array_equal(first[::-1], again)
    assert not read


def test_another_way_of_prompting_is_read_anew():
    assert not np.allclose(
        text("bare").encode_text([["hair"]])[0], text("render").encode_text([["hair"]])[0]
    )


def test_half_precision_gives_nearly_the_same_words():
    full, _ = text("render").encode_text([["hair"], ["hat"]])
    half, _ = text("render", HALF).encode_text([["hair"], ["hat"]])
    assert half.dtype == np.float32
    assert (np.sum(full * half, axis=1) > 0.995).all()


def test_cancel_stops_between_batches(monkeypatch):
    def cancel():
        raise CancelledError

    with pytest.raises(CancelledError):
        text(pulse=cancel).encode_text([["hair"]])


def test_words_never_touch_the_network(monkeypatch):
    def refuse(*arguments, **named):
        raise AssertionError("asked for a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    text("imagenet").encode_text([["a pair of shoes"]])
