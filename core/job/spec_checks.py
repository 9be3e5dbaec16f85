# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job spec must satisfy beyond its types. Each complaint names the field and the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from ..errors import InputError
from .spec import CaptureSettings, FrameSelection, JobSpec, ParsingSettings, Part
from .strict_json import wrong_value

MAX_NAME_BYTES = 58  # "part:" + name has to fit the 63 bytes of a vertex group name in 4.2
MAX_PARTS = 32767  # labels are int16
FRAME_LIMIT = 1048574  # Blender's own
MAX_VIEWS = 200


def check_spec(spec: JobSpec) -> None:
    """Raises InputError for the first value that cannot be worked with."""
    if not spec.character.strip():
        raise InputError("No character is named", "Select a mesh object or an armature")
    if spec.blend and not _is_absolute(spec.blend):
        raise wrong_value("blend", "an absolute path", spec.blend)
    _check_vocabulary(spec.parts)
    _check_frames(spec.frames)
    _check_capture(spec.capture)
    _check_parsing(spec.parsing)


def normalised(words: str) -> str:
    """The form in which two part names are compared: case and spacing do not count."""
    return " ".join(words.split()).casefold()


def _check_vocabulary(parts: tuple[Part, ...]) -> None:
    if not parts:
        raise InputError("The vocabulary is empty", "Type at least one part name, e.g. jacket")
    if len(parts) > MAX_PARTS:
        raise InputError(f"There are {len(parts)} parts", f"Use at most {MAX_PARTS}")
    seen: dict[str, Part] = {}
    for i, part in enumerate(parts):
        if not part.name.strip():
            raise InputError(f"Part {i + 1} has no name", "Type a name or remove the part")
        if len(part.name.encode()) > MAX_NAME_BYTES:
            raise InputError(
                f"The part name {part.name[:20]!r}... is longer than {MAX_NAME_BYTES} bytes",
                "Shorten it and put the long form among its synonyms",
            )
        _check_words(part, seen)
        for channel in part.color or ():
            if not 0.0 <= channel <= 1.0:
                raise wrong_value(f"The colour of {part.name!r}", "within 0 to 1", part.color)


def _check_words(part: Part, seen: dict[str, Part]) -> None:
    for word in part.words:
        if not word.strip() or not word.isprintable():
            raise InputError(
                f"The part {part.name!r} has an empty or unprintable name or synonym",
                "Remove the synonym or type the name anew",
            )
        other = seen.setdefault(normalised(word), part)
        if other is not part:
            raise InputError(
                f"{word!r} stands for two parts, {other.name!r} and {part.name!r}",
                "Remove it from one of them",
            )
        if other is part and sum(normalised(w) == normalised(word) for w in part.words) > 1:
            raise InputError(
                f"The part {part.name!r} lists {word!r} twice", "Remove one of the two"
            )


def _check_frames(frames: FrameSelection) -> None:
    _check_range("frames.start", frames.start, -FRAME_LIMIT, FRAME_LIMIT)
    _check_range("frames.end", frames.end, -FRAME_LIMIT, FRAME_LIMIT)
    if frames.end < frames.start:
        raise InputError(
            f"The frame range {frames.start} to {frames.end} holds no frame",
            "Set the end frame to the start frame or later",
        )
    _check_range("frames.step", frames.step, 1, 2 * FRAME_LIMIT)
    _check_range("frames.keyframes", frames.keyframes, 0, 2 * FRAME_LIMIT)


def _check_capture(capture: CaptureSettings) -> None:
    _check_range("capture.azimuths", capture.azimuths, 1, 64)
    for name, angle in _elevations(capture):
        _check_range(name, angle, -89.0, 89.0)  # straight above and below are top and bottom
    angles = [angle for _, angle in _elevations(capture)]
    if len(set(angles)) < len(angles):
        raise InputError(
            "Two camera rings have the same elevation", "Change or remove one in capture.raised"
        )
    if capture.azimuths * len(angles) > MAX_VIEWS:
        raise InputError(
            f"The rig has {capture.azimuths * len(angles)} views",
            f"Use fewer azimuths or rings; at most {MAX_VIEWS} views",
        )
    _check_range("capture.resolution", capture.resolution, 16, 8192)
    _check_range("capture.lens", capture.lens, 1.0, 5000.0)
    _check_range("capture.processes", capture.processes, 0, 64)


def _elevations(capture: CaptureSettings) -> Iterator[tuple[str, float]]:
    yield "capture.elevation", capture.elevation
    for i, angle in enumerate(capture.raised):
        yield f"capture.raised[{i}]", angle


def _check_parsing(parsing: ParsingSettings) -> None:
    for name in ("proposer", "tracker", "encoder"):
        if not getattr(parsing, name).strip():
            raise InputError(f"parsing.{name} is empty", f"Choose a {name}")
    if not parsing.evidence:
        raise InputError("parsing.evidence is empty", "Use sight, names or bones, or several")
    if len(set(parsing.evidence)) < len(parsing.evidence):
        raise wrong_value("parsing.evidence", "without repetition", parsing.evidence)
    _check_range("parsing.sight_images", parsing.sight_images, 0, 10**6)
    _check_range("parsing.key_frames", parsing.key_frames, 1, 2 * FRAME_LIMIT)
    _check_range("parsing.key_views", parsing.key_views, 0, MAX_VIEWS)
    _check_range("parsing.points_per_side", parsing.points_per_side, 1, 512)
    _check_range("parsing.minimum_area", parsing.minimum_area, 0, 10**6)
    _check_range("parsing.whole_person", parsing.whole_person, 0.0, 1.0)
    _check_range("parsing.merge_overlap", parsing.merge_overlap, 0.0, 1.0)
    _check_range("parsing.memory_scale", parsing.memory_scale, 0.0, 1e4)
    _check_range("parsing.specificity", parsing.specificity, 0.0, 4.0)
    _check_range("parsing.threshold", parsing.threshold, 0.0, 1.0)
    _check_range("parsing.smoothing", parsing.smoothing, 0.0, 10.0)
    _check_range("parsing.persistence", parsing.persistence, 0.0, 1.0)


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise wrong_value(name, f"within {low:g} to {high:g}", value)


def _is_absolute(path: str) -> bool:
    """Whether on the machine that wrote it or here: a job folder may be looked at elsewhere."""
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()
