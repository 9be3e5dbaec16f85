# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole road with the real classes of all packages, in real worker processes.

The weights are random, so what the labels say means nothing; that they come, and are the same
whatever happens on the way, is what counts.
"""

from __future__ import annotations

import math
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.checkpoints.catalogue import models_folder
from core.errors import CancelledError, JobError, Parts4DError
from core.job.folder import STAGES, JobFolder
from core.job.label_files import LabelFiles
from core.job.messages import Message
from core.job.presets import settings_of
from core.job.run_job import run_job
from core.job.spec import ParsingSettings, Part
from core.job.spec_files import save_spec
from core.job.workers import OneShotWorker, WarmWorker
from tests.models.tiny import write_tiny_checkpoints
from tests.unit.parsing.doll_job import write_doll_job

MAIN = Path(__file__).resolve().parents[2] / "core" / "worker" / "main.py"
PYTHON = [sys.executable, "-I", "-u", "-X", "faulthandler"]
TINY = {
    "proposer_model": "tiny_sam",
    "tracker_model": "tiny_sam2",
    "encoder_model": "tiny_alpha",
    "device": "cpu",
    "points_per_side": 12,
    "minimum_area": 10,
}
PAPER = settings_of("paper", **TINY)
LIGHT = settings_of(
    "draft",
    **TINY | {"proposer_model": "tiny_sam2", "encoder_model": "tiny_clip", "prompts": "simple"},
)
FRAMES = (1, 2)


@pytest.fixture(scope="module", autouse=True)
def checkpoints(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("PARTS4D_DATA", str(tmp_path_factory.mktemp("data")))
    patch.setenv("OMP_NUM_THREADS", "1")  # sums in one order: labels can be compared bit by bit
    write_tiny_checkpoints()
    yield
    patch.undo()


def job(path: Path, settings: ParsingSettings, sequence: bool = False) -> JobFolder:
    return write_doll_job(path, settings, ("head", "shirt", "bag"), FRAMES, sequence)


def run(folder: JobFolder, worker=None, **options):
    def no_capture(*_):
        raise AssertionError("the capture is done")

    worker = worker or OneShotWorker(lambda path: [*PYTHON, str(MAIN), str(path)])
    return run_job(folder, no_capture, worker, **options)


def label_bytes(folder: JobFolder) -> list[bytes]:
    return [p.read_bytes() for p in sorted(folder.labels.glob("*.npz"))]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> JobFolder:
    """The paper's configuration, run in one go."""
    folder = job(tmp_path_factory.mktemp("undisturbed") / "job", PAPER)
    run(folder)
    return folder


def test_sam_sam2_validation_alphaclip_and_fusion_label_every_frame(undisturbed):
    result = LabelFiles(undisturbed.path).read_result()
    for frame in FRAMES:
        label, confidence = LabelFiles(undisturbed.path).read_frame(frame)
        assert (label >= 0).any() and label.max() < 3
        assert np.isfinite(confidence).all()
    assert result.counts["proposals"] > 0 and result.counts["masks"] > 0
    assert set(result.seconds) == set(STAGES)


def test_the_result_names_preset_models_checksums_and_packages(undisturbed):
    result = LabelFiles(undisturbed.path).read_result()
    assert result.preset.startswith("paper")
    assert set(result.models) == {"tiny_sam", "tiny_sam2", "tiny_alpha", "tiny_clip"}
    assert all(len(digest) == 64 for digest in result.models.values())
    assert {"torch", "sam2", "segment-anything", "open_clip_torch"} <= set(result.versions)
    assert result.backends["device"] == "cpu, float32"
    assert result.backends["tracker"] == "sam2 (tiny_sam2)"


@pytest.mark.parametrize("sequence", [False, True])
def test_the_light_configuration_runs_on_both_kinds_of_topology(tmp_path, sequence):
    folder = job(tmp_path / "job", LIGHT, sequence)
    result = run(folder)
    assert result.counts["masks"] > 0
    label, _ = LabelFiles(folder.path).read_frame(FRAMES[-1])
    assert len(label) and label.max() < 3


def test_dense_features_and_the_other_way_through_the_images(tmp_path):
    settings = replace(PAPER, encoder="cliptrase", encoder_model="tiny_clip", travel="orbit_first")
    folder = job(tmp_path / "job", settings)
    result = run(folder)
    assert result.backends["encoder"] == "cliptrase (tiny_clip)"
    assert result.counts["masks"] >= result.counts["masklets"] > 0
    assert len(label_bytes(folder)) == len(FRAMES)


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("stage", ["masklets", "embeddings"])
def test_killed_in_any_stage_it_goes_on_to_the_same_labels(tmp_path, undisturbed, stage):
    folder = job(tmp_path / "job", PAPER)
    worker = WarmWorker([*PYTHON, str(MAIN)])

    def kill(message: Message) -> None:
        if (message.stage, message.state) == (stage, "started"):
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGKILL)

    try:
        with pytest.raises(JobError, match="killed by the system"):
            run(folder, worker, on_event=kill)
        skipped = []
        run(folder, worker, on_event=lambda m: skipped.append((m.stage, m.state)))
    finally:
        worker.close()
    assert (STAGES[STAGES.index(stage) - 1], "skipped") in skipped
    assert label_bytes(folder) == label_bytes(undisturbed)


def test_cancel_is_heard_between_two_images_and_the_run_goes_on_later(
    tmp_path, undisturbed, monkeypatch
):
    monkeypatch.setattr("core.job.process.TERMINATE_AFTER", math.inf)  # not ended by force
    monkeypatch.setattr("core.job.process.KILL_AFTER", math.inf)
    folder = job(tmp_path / "job", PAPER)
    followed: list[tuple[float, float]] = []  # images of so many

    def note(message: Message) -> None:
        if message.type == "progress" and message.stage == "masklets":
            followed.append((message.done, message.total))

    with pytest.raises(CancelledError):
        run(folder, on_event=note, should_cancel=lambda: bool(followed))
    done, total = followed[-1]
    assert done < total and not (folder.masklets / "done.json").exists()
    run(folder)
    assert label_bytes(folder) == label_bytes(undisturbed)


def test_a_warm_worker_gives_the_same_labels_and_loads_models_once(tmp_path, undisturbed):
    worker = WarmWorker([*PYTHON, str(MAIN)])
    try:
        first, second = (job(tmp_path / name, PAPER) for name in "ab")
        run(first, worker)
        words = (Part("head"), Part("left bag"), Part("right bag"))
        run(second, worker)
        assert label_bytes(first) == label_bytes(second) == label_bytes(undisturbed)
        save_spec(second.spec_path, replace(second.load_spec(), parts=words))
        result = run(second, worker)
    finally:
        worker.close()
    assert result.counts["labelled"] > 0 and result.vocabulary[1].name == "left bag"


def test_a_checkpoint_that_is_missing_damaged_or_of_another_model_is_a_sentence(tmp_path):
    folder = job(tmp_path / "job", PAPER)
    path = models_folder() / "tiny_sam.pt"
    content = path.read_bytes()
    try:
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(Parts4DError, match="has changed on disk"):
            run(folder)
    finally:
        path.write_bytes(content)
    from core.checkpoints.store import hash_file, stamp_file

    stamp_file(path, hash_file(path))
    settings = replace(PAPER, tracker_model="tiny_sam2", proposer_model="nowhere")
    with pytest.raises(Parts4DError, match="no checkpoint called 'nowhere'"):
        run(job(tmp_path / "other", settings))
