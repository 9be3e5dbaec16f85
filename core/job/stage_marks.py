# SPDX-License-Identifier: GPL-3.0-or-later
"""Which stages of a job are finished, and what each depends on.

A stage that finished has `STAGE/done.json`: the key it was computed for and the size and sha256 of
its outputs. A key is the hash of the settings that matter to the stage and of the key before it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..checkpoints.catalogue import known_checkpoints
from ..checkpoints.store import recorded_hash
from ..errors import JobError
from ..files.atomic import disk_error, write_json
from ..files.reading import read_note
from .choices import choose, counts, uses_sight
from .folder import JobFolder, make_folder, refuse_link, remove_empty_folder
from .recorded import DONE, is_intact, record
from .setting import setting_fields
from .shipped_data import shipped_hashes
from .spec import CaptureSettings, FrameSelection, JobSpec, ParsingSettings
from .spec_files import spec_from_json, spec_to_json
from .stages import STAGE_TABLE, STAGES, Stage

# What stages leave; nothing of another name is ever removed. A stage that writes other files adds
# them here.
_OUTPUT = re.compile(
    r"(capture|model|without|counts)\.json|(facts|elements|surface|nearest|text)\.npz"
    r"|(frame|facts|key|surface|masks|embedding)_-?\d{1,12}\.npz"
)
_STARTED = "started.json"


def stage_keys(spec: JobSpec, snapshot_hash: str) -> dict[str, str]:
    """Per stage, sha256 of everything its output depends on.

    Where the vision model is not used, the key of `sight` is of no consequence for the others: jobs
    from before there was one are still whole. Raises InputError when the spec is not valid.
    """
    spec = spec_from_json(spec_to_json(spec))  # 1 and 1.0 become one value
    key, keys = snapshot_hash, {}
    for stage in STAGE_TABLE:
        content = [stage.name, stage.version, key, _dependencies(stage, spec)]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        keys[stage.name] = hashlib.sha256(text.encode("ascii")).hexdigest()
        if not stage.looks or uses_sight(spec.parsing):
            key = keys[stage.name]
    return keys


def _dependencies(stage: Stage, spec: JobSpec) -> Any:
    """What a stage's output depends on beside its code and the stages before it."""
    if stage.looks and not uses_sight(spec.parsing):
        return {}
    if stage.name == "capture":
        return [spec.character, _read(spec.frames, stage), _read(spec.capture, stage)]
    rows = choose(spec.parsing, (stage.seam,)) if stage.seam else ()
    data = {*stage.data, *(name for row in rows for name in row.data)}
    typed = {"parts": [asdict(part) for part in spec.parts]} if stage.name == "labels" else {}
    return {**typed, **_read(spec.parsing, stage), **shipped_hashes(data)}


def _read(settings: FrameSelection | CaptureSettings | ParsingSettings, stage: Stage) -> Any:
    """The settings of a section that the stage is the first to read, as far as they count."""
    found = {}
    for one in setting_fields(type(settings)):
        value = getattr(settings, one.name)
        is_old = one.about.from_default and value == one.default
        if one.about.stage == stage.name and not is_old:
            found[one.name] = value
    if isinstance(settings, ParsingSettings):
        return {name: value for name, value in found.items() if counts(settings, name)}
    return found


class StageStore:
    """Reads and writes the marks of finished stages in one job folder."""

    def __init__(self, folder: JobFolder) -> None:
        self.folder = folder

    def is_done(self, stage: str, key: str, or_provisional: bool = False) -> bool:
        """Whether the stage finished for this key, with the models that are installed now, and
        its files have the sizes they had then. Models that were removed since do not matter.

        A provisional output counts only when `or_provisional`: it does for the run that made it.
        """
        mark = self._read(stage, DONE)
        return (
            mark.get("key") == key
            and (or_provisional or not mark.get("provisional"))
            and not any(map(_was_replaced, *_models(mark)))
            and all(
                _size(self.folder.path / name) == size for name, (size, _) in _outputs(mark).items()
            )
        )

    def seconds(self) -> dict[str, float]:
        """How long each finished stage took, as told to `mark_done`."""
        marks = {stage: self._read(stage, DONE) for stage in STAGES}
        return {s: mark["seconds"] for s, mark in marks.items() if mark}

    def prepare(self, stage: str, key: str, keep_partial: bool = False) -> None:
        """Makes the stage's folder ready for computing it; empty folders where files belong go.

        Removes what was there, except, with `keep_partial`, whole files that an interrupted run
        with the same key left (for a stage that goes on where it stopped). Raises JobError.
        """
        for path in self._listed(stage):
            if path.name in (DONE, _STARTED) or _OUTPUT.fullmatch(path.name):
                remove_empty_folder(path)
        if keep_partial and self._read(stage, _STARTED).get("key") == key:
            self.discard_damaged(stage)
            self._remove(self._temporary_files(stage))
            return
        self.clear(stage)
        write_json(self._stage_folder(stage) / _STARTED, {"key": key})

    def mark_done(
        self,
        stage: str,
        key: str,
        outputs: Iterable[Path] | None = None,
        seconds: float = 0.0,
        models: Mapping[str, str] | None = None,
        provisional: bool = False,
    ) -> None:
        """Records that the stage finished. Without `outputs`: all its files.

        `models` are those it was made with, name -> sha256. A `provisional` output was made without
        something that may be there the next time, and is then made anew.

        Raises JobError when an output is missing or the mark cannot be written.
        """
        paths = self._files(stage) if outputs is None else outputs
        table = {}
        for path in sorted(paths):
            try:
                name = Path(path).absolute().relative_to(self.folder.path).as_posix()
                table[name] = record(path)
            except (OSError, ValueError) as error:
                raise JobError(
                    f"The output {path} of {stage} is missing", "Run again to continue"
                ) from error
        mark = {
            "key": key,
            "seconds": round(seconds, 3),
            "outputs": table,
            "models": dict(models or {}),
            **({"provisional": True} if provisional else {}),
        }
        write_json(self._stage_folder(stage) / DONE, mark)

    def verify(self, stage: str) -> list[Path]:
        """The outputs of a finished stage that are missing or not byte for byte as recorded, and
        files that look like its outputs and are none, as an earlier run left them."""
        outputs = _outputs(self._read(stage, DONE))
        if not outputs:
            return []
        refuse_link(self.folder.stage(stage))
        recorded = {self.folder.path / name: fact for name, fact in outputs.items()}
        strangers = [path for path in self._files(stage) if path not in recorded]
        return [p for p, fact in recorded.items() if not is_intact(p, fact)] + strangers

    def discard_damaged(self, stage: str) -> list[Path]:
        """Removes outputs that `verify` finds, and the mark, so that a run makes them anew."""
        damaged = self.verify(stage)
        if damaged:
            self._remove([self.folder.stage(stage) / DONE, *damaged])
        return damaged

    def drop(self, path: Path) -> None:
        """Removes an output that makes no sense though it is what its stage recorded, and the
        mark: a run makes it anew. What is no output of a stage stays."""
        try:
            name = Path(path).relative_to(self.folder.path).as_posix()
        except ValueError:
            return
        for stage in STAGES:
            if _is_own(stage, name):
                refuse_link(self.folder.stage(stage))
                self._remove([self.folder.stage(stage) / DONE, Path(path)])

    def clear(self, stage: str) -> None:
        """Removes the outputs of a stage: only our kinds of files, only inside its folder."""
        folder = self._stage_folder(stage)
        # The mark goes first: a kill in the middle must not leave it beside half of the files.
        self._remove([folder / DONE, folder / _STARTED, *self._temporary_files(stage)])
        self._remove(self._files(stage))

    def _stage_folder(self, stage: str) -> Path:
        refuse_link(self.folder.stage(stage))
        folder = self.folder.stage(stage)
        make_folder(folder)
        return folder

    def _files(self, stage: str) -> list[Path]:
        """Outputs on disk; `result.json` lies beside the folder of the stage it belongs to."""
        beside = [self.folder.result] if stage == "labels" and self.folder.result.exists() else []
        return beside + [p for p in self._entries(stage) if _OUTPUT.fullmatch(p.name)]

    def _temporary_files(self, stage: str) -> list[Path]:
        """Left by a killed run."""
        return [p for p in self._entries(stage) if p.name[0] == "." and p.suffix == ".tmp"]

    def _entries(self, stage: str) -> list[Path]:
        return [p for p in self._listed(stage) if p.is_file() and not p.is_symlink()]

    def _listed(self, stage: str) -> list[Path]:
        try:
            return sorted(self._stage_folder(stage).iterdir())
        except OSError as error:
            raise disk_error(error, self.folder.stage(stage) / "file") from error

    def _remove(self, paths: Iterable[Path]) -> None:
        for path in paths:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise disk_error(error, path) from error

    def _read(self, stage: str, name: str) -> dict[str, Any]:
        """A mark; empty when missing or damaged, which is as good as not done."""
        mark = read_note(self.folder.stage(stage) / name)
        if not isinstance(mark.get("key"), str):
            return {}
        if name == DONE and not self._is_whole(stage, mark):
            return {}
        return mark

    def _is_whole(self, stage: str, mark: dict[str, Any]) -> bool:
        """Whether the mark has its parts and names only files that are the stage's own."""
        table = mark.get("outputs")
        if not isinstance(table, dict) or not isinstance(mark.get("seconds"), int | float):
            return False
        return all(
            isinstance(fact, list) and len(fact) == 2 and _is_own(stage, name)
            for name, fact in table.items()
        )


def _is_own(stage: str, name: str) -> bool:
    """Whether a name in the mark of a stage is that of an output of the stage."""
    if (stage, name) == ("labels", "result.json"):
        return True
    folder, _, file = name.partition("/")
    return folder == stage and _OUTPUT.fullmatch(file) is not None


def _outputs(mark: Mapping[str, Any]) -> dict[str, list[Any]]:
    outputs: dict[str, list[Any]] = mark.get("outputs", {})
    return outputs


def _models(mark: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Names and hashes of the checkpoints in a mark."""
    models = mark.get("models")
    models = models if isinstance(models, dict) else {}
    return list(map(str, models)), list(map(str, models.values()))


def _was_replaced(name: str, digest: str) -> bool:
    """Whether another file is installed as the checkpoint `name` by now."""
    checkpoint = known_checkpoints().get(name)
    current = recorded_hash(checkpoint) if checkpoint is not None else ""
    return current not in ("", digest)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
