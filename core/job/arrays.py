# SPDX-License-Identifier: GPL-3.0-or-later
"""Named numpy arrays in one .npz file, written atomically and checked when read.

numpy's own `savez_compressed` compresses at level 6, which takes longer than rendering; level 1
is a quarter of the time for a few per cent more bytes. Files are ordinary .npz for any reader.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..files.atomic import replacing
from ..files.reading import check_is_file, damaged, unreadable
from .recorded import check_recorded

Shape = tuple[int | None, ...]

# An array of more bytes must not be packed more tightly than arrays of characters are.
LARGEST = 2**27
MOST_PACKED = 200
LARGEST_TOGETHER = 2**30  # the same for a file that is read whole

_DAMAGE = (
    *(OSError, KeyError, ValueError, EOFError, SyntaxError),  # the last of an array's header
    *(NotImplementedError, RuntimeError, RecursionError, OverflowError),
    *(zipfile.BadZipFile, zlib.error),
)
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)  # same content, same bytes
_HEADS: Mapping[tuple[int, int], Callable[..., tuple[tuple[int, ...], bool, np.dtype]]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray], level: int = 1) -> None:
    """Write `arrays` to `path`; the same arrays always give the same bytes.

    Raises JobError when the disk is full or the folder is not writable.
    """
    with replacing(path) as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy", _FIXED_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info._compresslevel = level  # type: ignore[attr-defined]  # no public way before 3.13
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)


class ArrayReader:
    """Reads arrays of a .npz one by one; each is checked against its CRC.

    Shape and size stand in the head of an array, so what is beyond all reason is refused before
    memory is asked for. Raises JobError when the file is missing, truncated, damaged, or not what
    its stage left.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        check_recorded(self.path)
        try:
            check_is_file(self.path)
            self._archive = zipfile.ZipFile(self.path)
        except PermissionError as error:
            raise unreadable(self.path, error) from error
        except _DAMAGE as error:
            raise damaged(self.path) from error

    def names(self) -> list[str]:
        return [n.removesuffix(".npy") for n in self._archive.namelist()]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.read(name)

    def read(self, name: str, dtype: str = "", shape: Shape | None = None) -> np.ndarray:
        """The array `name`; of this dtype and shape, where None is any length."""
        try:
            self._check_head(name, dtype, shape)
            with self._archive.open(f"{name}.npy") as member:
                array = np.lib.format.read_array(member, allow_pickle=False)
                if member.read(1):  # reading to the end makes zipfile compare the CRC
                    raise ValueError("trailing bytes")
                return array
        except _DAMAGE as error:
            raise damaged(self.path) from error

    def _check_head(self, name: str, dtype: str, shape: Shape | None) -> None:
        info = self._archive.getinfo(f"{name}.npy")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError("packed as we never do")
        with self._archive.open(info) as member:
            version = np.lib.format.read_magic(member)
            found, _, kind = _HEADS[version](member)
            size = math.prod(found) * kind.itemsize
            if not kind.itemsize:  # any number of them fits into no bytes
                raise ValueError("elements of no size")
            if size != info.file_size - member.tell():
                raise ValueError("not the size that its head says")
            if size > max(LARGEST, MOST_PACKED * info.compress_size):
                raise ValueError("unpacks beyond all reason")
        if dtype and kind != np.dtype(dtype):
            raise ValueError(f"{name} is {kind}, not {dtype}")
        if shape is not None and not _fits(found, shape):
            raise ValueError(f"{name} is {found}, not {shape}")

    def check_together(self) -> None:
        """Raises JobError when all arrays together unpack beyond all reason.

        Each may be small, and many names may stand for the same bytes.
        """
        entries = self._archive.infolist()
        size = sum(entry.file_size for entry in entries)
        is_twice = len({entry.filename for entry in entries}) < len(entries)
        if is_twice or size > max(LARGEST_TOGETHER, MOST_PACKED * self.path.stat().st_size):
            raise damaged(self.path)

    def close(self) -> None:
        self._archive.close()

    def __enter__(self) -> ArrayReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a file. Raises JobError when it is missing, truncated or damaged."""
    with ArrayReader(path) as reader:
        reader.check_together()
        return {name: reader[name] for name in reader.names()}


@contextmanager
def making_sense(path: Path) -> Iterator[None]:
    """What does not fit together in a file that was read is damage: raises JobError then.

    For blocks that look at arrays of a job, which may come from someone else: an index beyond its
    array would end the process, or label another polygon without a word.
    """
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise damaged(path) from error


def check_range(array: np.ndarray, low: int, high: int) -> np.ndarray:
    """The whole numbers of `array`, all in low..high-1. Raises ValueError."""
    if array.dtype.kind not in "iu":
        raise ValueError(f"{array.dtype} are no indices")
    if array.size and not (int(array.min()) >= low and int(array.max()) < high):
        raise ValueError(f"an index is not in {low}..{high - 1}")
    return array


def check_shape(array: np.ndarray, shape: Shape, kinds: str) -> np.ndarray:
    """`array`, of this shape (None is any length), its dtype.kind among `kinds`.

    Raises ValueError.
    """
    if array.dtype.kind not in kinds or not _fits(array.shape, shape):
        raise ValueError(f"{array.shape} {array.dtype} instead of {shape}")
    return array


def _fits(found: tuple[int, ...], wanted: Shape) -> bool:
    pairs = zip(found, wanted, strict=False)
    return len(found) == len(wanted) and all(w is None or n == w for n, w in pairs)
