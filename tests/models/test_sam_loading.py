# SPDX-License-Identifier: GPL-3.0-or-later
"""SAM from a checkpoint file: the published sizes, a user's own, and files that do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from segment_anything import sam_model_registry

from core.checkpoints.catalogue import Checkpoint
from core.checkpoints.store import MissingCheckpoint
from core.errors import InputError
from core.parsing.models.device import Device
from core.parsing.models.sam import build_sam, load_sam

from . import blobs

CPU = Device("cpu", torch.float32)


def checkpoint(**architecture: Any) -> Checkpoint:
    return Checkpoint("own", "sam", "My SAM", "own.pth", "MIT", architecture=architecture)


@pytest.mark.parametrize("kind", ["vit_b", "vit_l", "vit_h"])
def test_published_types_have_the_layout_of_the_package(kind: str) -> None:
    with torch.device("meta"):  # shapes without memory
        own, theirs = build_sam({"type": kind}), sam_model_registry[kind]()
    assert shapes(own) == shapes(theirs)
    for mine, other in zip(own.image_encoder.blocks, theirs.image_encoder.blocks, strict=True):
        assert mine.window_size == other.window_size
        assert mine.attn.num_heads == other.attn.num_heads
        assert mine.norm1.eps == other.norm1.eps


def test_a_file_gives_the_model_that_was_saved(tmp_path: Path) -> None:
    saved = build_sam(blobs.SAM)
    torch.save(saved.state_dict(), tmp_path / "own.pth")
    loaded = load_sam(checkpoint(**blobs.SAM), tmp_path / "own.pth", CPU)
    image = torch.rand(1, 3, 128, 128)
    assert torch.equal(loaded.image_encoder(image), saved.image_encoder(image))
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())


def test_a_file_of_another_size_is_refused(tmp_path: Path) -> None:
    torch.save(build_sam(blobs.SAM).state_dict(), tmp_path / "own.pth")
    other = {**blobs.SAM, "encoder_embed_dim": 16}
    with pytest.raises(MissingCheckpoint, match="My SAM"):
        load_sam(checkpoint(**other), tmp_path / "own.pth", CPU)


@pytest.mark.parametrize(
    ("architecture", "what"),
    [
        ({}, "no encoder_embed_dim"),
        ({"type": "vit_t"}, "type = 'vit_t'"),
        ({"type": "vit_b", "image_size": 512}, "type = 'vit_b'"),
        ({**blobs.SAM, "depth": 3}, "depth = 3"),
        ({**blobs.SAM, "image_size": "1024"}, "image_size = '1024'"),
        ({**blobs.SAM, "patch_size": 0}, "patch_size = 0"),
        ({**blobs.SAM, "encoder_global_attn_indexes": [0.5]}, "encoder_global_attn_indexes"),
    ],
)
def test_an_architecture_with_errors_is_named(architecture: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=what):
        build_sam(architecture)


def shapes(model: torch.nn.Module) -> dict[str, torch.Size]:
    return {key: value.shape for key, value in model.state_dict().items()}
