# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the parsing stages of a job folder that are not done yet, and writes the result."""

from __future__ import annotations

import contextlib
import platform
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..checkpoints.catalogue import find_checkpoint
from ..checkpoints.store import recorded_hash
from ..errors import CancelledError
from ..files.atomic import write_json
from ..files.reading import DamagedFile, damaged, read_object
from ..job.capture_files import Manifest
from ..job.choices import choose, counts, needs_torch
from ..job.folder import JobFolder
from ..job.implementations import PACKAGES, SEAMS
from ..job.label_files import LabelledPart, Result
from ..job.messages import Message
from ..job.palette import part_colors
from ..job.presets import model_names, preset_title, stage_models
from ..job.recorded import check_recorded
from ..job.sight_model import sight_model_hash
from ..job.spec import JobSpec, ParsingSettings
from ..job.stage_marks import StageStore, stage_keys
from ..job.stages import STAGE_TABLE, stage_named
from ..parsing.labelling.element_shares import check_words
from ..parsing.pipeline import STAGES
from ..parsing.registry import check_names
from ..parsing.run import Run
from ..parsing.sight.looking import model_used, reason_without

_PACKAGES = ("numpy", "scipy")  # of every run


def run_stages(
    folder: JobFolder,
    spec: JobSpec,
    emit: Callable[[Message], None],
    is_cancelled: Callable[[], bool],
    until: str = "labels",
) -> None:
    """Proposals to labels; stages that are done for this spec are skipped.

    The capture must be finished. Raises InputError, JobError or CancelledError; what was finished
    before stays, except for a file that makes no sense: a later run makes it anew.
    """
    check_names(spec.parsing)
    store = StageStore(folder)
    try:
        _run_stages(store, spec, emit, is_cancelled, until)
    except DamagedFile as error:
        store.drop(error.path)
        raise


def _run_stages(
    store: StageStore,
    spec: JobSpec,
    emit: Callable[[Message], None],
    is_cancelled: Callable[[], bool],
    until: str,
) -> None:
    folder = store.folder
    keys = stage_keys(spec, folder.snapshot_hash(spec))
    warnings: list[str] = []
    current = ""

    def on_progress(done: int, total: int) -> None:
        emit(Message("progress", stage=current, done=done, total=total))

    def on_warning(message: str) -> None:
        warnings.append(message)
        emit(Message("warning", stage=current, message=message))

    run = Run(folder.path, spec.parsing, spec.parts, on_progress, on_warning, is_cancelled)
    for current, compute in STAGES.items():
        if is_cancelled():
            raise CancelledError
        if store.is_done(current, keys[current]):
            emit(Message("stage", stage=current, state="skipped"))
        else:
            emit(Message("stage", stage=current, state="started"))
            if current == "labels":
                check_words(run)  # before the labels of other words are cleared away
            store.prepare(current, keys[current])
            started = time.perf_counter()
            found = compute(run)
            seconds = time.perf_counter() - started
            write_json(folder.stage(current) / "counts.json", found)
            if current == "labels":
                run.labels.write_result(_result(folder, spec, run, store, seconds, warnings))
            models = _models(run, current)
            store.mark_done(current, keys[current], None, seconds, models, _lacks_sight(run))
            emit(Message("stage", stage=current, state="finished", seconds=round(seconds, 3)))
        if stage_named(current).looks:
            _warn_without_sight(run)
        if current == until:
            return


def _models(run: Run, stage: str) -> dict[str, str]:
    """sha256 of the model files that a stage was computed with, by name."""
    used = model_used(run.folder("sight")) if stage_named(stage).looks else {}
    return stage_models(run.settings, stage) | used


def _warn_without_sight(run: Run) -> None:
    """Says, once in every run, that the vision model did not look though it should have."""
    if reason := reason_without(run.folder("sight")):
        if others := [name for name in run.settings.evidence if name != "sight"]:
            run.warn(f"Parsed with {' and '.join(others)} only. {reason}")
        else:
            run.warn(f"Parsed by body position alone. {reason}")


def _lacks_sight(run: Run) -> bool:
    """Whether what is made now lacks the vision model though its file is there: it could not be
    run, which may be different the next time. The file itself is part of the stages' keys."""
    return bool(reason_without(run.folder("sight")) and sight_model_hash())


def _read_counts(path: Path) -> dict[str, int]:
    """How many of what a stage has made. Raises JobError."""
    check_recorded(path)
    counts = read_object(path)
    if not all(type(number) is int for number in counts.values()):
        raise damaged(path)
    return counts


def _result(
    folder: JobFolder,
    spec: JobSpec,
    run: Run,
    store: StageStore,
    label_seconds: float,
    warnings: list[str],
) -> Result:
    manifest = run.images.manifest
    colors = part_colors(spec.parts)
    totals = {"frames": len(manifest.frames), "views": len(manifest.views)}
    totals["elements"] = manifest.element_count or max(
        manifest.elements_at(frame) for frame in manifest.frames
    )
    for stage in STAGES:
        totals |= _read_counts(folder.stage(stage) / "counts.json")
    settings = spec.parsing
    return Result(
        character=spec.character,
        frames=manifest.frames,
        vocabulary=tuple(
            LabelledPart(p.name, c, p.synonyms) for p, c in zip(spec.parts, colors, strict=True)
        ),
        topology=manifest.topology,
        objects=manifest.objects,
        frame_objects=manifest.frame_objects,
        backends=_backends(spec, manifest),
        seconds=store.seconds() | {"labels": round(label_seconds, 3)},
        counts=totals,
        warnings=tuple(dict.fromkeys([*manifest.warnings, *warnings])),
        versions=_versions(settings, bool(model_used(folder.sight))),
        preset=preset_title(settings),
        models=model_used(folder.sight)
        | {name: recorded_hash(find_checkpoint(name)) for name in model_names(settings)},
    )


def _backends(spec: JobSpec, manifest: Manifest) -> dict[str, str]:
    settings = spec.parsing
    backends = {"renderer": f"Blender {manifest.blender} {manifest.engine}"}
    for seam in SEAMS:
        model = getattr(settings, f"{seam}_model")
        backends[seam] = getattr(settings, seam) + (f" ({model})" if model else "")
    if counts(settings, "evidence"):
        backends["evidence"] = " + ".join(settings.evidence)
    if needs_torch(settings):
        from ..parsing.models.device import choose_device, describe

        backends["device"] = describe(choose_device(settings.device))
    return backends


def _versions(settings: ParsingSettings, looked: bool) -> dict[str, str]:
    packages = [*_PACKAGES]
    packages += [PACKAGES[module] for row in choose(settings) for module in row.modules]
    packages += [p for stage in STAGE_TABLE if stage.looks and looked for p in stage.packages]
    found = {"python": platform.python_version()}
    for package in packages:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
