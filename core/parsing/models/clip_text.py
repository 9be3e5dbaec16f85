# SPDX-License-Identifier: GPL-3.0-or-later
"""Words in CLIP's space. CLIP hardly tells left from right, so words lose their side before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import torch
from open_clip.tokenizer import tokenize

from ...checkpoints.catalogue import find_checkpoint
from ...checkpoints.store import recorded_hash, require_checkpoint
from ...errors import JobError
from ...job.spec import ParsingSettings, Prompts
from ..seams import TextSide
from ..vectors import unit_rows
from .clip_build import TextTower, load_text_tower
from .device import Batches, Device, choose_device
from .loaded import load_model
from .prompts import templates, without_side

# Hidden words, and whether they vote (see `TextSide.encode_distractors`).
DISTRACTORS = {
    "background": True,
    "nothing": True,
    "blurry patch": True,
    "person": False,
    "whole body": False,
}
SENTENCES_AT_ONCE = 256

# Rows that a worker which stays has embedded before: a second vocabulary costs only its new words.
_rows: dict[tuple[str, Device, Prompts, str], np.ndarray] = {}


class ClipText:
    """`TextSide` of a CLIP checkpoint; its text tower is loaded when the first word needs it."""

    def __init__(
        self,
        checkpoint: str,
        prompts: Prompts,
        device: Device,
        pulse: Callable[[], None] = lambda: None,
    ) -> None:
        self._checkpoint = checkpoint
        self._hash = recorded_hash(find_checkpoint(checkpoint))
        self._prompts = prompts
        self._device = device
        self._batches = Batches(SENTENCES_AT_ONCE, "sentences of CLIP", pulse)

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, np.ndarray], prompts: Prompts, device: Device
    ) -> ClipText:
        """What `to_arrays` described, in another process.

        Raises MissingCheckpoint, and JobError when the checkpoint's file is another one by now: its
        words would not lie in the space of the masks.
        """
        require_checkpoint(str(arrays["checkpoint"]))
        text = cls(str(arrays["checkpoint"]), prompts, device)
        if text._hash != str(arrays["sha256"]):
            raise JobError(
                f"The masks were embedded with another file of {text._checkpoint}",
                "Delete the folder 'embeddings' of the job and run again",
            )
        return text

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {"checkpoint": np.array(self._checkpoint), "sha256": np.array(self._hash)}

    @property
    def tower(self) -> TextTower:
        """The text tower. Raises MissingCheckpoint, InputError."""
        return load_model(self._checkpoint, self._device, load_text_tower, part="text")

    @cached_property
    def logit_scale(self) -> float:
        """100 for OpenAI's models."""
        return float(self.tower.logit_scale.exp())

    def encode_text(self, names: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        """(C, D) float32 unit rows and (C,) int32, a row for each different word of a part."""
        phrases = [_phrases(words) or [""] for words in names]
        part = np.repeat(np.arange(len(names), dtype=np.int32), [len(p) for p in phrases])
        return self._embed([phrase for words in phrases for phrase in words]), part

    def sides(self, names: Sequence[Sequence[str]]) -> np.ndarray:
        """(K,) int8, the one side that the words of a part tell."""
        told = [{side for phrase, side in map(without_side, words) if phrase} for words in names]
        known = [sorted(sides - {0}) for sides in told]
        return np.array([sides[0] if len(sides) == 1 else 0 for sides in known], np.int8)

    def encode_distractors(self) -> tuple[np.ndarray, np.ndarray]:
        """Background, nothing and noise vote; the whole person does not."""
        return self._embed(list(DISTRACTORS)), np.array(list(DISTRACTORS.values()))

    def unknown(self, names: Sequence[Sequence[str]]) -> dict[str, tuple[str, ...]]:
        """Parts without a letter besides a side: CLIP reads everything else."""
        return {words[0]: () for words in names if not _phrases(words)}

    def guessed(self, names: Sequence[Sequence[str]]) -> tuple[str, ...]:
        return ()

    def _embed(self, phrases: Sequence[str]) -> np.ndarray:
        """(C, D) float32 unit rows, zero for ""."""
        keys = [(self._hash, self._device, self._prompts, phrase) for phrase in phrases]
        if new := list(dict.fromkeys(k[-1] for k in keys if k[-1] and k not in _rows)):
            for phrase, row in zip(new, self._encode(new), strict=True):
                _rows[self._hash, self._device, self._prompts, phrase] = row
        nothing = np.zeros(self.tower.text_projection.shape[1], np.float32)
        return np.stack([_rows.get(key, nothing) for key in keys])

    def _encode(self, phrases: Sequence[str]) -> np.ndarray:
        """(C, D) float32: of each phrase the normalised mean over the templates."""
        tower, sentences = self.tower, templates(self._prompts)
        written = [sentence(phrase) for phrase in phrases for sentence in sentences]
        tokens = tokenize(written, context_length=len(tower.positional_embedding))
        rows = torch.cat(self._batches.run(lambda part: self._read(tokens[part]), len(tokens)))
        means = rows.unflatten(0, (len(phrases), -1)).mean(dim=1)
        return unit_rows(means.cpu().numpy())

    def _read(self, tokens: torch.Tensor) -> torch.Tensor:
        longest = int(tokens.argmax(dim=1).max()) + 1
        with torch.inference_mode(), self._device.autocast():
            return self.tower(tokens[:, :longest].to(self._device.torch))


def load_text(settings: ParsingSettings, arrays: Mapping[str, np.ndarray]) -> TextSide:
    """The word half of any of the CLIP encoders. Raises as `ClipText.from_arrays`."""
    return ClipText.from_arrays(arrays, settings.prompts, choose_device(settings.device))


def _phrases(words: Sequence[str]) -> list[str]:
    """The different words of a part as CLIP reads them."""
    return [phrase for phrase in dict.fromkeys(without_side(w)[0] for w in words) if phrase]
