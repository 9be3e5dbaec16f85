# SPDX-License-Identifier: GPL-3.0-or-later
"""All or nothing: each step says how to take itself back, and what to tidy when all went well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Transaction:
    """Runs the `undo` steps in reverse when its block raises, the `finish` steps in order when not.

    Steps must look their datablocks up by name: references die when a mesh gets a new attribute.
    """

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []
        self._finish: list[Callable[[], object]] = []

    def undo(self, step: Callable[..., None], *arguments: Any) -> None:
        self._undo.append(lambda: step(*arguments))

    def finish(self, step: Callable[..., object], *arguments: Any) -> None:
        self._finish.append(lambda: step(*arguments))

    def __enter__(self) -> Transaction:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        if error is None:
            for step in self._finish:
                step()
            return
        for step in reversed(self._undo):
            try:
                step()
            except Exception as second:  # the other steps still bring back what they can
                error.add_note(f"while undoing: {second!r}")
