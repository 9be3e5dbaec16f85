# SPDX-License-Identifier: GPL-3.0-or-later
"""Half precision where the processor computes with it, and not where it only pretends to."""

from __future__ import annotations

import torch


def half_precision() -> torch.autocast:
    """A context in which sums take half the time; elsewhere bfloat16 takes ten times as long."""
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    fast = any(getattr(torch.cpu, probe, lambda: False)() for probe in probes)
    return torch.autocast("cpu", torch.bfloat16, enabled=fast)
