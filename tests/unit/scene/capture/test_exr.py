# SPDX-License-Identifier: GPL-3.0-or-later
"""The EXR reader, against files written by hand after the format's documentation."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from core.scene.capture.exr import ExrError, decode_exr

DEPTH = (np.arange(12).reshape(3, 4) / 7).astype("<f4")
ELEMENT = (np.arange(12).reshape(3, 4) * 1000003).astype("<f4")


def attribute(name: str, kind: str, value: bytes) -> bytes:
    return b"%s\0%s\0%s%s" % (name.encode(), kind.encode(), struct.pack("<i", len(value)), value)


def header(planes: dict, name: str = "", compression: int = 0, top: int = 0) -> bytes:
    height, width = next(iter(planes.values())).shape
    kinds = {"<u4": 0, "<f2": 1, "<f4": 2}
    channels = b"".join(
        key.encode() + b"\0" + struct.pack("<iIii", kinds[plane.dtype.str], 0, 1, 1)
        for key, plane in sorted(planes.items())
    )
    found = attribute("channels", "chlist", channels + b"\0")
    found += attribute("compression", "compression", bytes([compression]))
    window = struct.pack("<4i", 0, top, width - 1, top + height - 1)
    found += attribute("dataWindow", "box2i", window)
    if name:
        found += attribute("name", "string", name.encode())
        found += attribute("type", "string", b"scanlineimage")
    return found + b"\0"


def exr(*parts: dict, names: tuple[str, ...] = (), compression: int = 0, top: int = 0) -> bytes:
    multi = bool(names)
    content = struct.pack("<iI", 20000630, 2 | (0x1000 if multi else 0))
    for index, planes in enumerate(parts):
        content += header(planes, names[index] if multi else "", compression, top)
    content += b"\0" if multi else b""
    chunks = []
    for index, planes in enumerate(parts):
        for y in range(len(next(iter(planes.values())))):
            row = b"".join(planes[key][y].tobytes() for key in sorted(planes))
            lead = struct.pack("<i", index) if multi else b""
            chunks.append(lead + struct.pack("<ii", y + top, len(row)) + row)
    offset = len(content) + 8 * len(chunks)
    for chunk in chunks:
        content += struct.pack("<Q", offset)
        offset += len(chunk)
    return content + b"".join(chunks)


def test_channels_of_a_single_part_come_back_exactly():
    read = decode_exr(exr({"L.Depth.Z": DEPTH, "L.element.X": ELEMENT}))
    assert np.array_equal(read["L.Depth.Z"], DEPTH)
    assert np.array_equal(read["L.element.X"], ELEMENT)


def test_channels_of_several_parts_come_back_under_the_same_names():
    content = exr({"Z": DEPTH}, {"L.element.X": ELEMENT}, names=("L.Depth", "L.element"))
    read = decode_exr(content)
    assert np.array_equal(read["L.Depth.Z"], DEPTH)
    assert np.array_equal(read["L.element.X"], ELEMENT)


def test_half_floats_and_integers_beside_floats_are_read():
    planes = {"a": DEPTH.astype("<f2"), "b": ELEMENT, "c": ELEMENT.astype("<u4")}
    read = decode_exr(exr(planes))
    assert all(np.array_equal(read[key], planes[key]) for key in planes)


def test_a_data_window_that_does_not_start_at_zero_is_read():
    assert np.array_equal(decode_exr(exr({"Z": DEPTH}, top=7))["Z"], DEPTH)


def test_every_truncation_is_refused():
    content = exr({"Z": DEPTH, "X": ELEMENT})
    for length in range(len(content)):
        with pytest.raises(ExrError):
            decode_exr(content[:length])


def test_truncated_multi_part_files_are_refused():
    content = exr({"Z": DEPTH}, {"X": ELEMENT}, names=("a", "b"))
    for length in range(0, len(content), 3):
        with pytest.raises(ExrError):
            decode_exr(content[:length])


@pytest.mark.parametrize("flag", [0x200, 0x800])
def test_tiles_and_deep_data_are_refused(flag):
    content = bytearray(exr({"Z": DEPTH}))
    content[4:8] = struct.pack("<I", 2 | flag)
    with pytest.raises(ExrError, match="scan lines"):
        decode_exr(bytes(content))


def test_pixels_compressed_by_wavelets_are_refused():
    with pytest.raises(ExrError, match="compressed"):
        decode_exr(exr({"Z": DEPTH}, compression=4))


def test_other_files_are_refused():
    with pytest.raises(ExrError, match="not an EXR"):
        decode_exr(b"\x89PNG" + bytes(100))
