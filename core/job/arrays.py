# SPDX-License-Identifier: GPL-3.0-or-later
"""Named numpy arrays in one .npz file, written atomically and checked when read.

numpy's own `savez_compressed` compresses at level 6, which takes longer than rendering; level 1
is a quarter of the time for a few per cent more bytes. Files are ordinary .npz for any reader.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..files.atomic import replacing
from ..files.reading import check_is_file, damaged, unreadable

_DAMAGE = (
    *(OSError, KeyError, ValueError, EOFError, SyntaxError),  # the last of an array's header
    *(NotImplementedError, RuntimeError, RecursionError, zipfile.BadZipFile, zlib.error),
)
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)  # same content, same bytes


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

    Raises JobError when the file is missing, truncated or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        try:
            check_is_file(self.path)
            self._archive = zipfile.ZipFile(self.path)
        except PermissionError as error:
            raise unreadable(self.path, error) from error
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
            raise damaged(self.path) from error

    def names(self) -> list[str]:
        return [n.removesuffix(".npy") for n in self._archive.namelist()]

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            with self._archive.open(f"{name}.npy") as member:
                array = np.lib.format.read_array(member, allow_pickle=False)
                if member.read(1):  # reading to the end makes zipfile compare the CRC
                    raise ValueError("trailing bytes")
                return array
        except _DAMAGE as error:
            raise damaged(self.path) from error

    def close(self) -> None:
        self._archive.close()

    def __enter__(self) -> ArrayReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a file. Raises JobError when it is missing, truncated or damaged."""
    with ArrayReader(path) as reader:
        return {name: reader[name] for name in reader.names()}
