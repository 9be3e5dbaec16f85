# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch.nn import functional

from core.checkpoints.store import MissingCheckpoint, require_checkpoint
from core.errors import InputError
from core.parsing.masks import MaskSet
from core.parsing.models.alpha_clip import load_alpha, make_alpha_clip
from core.parsing.models.clip_image import FramedView, whole_view
from core.parsing.models.loaded import release_models
from tests.models.clip_cases import (
    CPU,
    HALF,
    alpha_state,
    context,
    lively_clip,
    put,
    register,
    some_masks,
    view,
)
from tests.models.tiny import CLIP


@pytest.fixture(scope="module")
def model():
    return lively_clip()


@pytest.fixture(autouse=True)
def own_models(tmp_path, monkeypatch, model):
    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path))
    put("base", model.state_dict())
    register("base", "clip", "base.pt", architecture=CLIP)
    yield
    release_models()


def install(state, requires=("base",)):
    put("alpha", state)
    register("alpha", "alpha_clip", "alpha.pt", requires=list(requires))


def encoder():
    return make_alpha_clip(context("alpha"))


def plain(visual, pixels):
    with torch.inference_mode():
        return functional.normalize(visual(pixels), dim=-1).numpy()


def published(state, visual, pixels, alpha):
    """AlphaCLIP's forward pass of one image and one alpha, from the file's own tensors."""
    x = visual.conv1(pixels)
    x = x + functional.conv2d(alpha, state["conv1_alpha.weight"], stride=8)
    x = x.flatten(2).transpose(1, 2)
    x = torch.cat([visual.class_embedding[None, None], x], dim=1) + visual.positional_embedding
    x = visual.transformer(visual.ln_pre(x))
    x = visual.ln_post(x[:, 0]) @ visual.proj
    return x / x.norm(dim=1, keepdim=True)


def test_masks_are_embedded_as_published_one_by_one(model):
    state = alpha_state(model)
    install(state)
    image = view()
    masks = some_masks(image)
    rows = encoder().encode(image, masks, 1)
    pixels = FramedView(image, whole_view(image), torch.device("cpu")).pixels(64)
    for row, mask in zip(rows, masks.pixels(), strict=True):
        crop = np.zeros(image.element.shape, np.float32)
        crop[image.silhouette] = mask
        alpha = torch.from_numpy(image.uncrop(crop, 0))[None, None]
        alpha = functional.interpolate(alpha, (64, 64), mode="bilinear", antialias=True)
        with torch.inference_mode():
            wanted = published(state, model.visual, pixels, (alpha - 0.5) / 0.26)
        np.testing.assert_allclose(row, wanted[0], atol=1e-5)
    assert rows.dtype == np.float32
    assert np.abs(rows[0] - rows[1]).max() > 0.01  # alpha makes a difference


def test_without_an_alpha_kernel_it_is_plain_clip(model):
    install(alpha_state(model) | {"conv1_alpha.weight": torch.zeros(64, 1, 8, 8)})
    image = view()
    pixels = FramedView(image, whole_view(image), torch.device("cpu")).pixels(64)
    everything = MaskSet.from_pixels(np.ones((1, int(image.silhouette.sum())), bool))
    rows = encoder().encode(image, everything, 1)
    np.testing.assert_allclose(rows, plain(model.visual, pixels), atol=1e-6)


def test_batches_change_nothing(model):
    install(alpha_state(model))
    image = view()
    masks = some_masks(image, 20)
    together = encoder().encode(image, masks, 1)
    single = [encoder().encode(image, masks.select(np.arange(20) == i), 1) for i in range(20)]
    np.testing.assert_allclose(together, np.concatenate(single), atol=2e-6)


def test_colours_are_embedded_once_for_all_masks(model, monkeypatch):
    install(alpha_state(model))
    image, made = view(), encoder()
    calls = []
    made.visual.conv1.register_forward_hook(lambda *_: calls.append(1))
    made.encode(image, some_masks(image, 20), 1)
    assert calls == [1]


def test_half_precision_gives_nearly_the_same_rows(model):
    install(alpha_state(model))
    image, made = view(), encoder()
    full = made.encode(image, some_masks(image), 1)
    made.device = HALF
    half = made.encode(image, some_masks(image), 1)
    assert half.dtype == np.float32
    assert (np.sum(full * half, axis=1) > 0.995).all()


def test_an_image_without_masks_has_no_rows(model):
    install(alpha_state(model))
    image = view()
    none = MaskSet.from_pixels(np.zeros((0, int(image.silhouette.sum())), bool))
    assert encoder().encode(image, none, 1).shape == (0, 32)


@pytest.mark.parametrize("prefix", ["visual.", "module.", "module.visual."])
def test_prefixes_of_trainers_are_taken_off(model, prefix):
    install(alpha_state(model))
    image = view()
    wanted = encoder().encode(image, some_masks(image), 1)
    release_models()
    torch.manual_seed(0)
    put("alpha", {prefix + k: v for k, v in torch.load(require_checkpoint("alpha")[1]).items()})
    np.testing.assert_array_equal(encoder().encode(image, some_masks(image), 1), wanted)


def test_its_words_are_those_of_the_clip_it_was_made_from(model):
    install(alpha_state(model))
    text = encoder().text
    assert str(text.to_arrays()["checkpoint"]) == "base"
    assert text.logit_scale == pytest.approx(100, rel=1e-4)


def test_it_is_quickgelu_whatever_its_clip_says(model):
    register("plain", "clip", "base.pt", architecture={**CLIP, "quick_gelu": False})
    install(alpha_state(model), requires=("plain",))
    loaded = load_alpha(*require_checkpoint("alpha"), CPU)
    blocks = loaded.visual.transformer.resblocks
    assert type(blocks[0].mlp.gelu).__name__ == "QuickGELU"


def test_lora_files_are_refused(model):
    state = alpha_state(model)
    state["transformer.resblocks.0.attn.in_proj.lora_A"] = torch.zeros(4, 64)
    install(state)
    with pytest.raises(MissingCheckpoint, match="LoRA"):
        encoder()


def test_a_file_for_another_resolution_says_so():
    vision = {**CLIP["vision_cfg"], "image_size": 96}
    install(alpha_state(lively_clip(vision_cfg=vision)))
    with pytest.raises(MissingCheckpoint, match=r"images of 96 pixels.*for 64"):
        encoder()


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda s: s.pop("conv1_alpha.weight"), "lacks conv1_alpha.weight"),
        (lambda s: s.update({"extra": torch.zeros(1)}), "unknown visual.extra"),
    ],
)
def test_a_file_of_another_model_is_refused(model, change, said):
    state = alpha_state(model)
    change(state)
    install(state)
    with pytest.raises(MissingCheckpoint, match=said):
        encoder()


def test_a_plain_clip_file_is_refused(model):
    install(model.state_dict())
    with pytest.raises(MissingCheckpoint, match="lacks conv1_alpha"):
        encoder()


def test_a_file_with_both_towers_is_used_for_its_visual_one(model):
    state = {f"visual.{k}": v for k, v in alpha_state(model).items()}
    install(state | {k: v for k, v in model.state_dict().items() if not k.startswith("visual.")})
    assert encoder().encode(view(), some_masks(view()), 1).shape == (5, 32)


def test_an_entry_without_a_clip_is_refused(model):
    install(alpha_state(model), requires=())
    with pytest.raises(InputError, match="requires no CLIP"):
        encoder()
