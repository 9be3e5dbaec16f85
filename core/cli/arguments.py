# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments of every command. Defaults are those of the job spec."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from ..job.presets import PRESET_TABLE, PRESETS, settings_of
from ..job.setting import setting_fields, settings_of_stage
from ..job.spec import CaptureSettings, FrameSelection, ParsingSettings
from .batch_arguments import add_batch
from .setting_flags import add_flags, read_given

# Settings by the group of options they are in; --frames and --preset are read in their own way.
_FRAMES = tuple(f.name for f in setting_fields(FrameSelection) if f.flag != "--frames")
_CAPTURE = tuple(f.name for f in setting_fields(CaptureSettings))
_LABELS = settings_of_stage(ParsingSettings, "labels")
_PARSING = tuple(
    f.name for f in setting_fields(ParsingSettings) if f.name not in ("preset", *_LABELS)
)

_PARTS_HELP = "part names: ; or , between parts, | before synonyms, #rrggbb for a colour"
_SCENE_HELP = "a .blend, or a file to import: .glb .gltf .fbx .obj .ply .stl; several files of one \
kind are a mesh sequence. Without it: the file that is open in Blender"


def make_parser() -> argparse.ArgumentParser:
    """One sub-command per thing a user can do."""
    parser = argparse.ArgumentParser(
        prog="parts4d", description="Label the parts of animated characters from typed names."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    parse = _command(commands, "parse", "capture, parse, and write the labels onto the meshes")
    _add_scene(parse)
    parse.add_argument("--parts", required=True, help=_PARTS_HELP)
    _add_frames(parse)
    _add_capture(parse)
    _add_parsing(parse)
    _add_labelling(parse)
    parse.add_argument("--no-apply", action="store_true", help="only the job folder")
    parse.add_argument("--no-sheet", action="store_true", help="no contact sheet")
    _add_writing(parse)

    capture = _command(commands, "capture", "only render the views into a job folder")
    _add_scene(capture)
    _add_frames(capture)
    _add_capture(capture)

    label = _command(
        commands, "label", "other part names on a finished job: recomputes only labels"
    )
    label.add_argument("job", type=Path, metavar="JOB", help="the job folder")
    label.add_argument("--parts", required=True, help=_PARTS_HELP)
    _add_labelling(label)

    apply = _command(commands, "apply", "write the labels of a job onto the meshes")
    apply.add_argument("job", type=Path, metavar="JOB", help="the job folder")
    apply.add_argument("scene", type=Path, nargs="*", metavar="FILE", help=_SCENE_HELP)
    _add_writing(apply)

    clear = _command(commands, "clear", "remove everything Parts4D wrote, exactly")
    clear.add_argument("scene", type=Path, nargs="*", metavar="FILE", help=_SCENE_HELP)
    clear.add_argument("--character", help="only from this character; default: from all objects")
    _add_output(clear)

    report = _command(commands, "report", "what a job did: stages, seconds, counts, backends")
    report.add_argument("job", type=Path, metavar="JOB", help="the job folder")
    report.add_argument("--sheet", type=Path, metavar="PNG", help="draw the contact sheet here")

    add_batch(commands, _command)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
    parser.add_argument("--json", action="store_true", help="the outcome as JSON on stdout")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    return parser


def _add_scene(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scene", type=Path, nargs="*", metavar="FILE", help=_SCENE_HELP)
    parser.add_argument(
        "--character", help="object or collection; may be left out when there is only one"
    )
    parser.add_argument(
        "--job", type=Path, help="job folder; the same folder again continues or reuses the work"
    )


def _add_frames(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--frames",
        type=frame_selection,
        help="START-END, START-END/STEP or one frame, with = before a minus (--frames=-9-9); "
        "default: the animation's range",
    )
    add_flags(parser, FrameSelection, _FRAMES)


def _add_capture(parser: argparse.ArgumentParser) -> None:
    add_flags(parser.add_argument_group("cameras and renderer"), CaptureSettings, _CAPTURE)


def _add_parsing(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("parsing", "options not given keep the preset's values")
    group.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        default=ParsingSettings().preset,
        help=". ".join(f"{p.name}: {p.needs[0].lower()}{p.needs[1:]}" for p in PRESET_TABLE)
        + ". See vendor_setup.py status",
    )
    add_flags(group, ParsingSettings, _PARSING)


def _add_labelling(parser: argparse.ArgumentParser) -> None:
    add_flags(parser.add_argument_group("labels"), ParsingSettings, _LABELS)


def _add_writing(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("writing to the meshes")
    group.add_argument("--colors-on", choices=("corners", "vertices"), default="corners")
    group.add_argument("--no-groups", action="store_true", help="no vertex groups")
    group.add_argument("--every-frame", action="store_true", help="attributes for every frame")
    group.add_argument(
        "--overlay", action="store_true", help="show the labels instead of materials"
    )
    _add_output(parser)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output", type=Path, metavar="BLEND", help="where to save; default: NAME_parts.blend"
    )
    parser.add_argument("--in-place", action="store_true", help="save over the opened .blend")


def frames_of(arguments: argparse.Namespace, whole: FrameSelection) -> FrameSelection:
    """The frames that were asked for; `whole` is the animation."""
    return replace(arguments.frames or whole, **read_given(arguments, _FRAMES))


def capture_of(arguments: argparse.Namespace) -> CaptureSettings:
    """The cameras and the renderer that were asked for."""
    return CaptureSettings(**read_given(arguments, _CAPTURE))


def parsing_of(arguments: argparse.Namespace) -> ParsingSettings:
    """The preset's settings, changed by what was given."""
    return relabelling_of(
        arguments, settings_of(arguments.preset, **read_given(arguments, _PARSING))
    )


def relabelling_of(arguments: argparse.Namespace, before: ParsingSettings) -> ParsingSettings:
    """Settings of a finished job, those of its labels changed by what was given."""
    return replace(before, **read_given(arguments, _LABELS))


def frame_selection(text: str) -> FrameSelection:
    """`24`, `1-24`, `-10-24`, `1-24/2` as a FrameSelection."""
    span, _, step = text.partition("/")
    middle = span.find("-", 1)  # a leading minus belongs to the number
    start, end = (span, span) if middle < 0 else (span[:middle], span[middle + 1 :])
    try:
        return FrameSelection(int(start), int(end), int(step or 1))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no frame range such as 1-24") from error
