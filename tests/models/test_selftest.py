# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

from core.checkpoints.transfer_progress import never
from core.installing.checking import ask_self_test
from core.installing.environments import FULL_MODULES


def test_a_python_with_pytorch_passes_its_self_test_and_names_its_device():
    found = ask_self_test([sys.executable, "-I"], FULL_MODULES, [], never)
    assert found["problem"] == "" and found["device"] in ("cpu", "cuda", "mps")
    assert found["device_name"] and isinstance(found["compute_seconds"], float)


def test_torchvision_of_another_build_is_named(tmp_path: Path):
    """As PyPI's torchvision beside a PyTorch for the CPU only."""
    (tmp_path / "torchvision.py").write_text(
        "import torch\n"
        "@torch.library.register_fake('torchvision::nms')\n"
        "def nms(boxes, scores, threshold): pass\n"
    )
    start = tmp_path / "start.py"
    start.write_text(
        f"import runpy, sys\nsys.path.insert(0, {str(tmp_path)!r})\nsys.argv.pop(0)\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    found = ask_self_test([sys.executable, "-I", str(start)], ["torchvision"], [], never)
    assert found["problem"] == "torch and torchvision are not compatible" and found["remedy"]
