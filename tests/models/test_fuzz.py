# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged model files: tensors or a clear sentence, whatever the bytes are.

That a file is still the one that was fetched is found out before (core/checkpoints/store.py), so
other values of tensors are no fault here. One case again: `-k "[17-safetensors]"`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from random import Random

import pytest
import torch
from safetensors.torch import save_file

from core.parsing.models.weights import read_weights
from tests.unit.fuzz import mutations
from tests.unit.fuzz.attempts import attempt
from tests.unit.fuzz.cases import SEED
from tests.unit.fuzz.mutations import Target, title

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="each case is a fork of this process"),
]

KINDS = ("safetensors", "archive", "pickle", "torchscript")
CASES = 48
_MUTATIONS = (
    *(mutations.flip_bits,) * 4, mutations.change_a_digit, mutations.truncate, mutations.double,
    mutations.empty, mutations.remove, mutations.make_folder, mutations.make_link,
    mutations.forbid,
)  # fmt: skip


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A model of two layers in each kind of file."""
    folder = tmp_path_factory.mktemp("models")
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3)).eval()
    state = model.state_dict()
    paths = {kind: folder / f"{kind}.pt" for kind in KINDS}
    paths["safetensors"] = folder / "model.safetensors"
    save_file(state, paths["safetensors"])
    torch.save(state, paths["archive"])
    torch.save(state, paths["pickle"], _use_new_zipfile_serialization=False)
    torch.jit.script(model).save(str(paths["torchscript"]))
    return paths


@pytest.mark.parametrize(
    ("number", "kind"), [(number, KINDS[number % len(KINDS)]) for number in range(CASES)]
)
def test_a_damaged_model_file_is_read_or_refused(originals, tmp_path, number, kind):
    mutation = _MUTATIONS[number // len(KINDS) % len(_MUTATIONS)]
    path = Path(shutil.copy(originals[kind], tmp_path / originals[kind].name))
    canary = Path(shutil.copy(path, tmp_path / f"canary{path.suffix}"))
    before = canary.read_bytes()
    mutation(Target(path, canary), Random(f"{SEED} {number}"))
    found = attempt(lambda: str(len(read_weights(path))), tmp_path / "log")
    where = f"seed {SEED}, case {number}: {title(mutation)} of a {kind}"
    assert found.kind != "fault", f"{found.said} ({where})\n{(tmp_path / 'log').read_text()}"
    assert canary.read_bytes() == before, where
