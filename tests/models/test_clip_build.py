# SPDX-License-Identifier: GPL-3.0-or-later
"""Published layouts of CLIP files, with random numbers in them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

torch = pytest.importorskip("torch")
import open_clip
from open_clip.transformer import QuickGELU

from core.checkpoints.catalogue import Checkpoint, find_checkpoint
from core.checkpoints.store import MissingCheckpoint, require_checkpoint
from core.errors import InputError
from core.parsing.models.clip_build import configuration_of, load_text_tower, load_visual
from tests.models.clip_cases import CPU, NUMBERS, lively_clip, put, register
from tests.models.tiny import CLIP

TOKENS = open_clip.tokenize(["a red shoe", "hair", "the sleeve of a jacket"])
PLAIN = {**CLIP, "quick_gelu": False}


@pytest.fixture(autouse=True)
def own_models(tmp_path, monkeypatch):
    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path))


@pytest.fixture(scope="module")
def model():
    return lively_clip()


def loaded(name="own"):
    return [load(*require_checkpoint(name), CPU) for load in (load_visual, load_text_tower)]


def agrees(model, visual, text) -> bool:
    pixels = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(visual(pixels), model.visual(pixels))
        wanted = model.encode_text(TOKENS, normalize=True)
        torch.testing.assert_close(text(TOKENS), wanted, atol=1e-6, rtol=1e-5)
    return True


def openai_state(model):
    """Half precision, with the three numbers among the tensors."""
    state = {k: v.half() for k, v in model.state_dict().items()}
    return state | {k: torch.tensor(v) for k, v in NUMBERS.items()}


def rounded(model):
    same = copy.deepcopy(model)
    same.load_state_dict({k: v.half() for k, v in model.state_dict().items()})
    return same


def test_openais_state_dict_loads(model):
    put("own", openai_state(model))
    register("own", "clip", "own.pt", architecture=CLIP)
    assert agrees(rounded(model), *loaded())


def test_openais_torchscript_archive_loads(model):
    class Archive(torch.nn.Module):  # type: ignore[name-defined]  # of a module that may be missing
        def forward(self, x):
            return x

    archive, parents = Archive(), dict[str, Any]()
    for name, value in openai_state(model).items():
        *path, last = name.split(".")
        parent = archive
        for i, step in enumerate(path):
            known = parents.get(".".join(path[: i + 1]))
            if known is None:
                known = parents[".".join(path[: i + 1])] = Archive()
                parent.add_module(step, known)
            parent = known
        parent.register_buffer(last, value)
    put("own", torch.jit.script(archive))
    register("own", "clip", "own.pt", architecture=CLIP)
    assert agrees(rounded(model), *loaded())


def test_open_clips_safetensors_load(model):
    put("own", model.state_dict(), ".safetensors")
    register("own", "clip", "own.safetensors", architecture=CLIP)
    assert agrees(model, *loaded())


def test_a_training_checkpoint_loads(model):
    put("own", {"state_dict": {f"module.{k}": v for k, v in model.state_dict().items()}})
    register("own", "clip", "own.pt", architecture=CLIP)
    assert agrees(model, *loaded())


def test_openais_files_get_quickgelu_whatever_their_entry_says(model):
    put("own", openai_state(model))
    register("own", "clip", "own.pt", architecture=PLAIN)
    visual, text = loaded()
    assert agrees(rounded(model), visual, text)
    assert isinstance(visual.transformer.resblocks[0].mlp.gelu, QuickGELU)


def test_other_files_get_the_activation_of_their_entry():
    plain = lively_clip(quick_gelu=False)
    put("own", plain.state_dict())
    register("own", "clip", "own.pt", architecture=PLAIN)
    assert agrees(plain, *loaded())


def test_the_shipped_entries_have_quickgelu():
    for name in ("clip_vit_l14", "clip_vit_l14_336"):
        assert configuration_of(find_checkpoint(name))["quick_gelu"] is True


def test_padding_changes_nothing(model):
    put("own", model.state_dict())
    register("own", "clip", "own.pt", architecture=CLIP)
    _, text = loaded()
    with torch.inference_mode():
        torch.testing.assert_close(text(TOKENS[:, :9]), text(TOKENS), atol=1e-6, rtol=1e-5)


def test_a_tower_has_no_weights_of_the_other(model):
    put("own", model.state_dict())
    register("own", "clip", "own.pt", architecture=CLIP)
    visual, text = loaded()
    of_visual, of_text = (sum(p.numel() for p in tower.parameters()) for tower in (visual, text))
    assert of_visual + of_text == sum(p.numel() for p in model.parameters())
    assert not any(p.requires_grad for tower in (visual, text) for p in tower.parameters())


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda s: s.pop("visual.conv1.weight"), "lacks conv1.weight"),
        (lambda s: s.update({"visual.extra": torch.zeros(1)}), "the unknown extra"),
        (lambda s: s.update({"visual.ln_post.weight": torch.ones(3)}), "ln_post.weight of shape"),
    ],
)
def test_a_file_of_another_model_is_refused(model, change, said):
    state = model.state_dict()
    change(state)
    put("own", state)
    register("own", "clip", "own.pt", architecture=CLIP)
    with pytest.raises(MissingCheckpoint, match=said):
        load_visual(*require_checkpoint("own"), CPU)


@pytest.mark.parametrize(
    "architecture, said",
    [
        ({}, "lacks 'embed_dim'"),
        ({"model": "ViT-XXL"}, "which open_clip does not know"),
        ({"model": "ViT-B-16-SigLIP"}, "no plain CLIP"),
        ({"model": "ViT-L-14-CLIPA"}, "no plain CLIP"),
        ({"model": "RN50"}, "no vision transformer"),
        ({**CLIP, "text_cfg": {"vocab_size": 1000}}, "other tokens"),
        ({**CLIP, "embed": 3}, "it has 'embed'"),
    ],
)
def test_architectures_that_are_no_plain_clip_are_refused(architecture, said):
    checkpoint = Checkpoint("own", "clip", "Own", "own.pt", "none", architecture=architecture)
    with pytest.raises(InputError, match=said):
        configuration_of(checkpoint)
