# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from core.checkpoints.transfer_progress import Progress
from core.installing.watch import Watch


def test_downloads_that_run_side_by_side_are_all_named(tmp_path):
    told: list[Progress] = []
    watch = Watch(tmp_path, 10 * 2**20, told.append, "Installing")
    watch.line("Downloading torch (514.0MiB)")
    watch.line("Downloading triton (86.0MiB)")
    assert told[-1] == Progress("Downloading torch, triton", 0, 600 * 2**20)
    watch.line(" Downloaded triton")
    assert told[-1] == Progress("Downloading torch", 86 * 2**20, 600 * 2**20)
    watch.line(" Downloaded torch")
    assert told[-1] == Progress("Downloaded torch", 0, 10 * 2**20)


def test_folders_are_left_out_of_what_is_told(tmp_path):
    told: list[Progress] = []
    watch = Watch(tmp_path, 10 * 2**20, told.append, "Installing")
    watch.line("Collecting a==1 (from -r /home/somebody/pins.txt (line 2))")
    watch.line("Requirement already satisfied: b")
    assert [p.message for p in told] == ["Collecting a==1 (from -r pins.txt (line 2))"]
