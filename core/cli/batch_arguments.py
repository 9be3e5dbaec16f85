# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments of `parts4d batch`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

Commands = argparse._SubParsersAction
AddCommand = Callable[[Commands, str, str], argparse.ArgumentParser]


def add_batch(commands: Commands, add: AddCommand) -> None:
    """The command with a sub-command per step; `add` makes one with the options all have."""
    about = "render many labelled images: files, characters, cameras and frames from one list"
    batch = commands.add_parser("batch", help=about, description=about[0].upper() + about[1:])
    steps = batch.add_subparsers(dest="batch_command", required=True, metavar="STEP")
    add(steps, "init", "write a batch file to fill in")
    add(steps, "plan", "write the list of tasks and say what is missing")
    run = add(steps, "run", "do every task that is not done, then write the data set")
    add(steps, "status", "what is done, what is missing, what failed and why")
    merge = add(steps, "merge", "write the data set from the images that are there")
    for step in steps.choices.values():
        step.add_argument("batch", type=Path, metavar="BATCH", help="the batch file (TOML)")
    run.add_argument(
        "--processes",
        type=_count,
        default=0,
        metavar="N",
        help="tasks side by side (0 = by the number of cores, at most 4)",
    )
    run.add_argument(
        "--retries",
        type=_count,
        default=1,
        metavar="N",
        help="further attempts of a task that crashed",
    )
    merge.add_argument(
        "shards",
        type=Path,
        nargs="*",
        metavar="FOLDER",
        help="output folders of the same batch on other machines, to be brought in",
    )


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 0")
    return int(text)
