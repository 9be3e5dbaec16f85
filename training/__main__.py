# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the vision model: python -m training render, train, judge, export, sheet."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from core.errors import Parts4DError, exit_status

if TYPE_CHECKING:
    from .render import RenderOptions


def main(arguments: Sequence[str] | None = None) -> int:
    """The program. Returns the exit status."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.run(chosen) or 0)
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return exit_status(error)


def _render(chosen: argparse.Namespace) -> int:
    from .render import RenderOptions, render

    families = tuple(f for f in chosen.families.split(",") if f)
    index, processes = 0, chosen.processes
    if chosen.process:
        index, processes = map(int, chosen.process.split("/"))
    options = RenderOptions(
        chosen.data, chosen.out, chosen.seed, chosen.share, processes, chosen.limit, families
    )
    if chosen.process:
        _render_and_leave(options, index)
    return render(options)


def _render_and_leave(options: RenderOptions, index: int) -> NoReturn:
    from core.job.child_side import leave

    from .render import render_some

    try:
        render_some(options, index, report=lambda line: print(line, flush=True))
    except Parts4DError as error:
        print(error, file=sys.stderr)
        leave(exit_status(error))
    leave(0)


def _train(chosen: argparse.Namespace) -> None:
    from .settings import read_settings
    from .train import train
    from .views import load_shards

    shards = load_shards(chosen.views)
    scores = train(
        shards,
        read_settings(chosen.settings),
        chosen.out,
        chosen.start,
        report=lambda line: print(line, flush=True),
        pause=chosen.pause,
    )
    print(json.dumps(scores, indent=1))


def _judge(chosen: argparse.Namespace) -> None:
    from .judging import judge
    from .settings import read_settings
    from .train import is_held
    from .views import load_shards
    from .weights import read_weights

    settings = read_settings(chosen.settings)
    held = [shard for shard in load_shards(chosen.views) if is_held(shard, settings)]
    scores = judge(read_weights(chosen.weights)[0], held, settings.augmentation.height)
    print(json.dumps(scores, indent=1))


def _export(chosen: argparse.Namespace) -> None:
    from .export import export
    from .settings import read_settings

    height = read_settings(chosen.settings).augmentation.height
    difference = export(chosen.weights, chosen.out, height, chosen.name)
    print(f"{chosen.out}: {chosen.out.stat().st_size / 2**20:.1f} MB, off by {difference:.1g}")


def _sheet(chosen: argparse.Namespace) -> None:
    from .sheet import save_sheet

    save_sheet(chosen.views, chosen.out, chosen.count, chosen.seed)


def _parser() -> argparse.ArgumentParser:
    from .settings import SHIPPED

    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True)

    one = commands.add_parser("render", help="figures into views; needs bpy")
    one.add_argument("data", type=Path, help="folder with valid, makehuman, bvh")
    one.add_argument("out", type=Path)
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--share", type=float, default=1.0, help="of a plan of full size")
    one.add_argument("--processes", type=int, default=2)
    one.add_argument("--limit", type=float, default=12.0, help="GB of views")
    one.add_argument("--families", default="", help="only these, with commas")
    one.add_argument("--process", default="", help=argparse.SUPPRESS)
    one.set_defaults(run=_render)

    one = commands.add_parser("train", help="views into weights; needs torch")
    one.add_argument("views", type=Path)
    one.add_argument("out", type=Path)
    one.add_argument("--settings", type=Path, default=SHIPPED)
    one.add_argument("--start", type=Path, help="best.pt or .onnx of an earlier run")
    one.add_argument("--pause", type=float, default=math.inf, help="minutes after which to stop")
    one.set_defaults(run=_train)

    one = commands.add_parser("judge", help="weights on the held-out views; needs torch")
    one.add_argument("weights", type=Path)
    one.add_argument("views", type=Path)
    one.add_argument("--settings", type=Path, default=SHIPPED)
    one.set_defaults(run=_judge)

    one = commands.add_parser("export", help="weights into the file that is shipped; needs torch")
    one.add_argument("weights", type=Path)
    one.add_argument("out", type=Path)
    one.add_argument("--settings", type=Path, default=SHIPPED)
    one.add_argument("--name", default="sight-3")
    one.set_defaults(run=_export)

    one = commands.add_parser("sheet", help="a picture of views as the network is shown them")
    one.add_argument("views", type=Path)
    one.add_argument("out", type=Path, help="a .png")
    one.add_argument("--count", type=int, default=48)
    one.add_argument("--seed", type=int, default=1)
    one.set_defaults(run=_sheet)
    return parser


if __name__ == "__main__":
    if sys.argv[1:2] == ["train"]:
        from .allocation import start_again_keeping_memory

        start_again_keeping_memory(sys.argv[1:])
    raise SystemExit(main())
