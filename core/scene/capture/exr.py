# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads EXR files of scan lines that are not compressed, or with ZIP or ZIPS, with numpy alone.

Blender 4.2 has no EXR module for Python, and an extension should not ship binary wheels into
Blender; scan lines of plain numbers are simple enough. Single- and multi-part files
are read (Blender 5.0 writes a part per pass). Anything else is refused, never guessed.
Format: https://openexr.com/en/latest/OpenEXRFileLayout.html
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

MAGIC = 20000630
_SIZES = {0: 4, 1: 2, 2: 4}  # uint, half, float
_TYPES = {0: "<u4", 1: "<f2", 2: "<f4"}
_LINES = {0: 1, 2: 1, 3: 16}  # of a block, by compression: none, ZIPS, ZIP


class ExrError(ValueError):
    """The file is not an EXR of the kind read here, or it is cut off."""


@dataclass(frozen=True)
class _Part:
    name: str
    channels: tuple[tuple[str, int], ...]  # (name, pixel type), in file order
    width: int
    height: int
    top: int  # y of the first scan line
    compression: int = 0

    @property
    def row_bytes(self) -> int:
        return sum(_SIZES[kind] for _, kind in self.channels) * self.width

    @property
    def blocks(self) -> int:
        return -(-self.height // _LINES[self.compression])


def read_exr(path: Path) -> dict[str, np.ndarray]:
    """All channels as {name: (H, W) array}, e.g. `ViewLayer.Depth.Z`; float32 unless stored else.

    In a multi-part file a channel without a dot gets the part's name as prefix.
    Raises ExrError for truncated files, other compressions, tiles, deep data, sub-sampled channels.
    """
    return decode_exr(Path(path).read_bytes())


def decode_exr(content: bytes) -> dict[str, np.ndarray]:
    """`read_exr` of bytes in memory."""
    try:
        return _decode(content)
    except (struct.error, IndexError, zlib.error) as error:
        raise ExrError("the file is cut off") from error


def _decode(content: bytes) -> dict[str, np.ndarray]:
    magic, version = struct.unpack_from("<iI", content, 0)
    if magic != MAGIC:
        raise ExrError("not an EXR file")
    if version & 0xFF != 2 or version & 0x200 or version & 0x800:
        raise ExrError("not an EXR of plain scan lines")
    multipart = bool(version & 0x1000)
    parts, offset = _read_headers(content, 8, multipart)
    channels: dict[str, np.ndarray] = {}
    for part in parts:
        if not _fits(content, offset, 8 * part.blocks):
            _refuse_cut_off()
        table = np.frombuffer(content, "<u8", part.blocks, offset)
        offset += 8 * part.blocks
        read = _read_blocks if part.compression else _read_lines
        pixels = read(content, part, table, multipart)
        for name, plane in pixels.items():
            full = name if "." in name or not part.name else f"{part.name}.{name}"
            channels[full] = plane
    return channels


def _fits(content: bytes, offset: int, size: int) -> bool:
    return offset + size <= len(content)


def _refuse_cut_off() -> NoReturn:
    raise ExrError("the file is cut off")


def _read_headers(content: bytes, offset: int, multipart: bool) -> tuple[list[_Part], int]:
    parts: list[_Part] = []
    while True:
        attributes, offset = _read_attributes(content, offset)
        if not attributes:
            return parts, offset
        parts.append(_part(attributes))
        if not multipart:
            return parts, offset


def _read_attributes(content: bytes, offset: int) -> tuple[dict[str, bytes], int]:
    attributes: dict[str, bytes] = {}
    while content[offset] != 0:
        name, offset = _string(content, offset)
        _, offset = _string(content, offset)
        (size,) = struct.unpack_from("<i", content, offset)
        if size < 0 or not _fits(content, offset + 4, size):
            _refuse_cut_off()
        attributes[name] = content[offset + 4 : offset + 4 + size]
        offset += 4 + size
    return attributes, offset + 1


def _string(content: bytes, offset: int) -> tuple[str, int]:
    end = content.find(b"\0", offset, offset + 256)
    if end < 0:
        _refuse_cut_off()
    return content[offset:end].decode("utf-8", "replace"), end + 1


def _part(attributes: dict[str, bytes]) -> _Part:
    try:
        compression = attributes["compression"][0]
        left, top, right, bottom = struct.unpack("<4i", attributes["dataWindow"])
        channels = tuple(_channel_list(attributes["channels"]))
    except KeyError as error:
        raise ExrError(f"the header lacks {error}") from error
    if compression not in _LINES:
        raise ExrError("the pixels are compressed in a way that is not read here")
    if attributes.get("type", b"scanlineimage") != b"scanlineimage":
        raise ExrError("not an EXR of plain scan lines")
    width, height = right - left + 1, bottom - top + 1
    if not (0 < width <= 1 << 16 and 0 < height <= 1 << 16):
        raise ExrError("the picture has no sensible size")
    return _Part(
        attributes.get("name", b"").decode("utf-8"), channels, width, height, top, compression
    )


def _channel_list(data: bytes) -> list[tuple[str, int]]:
    found, offset = [], 0
    while data[offset] != 0:
        name, offset = _string(data, offset)
        kind, _, x_step, y_step = struct.unpack_from("<iIii", data, offset)
        offset += 16
        if kind not in _SIZES or (x_step, y_step) != (1, 1):
            raise ExrError(f"channel {name} is of an unknown kind")
        found.append((name, kind))
    return found


def _read_lines(
    content: bytes, part: _Part, table: np.ndarray, multipart: bool
) -> dict[str, np.ndarray]:
    """Each scan line is [part,] y, byte count, then every channel's row in turn."""
    row_bytes = part.row_bytes
    head = 12 if multipart else 8
    block = head + row_bytes
    starts = table.astype(np.int64)
    if starts.min() < 8 or starts.max() + block > len(content):
        _refuse_cut_off()
    data = np.frombuffer(content, np.uint8)
    lines: np.ndarray  # (rows, bytes of a block)
    if (np.diff(starts) == block).all():  # in order and without gaps: one view, no copying
        lines = data[starts[0] : starts[0] + part.height * block].reshape(part.height, block)
    else:
        lines = data[starts[:, None] + np.arange(block)]
    numbers = np.ascontiguousarray(lines[:, head - 8 : head]).view("<i4")
    if (numbers[:, 0] != np.arange(part.height) + part.top).any():
        raise ExrError("scan lines are out of order")
    if (numbers[:, 1] != row_bytes).any():
        raise ExrError("a scan line has another length")
    return _planes(lines[:, head:], part)


def _read_blocks(
    content: bytes, part: _Part, table: np.ndarray, multipart: bool
) -> dict[str, np.ndarray]:
    """Each block is [part,] y, byte count, then some lines, compressed where that helps."""
    shift, step = (4 if multipart else 0), _LINES[part.compression]
    lines = np.empty((part.height, part.row_bytes), np.uint8)
    for number, start in enumerate(table.tolist()):
        y, size = struct.unpack_from("<ii", content, start + shift)
        first = number * step
        if y != part.top + first:
            raise ExrError("scan lines are out of order")
        data = content[start + shift + 8 : start + shift + 8 + size]
        wanted = lines[first : first + step]
        if size < 0 or len(data) != size:
            _refuse_cut_off()
        raw = data if size >= wanted.size else _unpredicted(zlib.decompress(data))
        if len(raw) != wanted.size:
            _refuse_cut_off()
        wanted[:] = np.frombuffer(raw, np.uint8).reshape(wanted.shape)
    return _planes(lines, part)


def _unpredicted(data: bytes) -> bytes:
    """Undo ZIP's preparation: differences plus 128, even bytes before odd ones."""
    coded = np.frombuffer(data, np.uint8).copy()
    coded[1:] += 128  # modulo 256
    split = np.cumsum(coded, dtype=np.uint8)
    raw = np.empty_like(split)
    half = (len(split) + 1) // 2
    raw[0::2], raw[1::2] = split[:half], split[half:]
    return raw.tobytes()


def _planes(lines: np.ndarray, part: _Part) -> dict[str, np.ndarray]:
    """Each channel (H, W) of lines (H, bytes of a line)."""
    planes, column = {}, 0
    for name, kind in part.channels:
        size = _SIZES[kind] * part.width
        plane = np.ascontiguousarray(lines[:, column : column + size])
        planes[name] = plane.view(_TYPES[kind])
        column += size
    return planes
