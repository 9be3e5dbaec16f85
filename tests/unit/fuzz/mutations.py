# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of files that are passed around: damage, old copies, links, and bad intent.

Each mutation changes one file in place and takes its choices from the random numbers it is given.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

BOMB = 400 * 2**20  # bytes of zeros in an array that is small while packed
_DEEP = 100_000  # levels, more than any parser follows
_CONTROL = "\x1b[2J\x1b]0;owned\x07"
_STRANGE: tuple[Any, ...] = (None, True, "", "x", [], {}, [[]], {"a": 1}, 0.5, -1, _CONTROL)
_NUMBERS: tuple[Any, ...] = (-1, 10**30, -(10**30), 2**31, 2**63, 1e308, float("nan"))


@dataclass(frozen=True)
class Target:
    """A file to be changed, and what a mutation may use."""

    path: Path
    canary: Path  # a file outside that looks the same
    others: tuple[Path, ...] = ()  # of the same kind, to be put in its place
    mend: Callable[[Path], None] | None = None  # makes recorded hashes those of the changed file


Mutation = Callable[[Target, Random], None]


def flip_bits(target: Target, chance: Random) -> None:
    content = bytearray(target.path.read_bytes())
    for _ in range(8):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    target.path.write_bytes(content)


def change_a_digit(target: Target, chance: Random) -> None:
    content = bytearray(target.path.read_bytes())
    places = [i for i, byte in enumerate(content) if 48 <= byte <= 57]
    if not places:
        flip_bits(target, chance)
        return
    place = chance.choice(places)
    content[place] = 48 + (content[place] - 48 + chance.randrange(1, 10)) % 10
    target.path.write_bytes(content)


def truncate(target: Target, chance: Random) -> None:
    content = target.path.read_bytes()
    target.path.write_bytes(content[: chance.randrange(1, max(len(content), 2))])


def double(target: Target, chance: Random) -> None:
    target.path.write_bytes(target.path.read_bytes() * 2)


def empty(target: Target, chance: Random) -> None:
    target.path.write_bytes(b"")


def remove(target: Target, chance: Random) -> None:
    target.path.unlink()


def put_another(target: Target, chance: Random) -> None:
    target.path.write_bytes(chance.choice(target.others).read_bytes())


def make_folder(target: Target, chance: Random) -> None:
    target.path.unlink()
    target.path.mkdir()
    if chance.random() < 0.5:
        (target.path / "mine.txt").write_text("a user's")


def make_link(target: Target, chance: Random) -> None:
    target.path.unlink()
    target.path.symlink_to(target.canary)


def forbid(target: Target, chance: Random) -> None:
    target.path.chmod(0)


def forbid_folder(target: Target, chance: Random) -> None:
    target.path.parent.chmod(chance.choice((0o000, 0o500)))


def other_encoding(target: Target, chance: Random) -> None:
    text = target.path.read_text("utf-8")
    target.path.write_bytes(chance.choice((text.encode("utf-16"), b"\0\xff" + text.encode())))


def nest_deeply(target: Target, chance: Random) -> None:
    deep = "[" * _DEEP + "]" * _DEEP
    if target.path.suffix == ".toml":
        target.path.write_text(f"deep = {deep}\n")
        return
    opened = '{"a":' * _DEEP + "1" + "}" * _DEEP
    inside = json.dumps({"schema_version": 1, "key": "@"}).replace('"@"', deep)
    target.path.write_text(chance.choice((deep, opened, inside)) + "\n")


def change_a_type(target: Target, chance: Random) -> None:
    _change_a_leaf(target, chance, _STRANGE, lambda value: True)


def change_a_number(target: Target, chance: Random) -> None:
    def is_number(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool)

    _change_a_leaf(target, chance, _NUMBERS, is_number)


def put_control_characters(target: Target, chance: Random) -> None:
    _change_a_leaf(target, chance, (_CONTROL,), lambda value: isinstance(value, str))


def rewrite_values_and_mend(target: Target, chance: Random) -> None:
    """As `change_a_type` and `change_a_number`, and the recorded hash fits again."""
    chance.choice((change_a_type, change_a_number))(target, chance)
    _mend(target)


def name_files_of_others(target: Target, chance: Random) -> None:
    """A mark that claims files which are not the stage's, with a hash they do not have."""
    mark = json.loads(target.path.read_text("utf-8"))
    names = (
        "job.json", "snapshot.blend", "notes.txt", "labels/mine.npz", "../outside/mine.json",
        f"{target.path.parent.name}/../notes.txt", str(target.canary), f"{target.path.parent.name}",
    )  # fmt: skip
    for name in chance.sample(names, 3):
        mark["outputs"][name] = [chance.choice((1, 7)), "0" * 64]
    target.path.write_text(json.dumps(mark), "utf-8")


def point_out_of_bounds(target: Target, chance: Random) -> None:
    """Whole numbers that index nothing, in a file whose hash is right."""

    def change(array: np.ndarray) -> np.ndarray:
        array = array.copy()
        limits = np.iinfo(array.dtype)
        array.flat[chance.randrange(array.size)] = chance.choice((limits.max, limits.max // 2))
        return array

    _change_an_array(target, chance, change, lambda array: array.dtype.kind in "iu" and array.size)


def change_a_shape(target: Target, chance: Random) -> None:
    def change(array: np.ndarray) -> np.ndarray:
        cut = array[:-1] if array.ndim and len(array) else np.zeros(3, array.dtype)
        return chance.choice((cut, array[None], array.ravel()[:0]))

    _change_an_array(target, chance, change, lambda array: array.dtype.kind in "iufb")


def change_a_dtype(target: Target, chance: Random) -> None:
    kinds = ("U3", "complex128", "S2", "datetime64[s]")

    def change(array: np.ndarray) -> np.ndarray:
        try:
            return array.astype(chance.choice(kinds))
        except (TypeError, ValueError):
            return np.zeros(array.shape, "datetime64[s]")

    _change_an_array(target, chance, change, lambda array: True)


def put_a_bomb(target: Target, chance: Random) -> None:
    """A few hundred kilobytes that become `BOMB` bytes of memory."""
    members = _members(target.path)
    bomb = chance.choice(sorted(members))
    _write_members(target.path, {n: c for n, c in members.items() if n != bomb})
    with zipfile.ZipFile(target.path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(bomb, "w") as stream:
            header = {"descr": "|i1", "fortran_order": False, "shape": (BOMB,)}
            np.lib.format.write_array_header_1_0(stream, header)
            for _ in range(BOMB // 2**20):
                stream.write(bytes(2**20))
    _mend(target)


def put_a_pickle(target: Target, chance: Random) -> None:
    """An array of objects, which are pickled: reading one could run code."""
    arrays = _members(target.path)
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.array([print], object), allow_pickle=True)
    arrays[chance.choice(sorted(arrays))] = stream.getvalue()
    _write_members(target.path, arrays)
    _mend(target)


def change_a_member(target: Target, chance: Random) -> None:
    """Members of an archive that lie outside, are links, or have names too long for any disk."""
    with zipfile.ZipFile(target.path, "a") as archive:
        bad = ("../mine.json", "/tmp/mine.json", "a" * 4000 + ".py", "a/../../mine.json", "C:/mine")
        info = zipfile.ZipInfo(chance.choice((*bad, "link")))
        if info.filename == "link":
            info.external_attr = 0o120777 << 16
        archive.writestr(info, str(target.canary))


_BYTES: tuple[Mutation, ...] = (
    flip_bits, change_a_digit, truncate, double, empty, remove, make_folder, make_link, forbid,
    forbid_folder,
)  # fmt: skip
_DOCUMENT: tuple[Mutation, ...] = (
    other_encoding, nest_deeply, change_a_type, change_a_number, put_control_characters,
)  # fmt: skip
_ARRAYS: tuple[Mutation, ...] = (
    point_out_of_bounds, change_a_shape, change_a_dtype, put_a_bomb, put_a_pickle,
)  # fmt: skip


def mutations_of(target: Target) -> tuple[Mutation, ...]:
    """Those that make sense for a file."""
    suffix, found = target.path.suffix, _BYTES
    if target.others:
        found += (put_another,)
    if suffix == ".json":
        found += _DOCUMENT
    if suffix in (".toml", ".jsonl", ".txt", ".cfg", ""):
        found += (other_encoding, nest_deeply)
    if suffix == ".json" and target.mend:
        found += (rewrite_values_and_mend, rewrite_values_and_mend)
    if target.path.name == "done.json":
        found += (name_files_of_others, name_files_of_others)
    if suffix == ".npz" and target.mend:
        found += _ARRAYS
    if suffix == ".whl":
        found += (change_a_member,)
    return found


def _change_a_leaf(
    target: Target, chance: Random, values: tuple[Any, ...], fits: Callable[[Any], bool]
) -> None:
    document = json.loads(target.path.read_text("utf-8"))
    places = list(_leaves(document))
    fitting = [(holder, key) for holder, key in places if fits(holder[key])] or places
    if fitting:
        holder, key = chance.choice(fitting)
        holder[key] = chance.choice([v for v in values if v != holder[key]])
    target.path.write_text(json.dumps(document), "utf-8")


def _leaves(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a value in JSON, of lists and objects too."""
    keys = document.keys() if isinstance(document, dict) else range(len(document))
    for key in list(keys):
        yield document, key
        if isinstance(document[key], dict | list):
            yield from _leaves(document[key])


def _change_an_array(
    target: Target,
    chance: Random,
    change: Callable[[np.ndarray], np.ndarray],
    fits: Callable[[np.ndarray], Any],
) -> None:
    arrays = _members(target.path)
    decoded = {n: np.lib.format.read_array(io.BytesIO(c)) for n, c in sorted(arrays.items())}
    names = [n for n, array in decoded.items() if fits(array)] or sorted(decoded)
    name = chance.choice(names)
    stream = io.BytesIO()
    array = decoded[name] if not fits(decoded[name]) else change(decoded[name])
    np.lib.format.write_array(stream, array)
    arrays[name] = stream.getvalue()
    _write_members(target.path, arrays)
    _mend(target)


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _write_members(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _mend(target: Target) -> None:
    if target.mend:
        target.mend(target.path)


def title(mutation: Mutation) -> str:
    return re.sub("_", " ", mutation.__name__)


def copy_tree(source: Path, target: Path) -> Path:
    """A copy to be changed."""
    return Path(shutil.copytree(source, target, symlinks=True))
