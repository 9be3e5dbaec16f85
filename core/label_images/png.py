# SPDX-License-Identifier: GPL-3.0-or-later
"""PNG files of whole numbers, by numpy and zlib alone: Blender has no Pillow.

Blender's own writer goes through colour management, which has no place for labels.
Format: https://www.w3.org/TR/png-3/
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

from ..files.atomic import replacing

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _COLOR, _PALETTE = 0, 2, 3
_LEVEL = 6


class PngError(ValueError):
    """The file is not a PNG of the kind that is written here, or it is cut off."""


def write_palette_png(path: Path, index: np.ndarray, palette: np.ndarray) -> None:
    """`index` (H, W) uint8 with `palette` (N, 3) uint8 sRGB; every index is below N.

    Raises JobError when the file cannot be written.
    """
    colors = _chunk(b"PLTE", np.ascontiguousarray(palette, np.uint8).tobytes())
    _write(path, index.astype(np.uint8), _PALETTE, colors)


def write_grey_png(path: Path, image: np.ndarray) -> None:
    """`image` (H, W) uint8 or uint16. Raises JobError when the file cannot be written."""
    _write(path, image, _GREY, b"")


def write_color_png(path: Path, image: np.ndarray) -> None:
    """`image` (H, W, 3) uint8. Raises JobError when the file cannot be written."""
    _write(path, image.astype(np.uint8), _COLOR, b"")


def read_png(path: Path) -> np.ndarray:
    """What is in a file written here: (H, W) uint8 or uint16, or (H, W, 3) uint8.

    Raises PngError for any other file, OSError when there is none.
    """
    try:
        return _decode(Path(path).read_bytes())
    except (struct.error, KeyError, zlib.error) as error:
        raise PngError(f"{path} is cut off") from error


def voc_palette(count: int = 256) -> np.ndarray:
    """(count, 3) uint8: the colours that PASCAL VOC gave to its classes by the bits of the id."""
    ids = np.arange(count)
    palette = np.zeros((count, 3), np.int64)
    for place in range(8):
        for channel in range(3):
            palette[:, channel] |= ((ids >> (3 * place + channel)) & 1) << (7 - place)
    return palette.astype(np.uint8)


def _write(path: Path, image: np.ndarray, kind: int, extra: bytes) -> None:
    height, width = image.shape[:2]
    bits = 8 * image.dtype.itemsize
    numbers = image.reshape(height, -1)
    rows = np.ascontiguousarray(numbers.astype(image.dtype.newbyteorder(">"))).view(np.uint8)
    lines = np.zeros((height, 1 + rows.shape[1]), np.uint8)  # each begins with filter 0: none
    lines[:, 1:] = rows
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    with replacing(path) as stream:
        stream.write(_SIGNATURE + _chunk(b"IHDR", header) + extra)
        stream.write(_chunk(b"IDAT", zlib.compress(lines.tobytes(), _LEVEL)))
        stream.write(_chunk(b"IEND", b""))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _decode(content: bytes) -> np.ndarray:
    if not content.startswith(_SIGNATURE):
        raise PngError("not a PNG file")
    chunks: dict[bytes, bytes] = {}
    offset = len(_SIGNATURE)
    while b"IEND" not in chunks:
        size, name = struct.unpack_from(">I4s", content, offset)
        data = content[offset + 8 : offset + 8 + size]
        chunks[name] = chunks.get(name, b"") + data
        offset += 12 + size
    width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if kind not in (_GREY, _COLOR, _PALETTE) or bits not in (8, 16) or interlaced:
        raise PngError("not a PNG of 8 or 16 bit numbers")
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
    samples = width * (3 if kind == _COLOR else 1)
    if lines[:, 0].any() or lines.shape[1] != 1 + samples * bits // 8:
        raise PngError("its lines are filtered")
    rows = np.ascontiguousarray(lines[:, 1:])
    if kind == _COLOR and bits == 8:
        return rows.reshape(height, width, 3)
    return rows if bits == 8 else rows.view(">u2").astype(np.uint16)
