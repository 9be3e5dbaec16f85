# SPDX-License-Identifier: GPL-3.0-or-later
"""The installer as the side bar sees it: `vendor_setup.py --json` run as a child program."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import ErrorKind, Failure, Parts4DError
from ..files.reading import parse_json
from ..job.process import ChildProcess


@dataclass(frozen=True)
class Environment:
    name: str  # embedded or full
    state: str  # not installed, incomplete, outdated, ready
    path: str = ""
    backend: str = ""
    tested: str = ""  # what the self-test said, in a line
    problem: str = ""  # what it found wrong


@dataclass(frozen=True)
class Model:
    name: str
    title: str
    state: str  # ready, not installed, changed, ...
    size: int  # bytes, 0 = not known
    licence: str
    terms: str = ""
    downloadable: bool = True


@dataclass(frozen=True)
class SetupState:
    """What is installed, and what the installer is doing."""

    known: bool = False  # whether it was asked yet
    environments: tuple[Environment, ...] = ()
    models: tuple[Model, ...] = ()
    action: str = ""  # what runs, for people; empty = nothing
    text: str = ""  # its last word
    share: float = 0.0  # of the current download, 0..1; 0 where there is no telling
    failure: Failure | None = None  # of the last action

    def environment(self, name: str) -> Environment | None:
        return next((e for e in self.environments if e.name == name), None)


class Setup:
    """Runs one action of the installer after another. Ask `poll` a few times a second."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command = list(command)
        self._log = log
        self._waiting: deque[tuple[str, list[str]]] = deque()
        self._child: ChildProcess | None = None
        self.state = SetupState()

    @property
    def busy(self) -> bool:
        return self._child is not None or bool(self._waiting)

    def refresh(self) -> None:
        """Asks what is installed."""
        self._waiting.append(("", ["status"]))

    def run(self, action: str, arguments: Sequence[str]) -> None:
        """Queues a command of the installer; `action` says it to people."""
        self._waiting.append((action, list(arguments)))
        self.refresh()

    def cancel(self) -> None:
        """Stops what runs and forgets what waits."""
        self._waiting.clear()
        if self._child is not None:
            self._child.cancel()
            self._child.end_input()

    def forget_failure(self) -> None:
        self.state = replace(self.state, failure=None)

    def poll(self) -> bool:
        """Goes on; True when the state changed."""
        before = self.state
        if self._child is None and self._waiting:
            self._start(*self._waiting.popleft())
        if self._child is not None:
            self._child.tick()
            ended = self._child.finished  # before reading: nothing is said after the end
            self._read(self._child)
            if ended:
                self._end(self._child)
        return self.state != before

    def close(self) -> None:
        self._waiting.clear()
        if self._child is not None:
            self._child.close()
            self._child = None

    def _start(self, action: str, arguments: list[str]) -> None:
        if action:
            self.state = replace(self.state, action=action, text="", share=0.0, failure=None)
        try:
            self._child = ChildProcess([*self._command, *arguments, "--json"], self._log)
        except Parts4DError as error:
            self._fail(error.failure)

    def _read(self, child: ChildProcess) -> None:
        for message in child.messages():
            if message.type == "progress":
                share = message.done / message.total if message.total > 0 else 0.0
                self.state = replace(self.state, text=message.message, share=min(share, 1.0))
            elif message.type == "log":
                self._take_status(message.message)

    def _take_status(self, line: str) -> None:
        try:
            document = parse_json(line)
        except ValueError:
            return
        if isinstance(document, dict) and document.get("type") == "status":
            self.state = replace(
                self.state,
                known=True,
                environments=tuple(_environment(e) for e in document["environments"]),
                models=tuple(_model(m) for m in document["models"]),
            )

    def _end(self, child: ChildProcess) -> None:
        error = child.failure()
        child.close()
        self._child = None
        if error is not None and error.kind is not ErrorKind.CANCELLED:
            self._fail(error.failure)
        if not any(action for action, _ in self._waiting):
            self.state = replace(self.state, action="", text="", share=0.0)

    def _fail(self, failure: Failure) -> None:
        self.state = replace(self.state, failure=failure)


def _environment(document: dict[str, Any]) -> Environment:
    test = document.get("self_test") or {}
    versions = test.get("versions", {})
    said = [f"{name} {versions[name]}" for name in ("torch", "numpy") if name in versions]
    if test.get("device_name"):
        said.append(str(test["device_name"]))
    return Environment(
        name=document["name"],
        state=document["state"],
        path=document.get("path", ""),
        backend=document.get("backend", ""),
        tested=", ".join(said),
        problem=test.get("problem", ""),
    )


def _model(document: dict[str, Any]) -> Model:
    return Model(
        name=document["name"],
        title=document["title"],
        state=document["state"],
        size=document["size"],
        licence=document["licence"],
        terms=document["terms"] if not document.get("terms_accepted") else "",
        downloadable=document["downloadable"],
    )
