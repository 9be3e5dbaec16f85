# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes EXR files of scan lines with ZIPS or ZIP compression, with numpy and zlib alone.

Blender 4.2 has no EXR module for Python, and none of Blender's own writers can name Cryptomatte's
metadata. Format: https://openexr.com/en/latest/OpenEXRFileLayout.html
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..files.atomic import replacing

_MAGIC, _VERSION, _LONG_NAMES = 20000630, 2, 0x400
_KINDS = {np.dtype("<u4"): 0, np.dtype("<f2"): 1, np.dtype("<f4"): 2}
_COMPRESSIONS = {"ZIPS": (2, 1), "ZIP": (3, 16)}  # number in the header, lines a block
_LEVEL = 4


def write_exr(
    path: Path,
    channels: Mapping[str, np.ndarray],
    metadata: Mapping[str, str] | None = None,
    compression: str = "ZIP",
) -> None:
    """Write `channels` {name: (H, W) float32, float16 or uint32} and texts for the header.

    Raises JobError when the file cannot be written.
    """
    names = sorted(channels, key=str.encode)
    rows = {n: _little_endian(channels[n]) for n in names}
    height, width = rows[names[0]].shape
    number, lines = _COMPRESSIONS[compression]
    header = _header(rows, (width, height), number, metadata or {})
    # One line of the file is each channel's row in turn: (H, bytes of a line).
    packed = np.concatenate([rows[n].view(np.uint8).reshape(height, -1) for n in names], axis=1)
    empty: dict[int, bytes] = {}  # background is most of many images: compressed once
    blocks = []
    for top in range(0, height, lines):
        raw = packed[top : top + lines].reshape(-1)
        if raw.any():
            content = _compressed(raw)
        else:
            content = empty.get(len(raw)) or _compressed(raw)
            empty[len(raw)] = content
        blocks.append(struct.pack("<ii", top, len(content)) + content)
    starts = np.cumsum([len(header) + 8 * len(blocks), *(len(b) for b in blocks[:-1])])
    with replacing(path) as stream:
        stream.write(header)
        stream.write(starts.astype("<u8").tobytes())
        for block in blocks:
            stream.write(block)


def _little_endian(channel: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(channel, channel.dtype.newbyteorder("<"))


def _compressed(raw: np.ndarray) -> bytes:
    small = zlib.compress(_predicted(raw).tobytes(), _LEVEL)
    return small if len(small) < len(raw) else raw.tobytes()


def _predicted(raw: np.ndarray) -> np.ndarray:
    """Even bytes before odd ones, each as its difference to the one before, plus 128."""
    split = np.concatenate([raw[0::2], raw[1::2]])
    coded = split.copy()
    coded[1:] = split[1:] - split[:-1] + np.uint8(128)  # modulo 256
    return coded


def _header(
    rows: Mapping[str, np.ndarray],
    size: tuple[int, int],
    compression: int,
    texts: Mapping[str, str],
) -> bytes:
    width, height = size
    listed = b"".join(
        n.encode() + b"\0" + struct.pack("<iIii", _KINDS[c.dtype], 0, 1, 1) for n, c in rows.items()
    )
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    attributes = [
        ("channels", "chlist", listed + b"\0"),
        ("compression", "compression", bytes([compression])),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", b"\0"),
        ("pixelAspectRatio", "float", struct.pack("<f", 1.0)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0.0, 0.0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1.0)),
        *((name, "string", text.encode()) for name, text in texts.items()),
    ]
    long_names = any(len(name.encode()) > 31 for name in (*rows, *texts))
    version = _VERSION | (_LONG_NAMES if long_names else 0)
    packed = (
        name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(data)) + data
        for name, kind, data in attributes
    )
    return struct.pack("<iI", _MAGIC, version) + b"".join(packed) + b"\0"
