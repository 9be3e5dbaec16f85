# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders a plan's figures into shards: side by side, resumable, within a disk budget."""

from __future__ import annotations

import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError, JobError, Parts4DError

from .plan import Makers, Planned, planned
from .rendering import FigureScene, blender_scratch
from .shards import Shard, View, is_whole, save_shard

_RESERVE = 2 * 2**30  # bytes that stay free on the disk
Report = Callable[[str], None]


@dataclass(frozen=True)
class RenderOptions:
    """What is rendered and where to."""

    data: Path  # the training material
    out: Path
    seed: int = 1
    share: float = 1.0  # of a plan of full size
    processes: int = 2
    limit: float = 12.0  # GB of shards
    families: tuple[str, ...] = ()  # only these; empty: all


def render(options: RenderOptions) -> int:
    """Renders what is not there yet, in `options.processes` processes; returns how many failed.

    Raises InputError without the training material.
    """
    if not (options.data / "valid").is_dir():
        raise InputError(
            f"{options.data} holds no training material",
            "Name the folder with valid, makehuman and bvh",
        )
    command = [sys.executable, "-m", "training", "render", str(options.data), str(options.out)]
    command += ["--seed", str(options.seed), "--share", str(options.share)]
    command += ["--limit", str(options.limit), "--families", ",".join(options.families)]
    running = [
        subprocess.Popen([*command, "--process", f"{index}/{options.processes}"])
        for index in range(options.processes)
    ]
    return sum(process.wait() != 0 for process in running)


def render_some(options: RenderOptions, index: int, report: Report = print) -> None:
    """Every `options.processes`-th figure from `index` on, those that are there left out.

    A figure that cannot be made is reported and left out: it would fail again.
    """
    makers = Makers(options.data, options.out / "cache")
    figures = planned(options.seed, options.share)
    if options.families:
        figures = [f for f in figures if f.family in options.families]
    mine = figures[index :: options.processes]
    with blender_scratch(options.out / f".scratch-{index}") as scratch:
        for done, figure in enumerate(mine):
            path = shard_path(options.out, figure)
            if is_whole(path):
                continue
            _check_disk(options)
            try:
                shard = make_shard(figure, makers, scratch)
            except Parts4DError:
                raise
            except Exception:  # a maker's own mistake with one figure of hundreds
                report(f"{figure.name} could not be made:\n{traceback.format_exc()}")
                continue
            save_shard(path, shard)
            report(f"{done + 1}/{len(mine)} {figure.name}: {len(shard.views)} views, {shard.name}")


def make_shard(figure: Planned, makers: Makers, scratch: Path) -> Shard:
    """All views of one figure."""
    scene: FigureScene | None = None
    prepared = None
    views: list[View] = []
    for shot in makers.shots(figure):
        if scene is None or shot.figure is not prepared:
            scene, prepared = FigureScene(shot.figure, scratch), shot.figure
        seen = scene.views(shot.vertices, shot.bones, shot.looks)
        views += [view for view in seen if view.silhouette.any()]
    if prepared is None:
        raise JobError(f"{figure.name} has no views", "Change the plan")
    return Shard(
        f"{figure.name} {prepared.name}",
        figure.family,
        prepared.person,
        prepared.garments,
        tuple(views),
    )


def shard_path(out: Path, figure: Planned) -> Path:
    """Where a figure's views are kept."""
    return out / "shards" / f"{figure.name}.npz"


def _check_disk(options: RenderOptions) -> None:
    used = sum(p.stat().st_size for p in (options.out / "shards").glob("*.npz"))
    if used > options.limit * 2**30:
        raise JobError(f"The views take more than {options.limit:g} GB", "Raise --limit")
    if shutil.disk_usage(options.out).free < _RESERVE:
        raise JobError(f"The disk of {options.out} is nearly full", "Free some space")
