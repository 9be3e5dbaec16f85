# SPDX-License-Identifier: GPL-3.0-or-later
"""The behaviour of a session's jobs, event by event and for any events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import CancelledError, JobError
from core.job.messages import Message
from core.session.events import (
    Applied,
    Apply,
    CancelAsked,
    Dismissed,
    Effect,
    Ended,
    Redraw,
    Start,
    Stop,
    Submitted,
    Ticked,
    Told,
)
from core.session.state import ACTIVE, Owner, State
from core.session.transition import KEPT, transition

FAILED = JobError("No", "Do").failure
OWNER = Owner("/films/hero.blend", 1, 42, "t")


def submitted(folder: str = "/jobs/a", relabel: bool = False) -> Submitted:
    return Submitted("Hero", folder, "embedded", OWNER, relabel)


def after(*events) -> tuple[State, list]:
    state, effects = State(), list[Effect]()
    for event in events:
        state, more = transition(state, event)
        effects += more
    return state, [e for e in effects if not isinstance(e, Redraw)]


def phases(state: State) -> list[str]:
    return [job.phase for job in state.jobs]


def progress(number: int, overall: float, time: float) -> Told:
    return Told(number, Message("progress", stage="capture", overall=overall), time)


def test_a_job_starts_at_once_and_its_end_puts_the_labels_on():
    state, effects = after(submitted(), Ended(1), Applied(1))
    assert phases(state) == ["finished"] and state.jobs[0].applied
    assert effects == [Start(1), Apply(1)]


def test_a_second_job_waits_for_the_first_also_when_that_fails():
    state, effects = after(submitted("/a"), submitted("/b"))
    assert phases(state) == ["running", "queued"] and effects == [Start(1)]
    state, effects = after(submitted("/a"), submitted("/b"), Ended(1, FAILED))
    assert phases(state) == ["failed", "running"] and effects == [Start(1), Start(2)]
    assert state.jobs[0].failure == FAILED


def test_pressing_parse_twice_is_pressing_it_once():
    assert phases(after(submitted(), submitted())[0]) == ["running"]


def test_of_several_changes_of_the_words_only_the_last_is_computed():
    state, effects = after(submitted(), *[submitted(relabel=True)] * 3)
    assert phases(state) == ["running", "queued"] and state.jobs[1].number == 4
    assert effects == [Start(1)]


def test_cancel_asks_the_running_job_and_drops_a_waiting_one():
    state, effects = after(submitted("/a"), submitted("/b"), CancelAsked(2), CancelAsked(1))
    assert phases(state) == ["cancelling", "cancelled"] and effects[-1] == Stop(1)
    state, _ = transition(state, Ended(1, CancelledError().failure))
    assert phases(state) == ["cancelled", "cancelled"] and state.jobs[0].failure is None


def test_a_job_that_ends_well_while_it_is_asked_to_stop_has_ended_well():
    state, effects = after(submitted(), CancelAsked(1), Ended(1))
    assert phases(state) == ["finished"] and Apply(1) in effects


def test_time_left_is_told_once_it_is_more_than_a_guess():
    job = after(submitted(), progress(1, 0.01, 100.0), progress(1, 0.02, 101.0))[0].jobs[0]
    assert job.seconds_left is None and job.stage == "capture"
    job = after(submitted(), progress(1, 0.0, 100.0), progress(1, 0.25, 110.0))[0].jobs[0]
    assert job.seconds_left == pytest.approx(30.0)


def test_the_share_never_goes_back_and_the_clock_redraws_once_a_second():
    state, _ = after(submitted(), progress(1, 0.5, 100.0), progress(1, 0.2, 100.1))
    assert state.jobs[0].share == 0.5
    assert transition(state, Ticked(100.7))[1] == ()
    state, effects = transition(state, Ticked(101.2))
    assert effects == (Redraw(),) and state.jobs[0].seconds == pytest.approx(1.2)


def test_a_warning_is_listed_once():
    warning = Told(1, Message("warning", message="'wings' is not known"), 1.0)
    assert after(submitted(), warning, warning)[0].jobs[0].warnings == ("'wings' is not known",)


def test_what_an_ended_or_forgotten_job_says_changes_nothing():
    state, _ = after(submitted(), Ended(1))
    for event in (progress(1, 0.5, 1.0), Ended(1, FAILED), CancelAsked(1), CancelAsked(9)):
        assert transition(state, event) == (state, ())
    assert after(submitted(), Ended(1), Dismissed(1))[0].jobs == ()
    assert phases(after(submitted(), Dismissed(1))[0]) == ["running"]


def test_how_the_last_try_ended_is_forgotten_with_the_next():
    state, _ = after(submitted("/a"), Ended(1, FAILED), submitted("/b"), submitted("/a"))
    assert [(j.number, j.phase) for j in state.jobs] == [(2, "running"), (3, "queued")]


def test_old_jobs_are_forgotten_in_the_end():
    events = []
    for number in range(1, KEPT + 6):
        events += [submitted(), Ended(number)]
    state = after(*events)[0]
    assert len(state.jobs) <= KEPT + 1 and state.jobs[-1].number == KEPT + 5


EVENTS = st.one_of(
    st.builds(submitted, st.sampled_from(["/a", "/b", "/c"]), st.booleans()),
    st.builds(CancelAsked, st.integers(1, 6)),
    st.builds(Dismissed, st.integers(1, 6)),
    st.builds(Ended, st.integers(1, 6), st.sampled_from([None, CancelledError().failure, FAILED])),
    st.builds(progress, st.integers(1, 6), st.floats(0, 1), st.floats(1, 1e4)),
    st.builds(Ticked, st.floats(1, 1e4)),
)


@given(st.lists(EVENTS, max_size=40))
def test_whatever_happens_one_job_runs_while_any_waits_and_ended_ones_stay_so(events):
    state, started = State(), []
    for event in events:
        before = {j.number: j.phase for j in state.jobs}
        state, effects = transition(state, event)
        started += [e.number for e in effects if isinstance(e, Start)]
        now = {j.number: j.phase for j in state.jobs}
        running = [n for n, phase in now.items() if phase in ("running", "cancelling")]
        assert len(running) <= 1 and (running or "queued" not in now.values())
        assert all(now[n] == before[n] for n in now if n in before and before[n] not in ACTIVE)
        assert all(n in now for n, phase in before.items() if phase in ("running", "cancelling"))
        assert all(0 <= j.share <= 1 for j in state.jobs)
    assert len(started) == len(set(started))
