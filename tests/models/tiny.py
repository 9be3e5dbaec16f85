# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkpoints of tiny random models in the layouts in which the real ones are published."""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import nn

from core.checkpoints.catalogue import models_folder
from core.checkpoints.store import hash_file, stamp_file

SAM = {
    "encoder_embed_dim": 32,
    "encoder_depth": 2,
    "encoder_num_heads": 2,
    "encoder_global_attn_indexes": [1],
    "image_size": 128,
}
SAM2 = {
    "config": "sam2.1_hiera_t",
    "overrides": {
        "image_size": 128,
        "image_encoder.trunk.embed_dim": 16,
        "image_encoder.trunk.stages": [1, 1, 2, 1],
        "image_encoder.trunk.global_att_blocks": [3],
        "image_encoder.neck.backbone_channel_list": [128, 64, 32, 16],
        "memory_attention.num_layers": 1,
        "memory_attention.layer.self_attention.feat_sizes": [8, 8],
        "memory_attention.layer.cross_attention.feat_sizes": [8, 8],
    },
}
CLIP: dict[str, Any] = {
    "embed_dim": 32,
    "quick_gelu": True,
    "vision_cfg": {"image_size": 64, "layers": 4, "width": 64, "head_width": 32, "patch_size": 8},
    "text_cfg": {
        "context_length": 77,
        "vocab_size": 49408,
        "width": 32,
        "heads": 2,
        "layers": 2,
    },
}


def write_tiny_checkpoints() -> None:
    """All of them into the models folder, registered beside the files as a user's own."""
    sam, sam2, clip = tiny_sam(), tiny_sam2(), tiny_clip()
    visual = {k.removeprefix("visual."): v for k, v in clip.items() if k.startswith("visual.")}
    alpha = {_alpha_key(k): v for k, v in visual.items()}
    alpha["conv1_alpha.weight"] = torch.randn(64, 1, 8, 8) * 0.02
    numbers = {"input_resolution": 64, "context_length": 77, "vocab_size": 49408}
    entries: dict[str, tuple[str, Any, dict[str, Any]]] = {
        "tiny_sam": ("sam", sam, {"architecture": SAM}),
        "tiny_sam2": ("sam2", {"model": sam2}, {"architecture": SAM2}),
        "tiny_clip": (
            "clip",
            {**clip, **{k: torch.tensor(v) for k, v in numbers.items()}},
            {"architecture": CLIP},
        ),
        "tiny_alpha": ("alpha_clip", alpha, {"requires": ["tiny_clip"]}),
    }
    folder = models_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for name, (_, content, _) in entries.items():
        path = folder / f"{name}.pt"
        torch.save(content, path)
        stamp_file(path, hash_file(path))
    tables = [_table(name, kind, more) for name, (kind, _, more) in entries.items()]
    (folder / "checkpoints.toml").write_text("\n".join(tables), "utf-8")


def tiny_sam() -> dict[str, torch.Tensor]:
    """SAM that is sure of its masks, whatever they show."""
    from core.parsing.models.sam import build_sam

    torch.manual_seed(1)
    sam = build_sam(SAM)
    _enliven(sam)
    _be_sure(sam.mask_decoder)
    return sam.state_dict()


def tiny_sam2() -> dict[str, torch.Tensor]:
    from core.parsing.models.sam2_build import build_sam2

    torch.manual_seed(2)
    model = build_sam2(SAM2)
    _enliven(model)
    _be_sure(model.sam_mask_decoder)
    with torch.no_grad():
        model.sam_mask_decoder.pred_obj_score_head.layers[-1].bias.fill_(2.0)
    return model.state_dict()


def tiny_clip() -> dict[str, torch.Tensor]:
    from open_clip.model import CLIP as Model

    torch.manual_seed(3)
    return Model(**CLIP).state_dict()


def _be_sure(decoder: nn.Module) -> None:
    """Steep logits, whose masks hardly change with the threshold, and a high predicted IoU."""
    with torch.no_grad():
        for network in decoder.output_hypernetworks_mlps:
            network.layers[-1].weight.mul_(50)
        decoder.iou_prediction_head.layers[-1].bias.fill_(3.0)


def _enliven(model: nn.Module) -> None:
    """Fresh weights are so small that all outputs are alike; larger ones make shapes."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(1.5)


def _alpha_key(key: str) -> str:
    """open_clip's names as AlphaCLIP's checkpoints have them."""
    return key.replace("attn.in_proj_", "attn.in_proj.")


def _table(name: str, kind: str, more: dict[str, Any]) -> str:
    lines = [f"[{name}]", f'kind = "{kind}"', f'title = "{name}"', f'file = "{name}.pt"']
    lines += ['licence = "none needed"']
    if requires := more.get("requires"):
        lines.append(f"requires = {json.dumps(requires)}")
    for key, value in _flat(more.get("architecture", {})):
        lines.append(f"architecture.{key} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def _flat(values: dict[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Dotted keys; a key that has dots itself is quoted."""
    found = []
    for key, value in values.items():
        name = before + (json.dumps(key) if "." in key else key)
        found += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, value)]
    return found
