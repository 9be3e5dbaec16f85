# SPDX-License-Identifier: GPL-3.0-or-later
"""Changed files met by the commands that need Blender: the same outcome, or a clear sentence.

tests/unit/fuzz has most of the cases; these are of `apply`, `clear` and the snapshot. One again:
`python -m pytest tests/blender/test_fuzz.py -k "[17]"`.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("bpy")

from tests.blender.cli_character import PARTS
from tests.blender.command_line import SMALL, label_bytes
from tests.blender.forked_command import outcome
from tests.unit.fuzz import mutations
from tests.unit.fuzz.attempts import Outcome
from tests.unit.fuzz.cases import SEED
from tests.unit.fuzz.finished_job import mend
from tests.unit.fuzz.kills import whole
from tests.unit.fuzz.mutations import Mutation, Target, copy_tree, mutations_of, title

pytestmark = [
    pytest.mark.programs,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="each case is a fork of this process"),
]

APPLIED = (
    "result.json", "labels/frame_0001.npz", "labels/frame_0003.npz", "labels/done.json",
    "capture/capture.json", "job.json", "job.lock", "events.jsonl",
)  # fmt: skip
OUTPUTS = APPLIED[:3] + APPLIED[4:5]
SNAPSHOT = ("snapshot.json", "source.json", "snapshot.blend", "snapshot_hash.json")
# A .blend with other bits in it is Blender's own business.
OF_SCENES = (
    mutations.truncate, mutations.empty, mutations.make_folder, mutations.forbid, mutations.remove,
)  # fmt: skip
APPLICATIONS, PARSES = 48, 8


class Undisturbed:
    """A finished job, and what `apply` makes of the figure with it."""

    def __init__(self, hero: Path, job: Path, folder: Path) -> None:
        self.hero, self.job = hero, job
        made = folder / "applied.blend"
        done = outcome(folder / "log", "apply", job, hero, "--output", made, look_at=made)
        self.content = json.loads(whole(done))
        self.old = copy_tree(job, folder / "old")  # with other words
        relabelled = outcome(folder / "log", "label", self.old, "--parts", "shirt; legs; head")
        assert relabelled.kind == "done", relabelled
        self.applications = self._drawn(APPLIED, APPLICATIONS)
        self.parses = self._drawn(SNAPSHOT, PARSES)

    def target(self, job: Path, file: str) -> Target:
        """A file of a copy of the job."""
        canary = job.parent / "outside" / f"mine{Path(file).suffix}"
        old = (self.old / file,) if (self.old / file).exists() else ()
        return Target(job / file, canary, old, mend(job) if file in OUTPUTS else None)

    def _drawn(self, files: tuple[str, ...], count: int) -> list[tuple[str, Mutation]]:
        """Every file in turn, with mutations by chance."""
        chance = Random(SEED)
        kinds = {f: list(mutations_of(self.target(self.job, f))) for f in files}
        for kind in kinds.values():
            chance.shuffle(kind)
        turns = [files[i % len(files)] for i in range(count)]
        return [(f, kinds[f][i // len(files) % len(kinds[f])]) for i, f in enumerate(turns)]


@pytest.fixture(scope="module")
def undisturbed(
    hero: Path, finished_hero: Path, tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    return Undisturbed(hero, finished_hero, tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize("number", range(APPLICATIONS))
def test_what_is_applied_is_what_was_computed_or_a_sentence_says_why_not(
    undisturbed, tmp_path, number
):
    file, mutation = undisturbed.applications[number]
    job, log = copy_tree(undisturbed.job, tmp_path / "job"), tmp_path / "log"
    target, before = changed(undisturbed, job, file, mutation, number)
    output = tmp_path / "output.blend"
    found = outcome(log, "apply", job, undisturbed.hero, "--output", output, look_at=output)
    where = f"seed {SEED}, case {number}: {title(mutation)} of {file}"
    judge(found, where)
    is_forged = mutation is mutations.rewrite_values_and_mend  # names and colours may be others
    if found.kind == "done" and not is_forged:
        assert json.loads(found.said) == undisturbed.content, f"silently different: {where}"
    if found.kind == "sentence":
        assert not output.exists(), where
    assert content_outside(target) == before, where


@pytest.mark.parametrize("command", ["apply", "clear"])
@pytest.mark.parametrize("mutation", OF_SCENES, ids=title)
def test_a_damaged_scene_is_named(undisturbed, tmp_path, command, mutation):
    scene = Path(shutil.copy(undisturbed.hero, tmp_path / "scene.blend"))
    mutation(Target(scene, scene), Random(SEED))
    job = [undisturbed.job] if command == "apply" else []
    output = tmp_path / "output.blend"
    found = outcome(tmp_path / "log", command, *job, scene, "--output", output)
    judge(found, f"{title(mutation)} of the scene, then {command}")
    assert found.kind == "sentence" and "scene.blend" in found.said, found
    assert not output.exists()


@pytest.mark.parametrize("number", range(PARSES))
def test_a_changed_snapshot_is_made_anew_or_named(undisturbed, tmp_path, number):
    file, mutation = undisturbed.parses[number]
    job, log = copy_tree(undisturbed.job, tmp_path / "job"), tmp_path / "log"
    target, before = changed(undisturbed, job, file, mutation, number)
    found = outcome(
        log, "parse", undisturbed.hero, "--parts", PARTS, "--job", job, *SMALL, "--processes", 1,
        "--no-apply", "--no-sheet",
    )  # fmt: skip
    where = f"seed {SEED}, case {number}: {title(mutation)} of {file}"
    judge(found, where)
    target.path.parent.chmod(0o700)
    assert label_bytes(job) == label_bytes(undisturbed.job), f"{found} {where}"
    assert content_outside(target) == before, where


def changed(
    undisturbed: Undisturbed, job: Path, file: str, mutation: Mutation, number: int
) -> tuple[Target, bytes]:
    """The target in `job` after the mutation, and what lies outside."""
    target = undisturbed.target(job, file)
    target.canary.parent.mkdir()
    shutil.copy(target.path, target.canary)
    mutation(target, Random(f"{SEED} {number}"))
    return target, content_outside(target)


def content_outside(target: Target) -> bytes:
    return target.canary.read_bytes()


def judge(found: Outcome, where: str) -> None:
    if found.kind == "fault":
        pytest.fail(f"{found.said} ({where})", pytrace=False)
