# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from core.job.crash import crash, likely_cause

LOG = Path("worker.log")


@pytest.mark.parametrize(
    ("said", "message", "remedy"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried", "graphics memory ran out", "CPU"),
        ("RuntimeError: CUDA error: unspecified launch failure", "driver failed", "Restart"),
        ("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR", "driver failed", "driver"),
        ("The NVIDIA driver on your system is too old", "older than PyTorch", "Update"),
        ("no kernel image is available for execution", "card is older", "CPU"),
        ("RuntimeError: operator torchvision::nms does not exist", "do not fit", "Install"),
        ("ModuleNotFoundError: No module named 'sam2'", "not complete", "Install"),
        ("DefaultCPUAllocator: can't allocate memory: you tried", "not enough memory", "model"),
    ],
)
def test_last_words_become_a_sentence_with_a_remedy(said, message, remedy):
    cause = likely_cause(f"Traceback ...\n{said}")
    assert cause is not None
    assert message in cause.message and remedy in cause.remedy
    assert message in str(crash("worker", 1, LOG, [said]))


@pytest.mark.parametrize(
    "said",
    [
        "ModuleNotFoundError: No module named 'core.parsing.lost'",
        "ImportError: cannot import name 'lost' from 'core.parsing' (core/parsing/__init__.py)",
    ],
)
def test_a_module_of_our_own_that_is_missing_is_no_fault_of_the_environment(said):
    assert likely_cause(said) is None


def test_a_killed_program_ran_out_of_memory_most_likely_whatever_it_said():
    assert "memory ran out" in str(crash("worker", -9, LOG, ["CUDA error: x"]))


@pytest.mark.parametrize("status", [-11, 139, 0xC0000005, -15, 77])
def test_other_ends_name_the_status_and_the_log(status):
    error = str(crash("worker", status, LOG, ["nothing known"]))
    assert "worker" in error and "worker.log" in error
    assert likely_cause("nothing known") is None
