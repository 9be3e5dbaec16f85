# SPDX-License-Identifier: GPL-3.0-or-later
"""The job spec: everything a run depends on, with its defaults. `job.json` is this, as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

SCHEMA_VERSION = 1

Engine = Literal["albedo", "workbench", "eevee", "cycles"]
DeviceName = Literal["auto", "cuda", "mps", "cpu"]
Travel = Literal["serpentine", "orbit_first"]
Prompts = Literal["bare", "simple", "render", "imagenet"]
EvidenceName = Literal["sight", "names", "bones"]


@dataclass(frozen=True)
class Part:
    """A name the user typed."""

    name: str
    synonyms: tuple[str, ...] = ()
    color: tuple[float, float, float] | None = None  # sRGB 0..1; None takes the next palette colour

    @property
    def words(self) -> tuple[str, ...]:
        """The name and its synonyms."""
        return (self.name, *self.synonyms)


@dataclass(frozen=True)
class FrameSelection:
    """Which scene frames are parsed."""

    start: int = 1
    end: int = 1  # inclusive
    step: int = 1
    keyframes: int = 0  # > 0: only so many, the most different poses of the range

    @property
    def count(self) -> int:
        """How many frames that are."""
        frames = max(0, (self.end - self.start) // self.step + 1)
        return min(frames, self.keyframes) if self.keyframes else frames


@dataclass(frozen=True)
class CaptureSettings:
    """The view rig and the renderer. More views see more; fewer are faster."""

    azimuths: int = 8  # cameras evenly around the character
    elevation: float = 0.0  # degrees, of that ring
    raised: tuple[float, ...] = ()  # elevations of further rings, degrees
    top: bool = False  # one camera straight above
    bottom: bool = False  # one straight below
    resolution: int = 512  # pixels, square
    projection: Literal["orthographic", "perspective"] = "orthographic"
    lens: float = 50.0  # mm on a 36 mm sensor, perspective only
    engine: Engine = "albedo"
    processes: int = 0  # capture processes side by side; 0 chooses by the number of cores

    @property
    def view_count(self) -> int:
        """How many cameras the rig has."""
        return self.azimuths * (1 + len(self.raised)) + self.top + self.bottom


@dataclass(frozen=True)
class ParsingSettings:
    """Which implementations are used at the three seams, and the numbers of the equations."""

    preset: str = "embedded"  # where the settings came from; says nothing by itself
    proposer: str = "structure"
    proposer_model: str = ""  # checkpoint of the proposer, where it needs one
    tracker: str = "correspondence"
    tracker_model: str = ""
    encoder: str = "sight"
    encoder_model: str = ""
    evidence: tuple[EvidenceName, ...] = ("sight", "names", "bones")  # what "sight" goes by
    sight_images: int = 64  # views the vision model looks at, of all frames together; 0: all
    device: DeviceName = "auto"  # where models run; auto is the GPU where there is one
    key_frames: int = 3  # frames whose views are given to the proposer
    key_views: int = 0  # how many views of a key frame are; 0: all
    points_per_side: int = 64  # SAM's grid of points over a whole image
    minimum_area: int = 100  # pixels; smaller masks of SAM and of the validation are dropped
    travel: Travel = "serpentine"  # order in which SAM 2 goes through the images
    prompts: Prompts = "bare"  # what a typed word is put into for CLIP
    whole_person: float = 0.8  # proposals covering this share of the silhouette are dropped
    merge_overlap: float = 0.7  # IoU of element sets above which two proposals are one masklet
    memory_scale: float = 15.0  # beta of eq. 6; 1 is the paper's literal equation
    equalise: bool = True  # eq. 7
    specificity: float = 1.0  # a mask's say goes with area ** -specificity; 0 is the paper's sum
    threshold: float = 0.2  # tau: below this share of evidence an element is unlabelled
    distractors: bool = True  # a hidden 'something else' takes what no part matches
    fill: bool = True  # elements never seen take the nearest seen one's label
    smoothing: float = 0.2  # share of evidence that a border between two neighbours must be worth
    persistence: float = 1.0  # lead a frame needs to depart from all frames' label; 1: never


@dataclass(frozen=True)
class JobSpec:
    """One run: which character, which frames, how it is looked at and parsed, and into what."""

    character: str  # object or collection name
    blend: str  # absolute path of the .blend that holds it; empty when it was never saved
    parts: tuple[Part, ...]
    frames: FrameSelection = field(default_factory=FrameSelection)
    capture: CaptureSettings = field(default_factory=CaptureSettings)
    parsing: ParsingSettings = field(default_factory=ParsingSettings)
    schema_version: int = SCHEMA_VERSION
