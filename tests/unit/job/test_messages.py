# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import CancelledError, ErrorKind, InputError, JobError, Parts4DError, exit_status
from core.job.messages import EventLog, Message, decode, encode, error_of, message_of
from tests.events import read_events

text = st.text(max_size=20)
numbers = st.floats(0, 1e9)
messages = st.builds(
    Message, type=st.sampled_from(["progress", "warning", "error", "log", "stage"]),
    stage=text, done=numbers, total=numbers, message=text, remedy=text, code=text,
)  # fmt: skip


@given(messages)
def test_a_message_comes_back_from_its_line(message):
    line = encode(message)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert decode(line) == message


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_noise_is_no_message(noise):
    assert decode(noise) is None


@pytest.mark.parametrize(
    "line",
    ["{}", "[]", '{"type": 1}', '{"type": "later"}', '{"type": ["log"]}', "[" * 10**5,
     '{"type": "progress", "done": "x"}', '{"type": "log", "message": 3}'],
)  # fmt: skip
def test_what_only_looks_like_a_message_is_none(line):
    assert decode(line) is None


def test_unknown_keys_are_ignored():
    line = '{"type": "progress", "stage": "capture", "done": 3, "total": 9, "eta": 4}'
    assert decode(line) == Message("progress", stage="capture", done=3, total=9)


@pytest.mark.parametrize("cls", [InputError, JobError, CancelledError])
def test_an_error_crosses_the_border_with_its_class(cls):
    arrived = error_of(message_of(cls("The disk is full", "Free some space")))
    assert type(arrived) is cls and arrived.args == ("The disk is full. Free some space.",)


@pytest.mark.parametrize("kind", set(ErrorKind) - {ErrorKind.CANCELLED})
def test_an_error_crosses_the_border_with_its_kind_and_log(kind):
    error = Parts4DError("It broke", "Mend it", kind, "/logs/worker.log")
    line = encode(message_of(error))
    message = decode(line)
    assert message is not None
    arrived = error_of(message)
    assert arrived.failure == error.failure
    assert exit_status(arrived) == exit_status(error)


def test_an_error_of_a_newer_program_is_one_that_nobody_expected(tmp_path):
    message = decode('{"type": "error", "code": "of_tomorrow", "message": "It broke"}')
    assert message is not None
    arrived = error_of(message, tmp_path / "worker.log")
    assert arrived.kind is ErrorKind.UNEXPECTED and arrived.message == "It broke"
    assert arrived.failure.log == str(tmp_path / "worker.log")


def test_only_an_error_nobody_expected_points_to_the_log_of_its_program(tmp_path):
    said = message_of(InputError("There is no such part", "Type another"))
    assert error_of(said, tmp_path / "worker.log").failure.log == ""


def test_the_record_is_in_order_and_dated(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    for i in range(3):
        log.append(Message("progress", done=i, total=3))
    events = read_events(log.path)
    assert [e.done for e in events] == [0, 1, 2] and all(e.time > 1e9 for e in events)


def test_a_truncated_line_is_left_out_and_does_not_swallow_the_next(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    log.append(Message("log", message="first"))
    log.append(Message("log", message="second"))
    content = log.path.read_bytes()
    for cut in range(len(content) // 2 + 1, len(content)):
        log.path.write_bytes(content[:cut])
        log.append(Message("log", message="third"))
        kept = [e.message for e in read_events(log.path)]
        only_the_line_end_is_cut = cut == len(content) - 1
        assert kept == ["first", *["second"] * only_the_line_end_is_cut, "third"]


def test_lines_of_several_writers_do_not_mix(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")

    def write(name: str) -> None:
        for _ in range(100):
            log.append(Message("log", message=name * 200))

    threads = [threading.Thread(target=write, args=(c,)) for c in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_events(log.path)) == 400


def test_a_record_that_cannot_be_kept_is_no_error(tmp_path):
    EventLog(tmp_path / "nowhere" / "events.jsonl").append(Message("log"))
    assert not (tmp_path / "nowhere").exists()
