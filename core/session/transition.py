# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole behaviour of a session's jobs as one pure function."""

from __future__ import annotations

from dataclasses import replace

from ..errors import ErrorKind
from .events import (
    Applied,
    Apply,
    CancelAsked,
    Dismissed,
    Effect,
    Ended,
    Event,
    Redraw,
    Start,
    Stop,
    Submitted,
    Ticked,
    Told,
)
from .state import Job, State

Outcome = tuple[State, tuple[Effect, ...]]

KEPT = 20  # ended jobs that are remembered


def transition(state: State, event: Event) -> Outcome:
    """The state after `event`, and what is to be done. Events of unknown jobs change nothing."""
    match event:
        case Submitted():
            return _submit(state, event)
        case Told():
            return _fold_message(state, event)
        case Ticked():
            return _tick(state, event)
        case CancelAsked():
            return _cancel(state, event)
        case Ended():
            return _end(state, event)
        case Applied():
            job = state.job(event.number)
            return _change(state, replace(job, applied=True)) if job else (state, ())
        case Dismissed():
            kept = tuple(j for j in state.jobs if j.active or j.number != event.number)
            return replace(state, jobs=kept), (Redraw(),)


def _submit(state: State, event: Submitted) -> Outcome:
    waiting = next((j for j in state.jobs if j.folder == event.folder and j.active), None)
    if waiting is not None and not event.relabel:
        return state, ()  # pressed twice
    job = Job(
        number=state.next_number,
        character=event.character,
        folder=event.folder,
        preset=event.preset,
        owner=event.owner,
        relabel=event.relabel,
    )
    ended = [j for j in state.jobs if not j.active]
    forgotten = {j.number for j in ended[: max(0, len(ended) - KEPT)]}
    # How the last try ended is no news any more.
    forgotten |= {
        j.number
        for j in state.jobs
        if j.folder == event.folder and j.phase in ("failed", "cancelled")
    }
    # Of several changes to the words only the last is worth computing.
    if event.relabel:
        same = (j for j in state.queued if j.folder == event.folder)
        forgotten |= {j.number for j in same}
    jobs = tuple(j for j in state.jobs if j.number not in forgotten)
    return _next(replace(state, jobs=(*jobs, job), next_number=state.next_number + 1))


def _next(state: State) -> Outcome:
    """Starts the oldest waiting job when none runs: they share one worker."""
    if state.running is not None or not state.queued:
        return state, (Redraw(),)
    job = replace(state.queued[0], phase="running")
    return state.with_job(job), (Start(job.number), Redraw())


def _fold_message(state: State, event: Told) -> Outcome:
    job, message = state.job(event.number), event.message
    if job is None or not job.active:
        return state, ()
    changes: dict[str, object] = {"seconds": event.time - (job.started or event.time)}
    if not job.started:
        changes["started"] = event.time
    if message.overall >= 0:
        changes["share"] = max(job.share, message.overall)
    if message.stage and message.type in ("stage", "progress"):
        changes["stage"] = message.stage
    if message.type == "warning" and message.message not in job.warnings:
        changes["warnings"] = (*job.warnings, message.message)
    return _change(state, replace(job, **changes))  # type: ignore[arg-type]


def _tick(state: State, event: Ticked) -> Outcome:
    """The clock of the running job; redrawn once a second."""
    job = state.running
    if job is None or not job.started:
        return state, ()
    seconds = event.time - job.started
    if int(seconds) == int(job.seconds):
        return state, ()
    return _change(state, replace(job, seconds=seconds))


def _cancel(state: State, event: CancelAsked) -> Outcome:
    job = state.job(event.number)
    if job is None or job.phase not in ("queued", "running"):
        return state, ()
    if job.phase == "queued":
        return _change(state, replace(job, phase="cancelled"))
    state, effects = _change(state, replace(job, phase="cancelling"))
    return state, (Stop(job.number), *effects)


def _end(state: State, event: Ended) -> Outcome:
    job = state.job(event.number)
    if job is None or not job.active:
        return state, ()
    effects: tuple[Effect, ...] = ()
    if event.failure is None:
        job, effects = replace(job, phase="finished", share=1.0), (Apply(job.number),)
    elif event.failure.kind is ErrorKind.CANCELLED:
        job = replace(job, phase="cancelled")
    else:
        job = replace(job, phase="failed", failure=event.failure)
    state, more = _next(state.with_job(job))
    return state, (*effects, *more)


def _change(state: State, job: Job) -> Outcome:
    return state.with_job(job), (Redraw(),)
