# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ErrorKind
from core.job.crash import crash, likely_cause

LOG = Path("worker.log")


@pytest.mark.parametrize(
    ("said", "message", "remedy", "kind"),
    [
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried",
            "graphics memory ran out",
            "CPU",
            "OUT_OF_MEMORY",
        ),
        (
            "RuntimeError: CUDA error: unspecified launch failure",
            "driver failed",
            "Restart",
            "GRAPHICS",
        ),
        ("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR", "driver failed", "driver", "GRAPHICS"),
        ("The NVIDIA driver on your system is too old", "older than PyTorch", "Update", "GRAPHICS"),
        ("no kernel image is available for execution", "card is older", "CPU", "GRAPHICS"),
        (
            "RuntimeError: operator torchvision::nms does not exist",
            "do not fit",
            "Install",
            "ENVIRONMENT",
        ),
        ("ModuleNotFoundError: No module named 'sam2'", "not complete", "Install", "ENVIRONMENT"),
        (
            "DefaultCPUAllocator: can't allocate memory: you tried",
            "not enough memory",
            "model",
            "OUT_OF_MEMORY",
        ),
    ],
)
def test_last_words_become_a_sentence_with_a_remedy_and_a_kind(said, message, remedy, kind):
    cause = likely_cause(f"Traceback ...\n{said}")
    assert cause is not None
    assert message in cause.message and remedy in cause.remedy
    error = crash("worker", 1, LOG, [said])
    assert message in str(error)
    assert error.kind is cause.kind is ErrorKind[kind] and error.failure.log == str(LOG)


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
    error = crash("worker", -9, LOG, ["CUDA error: x"])
    assert "memory ran out" in str(error) and error.kind is ErrorKind.OUT_OF_MEMORY


@pytest.mark.parametrize("status", [-11, 139, 0xC0000005, -15, 77])
def test_other_ends_name_the_status_and_the_log(status):
    error = crash("worker", status, LOG, ["nothing known"])
    assert error.kind is ErrorKind.CRASHED
    assert "worker" in str(error) and "worker.log" in str(error)
    assert likely_cause("nothing known") is None
