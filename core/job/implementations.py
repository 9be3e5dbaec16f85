# SPDX-License-Identifier: GPL-3.0-or-later
"""What may stand at the three seams of the pipeline, as data. Imports nothing of the project.

A new implementation is a module of its own and a row here: docs/adding-an-encoder.md.
"""

from __future__ import annotations

from dataclasses import dataclass

SEAMS = ("proposer", "tracker", "encoder")

# Modules that implementations import beyond those every run has -> the package to install.
PACKAGES = {
    "torch": "torch",
    "torchvision": "torchvision",
    "sam2": "sam2",
    "segment_anything": "segment-anything",
    "open_clip": "open_clip_torch",
}
_TORCH = ("torch", "torchvision")


@dataclass(frozen=True)
class Implementation:
    """One choice at a seam.

    `factory` is `module:function`, a module relative to `core.parsing` when it begins with a dot;
    the function takes a `seams.Context`. It is imported when a run needs it.
    """

    seam: str
    name: str  # in the job spec and on the command line
    title: str  # in messages
    help: str  # how it does its work, in a line of --help
    factory: str
    text: str = ""  # encoders: `module:function` of the word half, (settings, arrays) -> TextSide
    checkpoint: str = ""  # kind of checkpoint it loads; empty: none
    modules: tuple[str, ...] = ()  # keys of PACKAGES
    data: tuple[str, ...] = ()  # shipped data its output depends on, see `shipped_data.py`
    reads: tuple[str, ...] = ()  # settings that count only where this is chosen
    looks: bool = False  # uses what the vision model saw
    follows_pixels: bool = False  # trackers: masks are followed where the topology changes, too

    @property
    def needs_torch(self) -> bool:
        """Whether it runs only in the full environment."""
        return "torch" in self.modules


IMPLEMENTATIONS: tuple[Implementation, ...] = (
    Implementation(
        "proposer",
        "structure",
        "Structure",
        "objects, materials, bones, loose parts, and edges in the views",
        ".proposing.structure:make_structure_proposer",
    ),
    Implementation(
        "proposer",
        "sam",
        "SAM",
        "Segment Anything, everything mode",
        ".models.sam:make_sam_proposer",
        checkpoint="sam",
        modules=(*_TORCH, "segment_anything"),
    ),
    Implementation(
        "proposer",
        "sam2",
        "SAM 2",
        "SAM 2, everything mode",
        ".models.sam2_masks:make_sam2_proposer",
        checkpoint="sam2",
        modules=(*_TORCH, "sam2"),
    ),
    Implementation(
        "tracker",
        "correspondence",
        "Correspondence",
        "exact, by the elements that a mask shows",
        ".tracking.correspondence:make_correspondence_tracker",
    ),
    Implementation(
        "tracker",
        "sam2",
        "SAM 2",
        "video tracking by SAM 2",
        ".models.sam2_tracker:make_sam2_tracker",
        checkpoint="sam2",
        modules=(*_TORCH, "sam2"),
        follows_pixels=True,
    ),
    Implementation(
        "tracker",
        "auto",
        "Automatic",
        "correspondence, and SAM 2 where the topology changes",
        ".registry:make_tracker_by_topology",
        checkpoint="sam2",
        modules=(*_TORCH, "sam2"),
        follows_pixels=True,
    ),
    Implementation(
        "encoder",
        "sight",
        "Sight",
        "the bundled vision model, names and bones",
        ".embedded.sight_encoder:sight_encoder_of",
        text=".embedded.sight_encoder:sight_text",
        data=("ontology",),
        reads=("evidence",),
        looks=True,
    ),
    Implementation(
        "encoder",
        "names",
        "Names",
        "names of objects, materials and bones alone",
        ".embedded.names_encoder:names_encoder_of",
        text=".embedded.names_encoder:names_text",
        data=("ontology",),
    ),
    Implementation(
        "encoder",
        "mask_tokens",
        "Mask Tokens",
        "CLIP, a class token for each mask",
        ".models.mask_tokens:make_mask_tokens",
        text=".models.clip_text:load_text",
        checkpoint="clip",
        modules=(*_TORCH, "open_clip"),
    ),
    Implementation(
        "encoder",
        "cliptrase",
        "CLIPtrase",
        "CLIP, patch embeddings pooled over a mask",
        ".models.cliptrase:make_cliptrase",
        text=".models.clip_text:load_text",
        checkpoint="clip",
        modules=(*_TORCH, "open_clip"),
    ),
    Implementation(
        "encoder",
        "alpha_clip",
        "AlphaCLIP",
        "AlphaCLIP, a mask as a fourth channel",
        ".models.alpha_clip:make_alpha_clip",
        text=".models.clip_text:load_text",
        checkpoint="alpha_clip",
        modules=(*_TORCH, "open_clip"),
    ),
)


def implementations(seam: str) -> tuple[Implementation, ...]:
    """Those that may stand at a seam."""
    return tuple(row for row in IMPLEMENTATIONS if row.seam == seam)


def find_implementation(seam: str, name: str) -> Implementation | None:
    """The one of a name; None where there is none."""
    return next((row for row in implementations(seam) if row.name == name), None)


def readers_of(setting: str) -> tuple[Implementation, ...]:
    """Those without which a setting makes no difference; none: it always may."""
    return tuple(row for row in IMPLEMENTATIONS if setting in row.reads)
