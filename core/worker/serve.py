# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker that stays: job after job with the models it has loaded, until nobody needs it."""

from __future__ import annotations

from pathlib import Path

from ..errors import CancelledError, InputError, JobError
from ..files.lock import FolderLock
from ..job.child_side import EXIT_INTERNAL, Channel, leave, report
from ..job.folder import JobFolder
from ..job.messages import Message, message_of
from ..job.stages import STAGES

IDLE = 600.0  # seconds without a request after which it leaves, and its memory with it


def serve(channel: Channel, idle: float = IDLE) -> None:
    """Answers {"type": "run", "job": PATH, "until": STAGE} lines, each with "accepted" and, in the
    end, one of "done", "error" and "cancelled"."""
    while (request := channel.next_request(idle)) is not None:
        channel.send(Message("accepted"))
        try:
            _run(channel, str(request.get("job", "")), str(request.get("until", STAGES[-1])))
        except (CancelledError, InputError, JobError) as error:
            channel.send(message_of(error))
        except BaseException as error:
            # Whatever it was may have left models or the graphics driver in a broken state.
            report(channel, error)
            leave(EXIT_INTERNAL)
        else:
            channel.send(Message("done"))


def _run(channel: Channel, job: str, until: str) -> None:
    from .stage_runner import run_stages  # after `hello`: the libraries take a moment

    if until not in STAGES:
        raise InputError(f"There is no stage called '{until}'", f"Use one of {', '.join(STAGES)}")
    folder = JobFolder.open(Path(job))
    with FolderLock(folder.path / "worker.lock"):
        run_stages(folder, folder.load_spec(), channel.send, channel.cancelled.is_set, until)
