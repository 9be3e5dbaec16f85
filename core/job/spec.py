# SPDX-License-Identifier: GPL-3.0-or-later
"""The job spec: everything a run depends on, with its defaults. `job.json` is this, as JSON.

A setting says here all that is to be known of it: range, stage, help, command line, side bar.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .setting import Choice, Setting, setting

SCHEMA_VERSION = 1
FRAME_LIMIT = 1048574  # Blender's own
MAX_VIEWS = 200
STEEPEST = 89.0  # degrees; straight above and below are `top` and `bottom`

Engine = Literal["albedo", "workbench", "eevee", "cycles"]
Projection = Literal["orthographic", "perspective"]
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

    start: int = setting(
        1,
        Setting(
            "First frame to parse",
            stage="capture",
            title="Start",
            low=-FRAME_LIMIT,
            high=FRAME_LIMIT,
            flag="--frames",
        ),
    )
    end: int = setting(
        1,
        Setting(
            "Last frame to parse",
            stage="capture",
            title="End",
            low=-FRAME_LIMIT,
            high=FRAME_LIMIT,
            flag="--frames",
        ),
    )
    step: int = setting(
        1,
        Setting(
            "Parse every Nth frame",
            stage="capture",
            title="Step",
            low=1,
            high=2 * FRAME_LIMIT,
            flag="--frames",
        ),
    )
    keyframes: int = setting(
        0,
        Setting(
            "Use only this many frames, chosen for the most different poses (0 = all)",
            stage="capture",
            title="Key Poses",
            low=0,
            high=2 * FRAME_LIMIT,
            metavar="N",
        ),
    )

    @property
    def count(self) -> int:
        """How many frames that are."""
        frames = max(0, (self.end - self.start) // self.step + 1)
        return min(frames, self.keyframes) if self.keyframes else frames


@dataclass(frozen=True)
class CaptureSettings:
    """The view rig and the renderer. More views see more; fewer are faster."""

    azimuths: int = setting(
        8,
        Setting(
            "Cameras around the character",
            stage="capture",
            title="Views",
            low=1,
            high=64,
            flag="--views",
            metavar="N",
        ),
    )
    elevation: float = setting(
        0.0,
        Setting(
            "Elevation of the ring of cameras, in degrees",
            stage="capture",
            low=-STEEPEST,
            high=STEEPEST,
            metavar="DEG",
        ),
    )
    raised: tuple[float, ...] = setting(
        (),
        Setting(
            "Elevations of further rings, in degrees",
            stage="capture",
            low=-STEEPEST,
            high=STEEPEST,
            metavar="DEG",
        ),
    )
    top: bool = setting(
        False, Setting("Add a camera straight above", stage="capture", title="From Above")
    )
    bottom: bool = setting(
        False, Setting("Add a camera straight below", stage="capture", title="From Below")
    )
    resolution: int = setting(
        512,
        Setting(
            "Width and height of each view in pixels",
            stage="capture",
            title="Resolution",
            low=16,
            high=8192,
            slider=(64, 4096),
            metavar="PIXELS",
        ),
    )
    projection: Projection = setting(
        "orthographic",
        Setting("Perspective cameras instead of orthographic", "capture", flag="--perspective"),
    )
    lens: float = setting(
        50.0,
        Setting(
            "Focal length in mm on a 36 mm sensor, for perspective cameras",
            stage="capture",
            low=1.0,
            high=5000.0,
            metavar="MM",
        ),
    )
    engine: Engine = setting(
        "albedo",
        Setting(
            "Renderer of the colours that models see; element maps are the same with all",
            stage="capture",
            title="Colour",
            choices=(
                Choice("albedo", "Flat Colour", "Base colours under a fixed light: clean and fast"),
                Choice("workbench", "Workbench", "As in the solid viewport with textures"),
                Choice("eevee", "EEVEE", "Real materials, rasterised"),
                Choice("cycles", "Cycles", "Real materials, ray-traced; slow"),
            ),
        ),
    )
    processes: int = setting(
        0,
        Setting(
            "Capture processes side by side (0 = by the number of cores)",
            stage="",
            low=0,
            high=64,
            metavar="N",
        ),
    )
    depth: bool = setting(
        False,
        Setting(
            "Also store depth and camera intrinsics, for programs that read the capture",
            stage="capture",
            from_default=True,
        ),
    )

    @property
    def view_count(self) -> int:
        """How many cameras the rig has."""
        return self.azimuths * (1 + len(self.raised)) + self.top + self.bottom


@dataclass(frozen=True)
class ParsingSettings:
    """Which implementations are used at the three seams, and the numbers of the equations."""

    preset: str = setting(
        "embedded", Setting("How the character is parsed", stage="", title="Preset")
    )  # where the settings came from; says nothing by itself
    proposer: str = setting("structure", Setting("Finds masks in the key images", "proposals"))
    proposer_model: str = setting(
        "", Setting("Model of the proposer, if it needs one", "proposals", metavar="CHECKPOINT")
    )
    tracker: str = setting(
        "correspondence", Setting("Follows masks through views and frames", "masklets")
    )
    tracker_model: str = setting(
        "", Setting("Model of the tracker, if it needs one", "masklets", metavar="CHECKPOINT")
    )
    encoder: str = setting("sight", Setting("Compares masks with words", "embeddings"))
    encoder_model: str = setting(
        "", Setting("Model of the encoder, if it needs one", "embeddings", metavar="CHECKPOINT")
    )
    evidence: tuple[EvidenceName, ...] = setting(
        ("sight", "names", "bones"),
        Setting(
            'Evidence used by the "sight" encoder',
            stage="proposals",  # and by `sight`: whether it looks at all
            title="Evidence",
            choices=(
                Choice("sight", "Sight", "Use the bundled vision model"),
                Choice(
                    "names",
                    "Names",
                    "Read the names of objects and materials; switch off where they mislead",
                ),
                Choice("bones", "Bones", "Take limbs and sides from the bones of an armature"),
            ),
            metavar="sight,names,bones",
        ),
    )
    sight_images: int = setting(
        64,
        Setting(
            "Views that the bundled vision model looks at, over all frames (0 = all)",
            stage="sight",
            low=0,
            high=10**6,
            metavar="N",
        ),
    )
    device: DeviceName = setting(
        "auto",
        Setting(
            "Where models run",
            stage="",
            title="Device",
            choices=(
                Choice("auto", "Automatic"),
                Choice("cuda", "CUDA"),
                Choice("mps", "MPS"),
                Choice("cpu", "CPU"),
            ),
        ),
    )  # auto is the GPU where there is one
    key_frames: int = setting(
        3,
        Setting(
            "Frames where masks are detected; the rest get theirs by tracking",
            stage="proposals",
            title="Key Frames",
            low=1,
            high=2 * FRAME_LIMIT,
            slider=(None, 24),
            metavar="N",
        ),
    )
    key_views: int = setting(
        0,
        Setting(
            "Views of a key frame where masks are detected (0 = all)",
            stage="proposals",
            low=0,
            high=MAX_VIEWS,
            metavar="N",
        ),
    )
    points_per_side: int = setting(
        64,
        Setting(
            "Side of the grid of points that SAM is asked about",
            stage="proposals",
            low=1,
            high=512,
            metavar="N",
        ),
    )
    minimum_area: int = setting(
        100,
        Setting(
            "Smallest mask of SAM and of the validation, in pixels",
            stage="proposals",
            low=0,
            high=10**6,
            metavar="PIXELS",
        ),
    )
    travel: Travel = setting(
        "serpentine",
        Setting(
            "Order in which SAM 2 visits the images",
            stage="masklets",
            title="Travel",
            choices=(
                Choice("serpentine", "Serpentine", "Frame by frame around the character"),
                Choice("orbit_first", "Orbit First", "Once around, then each view through time"),
            ),
        ),
    )
    prompts: Prompts = setting("bare", Setting("Prompt template for CLIP", "labels"))
    whole_person: float = setting(
        0.8,
        Setting(
            "Share of the silhouette from which a proposal is dropped as the whole person",
            stage="proposals",
            low=0.0,
            high=1.0,
            metavar="SHARE",
        ),
    )
    merge_overlap: float = setting(
        0.7,
        Setting(
            "Overlap (IoU) of element sets above which two proposals are one masklet",
            stage="masklets",
            low=0.0,
            high=1.0,
            metavar="IOU",
        ),
    )
    memory_scale: float = setting(
        15.0,  # 1 is the paper's literal equation
        Setting(
            "How strongly similar masks of a masklet are averaged (β in eq. 6)",
            stage="embeddings",
            title="Memory",
            low=0.0,
            high=1e4,
            slider=(None, 50.0),
            metavar="BETA",
        ),
    )
    equalise: bool = setting(
        True, Setting("Equalise the scores of parts in each image (eq. 7)", "labels")
    )
    specificity: float = setting(
        1.0,
        Setting(
            "How much more a small mask counts: weight is area to the power of minus this "
            "(0 = the paper's sum)",
            stage="labels",
            low=0.0,
            high=4.0,
            metavar="POWER",
        ),
    )
    threshold: float = setting(
        0.2,  # tau
        Setting(
            "Minimum share of evidence; faces below it stay unlabelled",
            stage="labels",
            title="Threshold",
            low=0.0,
            high=1.0,
            metavar="SHARE",
        ),
    )
    distractors: bool = setting(
        True,
        Setting(
            "Hidden words for what no part matches; without them every seen face gets a part",
            stage="labels",
        ),
    )
    fill: bool = setting(
        True, Setting("Unseen faces take the label of the nearest seen one", "labels")
    )
    smoothing: float = setting(
        0.2,  # share of evidence that a border between two neighbours must be worth
        Setting(
            "Smoothing strength; higher values remove specks",
            stage="labels",
            title="Smoothing",
            low=0.0,
            high=10.0,
            slider=(None, 1.0),
            metavar="SHARE",
        ),
    )
    persistence: float = setting(
        1.0,
        Setting(
            "How much stronger one frame's evidence must be to override the sequence's label "
            "(1 = never)",
            stage="labels",
            title="Persistence",
            low=0.0,
            high=1.0,
            metavar="LEAD",
        ),
    )


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
