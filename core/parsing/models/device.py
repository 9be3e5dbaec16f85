# SPDX-License-Identifier: GPL-3.0-or-later
"""Where models run, how precisely, and what happens when memory runs out there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

import torch

from ...errors import ErrorKind, InputError, JobError

Result = TypeVar("Result")


@dataclass(frozen=True)
class Device:
    """A torch device and the precision of its matrix products; weights stay float32."""

    name: str  # "cuda" (NVIDIA and ROCm), "mps" or "cpu"
    compute: torch.dtype  # bfloat16, float16 or float32

    @property
    def torch(self) -> torch.device:
        return torch.device(self.name)

    def autocast(self) -> AbstractContextManager[object]:
        """Matrix products inside run in `compute`."""
        if self.compute == torch.float32:
            return nullcontext()
        return torch.autocast(self.name, self.compute)


def choose_device(wanted: str = "auto") -> Device:
    """The device a setting names; "auto" takes the first GPU, else the CPU.

    bfloat16 where the GPU computes in it, else float16 (CUDA before Ampere); float32 on the CPU,
    where half precision saves nothing, and on MPS, whose autocast is incomplete. Raises InputError
    when the machine does not have the device that is asked for.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        wanted = next(name for name, there in available.items() if there)
    if wanted not in available:
        raise InputError(f"There is no device called '{wanted}'", "Use auto, cuda, mps or cpu")
    if not available[wanted]:
        raise InputError(
            f"PyTorch finds no {wanted} device here",
            "Use --device cpu, or check the graphics driver and install the environment again",
        )
    if wanted != "cuda":
        return Device(wanted, torch.float32)
    half = torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else None
    return Device(wanted, half or torch.float16)


class Batches:
    """Runs a function over items in batches, in smaller ones once memory runs out.

    The size that worked is kept for the next call. Raises JobError with the numbers when not even
    one item fits.
    """

    def __init__(self, size: int, what: str, pulse: Callable[[], None] = lambda: None) -> None:
        self.size = size  # items at once
        self._what = what  # for the message, e.g. "masks of SAM 2"
        self._pulse = pulse  # called between batches; raises CancelledError

    def run(self, function: Callable[[slice], Result], count: int) -> list[Result]:
        """`function` of consecutive slices that cover range(count)."""
        results: list[Result] = []
        start = 0
        while start < count:
            self._pulse()
            part = slice(start, min(start + self.size, count))
            try:
                results.append(function(part))
            except (RuntimeError, MemoryError) as error:
                if not _is_out_of_memory(error):
                    raise
                self._shrink(part.stop - part.start, error)
                continue
            start = part.stop
        return results

    def _shrink(self, tried: int, error: BaseException) -> None:
        if tried == 1:
            raise out_of_memory(self._what) from error
        self.size = max(1, tried // 2)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


@contextmanager
def at_once(what: str) -> Iterator[None]:
    """For work that cannot be cut in batches: running out of memory becomes `out_of_memory`."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
        raise out_of_memory(what) from error


def _is_out_of_memory(error: BaseException) -> bool:
    """MPS and the CPU have no error class of their own for it."""
    said = str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        "out of memory" in said or "can't allocate memory" in said
    )


def out_of_memory(what: str) -> JobError:
    """The error to raise when `what` does not fit, with how much memory there is."""
    numbers = ""
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        numbers = f" ({free / 2**30:.1f} of {total / 2**30:.1f} GB are free)"
    return JobError(
        f"There is not enough memory for {what}{numbers}",
        "Close other programs or choose a smaller model or the CPU, then run again to continue",
        ErrorKind.OUT_OF_MEMORY,
    )


def describe(device: Device) -> str:
    """For reports, e.g. "cuda (NVIDIA H200), bfloat16"."""
    name = device.name
    if device.name == "cuda":
        name += f" ({torch.cuda.get_device_name()})"
    return f"{name}, {str(device.compute).removeprefix('torch.')}"
