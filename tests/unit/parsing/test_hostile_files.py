# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are as their stage recorded them and yet make no sense: a folder from someone else.

Indices beyond their arrays once ended the process in scipy, and three megabytes unpacked to
three thousand.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import JobError
from core.job import arrays as array_files
from core.job.arrays import ArrayReader, load_arrays, save_arrays
from core.job.folder import STAGES, JobFolder
from core.job.stage_marks import StageStore, stage_keys
from core.worker.stage_runner import run_stages
from tests.unit.parsing.doll_job import write_doll_job

Mutation = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A parsed job. Tests copy it."""
    folder = write_doll_job(tmp_path_factory.mktemp("doll") / "job")
    run(folder)
    return folder.path


def run(folder: JobFolder) -> None:
    run_stages(folder, folder.load_spec(), lambda message: None, lambda: False, "labels")


def too_high(array: np.ndarray) -> np.ndarray:
    changed = array.copy()
    changed.flat[changed.size // 2] = np.iinfo(array.dtype).max
    return changed


def negative(array: np.ndarray) -> np.ndarray:
    changed = array.astype(np.int64)
    changed.flat[0] = -7
    return changed.astype(array.dtype if array.dtype.kind == "i" else np.int32)


def shorter(array: np.ndarray) -> np.ndarray:
    return array[:-1]


def as_float(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64)


def scalar(array: np.ndarray) -> np.ndarray:
    return np.zeros((), array.dtype)


CASES: list[tuple[str, str, tuple[Mutation, ...]]] = [
    ("capture/frame_0001.npz", "element_00", (too_high, negative, shorter, as_float, scalar)),
    ("capture/frame_0001.npz", "color_00", (shorter, as_float, scalar)),
    ("capture/frame_0001.npz", "box_00", (too_high, negative, shorter, as_float)),
    *(
        ("capture/facts.npz", name, (too_high, negative, shorter, as_float, scalar))
        for name in ("object", "material", "bone", "loose_part", "uv_island")
    ),
    ("capture/facts.npz", "neighbours", (too_high, negative, as_float, scalar)),
    ("capture/facts.npz", "area", (shorter, scalar)),
    ("capture/facts.npz", "centroid", (shorter, scalar)),
    ("proposals/key_0000.npz", "image", (too_high, negative, shorter, scalar)),
    ("proposals/key_0000.npz", "atom", (too_high, negative, shorter, as_float, scalar)),
    ("proposals/key_0000.npz", "member", (shorter, as_float, scalar)),
    *(
        (f"{stage}/surface.npz", name, (too_high, negative, shorter, as_float))
        for stage in ("masklets", "validation")
        for name in ("element", "length", "masklet")
    ),
    ("validation/surface.npz", "element_count", (negative,)),
    *(
        ("embeddings/masks_0001.npz", f"{matrix}_{name}", (too_high, shorter, scalar))
        for matrix in ("pixels", "member")
        for name in ("indices", "indptr", "shape")
    ),
    ("embeddings/masks_0001.npz", "pixels_data", (shorter, scalar)),
    ("embeddings/masks_0001.npz", "masklet", (shorter, as_float)),
    ("embeddings/embedding_0001.npz", "embedding", (shorter, as_float, scalar)),
    ("embeddings/nearest.npz", "1", (too_high, negative, shorter, as_float)),
]


@pytest.mark.parametrize(
    ("name", "array", "mutate"),
    [
        pytest.param(name, array, mutate, id=f"{name}-{array}-{mutate.__name__}")
        for name, array, mutations in CASES
        for mutate in mutations
    ],
)
def test_arrays_that_make_no_sense_are_refused_in_a_sentence(
    finished: Path, tmp_path: Path, name: str, array: str, mutate: Mutation
) -> None:
    folder = JobFolder(shutil.copytree(finished, tmp_path / "job"))
    path = folder.path / name
    content = load_arrays(path)
    content[array] = mutate(content[array])
    save_arrays(path, content)
    with pytest.raises(JobError, match=r"damaged\. Run the job again"):
        run_after(folder, path.parent.name)
    assert not (path.parent / "done.json").exists(), "the next run makes it anew"


def run_after(folder: JobFolder, stage: str) -> None:
    """All stages after `stage`, whose files are taken as it left them."""
    spec = folder.load_spec()
    keys = stage_keys(spec, folder.snapshot_hash(spec))
    StageStore(folder).mark_done(stage, keys[stage])
    for later in STAGES[STAGES.index(stage) + 1 :]:
        (folder.stage(later) / "done.json").unlink()
    run(folder)


def test_a_few_bytes_that_unpack_to_a_lot_are_refused_before_memory_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_files, "LARGEST", 2**16)
    monkeypatch.setattr(array_files, "MOST_PACKED", 20)
    path = tmp_path / "bomb.npz"
    save_arrays(path, {"image": np.zeros(2**17, np.uint8)})
    assert path.stat().st_size < 2**11
    with pytest.raises(JobError, match="damaged"):
        load_arrays(path)


def test_a_head_that_promises_more_than_there_is_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_arrays(path, {"image": np.zeros(16, np.uint8)})
    with zipfile.ZipFile(path) as archive:
        content = archive.read("image.npy").replace(b"(16,)", b"(99,)")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("image.npy", content)
    with pytest.raises(JobError, match="damaged"):
        load_arrays(path)


def test_no_object_is_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "objects.npz"
    np.savez(path, image=np.array([{"a": 1}], dtype=object))
    with pytest.raises(JobError, match="damaged"), ArrayReader(path) as reader:
        reader["image"]
