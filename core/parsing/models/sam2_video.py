# SPDX-License-Identifier: GPL-3.0-or-later
"""SAM 2.1 as an online tracker: one image after another, many objects in one pass.

Gives the masks that the `sam2` package's `SAM2VideoPredictor` gives for objects prompted with
masks, and differs in what they cost: images come one at a time from memory, objects go through the
model together, and of an object's past only that is kept which the model will read again. Written
for the SAM 2.1 configurations, with the settings for inference that `sam2_build` makes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import numpy as np
import torch
from PIL import Image
from sam2.modeling.sam2_base import SAM2Base
from sam2.modeling.sam2_utils import get_1d_sine_pe
from torch import Tensor
from torch.nn.functional import interpolate

from .device import Batches, Device, at_once

# What the package subtracts from images and divides them by (`load_video_frames`).
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_STD = np.array([0.229, 0.224, 0.225], np.float32)

# Objects in one pass at first, of the full model 0.3 GB each; `Batches` takes fewer when memory
# runs out. On a CPU a batch is no faster than its objects one by one, and Cancel would wait for it.
_BATCH = {"cuda": 32, "mps": 4, "cpu": 1}


@dataclass(frozen=True)
class ImageFeatures:
    """What the image encoder says of one image: C = 256 channels, H x W its coarsest grid."""

    maps: tuple[Tensor, ...]  # finest first: (1, C/8, 4H, 4W), (1, C/4, 2H, 2W), (1, C, H, W)
    position: Tensor  # (1, C, H, W), encodes where on the coarsest grid

    def for_objects(self, count: int) -> list[Tensor]:
        """The maps as a batch, without copying."""
        return [m.expand(count, -1, -1, -1) for m in self.maps]


@dataclass(frozen=True)
class Memory:
    """What is remembered of an object in one image; D = 64 channels."""

    tokens: Tensor  # (H*W, D) bfloat16, image and mask encoded together
    pointer: Tensor  # (C,), the mask decoder's summary of the object


class TrackedObject:
    """An object's prompt, and its memories from the images after that the model reads again."""

    def __init__(self, name: int, image: int, prompt: Memory, remembered: tuple[int, int]) -> None:
        self.name = name
        self.image = image  # number of the image with the prompt
        self.prompt = prompt  # never forgotten
        self.tokens: deque[Tensor] = deque(maxlen=remembered[0])  # oldest first
        self.pointers: deque[Tensor] = deque(maxlen=remembered[1])

    @property
    def layout(self) -> tuple[int, int]:
        """How much is remembered; objects for which it is the same form a batch."""
        return len(self.tokens), len(self.pointers)

    def remember(self, memory: Memory) -> None:
        self.tokens.append(memory.tokens)
        self.pointers.append(memory.pointer)


@dataclass(frozen=True)
class Found:
    """N objects in one image."""

    names: tuple[int, ...]
    logits: Tensor  # (N, 4H, 4W) float32, > 0 inside the mask, -1024 throughout when absent
    scores: Tensor  # (N,) float32, > 0 when the object is in the image


class ObjectTracker:
    """Follows objects through one sequence of images: `enter` each image, `add` what begins there.

    `image_count` is the length of the sequence; in one shorter than its memory the model measures
    time on another scale.
    """

    def __init__(
        self,
        model: SAM2Base,
        device: Device,
        image_count: int,
        pulse: Callable[[], None] = lambda: None,
    ) -> None:
        self._model = model
        self._device = device
        self._pulse = pulse
        self.batches = Batches(_BATCH[device.name], "the masks of SAM 2", pulse)
        self._time_scale = max(1, min(image_count, model.max_obj_ptrs_in_encoder) - 1)  # images
        # The latest images whose tokens and whose pointers the model reads.
        self.remembered = (model.num_maskmem - 1, self._time_scale)
        self.objects: tuple[TrackedObject, ...] = ()
        self._image = -1  # number of the image entered last
        self._read: Callable[[], np.ndarray] | None = None
        self._features: ImageFeatures | None = None
        self._position: Tensor | None = None  # (H*W, D) of memory tokens, the same in all images

    def enter(self, read: Callable[[], np.ndarray]) -> Found:
        """Go on to the next image and find all objects in it.

        `read` gives the image, (h, w, 3) uint8 RGB, and is only called when there is something to
        find or to add. Raises JobError when there is not memory enough for even one object.
        """
        self._image += 1
        self._read, self._features = read, None
        batches: list[tuple[list[TrackedObject], Found, list[Memory]]] = []
        for _, group in groupby(sorted(self.objects, key=_layout), key=_layout):
            members = list(group)
            batches += self.batches.run(partial(self._propagate, members), len(members))
        for objects, _, memories in batches:
            for tracked, memory in zip(objects, memories, strict=True):
                tracked.remember(memory)
        return self._join([found for _, found, _ in batches])

    def add(self, names: Sequence[int], masks: np.ndarray) -> None:
        """Begin objects in the image entered last, from their masks (N, h, w) bool of any size.

        Raises JobError when there is not memory enough for even one object.
        """
        batches = self.batches.run(partial(self._remember_prompted, masks), len(masks))
        memories = [memory for batch in batches for memory in batch]
        self.objects += tuple(
            TrackedObject(name, self._image, memory, self.remembered)
            for name, memory in zip(names, memories, strict=True)
        )

    def forget(self, names: set[int]) -> None:
        """Follow these objects no further."""
        self.objects = tuple(o for o in self.objects if o.name not in names)

    def _propagate(
        self, objects: list[TrackedObject], part: slice
    ) -> tuple[list[TrackedObject], Found, list[Memory]]:
        """Objects of one layout in the current image, and what to remember of them."""
        chosen = objects[part]
        with torch.inference_mode(), self._device.autocast():
            maps = self._current().for_objects(len(chosen))
            *fine, _ = maps
            _, _, _, logits, masks, pointers, scores = self._model._forward_sam_heads(
                backbone_features=self._condition(chosen),
                high_res_features=fine,
                multimask_output=self._model._use_multimask(False, None),
            )
            memories = self._memories(maps, masks, pointers, scores, prompted=False)
        names = tuple(o.name for o in chosen)
        return chosen, Found(names, logits[:, 0], scores[:, 0].float()), memories

    def _remember_prompted(self, masks: np.ndarray, part: slice) -> list[Memory]:
        """The memories of objects whose masks in the current image are given."""
        with torch.inference_mode(), self._device.autocast():
            inputs = self._as_prompts(masks[part])
            *fine, coarse = maps = self._current().for_objects(len(inputs))
            _, _, _, logits, _, pointers, scores = self._model._use_mask_as_output(
                coarse, fine, inputs
            )
            # The package remembers a prompt as its low-resolution logits have it.
            side = self._model.image_size
            full = interpolate(logits, (side, side), mode="bilinear", align_corners=False)
            return self._memories(maps, full, pointers, scores, prompted=True)

    def _as_prompts(self, masks: np.ndarray) -> Tensor:
        """(N, h, w) bool as (N, 1, S, S) float32 of 0 and 1 at the model's image size."""
        inputs = torch.from_numpy(masks)[:, None].to(self._device.torch, torch.float32)
        side = self._model.image_size
        if inputs.shape[-2:] == (side, side):
            return inputs
        resized = interpolate(
            inputs, (side, side), mode="bilinear", align_corners=False, antialias=True
        )
        return (resized >= 0.5).float()

    def _condition(self, objects: list[TrackedObject]) -> Tensor:
        """(B, C, H, W), the coarsest map as the memories of each object let it be seen."""
        features, count = self._current(), len(objects)
        coarse = _as_tokens(features.maps[-1]).expand(-1, count, -1)
        tokens = torch.stack([torch.cat([o.prompt.tokens, *o.tokens]) for o in objects])
        # The package lists pointers from the latest to the earliest, the prompt's before them.
        pointers = torch.stack(
            [torch.stack([o.prompt.pointer, *reversed(o.pointers)]) for o in objects]
        )
        split = pointers.reshape(count, -1, tokens.shape[-1])  # (B, L * C/D, D)
        positions = self._pointer_positions(objects, split.shape[1] // pointers.shape[1])
        seen = self._model.memory_attention(
            curr=coarse,
            curr_pos=_as_tokens(features.position).expand(-1, count, -1),
            memory=torch.cat([tokens, split], dim=1).transpose(0, 1),
            memory_pos=torch.cat(
                [self._token_positions(len(objects[0].tokens)).expand(count, -1, -1), positions],
                dim=1,
            ).transpose(0, 1),
            num_obj_ptr_tokens=split.shape[1],
        )
        return seen.permute(1, 2, 0).view(count, -1, *features.maps[-1].shape[-2:])

    def _token_positions(self, recent: int) -> Tensor:
        """((1 + recent) * H*W, D): where on the grid, and how many images ago.

        The prompt has the last of the learned encodings of time, the latest image the first.
        """
        assert self._position is not None  # an object has been prompted
        times = [self._model.num_maskmem - 1, *reversed(range(recent))]
        return (self._position + self._model.maskmem_tpos_enc[times, 0]).flatten(0, 1)

    def _pointer_positions(self, objects: list[TrackedObject], pieces: int) -> Tensor:
        """(B, L * pieces, D): how many images ago, as sines of the time."""
        ago = [[self._image - o.image, *range(1, len(o.pointers) + 1)] for o in objects]
        time = torch.tensor(ago, device=self._device.torch) / self._time_scale
        sines = get_1d_sine_pe(time, dim=self._model.hidden_dim)
        return self._model.obj_ptr_tpos_proj(sines).repeat_interleave(pieces, dim=1)

    def _memories(
        self, maps: list[Tensor], masks: Tensor, pointers: Tensor, scores: Tensor, prompted: bool
    ) -> list[Memory]:
        """Encodes the logits (B, 1, S, S) of the objects in the current image."""
        encoded, position = self._model._encode_new_memory(
            current_vision_feats=[_as_tokens(maps[-1])],
            feat_sizes=[tuple(maps[-1].shape[-2:])],
            pred_masks_high_res=masks,
            object_score_logits=scores,
            is_mask_from_pts=prompted,
        )
        if self._position is None:
            self._position = position[-1][0].flatten(1).T
        # bfloat16 as in the package, whatever the precision of the rest.
        tokens = encoded.flatten(2).transpose(1, 2).to(torch.bfloat16)
        return [Memory(t, p) for t, p in zip(tokens, pointers, strict=True)]

    def _current(self) -> ImageFeatures:
        """The features of the image entered last."""
        if self._features is None:
            assert self._read is not None  # an image has been entered
            self._pulse()
            pixels = torch.from_numpy(self._normalise(self._read()))
            with at_once("the image encoder of SAM 2"):
                encoded = self._model.forward_image(pixels.to(self._device.torch))
            levels = self._model.num_feature_levels
            self._features = ImageFeatures(
                tuple(encoded["backbone_fpn"][-levels:]), encoded["vision_pos_enc"][-1]
            )
        return self._features

    def _normalise(self, image: np.ndarray) -> np.ndarray:
        """(1, 3, S, S) float32 from (h, w, 3) uint8, resized as the package does it."""
        side = self._model.image_size
        resized = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
        pixels = (np.asarray(resized) / 255.0).astype(np.float32)
        return np.ascontiguousarray(((pixels - _MEAN) / _STD).transpose(2, 0, 1)[None])

    def _join(self, batches: list[Found]) -> Found:
        if not batches:
            none = torch.zeros(0, device=self._device.torch)
            return Found((), none[:, None, None], none)
        return Found(
            tuple(name for found in batches for name in found.names),
            torch.cat([found.logits for found in batches]),
            torch.cat([found.scores for found in batches]),
        )


def resize_logits(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """(N, ...) logits at (N, height, width), as the package does it."""
    if tuple(logits.shape[-2:]) == size:
        return logits
    return interpolate(logits[:, None], size, mode="bilinear", align_corners=False)[:, 0]


def _layout(tracked: TrackedObject) -> tuple[int, int]:
    return tracked.layout


def _as_tokens(features: Tensor) -> Tensor:
    """(B, C, H, W) as (H*W, B, C), which the package's attention wants."""
    return features.flatten(2).permute(2, 0, 1)
