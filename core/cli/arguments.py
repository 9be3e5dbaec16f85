# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments of every command. Defaults are those of the job spec."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from ..job.presets import PRESETS
from ..job.spec import (
    CaptureSettings,
    DeviceName,
    EvidenceName,
    FrameSelection,
    ParsingSettings,
    Prompts,
    Travel,
)

_CAPTURE, _PARSING = CaptureSettings(), ParsingSettings()

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
    parser.add_argument(
        "--keyframes", type=int, default=0, metavar="N", help="only the N most different poses"
    )


def _add_capture(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("cameras and renderer")
    group.add_argument("--views", type=int, default=_CAPTURE.azimuths, help="cameras in the ring")
    group.add_argument("--elevation", type=float, default=_CAPTURE.elevation, help="degrees")
    group.add_argument(
        "--raised",
        type=float,
        nargs="*",
        default=(),
        metavar="DEG",
        help="elevations of more rings",
    )
    group.add_argument("--top", action="store_true", help="one camera above")
    group.add_argument("--bottom", action="store_true", help="one camera below")
    group.add_argument("--resolution", type=int, default=_CAPTURE.resolution, help="pixels")
    group.add_argument("--perspective", action="store_true", help="instead of orthographic")
    group.add_argument("--lens", type=float, default=_CAPTURE.lens, help="mm, perspective only")
    group.add_argument(
        "--engine",
        choices=("albedo", "workbench", "eevee", "cycles"),
        default=_CAPTURE.engine,
        help="colour of the views; element maps are the same with all",
    )
    group.add_argument(
        "--processes",
        type=int,
        default=_CAPTURE.processes,
        help="capture side by side; 0: by cores",
    )


def _add_parsing(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("parsing", "what is not given is as the preset says")
    group.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        default=_PARSING.preset,
        help="embedded needs nothing; the others need the full environment and models: "
        "see vendor_setup.py status",
    )
    group.add_argument("--proposer", help="structure, sam or sam2")
    group.add_argument("--proposer-model", metavar="CHECKPOINT")
    group.add_argument("--tracker", help="correspondence, sam2, or auto: by topology")
    group.add_argument("--tracker-model", metavar="CHECKPOINT")
    group.add_argument("--encoder", help="sight, names, mask_tokens, cliptrase or alpha_clip")
    group.add_argument("--encoder-model", metavar="CHECKPOINT")
    group.add_argument(
        "--evidence",
        type=evidence,
        metavar="sight,names,bones",
        help="what the encoder sight goes by: the shipped vision model, names, bones; or some of "
        "them",
    )
    group.add_argument(
        "--sight-images",
        type=int,
        metavar="N",
        help="views the shipped vision model looks at, of all frames together; 0: all "
        f"({_PARSING.sight_images})",
    )
    group.add_argument("--device", choices=get_args(DeviceName), help="where models run")
    group.add_argument("--key-frames", type=int, metavar="N", help="frames given to the proposer")
    group.add_argument("--key-views", type=int, metavar="N", help="views of each; 0: all")
    group.add_argument("--points-per-side", type=int, metavar="N", help="SAM's grid")
    group.add_argument("--travel", choices=get_args(Travel), help="SAM 2's way through the images")
    group.add_argument("--memory-scale", type=float, metavar="BETA", help="beta of equation 6")


def _add_labelling(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("labels")
    group.add_argument(
        "--threshold",
        type=float,
        default=None,
        help=f"evidence below which a face is unlabelled ({_PARSING.threshold})",
    )
    group.add_argument(
        "--prompts", choices=get_args(Prompts), help="what a word is put into for CLIP"
    )
    for name, text in (
        ("equalise", "equation 7"),
        ("distractors", "hidden words for what no part matches; without them every face gets one"),
        ("fill", "unseen faces take the nearest label"),
    ):
        group.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, help=text)
    group.add_argument(
        "--smoothing",
        type=float,
        default=None,
        help="evidence that a border between two faces must be worth, for ragged borders and "
        f"specks; 0: each face by itself ({_PARSING.smoothing:g})",
    )
    group.add_argument(
        "--persistence",
        type=float,
        default=None,
        help="lead in evidence a frame needs to depart from the label of all frames; "
        f"1: one labelling for all, 0: each frame by itself ({_PARSING.persistence})",
    )


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


def evidence(text: str) -> tuple[EvidenceName, ...]:
    """`sight,bones` as a tuple, in the order of the setting."""
    known = get_args(EvidenceName)
    words = {word.strip() for word in text.split(",")}
    if not words or words - set(known):
        raise argparse.ArgumentTypeError(f"'{text}' is not some of {', '.join(known)}")
    return tuple(name for name in known if name in words)


def frame_selection(text: str) -> FrameSelection:
    """`24`, `1-24`, `-10-24`, `1-24/2` as a FrameSelection."""
    span, _, step = text.partition("/")
    middle = span.find("-", 1)  # a leading minus belongs to the number
    start, end = (span, span) if middle < 0 else (span[:middle], span[middle + 1 :])
    try:
        return FrameSelection(int(start), int(end), int(step or 1))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no frame range such as 1-24") from error
