# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are as their stage recorded them and yet make no sense: a folder from someone else.

Indices beyond their arrays once ended the process in scipy, and three megabytes unpacked to
three thousand.
"""

from __future__ import annotations

import io
import json
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
from core.parsing.sight.sightings import Sightings, load_sightings, save_sightings
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
        (f"{stage}/surface.npz", "masklet_count", (too_high,))
        for stage in ("masklets", "validation")
    ),
    ("embeddings/masks_0001.npz", "masklet", (too_high, negative)),
    ("embeddings/text.npz", "element_row", (too_high, negative, as_float, scalar)),
    ("embeddings/text.npz", "evidence_index", (too_high, negative, as_float, scalar)),
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


@pytest.mark.parametrize(
    ("limit", "value", "arrays"),
    [
        ("LARGEST", 2**16, {"image": np.zeros(2**17, np.uint8)}),
        ("LARGEST_TOGETHER", 2**18, {f"i{i}": np.zeros(2**14, np.uint8) for i in range(32)}),
    ],
    ids=["one array", "many small arrays"],
)
def test_a_few_bytes_that_unpack_to_a_lot_are_refused_before_memory_is_asked_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    value: int,
    arrays: dict[str, np.ndarray],
) -> None:
    monkeypatch.setattr(array_files, limit, value)
    monkeypatch.setattr(array_files, "MOST_PACKED", 20)
    path = tmp_path / "bomb.npz"
    save_arrays(path, arrays)
    assert path.stat().st_size < (2**11 if len(arrays) == 1 else 2**14)
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


@pytest.mark.parametrize("name", ["frames", "views"])
def test_a_capture_of_nothing_is_refused_in_a_sentence(
    finished: Path, tmp_path: Path, name: str
) -> None:
    folder = JobFolder(shutil.copytree(finished, tmp_path / "job"))
    path = folder.capture / "capture.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {name: []}))
    with pytest.raises(JobError, match=r"capture\.json is missing or damaged"):
        run_after(folder, "capture")


def test_faces_that_are_nowhere_do_not_end_a_run(finished: Path, tmp_path: Path) -> None:
    folder = JobFolder(shutil.copytree(finished, tmp_path / "job"))
    path = folder.capture / "facts.npz"
    content = load_arrays(path)
    content["centroid"][:] = np.nan
    save_arrays(path, content)
    run_after(folder, "capture")
    assert folder.result.is_file()


def array_file(path: Path, shape: tuple[int, ...], descr: str, packing: int, body: bytes) -> None:
    """A .npz with one array whose head says what it is told to."""
    stream = io.BytesIO()
    head = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, head)
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("image.npy", stream.getvalue() + body)


@pytest.mark.parametrize(
    ("shape", "descr"),
    [
        pytest.param((0, 2**70), "|u1", id="more than a number holds"),
        pytest.param((2**40,), "|S0", id="many of no size"),
    ],
)
def test_heads_that_are_true_and_senseless_are_refused(
    tmp_path: Path, shape: tuple[int, ...], descr: str
) -> None:
    array_file(tmp_path / "a.npz", shape, descr, zipfile.ZIP_STORED, b"")
    with pytest.raises(JobError, match="damaged"):
        load_arrays(tmp_path / "a.npz")


def test_what_is_packed_in_another_way_is_refused_unopened(tmp_path: Path) -> None:
    """Its damage comes in exceptions of its own, and a few bytes may ask for gigabytes."""
    array_file(tmp_path / "a.npz", (4096,), "|u1", zipfile.ZIP_LZMA, bytes(4096))
    with pytest.raises(JobError, match="damaged"):
        load_arrays(tmp_path / "a.npz")


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_arrays(path, {"image": np.zeros(4, np.uint8)})
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("image.npy", archive.read("image.npy"))
    with pytest.raises(JobError, match="damaged"):
        load_arrays(path)


@pytest.mark.parametrize("name", ["surfaces", "regions"])
def test_names_that_are_no_list_are_refused(tmp_path: Path, name: str) -> None:
    halves, numbers = np.zeros((3, 1), np.float16), np.zeros(3, np.int32)
    seen = Sightings(
        halves, halves, halves[:, 0], numbers, np.zeros((3, 3), np.uint8), ("skin",), ("none",)
    )
    save_sightings(tmp_path, seen)
    assert load_sightings(tmp_path, None).surfaces == ("skin",)
    path = tmp_path / "elements.npz"
    save_arrays(path, load_arrays(path) | {name: np.array("skin")})
    with pytest.raises(JobError, match="damaged"):
        load_sightings(tmp_path, None)
