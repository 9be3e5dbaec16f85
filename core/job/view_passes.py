# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be known of a pass, an array that is captured of every view.

The passes are the fields of `capture_files.ViewImage`: the files of a capture follow from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

_KEY = "pass"


@dataclass(frozen=True)
class Pass:
    """Facts about a pass. Optional ones are captured when asked for, and None elsewhere."""

    dtype: str
    shape: tuple[int | str, ...]  # "h" and "w" are the size of the crop
    about: str
    read_by: tuple[str, ...] = ()  # the stages that look at it
    optional: bool = False
    name: str = ""  # of the field, filled in by `passes_of`

    def shape_of(self, size: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of this pass of a crop of `size` (height, width)."""
        return tuple(
            {"h": size[0], "w": size[1]}[n] if isinstance(n, str) else n for n in self.shape
        )

    def check(self, array: np.ndarray, size: tuple[int, ...]) -> None:
        """Raises ValueError when `array` is no such pass of a crop of `size` (height, width)."""
        shape = self.shape_of(size)
        if array.shape != shape or array.dtype != self.dtype:
            raise ValueError(
                f"{self.name} of a view must be {shape} {self.dtype}, not {array.shape} "
                f"{array.dtype}"
            )


def view_pass(about: Pass) -> Any:
    """A dataclass field that is a pass."""
    metadata = {_KEY: about}
    return field(default=None, metadata=metadata) if about.optional else field(metadata=metadata)


def passes_of(cls: type) -> tuple[Pass, ...]:
    """The passes among the fields of a dataclass, in order."""
    found = {one.name: one.metadata[_KEY] for one in fields(cls) if _KEY in one.metadata}
    return tuple(Pass(**{**vars(about), "name": name}) for name, about in found.items())
