# SPDX-License-Identifier: GPL-3.0-or-later
"""Cryptomatte: named coverage in the channels of an EXR, read by every compositing program.

Specification 1.2.0 of Jonah Friedman and Andrew C. Jones, Psyop, 2015
(https://github.com/Psyop/Cryptomatte): a name's id is a hash read as a float; each pixel lists
its ids with their coverage, largest first, two a layer; the header holds the names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .exr_writing import write_exr

LAYER = "parts"  # the layers of a file are parts00, parts01, ...
RANKS = 6  # ids a pixel that a file holds; three layers, as renderers do
_WORD = 0xFFFFFFFF


def murmur3(text: str) -> int:
    """MurmurHash3_x86_32 with seed 0 of a text's UTF-8 (Austin Appleby, 2011, public domain)."""
    data = text.encode("utf-8")
    whole = len(data) // 4 * 4
    hashed = 0
    for word in np.frombuffer(data[:whole], "<u4").tolist():
        hashed = _rotated(hashed ^ _mixed(word), 13) * 5 + 0xE6546B64 & _WORD
    if rest := data[whole:]:
        hashed ^= _mixed(int.from_bytes(rest, "little"))
    hashed ^= len(data)
    hashed = (hashed ^ hashed >> 16) * 0x85EBCA6B & _WORD
    hashed = (hashed ^ hashed >> 13) * 0xC2B2AE35 & _WORD
    return hashed ^ hashed >> 16


def id_bits(text: str) -> int:
    """The hash of a name with a bit of its exponent flipped where it were no ordinary float."""
    hashed = murmur3(text)
    exponent = hashed >> 23 & 0xFF
    return hashed ^ 1 << 23 if exponent in (0, 255) else hashed


def id_floats(names: Sequence[str]) -> np.ndarray:
    """(N,) float32: the ids of names as they are in the channels."""
    return np.array([id_bits(name) for name in names], np.uint32).view(np.float32)


@dataclass(frozen=True)
class Coverage:
    """What covers each pixel and how much, in the order of ranks."""

    index: np.ndarray  # (ranks, H, W) int32 into the names, -1 = nothing
    share: np.ndarray  # (ranks, H, W) float32, 0 where nothing

    @property
    def total(self) -> np.ndarray:
        """(H, W) float32: how much is covered by any name."""
        return np.asarray(self.share.sum(0))


def read_ranks(channels: Mapping[str, np.ndarray], layer: str, names: Sequence[str]) -> Coverage:
    """What a render's `layer` (`ViewLayer.CryptoMaterial`) says of `names`; other ids are left out.

    Raises KeyError when the render has no such layer.
    """
    ids = np.array([id_bits(name) for name in names], np.uint32)
    order = np.argsort(ids)
    index, share = [], []
    for level in range(sum(key.startswith(layer) for key in channels) // 4):
        for pair in ("RG", "BA"):
            one, two = (_channel(channels, f"{layer}{level:02d}", letter) for letter in pair)
            bits = np.ascontiguousarray(one, np.float32).view(np.uint32)
            place = np.searchsorted(ids, bits, sorter=order).clip(max=len(ids) - 1)
            found = order[place]
            known = (ids[found] == bits) & (two > 0)
            index.append(np.where(known, found, -1).astype(np.int32))
            share.append(np.where(known, two, np.float32(0)).astype(np.float32))
    if not index:
        raise KeyError(layer)
    return Coverage(np.stack(index), np.stack(share))


def renamed(coverage: Coverage, target: np.ndarray) -> Coverage:
    """With index i as `target[i]`; what thereby becomes the same is added up, largest first."""
    index = np.where(coverage.index >= 0, target[coverage.index], -1).astype(np.int32)
    share = coverage.share.copy()
    merged = len(np.unique(target)) < len(target)
    for later in range(1, len(index) if merged else 0):
        for earlier in range(later):
            same = (index[later] == index[earlier]) & (index[later] >= 0)
            if same.any():
                share[earlier][same] += share[later][same]
                share[later][same], index[later][same] = 0, -1
    order = np.argsort(-share, axis=0, kind="stable")
    return Coverage(
        np.take_along_axis(index, order, axis=0), np.take_along_axis(share, order, axis=0)
    )


def write_cryptomatte(
    path: Path, coverage: Coverage, names: Sequence[str], colors: np.ndarray
) -> None:
    """Write the first RANKS ranks of a coverage, with a picture of it in RGBA.

    `colors` (N, 3) float32, scene-linear, are for that picture. Raises JobError when the file
    cannot be written.
    """
    index, share = _ranked(coverage)
    ids = np.append(id_floats(names), np.float32(0))[index]  # -1 is the last
    channels: dict[str, np.ndarray] = {}
    for level in range(RANKS // 2):
        for place, pair in enumerate(("RG", "BA")):
            rank = 2 * level + place
            channels[f"{LAYER}{level:02d}.{pair[0]}"] = ids[rank]
            channels[f"{LAYER}{level:02d}.{pair[1]}"] = share[rank]
    shown = np.append(colors, np.zeros((1, 3)), axis=0).astype(np.float32)
    for letter, column in zip("RGB", shown.T, strict=True):
        channels[letter] = (column[index] * share).sum(0).astype(np.float16)
    channels["A"] = share.sum(0).astype(np.float16)
    write_exr(path, channels, metadata(names), "ZIPS")


def metadata(names: Sequence[str]) -> dict[str, str]:
    """The texts of the header: which layer this is, how ids are made, the names."""
    key = f"cryptomatte/{murmur3(LAYER):08x}"[:-1]
    manifest = {name: f"{id_bits(name):08x}" for name in names}
    return {
        f"{key}/name": LAYER,
        f"{key}/hash": "MurmurHash3_32",
        f"{key}/conversion": "uint32_to_float32",
        f"{key}/manifest": json.dumps(manifest, ensure_ascii=False, separators=(",", ":")),
    }


def _ranked(coverage: Coverage) -> tuple[np.ndarray, np.ndarray]:
    """Index and share with exactly RANKS ranks."""
    missing = max(0, RANKS - len(coverage.index))
    shape = ((0, missing), (0, 0), (0, 0))
    index = np.pad(coverage.index, shape, constant_values=-1)[:RANKS]
    return index, np.pad(coverage.share, shape)[:RANKS]


def _channel(channels: Mapping[str, np.ndarray], layer: str, letter: str) -> np.ndarray:
    """Renders name their channels in large or in small letters."""
    found = channels.get(f"{layer}.{letter}")
    return channels[f"{layer}.{letter.lower()}"] if found is None else found


def _mixed(word: int) -> int:
    return _rotated(word * 0xCC9E2D51 & _WORD, 15) * 0x1B873593 & _WORD


def _rotated(word: int, by: int) -> int:
    return (word << by | word >> 32 - by) & _WORD
