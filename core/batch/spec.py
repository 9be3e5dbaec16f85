# SPDX-License-Identifier: GPL-3.0-or-later
"""The batch: which files, characters, words, cameras and frames, and what is made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from ..dataset.assembly import EXPORTS, Export
from ..dataset.splits import SplitShares, check_shares
from ..errors import InputError
from ..job.spec import FRAME_LIMIT, CaptureSettings, FrameSelection, ParsingSettings, Part
from ..job.strict_json import wrong_value
from ..job.vocabulary import parse_parts
from ..label_images.request import Instant, LabelledCharacter, LabelRender, PassName, check_request

SCHEMA_VERSION = 1
_RANGE = re.compile(r"(-?\d+)(?:-(-?\d+))?(?:/(\d+))?")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Vocabulary:
    """Words for the parts, under a name that shots refer to."""

    name: str
    parts: str  # as typed: "jacket; trousers | jeans; hair #cc2233"

    @property
    def words(self) -> tuple[Part, ...]:
        """Raises InputError when there is none."""
        return parse_parts(self.parts)


@dataclass(frozen=True)
class CastMember:
    """A character, under the name it has in mattes, splits and annotations."""

    name: str
    target: str = ""  # object or collection in the file, where that is called otherwise


@dataclass(frozen=True)
class Shot:
    """Frames of some files, seen by some cameras: a sequence for each file and vocabulary."""

    name: str
    blends: tuple[str, ...]  # paths, relative to the batch file
    characters: tuple[CastMember, ...]
    frames: tuple[str, ...]  # "1-48", "1-48/2", "7"
    vocabularies: tuple[str, ...] = ()  # their names; may be left out where there is only one
    cameras: tuple[str, ...] = ()
    rig: CaptureSettings | None = None  # cameras around the characters
    labels: Literal["parse", "applied"] = "parse"  # or those the meshes carry
    scene: str | None = None


@dataclass(frozen=True)
class RenderSettings:
    """What is rendered, and in portions of how many frames."""

    passes: tuple[PassName, ...] = ("parts", "instances", "beauty")
    resolution: tuple[int, int] | None = None  # (width, height); None: the scene's
    instant: Instant = "centre"
    matte_samples: int = 16
    beauty_format: Literal["png", "exr"] = "png"
    frames_per_task: int = 16


@dataclass(frozen=True)
class BatchSpec:
    """Everything that a batch depends on beside the files themselves."""

    shots: tuple[Shot, ...]
    vocabularies: tuple[Vocabulary, ...]
    output: str = "dataset"  # folder, relative to the batch file
    exports: tuple[Export, ...] = ("coco",)
    seed: int = 0  # of the splits
    splits: SplitShares = field(default_factory=SplitShares)
    render: RenderSettings = field(default_factory=RenderSettings)
    capture: CaptureSettings = field(default_factory=CaptureSettings)  # for parsing
    parsing: ParsingSettings = field(default_factory=ParsingSettings)
    schema_version: int = SCHEMA_VERSION


def frame_range(text: str, where: str = "frames") -> FrameSelection:
    """ "1-48/2" as first, last and step. Raises InputError for anything else or for no frame."""
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise wrong_value(where, 'a frame or a range such as "1-48" or "1-48/2"', text)
    first, step = int(match[1]), int(match[3] or 1)
    last = first if match[2] is None else int(match[2])
    if last < first or step < 1 or max(abs(first), abs(last)) > FRAME_LIMIT:
        raise wrong_value(where, "a range that holds a frame", text)
    return FrameSelection(first, last, step)


def frames_of(shot: Shot) -> tuple[int, ...]:
    """All frames of its ranges, each once, in order."""
    ranges = [frame_range(text, f"frames of shot '{shot.name}'") for text in shot.frames]
    return tuple(sorted({f for r in ranges for f in range(r.start, r.end + 1, r.step)}))


def check_batch(spec: BatchSpec) -> None:
    """Raises InputError for the first thing that can be known wrong without opening a file."""
    if spec.schema_version != SCHEMA_VERSION:
        raise wrong_value("schema_version", str(SCHEMA_VERSION), spec.schema_version)
    if not spec.shots:
        raise InputError("The batch has no shot", "Add a [[shots]] table")
    _check_names("vocabulary", [v.name for v in spec.vocabularies])
    _check_names("shot", [s.name for s in spec.shots])
    for vocabulary in spec.vocabularies:
        _ = vocabulary.words
    for shot in spec.shots:
        _check_shot(shot, spec)
    check_shares(spec.splits)
    if spec.render.frames_per_task < 1:
        raise wrong_value("render.frames_per_task", "1 or more", spec.render.frames_per_task)
    if spec.exports and not {"parts", "instances"} <= set(spec.render.passes):
        raise InputError(
            f"The exports {', '.join(spec.exports)} are made from the passes parts and instances",
            f"Add both to render.passes, or empty exports; exports are {', '.join(EXPORTS)}",
        )


def vocabularies_of(shot: Shot, spec: BatchSpec) -> tuple[Vocabulary, ...]:
    """Those a shot names, or the only one. Raises InputError for an unknown name."""
    known = {v.name: v for v in spec.vocabularies}
    if not shot.vocabularies and len(known) == 1:
        return spec.vocabularies
    where = f"vocabularies of shot '{shot.name}'"
    if not shot.vocabularies:
        raise InputError(f"{where} is missing", f"Name one of: {', '.join(known) or 'none yet'}")
    for name in shot.vocabularies:
        if name not in known:
            raise wrong_value(where, f"among {', '.join(known) or 'none yet'}", name)
    return tuple(known[name] for name in shot.vocabularies)


def _check_shot(shot: Shot, spec: BatchSpec) -> None:
    if not shot.blends:
        raise InputError(f"Shot '{shot.name}' names no file", "Give blends, a list of .blend files")
    _check_names(f"file of shot '{shot.name}'", list(shot.blends), as_files=False)
    frames = frames_of(shot)
    vocabularies_of(shot, spec)
    trial = LabelRender(
        blend="",
        folder="",
        characters=tuple(LabelledCharacter(c.name, target=c.target) for c in shot.characters),
        frames=frames,
        cameras=shot.cameras,
        rig=shot.rig,
        passes=spec.render.passes,
        resolution=spec.render.resolution,
        matte_samples=spec.render.matte_samples,
    )
    try:
        check_request(trial)
    except InputError as error:
        raise InputError(f"Shot '{shot.name}': {error.message}", error.remedy) from error


def _check_names(kind: str, names: list[str], as_files: bool = True) -> None:
    """They become names of files, on systems too where Walk and walk are one."""
    seen: set[str] = set()
    for name in names:
        if as_files and not _FILE_NAME.fullmatch(name):
            raise wrong_value(
                f"The name of a {kind}", "of letters, digits, dots, dashes and underscores", name
            )
        if name.casefold() in seen:
            raise InputError(f"There are two of the {kind} '{name}'", "Rename or remove one")
        seen.add(name.casefold())
