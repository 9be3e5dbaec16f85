# SPDX-License-Identifier: GPL-3.0-or-later
"""From a batch to its tasks: a pure function, so that every machine makes the same plan."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from ..dataset.registry import Registry, extended
from ..dataset.sequences import SEQUENCES, Sequence
from ..errors import InputError
from ..job.run_folders import SUFFIX, file_name
from ..job.spec import FrameSelection, JobSpec
from ..label_images.request import LabelledCharacter, LabelRender
from ..scene.capture.rig import view_names
from .spec import (
    BatchSpec,
    CastMember,
    Shot,
    Vocabulary,
    frame_range,
    frames_of,
    vocabularies_of,
)
from .tasks import ParseRequest, Plan, Task

JOBS = "jobs"
_NOT_IN_KEY = ("blend", "folder", "frames", "passes", "cameras", "threads", "key", "characters")


@dataclass(frozen=True)
class Place:
    """Where a batch is."""

    base: Path  # folder of the batch file
    root: Path  # of the data set
    sources: Mapping[str, str]  # sha256 of every .blend, as named in the batch; "" = not there


@dataclass(frozen=True)
class _Scene:
    """A file with a vocabulary: what becomes a sequence."""

    name: str
    shot: Shot
    blend: str
    vocabulary: Vocabulary


def make_plan(spec: BatchSpec, place: Place, registry: Registry) -> Plan:
    """All tasks of a batch with their keys. `registry` holds the numbers given so far.

    A key depends on contents and settings, never on where files lie: it is the same on every
    machine. Raises InputError when two sequences would have one name.
    """
    for vocabulary in spec.vocabularies:  # of all: a machine with some of the shots agrees
        registry = extended(registry, vocabulary.words)
    sequences, tasks = [], []
    for scene in _scenes(spec):
        parses = _parse_tasks(scene, spec, place) if scene.shot.labels == "parse" else ()
        sequence, renders = _render_tasks(scene, spec, place, registry, parses)
        sequences.append(sequence)
        tasks += [*parses, *renders]
    names = [sequence.name.casefold() for sequence in sequences]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"Two sequences would be called '{name}'", "Rename a shot or a file")
    return Plan(place.root, registry, tuple(sequences), tuple(tasks))


def _scenes(spec: BatchSpec) -> Iterator[_Scene]:
    for shot in spec.shots:
        vocabularies = vocabularies_of(shot, spec)
        for blend, vocabulary in product(shot.blends, vocabularies):
            name = shot.name
            name += f"_{file_name(Path(blend).stem)}" if len(shot.blends) > 1 else ""
            name += f"_{vocabulary.name}" if len(vocabularies) > 1 else ""
            yield _Scene(name, shot, blend, vocabulary)


def _parse_tasks(scene: _Scene, spec: BatchSpec, place: Place) -> tuple[Task, ...]:
    return tuple(_parse_task(scene, member, spec, place) for member in scene.shot.characters)


def _parse_task(scene: _Scene, member: CastMember, spec: BatchSpec, place: Place) -> Task:
    name = f"{scene.name}_{file_name(member.name)}"
    job = JobSpec(
        character=member.target or member.name,
        blend=str(_path(place, scene.blend)),
        parts=scene.vocabulary.words,
        frames=_selection(scene.shot),
        capture=spec.capture,
        parsing=spec.parsing,
    )
    settings = asdict(replace(job, blend=""))
    for section, names in (("parsing", ("device",)), ("capture", ("processes",))):
        for one in names:  # they change no label
            settings[section].pop(one)
    return Task(
        id=f"parse_{name}",
        kind="parse",
        key=_hash("parse", place.sources.get(scene.blend, ""), settings),
        request=ParseRequest(str(place.root / JOBS / f"{name}{SUFFIX}"), job),
        images=job.frames.count * spec.capture.view_count,
    )


def _selection(shot: Shot) -> FrameSelection:
    """The one range of a shot, or what spans several."""
    if len(shot.frames) == 1:
        return frame_range(shot.frames[0])
    frames = frames_of(shot)
    return FrameSelection(frames[0], frames[-1])


def _render_tasks(
    scene: _Scene, spec: BatchSpec, place: Place, registry: Registry, parses: tuple[Task, ...]
) -> tuple[Sequence, list[Task]]:
    whole = _request(scene, spec, place, registry, parses)
    settings = {k: v for k, v in asdict(whole).items() if k not in _NOT_IN_KEY}
    cast = [asdict(member) for member in scene.shot.characters]
    labels = [task.key for task in parses]  # and not where the job folders lie
    key = _hash("render", place.sources.get(scene.blend, ""), settings, cast, labels)
    views = _views(scene.shot)
    tasks = []
    size = spec.render.frames_per_task
    for start in range(0, len(whole.frames), size):
        frames = whole.frames[start : start + size]
        tasks.append(
            Task(
                id=f"render_{scene.name}_{frames[0]:06d}",
                kind="render",
                key=_hash(key, frames, views, sorted(whole.passes)),
                request=replace(whole, frames=frames, key=key),
                images=len(frames) * len(views),
                views=views,
                needs=tuple(task.id for task in parses),
            )
        )
    names = tuple(member.name for member in scene.shot.characters)
    frames, vocabulary = whole.frames, scene.vocabulary.name
    return Sequence(scene.name, scene.blend, names, vocabulary, frames, views, key), tasks


def _request(
    scene: _Scene, spec: BatchSpec, place: Place, registry: Registry, parses: tuple[Task, ...]
) -> LabelRender:
    """For all frames of a sequence."""
    jobs = [t.request.job for t in parses if isinstance(t.request, ParseRequest)]
    shot, render = scene.shot, spec.render
    frames = frames_of(shot)
    return LabelRender(
        blend=str(_path(place, scene.blend)),
        folder=str(place.root / SEQUENCES / scene.name),
        characters=tuple(
            LabelledCharacter(m.name, jobs[i] if jobs else "applied", m.target)
            for i, m in enumerate(shot.characters)
        ),
        frames=frames,
        cameras=shot.cameras,
        rig=shot.rig,
        rig_frames=frames if shot.rig else (),
        passes=render.passes,
        parts=registry.part_ids(scene.vocabulary.words),
        scene=shot.scene,
        resolution=render.resolution,
        instant=render.instant,
        matte_samples=render.matte_samples,
        beauty_format=render.beauty_format,
    )


def _views(shot: Shot) -> tuple[str, ...]:
    return (*shot.cameras, *(view_names(shot.rig) if shot.rig else ()))


def _path(place: Place, blend: str) -> Path:
    return place.base / Path(blend).expanduser()


def _hash(*what: Any) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
