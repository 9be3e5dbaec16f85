# SPDX-License-Identifier: GPL-3.0-or-later
"""PNG, EXR and Cryptomatte as files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.label_images.cryptomatte import (
    Coverage,
    id_bits,
    id_floats,
    metadata,
    murmur3,
    read_ranks,
    renamed,
    write_cryptomatte,
)
from core.label_images.exr_writing import write_exr
from core.label_images.png import (
    PngError,
    read_png,
    voc_palette,
    write_grey_png,
    write_palette_png,
)
from core.scene.capture.exr import ExrError, read_exr

RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize("compression", ["ZIP", "ZIPS"])
def test_an_exr_comes_back_from_its_file(tmp_path, compression):
    noise = RANDOM.random((37, 53)).astype(np.float32)
    channels: dict[str, np.ndarray] = {
        "Z": noise,
        "a.layer.with.a.name.longer.than.31.R": np.zeros((37, 53), np.float32),
        "A": np.arange(37 * 53, dtype=np.float16).reshape(37, 53),
        "id": RANDOM.integers(0, 1 << 32, (37, 53), np.uint32),
    }
    write_exr(tmp_path / "a.exr", channels, {"about": "ü"}, compression)
    found = read_exr(tmp_path / "a.exr")
    assert found.keys() == channels.keys()
    for name, plane in channels.items():
        assert found[name].dtype == plane.dtype
        assert np.array_equal(found[name], plane), name
    # Noise does not get smaller and is then stored as it is.
    write_exr(tmp_path / "b.exr", {"Z": noise}, compression=compression)
    assert np.array_equal(read_exr(tmp_path / "b.exr")["Z"], noise)


@pytest.mark.parametrize("keep", [0.2, 0.6, 0.99])
def test_a_compressed_exr_that_was_cut_off_is_refused(tmp_path, keep):
    path = tmp_path / "a.exr"
    write_exr(path, {"Z": RANDOM.random((40, 9)).astype(np.float32).round(1)})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(ExrError):
        read_exr(path)


def test_numbers_come_back_from_a_png(tmp_path):
    small = RANDOM.integers(0, 200, (5, 9)).astype(np.uint8)
    large = RANDOM.integers(0, 65536, (5, 9)).astype(np.uint16)
    write_palette_png(tmp_path / "a.png", small, voc_palette())
    write_grey_png(tmp_path / "b.png", large)
    for name, image in (("a.png", small), ("b.png", large)):
        found = read_png(tmp_path / name)
        assert found.dtype == image.dtype and np.array_equal(found, image)
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:50])
        with pytest.raises(PngError):
            read_png(tmp_path / name)


def test_the_palette_is_that_of_pascal_voc():
    palette = voc_palette()
    assert palette[:4].tolist() == [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]]
    assert palette[15].tolist() == [192, 128, 128]
    assert palette[255].tolist() == [224, 224, 192]
    assert len({tuple(c) for c in palette.tolist()}) == 256


def test_names_are_hashed_as_renderers_do():
    # Of the specification's reference implementation, and of what Blender writes.
    assert murmur3("hello") == 0x248BFA47
    assert murmur3("Alice") == 0xCF844B6E
    assert murmur3("ViewLayer.CryptoObject") == 0x542CAFAF
    assert murmur3("") == 0


def test_an_id_is_always_an_ordinary_float():
    names = [f"name {i}" for i in range(4000)]
    flipped = [n for n in names if id_bits(n) != murmur3(n)]
    assert flipped and all(murmur3(n) >> 23 & 255 in (0, 255) for n in flipped)
    values = id_floats(names)
    assert np.isfinite(values).all() and (np.abs(values) >= np.finfo(np.float32).tiny).all()


def test_the_header_names_every_id():
    header = metadata(("Alice/hair", "Alice/überzug"))
    (key,) = {name.rpartition("/")[0] for name in header}
    assert key == f"cryptomatte/{murmur3('parts'):08x}"[:-1] and len(key) == len("cryptomatte/") + 7
    assert header[f"{key}/hash"] == "MurmurHash3_32"
    assert header[f"{key}/conversion"] == "uint32_to_float32"
    manifest = json.loads(header[f"{key}/manifest"])
    assert manifest["Alice/überzug"] == f"{id_bits('Alice/überzug'):08x}"


def test_a_matte_comes_back_with_its_largest_coverage_first(tmp_path):
    names = ("a/one", "a/two", "b/one")
    share = np.zeros((2, 4, 5), np.float32)
    index = np.full((2, 4, 5), -1, np.int32)
    index[0, 1], share[0, 1] = 2, 0.75
    index[1, 1], share[1, 1] = 0, 0.25
    write_cryptomatte(tmp_path / "a.exr", Coverage(index, share), names, np.eye(3))
    channels = read_exr(tmp_path / "a.exr")
    assert channels["A"][1].tolist() == [1.0] * 5 and not channels["A"][0].any()
    assert channels["B"][1].tolist() == [0.75] * 5
    found = read_ranks(channels, "parts", names)
    assert np.array_equal(found.index[:2], index) and np.array_equal(found.share[:2], share)
    assert read_ranks(channels, "parts", names[:1]).total[1].tolist() == [0.25] * 5
    with pytest.raises(KeyError):
        read_ranks(channels, "else", names)


def test_ranks_that_others_took_are_closed_up():
    index = np.array([-1, 0, 1], np.int32)[:, None, None]
    share = np.array([0.0, 0.2, 0.5], np.float32)[:, None, None]
    found = renamed(Coverage(index, share), np.array([1, 0], np.int32))
    assert found.index[:, 0, 0].tolist() == [0, 1, -1]
    assert found.share[:, 0, 0].tolist() == pytest.approx([0.5, 0.2, 0])


def test_names_that_become_one_are_added_up():
    index = np.array([0, 1, 2, -1], np.int32)[:, None, None]
    share = np.array([0.4, 0.3, 0.2, 0.0], np.float32)[:, None, None]
    found = renamed(Coverage(index, share), np.array([5, 6, 6], np.int32))
    assert found.index[:, 0, 0].tolist() == [6, 5, -1, -1]
    assert found.share[:, 0, 0].tolist() == pytest.approx([0.5, 0.4, 0, 0])
