# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes tiny.onnx, a vision model for tests: `python -m tests.unit.parsing.sight.make_tiny`.

Its answers follow from the picture in a known way: the surface is the one whose colour in `COLORS`
is nearest, the region depends on where the surface faces, and the border on the coverage. The file
is written without the package `onnx`: it is a few messages of Protocol Buffers.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

TINY = Path(__file__).with_name("tiny.onnx")
HEIGHT = 64
COLORS = {  # surface -> sRGB 0..1
    "skin": (0.9, 0.7, 0.6),
    "hair": (0.2, 0.1, 0.1),
    "t-shirt": (0.9, 0.1, 0.1),
    "trousers": (0.1, 0.2, 0.9),
    "shoe": (0.1, 0.8, 0.1),
}
REGIONS = ("head", "torso", "foot", "none")  # faces up, to the camera, down, anywhere else

_FLOAT, _INTS = 1, 7  # codes of a tensor's and an attribute's type
_SHARPNESS = 60.0


def tiny_model(version: int = 1, channels: int = 7, surfaces: tuple[str, ...] = ()) -> bytes:
    """The file. `surfaces` are named in place of the real ones, whose number stays."""
    bank = {"surfaces": surfaces or tuple(COLORS), "regions": REGIONS, "version": version}
    metadata = {
        "parts4d_bank": json.dumps(bank),
        "parts4d_height": str(HEIGHT),
        "parts4d_name": "tiny 1",
        "parts4d_license": "GPL-3.0-or-later",
    }
    colors = np.array(list(COLORS.values()), np.float32) - 0.5
    surface = np.zeros((len(colors), channels), np.float32)
    surface[:, :3] = colors
    region = np.zeros((len(REGIONS), channels), np.float32)
    region[0, 4], region[1, 5], region[2, 4] = -1.0, -1.0, 1.0  # y points down, z away
    boundary = np.zeros((1, channels), np.float32)
    boundary[0, 6] = -1.0
    heads = {
        "surface": (surface, -0.5 * (colors**2).sum(1)),
        "region": (region, np.array([0, 0, 0, 0.5], np.float32)),
        "boundary": (boundary, np.array([0.5], np.float32)),
    }
    pool = _node("AveragePool", ["image"], "small", kernel_shape=(2, 2), strides=(2, 2))
    graph = _field(1, pool) + _field(2, b"tiny")
    for name, (weight, bias) in heads.items():
        graph += _field(1, _node("Conv", ["small", f"{name}_w", f"{name}_b"], name))
        graph += _field(5, _tensor(f"{name}_w", _SHARPNESS * weight[..., None, None]))
        graph += _field(5, _tensor(f"{name}_b", _SHARPNESS * bias))
        graph += _field(12, _value(name, ("n", len(weight), "h", "w")))
    graph += _field(11, _value("image", ("N", channels, "H", "W")))
    model = _field(1, 8) + _field(2, b"parts4d") + _field(7, graph) + _field(8, _field(2, 13))
    for key, value in metadata.items():
        model += _field(14, _field(1, key.encode()) + _field(2, value.encode()))
    return model


def _node(kind: str, inputs: list[str], output: str, **attributes: tuple[int, ...]) -> bytes:
    node = b"".join(_field(1, name.encode()) for name in inputs)
    node += _field(2, output.encode()) + _field(3, output.encode()) + _field(4, kind.encode())
    for name, values in attributes.items():
        items = b"".join(_field(8, value) for value in values)
        node += _field(5, _field(1, name.encode()) + items + _field(20, _INTS))
    return node


def _tensor(name: str, values: np.ndarray) -> bytes:
    dims = b"".join(_field(1, size) for size in values.shape)
    raw = values.astype("<f4").tobytes()
    return dims + _field(2, _FLOAT) + _field(8, name.encode()) + _field(9, raw)


def _value(name: str, shape: tuple[int | str, ...]) -> bytes:
    dims = b""
    for size in shape:
        is_named = isinstance(size, str)
        dims += _field(1, _field(2, str(size).encode()) if is_named else _field(1, int(size)))
    tensor = _field(1, _FLOAT) + _field(2, dims)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _field(number: int, value: int | bytes) -> bytes:
    """A field of a message: a whole number, or the bytes of a text or message."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    digits = []
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])


if __name__ == "__main__":
    TINY.write_bytes(tiny_model())
    print(f"{TINY}: {TINY.stat().st_size} bytes")
