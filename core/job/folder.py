# SPDX-License-Identifier: GPL-3.0-or-later
"""The job folder: where everything of a run lies, and whether a folder is one."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError, JobError
from ..files.atomic import disk_error, write_json
from ..files.hashing import file_hash
from ..files.lock import FolderLock
from ..files.reading import damaged, read_note, read_object, unreadable
from .spec import JobSpec
from .spec_files import check_schema, load_spec, save_spec, spec_from_json, spec_to_json
from .stages import STAGES as STAGES

_OUR_FILES = frozenset(
    {"job.json", "job.lock", "snapshot.blend", "snapshot.json", "snapshot_hash.json", "source.json"}
    | {"result.json", "events.jsonl", "report.txt", "sheet.png"}
)
_FOLDERS = frozenset({*STAGES, "logs", "blendcache_snapshot"})
_OUR_NAMES = _OUR_FILES | _FOLDERS
# Left by a kill.
_TEMPORARY = re.compile(r"\..+\.\d+\.tmp|\.snapshot\.\d+\.blend[@\d]*|snapshot\.blend[@\d]+")
_LONGEST_NAME = "x" * 80  # of a file in a job folder, while it is written
_WRITTEN_UNLOCKED = (".report.txt.", ".sheet.png.")


class JobFolder:
    """Paths inside one job folder. Making an instance touches nothing on disk."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).expanduser().absolute()
        self.spec_path = self.path / "job.json"
        self.snapshot = self.path / "snapshot.blend"
        self.capture = self.path / "capture"
        self.sight = self.path / "sight"
        self.proposals = self.path / "proposals"
        self.masklets = self.path / "masklets"
        self.validation = self.path / "validation"
        self.embeddings = self.path / "embeddings"
        self.labels = self.path / "labels"
        self.result = self.path / "result.json"
        self.events = self.path / "events.jsonl"
        self.logs = self.path / "logs"
        self._lock = FolderLock(self.path / "job.lock")

    @classmethod
    def create(cls, path: Path | str, spec: JobSpec) -> JobFolder:
        """The folder with `spec` in it, made or taken over with all stages that still hold.

        Raises InputError for an invalid spec; JobError when the folder is not empty and no job,
        comes from a newer version, is running, or cannot be written.
        """
        folder = cls(path)
        folder.take(spec)
        return folder

    def take(self, spec: JobSpec) -> None:
        """Puts `spec` into the folder; see `create`."""
        spec_from_json(spec_to_json(spec))  # before anything is made on disk
        with self.held():
            self.remove_leftovers()
            save_spec(self.spec_path, spec)

    @classmethod
    def open(cls, path: Path | str) -> JobFolder:
        """An existing job folder.

        Raises JobError when there is none, or it comes from a newer version.
        """
        folder = cls(path)
        folder.check_path()
        if not folder.spec_path.is_file():
            raise JobError(f"{folder.path} is not a job folder", "Choose the folder of a job")
        folder.check()
        return folder

    def check(self) -> None:
        """Raises JobError unless the folder is absent, empty, or a job this version can read."""
        self.check_path()
        try:
            names = {entry.name for entry in self.path.iterdir()}
        except FileNotFoundError:
            return
        except NotADirectoryError as error:
            raise JobError(f"{self.path} is a file", "Choose a folder for the job") from error
        except OSError as error:
            raise JobError(
                f"{self.path} cannot be read ({error.strerror})", "Choose another job folder"
            ) from error
        for name in names & _FOLDERS:
            refuse_link(self.path / name)
        if "job.json" in names and self._is_job():
            return
        strangers = [n for n in names if n not in _OUR_NAMES and not _TEMPORARY.fullmatch(n)]
        if strangers:
            raise JobError(
                f"{self.path} holds other files ({min(strangers)}) and is no job folder",
                "Choose an empty or a new folder",
            )

    def check_path(self) -> None:
        """Raises JobError for a path that files cannot be written to or that JSON cannot hold."""
        try:
            str(self.path).encode("utf-8")
            (self.path / "logs" / _LONGEST_NAME).lstat()
        except UnicodeEncodeError as error:
            raise JobError(
                f"The path of the job folder {self.path} is not UTF-8", "Choose another job folder"
            ) from error
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise JobError(
                    f"The path of the job folder is too long: {str(self.path)[:60]}...",
                    "Choose a job folder with a shorter name",
                ) from error
            raise unreadable(self.path, error) from error

    def _is_job(self) -> bool:
        """False when job.json is damaged: what lies beside it has to tell whose folder it is."""
        try:
            document = read_object(self.spec_path)
        except JobError:
            return False
        try:
            check_schema(document, str(self.path))
            return True
        except InputError as error:
            raise JobError(
                f"{self.path} holds a job.json of another program", "Choose another folder"
            ) from error

    def remove_leftovers(self) -> None:
        """Removes what killed runs left half written; stages clear their own folders.

        An empty folder in the place of a file goes too. For the holder of the lock only. Raises
        JobError.
        """
        try:
            for path in self.path.iterdir():
                is_ours = not path.name.startswith(_WRITTEN_UNLOCKED)
                if is_ours and _TEMPORARY.fullmatch(path.name):
                    path.unlink(missing_ok=True)
                elif path.name in _OUR_FILES:
                    remove_empty_folder(path)
        except OSError as error:
            raise disk_error(error, self.path / "file") from error

    def lock(self) -> FolderLock:
        """A context manager; entering it raises JobError while another process runs the job.

        Always the same one: who holds the folder may call what locks it too.
        """
        return self._lock

    @contextmanager
    def held(self) -> Iterator[None]:
        """The folder is ours from the change of its spec to the last look at its result.

        Raises JobError as `check` and `lock`.
        """
        self.check()  # before a file of ours is made in a folder that is not
        with self.lock():
            yield

    def stage(self, name: str) -> Path:
        """The folder of a stage's output."""
        if name not in STAGES:
            raise ValueError(f"unknown stage {name}")
        return self.path / name

    def load_spec(self) -> JobSpec:
        """Raises JobError or InputError as `spec.load_spec`."""
        return load_spec(self.spec_path)

    def blend(self, spec: JobSpec) -> Path:
        """The .blend to capture: the snapshot in the folder, else the file named in the spec.

        Raises InputError when there is neither.
        """
        if self.snapshot.is_file():
            return self.snapshot
        if spec.blend and Path(spec.blend).is_file():
            return Path(spec.blend)
        raise InputError(
            f"The scene {spec.blend or self.snapshot} is missing", "Save it or correct its path"
        )

    def check_snapshot(self) -> None:
        """Raises JobError when the snapshot is not any more what was written, byte for byte.

        What is known of it is then forgotten, so that the next parse writes it anew.
        """
        known = self.path / "source.json"
        expected = read_note(known)
        if not self.snapshot.is_file() or not isinstance(expected.get("snapshot"), str):
            return
        try:
            described = expected.get("description") in (None, self.description_hash())
            if described and self._hash_scene(self.snapshot) == expected["snapshot"]:
                return
            for path in (known, self.path / "snapshot_hash.json"):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise damaged(self.snapshot) from error
        raise damaged(self.snapshot, "Parse the scene again")

    def fingerprint(self) -> str:
        """A hash of what a run of this folder computes: its spec and its snapshot.

        Raises JobError or InputError.
        """
        spec = self.load_spec()
        document = json.dumps(spec_to_json(spec), sort_keys=True)
        return hashlib.sha256((document + self.snapshot_hash(spec)).encode()).hexdigest()

    def require(self, fingerprint: str) -> None:
        """Raises JobError when the folder is not any more what it was when it was prepared."""
        if self.fingerprint() != fingerprint:
            raise JobError(
                f"The job in {self.path} was changed by another program while it waited",
                "Parse again",
            )

    def snapshot_hash(self, spec: JobSpec) -> str:
        """sha256 of the .blend to capture, and of the simulations that are baked beside it.

        Kept in `snapshot_hash.json` with the file's size and time, so that asking again about a
        large file is free. Raises InputError when there is no .blend.
        """
        blend = self.blend(spec)
        try:
            status = blend.stat()
            seen = {"name": blend.name, "size": status.st_size, "time": status.st_mtime_ns}
            if simulations := self._simulations():
                facts = ((p.name, s.st_size, s.st_mtime_ns) for p in simulations if (s := p.stat()))
                seen["simulations"] = [list(fact) for fact in facts]
            cache = self.path / "snapshot_hash.json"
            known = read_note(cache)
            digest = known.get("sha256")
            if known != {**seen, "sha256": digest} or not isinstance(digest, str):
                digest = self._hash_scene(blend)
                write_json(cache, {**seen, "sha256": digest})
            return digest
        except OSError as error:
            raise InputError(
                f"{blend} cannot be read ({error.strerror})", "Check the file and the disk"
            ) from error

    def description_hash(self) -> str:
        """sha256 of `snapshot.json`; empty when there is none. Raises OSError."""
        path = self.snapshot.with_suffix(".json")
        return file_hash(path) if path.is_file() else ""

    def _simulations(self) -> list[Path]:
        """Files of frames that were baked to disk."""
        return sorted((self.path / "blendcache_snapshot").glob("*.bphys"))

    def _hash_scene(self, blend: Path) -> str:
        digest = file_hash(blend)
        if simulations := self._simulations():
            text = digest + "".join(f" {path.name} {file_hash(path)}" for path in simulations)
            return hashlib.sha256(text.encode()).hexdigest()
        return digest


def refuse_link(folder: Path) -> None:
    """Raises JobError for a link in the place of a folder of ours: what it leads to is not."""
    if folder.is_symlink():
        raise JobError(f"{folder} is a link", "Replace it by a folder, or choose another job")


def remove_empty_folder(path: Path) -> None:
    """Removes a folder where a file of ours belongs, if nothing is in it; links are left alone."""
    if path.is_dir() and not path.is_symlink():
        with contextlib.suppress(OSError):  # not empty: whoever writes the file will say so
            path.rmdir()


def make_folder(path: Path) -> None:
    """Raises JobError when the folder cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(error, path / "file") from error
