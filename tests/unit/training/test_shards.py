# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.errors import JobError
from core.job.arrays import load_arrays, save_arrays
from training.bank import NO_LABEL, SURFACES
from training.shards import MAPS, is_whole, load_shard, save_shard

from .views import drawn_shard


def test_a_shard_is_read_as_it_was_written(tmp_path: Path) -> None:
    path, written = tmp_path / "one.npz", drawn_shard()
    save_shard(path, written)
    read = load_shard(path)
    assert [view.near for view in read.views] == [False, True]
    assert (read.name, read.person, len(read.views)) == ("one", "somebody", 2)
    for name in (*MAPS, "bones"):
        np.testing.assert_array_equal(getattr(read.views[1], name), getattr(written.views[1], name))
    assert read.views[1].center == written.views[1].center
    assert read.views[-1].near and [v.near for v in read.views[:1]] == [False]


def test_views_follow_the_rules_of_sequences(tmp_path: Path) -> None:
    save_shard(tmp_path / "one.npz", drawn_shard())
    with pytest.raises(IndexError):
        load_shard(tmp_path / "one.npz").views[2]


def test_a_shard_of_an_earlier_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    save_arrays(path, {"about": np.frombuffer(b'{"regions": []}', np.uint8)})
    with pytest.raises(JobError, match="earlier version"):
        load_shard(path)


def test_labels_follow_the_names_when_the_bank_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    save_shard(path, drawn_shard())
    arrays = load_arrays(path)
    about = json.loads(arrays["about"].tobytes())
    about["surfaces"] = [*reversed(SURFACES[1:]), "a surface of long ago"]
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    arrays["surface_000"] = np.array([[0, len(SURFACES) - 1, NO_LABEL]], np.uint8)
    save_arrays(path, arrays)
    surface = load_shard(path).views[0].surface
    assert surface.tolist() == [[len(SURFACES) - 1, NO_LABEL, NO_LABEL]]


def test_a_shard_that_was_cut_off_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    save_shard(path, drawn_shard())
    assert is_whole(path)
    path.write_bytes(path.read_bytes()[:-40])
    assert not is_whole(path)
    with pytest.raises(JobError):
        load_shard(path)
