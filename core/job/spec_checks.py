# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job spec must satisfy beyond its types. Each complaint names the field and the remedy."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

from ..errors import InputError
from .implementations import SEAMS
from .setting import Setting, setting_fields
from .spec import MAX_VIEWS, CaptureSettings, FrameSelection, JobSpec, ParsingSettings, Part
from .strict_json import wrong_value

MAX_NAME_BYTES = 58  # "part:" + name has to fit the 63 bytes of a vertex group name in 4.2
MAX_PARTS = 32767  # labels are int16


def check_spec(spec: JobSpec) -> None:
    """Raises InputError for the first value that cannot be worked with."""
    if not spec.character.strip():
        raise InputError("No character is named", "Select a mesh object or an armature")
    if spec.blend and not _is_absolute(spec.blend):
        raise wrong_value("blend", "an absolute path", spec.blend)
    _check_vocabulary(spec.parts)
    for section in ("frames", "capture", "parsing"):
        _check_ranges(section, getattr(spec, section))
    _check_frames(spec.frames)
    _check_capture(spec.capture)
    _check_parsing(spec.parsing)


def normalise(words: str) -> str:
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
        other = seen.setdefault(normalise(word), part)
        if other is not part:
            raise InputError(
                f"{word!r} stands for two parts, {other.name!r} and {part.name!r}",
                "Remove it from one of them",
            )
        if other is part and sum(normalise(w) == normalise(word) for w in part.words) > 1:
            raise InputError(
                f"The part {part.name!r} lists {word!r} twice", "Remove one of the two"
            )


def _check_ranges(section: str, settings: object) -> None:
    """Every number, and every number of a list, within what its setting says."""
    for one in setting_fields(type(settings)):
        value, name = getattr(settings, one.name), f"{section}.{one.name}"
        several = isinstance(value, tuple)
        for i, number in enumerate(value if several else (value,)):
            _check_range(f"{name}[{i}]" if several else name, number, one.about)


def _check_range(name: str, value: float, about: Setting) -> None:
    low, high = about.low, about.high
    if low is not None and high is not None and not low <= value <= high:
        raise wrong_value(name, f"within {low:g} to {high:g}", value)


def _check_frames(frames: FrameSelection) -> None:
    if frames.end < frames.start:
        raise InputError(
            f"The frame range {frames.start} to {frames.end} holds no frame",
            "Set the end frame to the start frame or later",
        )


def _check_capture(capture: CaptureSettings) -> None:
    angles = (capture.elevation, *capture.raised)
    if len(set(angles)) < len(angles):
        raise InputError(
            "Two camera rings have the same elevation", "Change or remove one in capture.raised"
        )
    if capture.azimuths * len(angles) > MAX_VIEWS:
        raise InputError(
            f"The rig has {capture.azimuths * len(angles)} views",
            f"Use fewer azimuths or rings; at most {MAX_VIEWS} views",
        )


def _check_parsing(parsing: ParsingSettings) -> None:
    for seam in SEAMS:
        if not getattr(parsing, seam).strip():
            raise InputError(f"parsing.{seam} is empty", f"Choose a {seam}")
    if not parsing.evidence:
        raise InputError("parsing.evidence is empty", "Use sight, names or bones, or several")
    if len(set(parsing.evidence)) < len(parsing.evidence):
        raise wrong_value("parsing.evidence", "without repetition", parsing.evidence)


def _is_absolute(path: str) -> bool:
    """Whether on the machine that wrote it or here: a job folder may be looked at elsewhere."""
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()
