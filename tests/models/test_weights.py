# SPDX-License-Identifier: GPL-3.0-or-later
"""Model files are read for their tensors; nothing in them is ever executed."""

from __future__ import annotations

import os
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from core.checkpoints.store import MissingCheckpoint
from core.parsing.models.weights import read_weights

CANARY = "canary: alive"


class Block(torch.nn.Module):
    """Parameters, buffers, a shared tensor, views, several types, and what is no state."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(3, 2)
        self.norm = torch.nn.BatchNorm1d(2)
        self.halves = torch.nn.Parameter(torch.rand(2, 2).half())
        self.register_buffer("transposed", torch.arange(6.0).reshape(2, 3).T)
        self.register_buffer("tail", torch.arange(10)[4:])
        self.register_buffer("flags", torch.tensor([True, False]))
        self.register_buffer("empty", torch.empty(0))
        self.plain = torch.rand(4)  # neither a parameter nor a buffer
        self.sizes = [1, 2, 3]
        self.name = "block"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.linear(x)) + self.plain.sum() + len(self.sizes) + len(self.name)


class Whole(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = torch.nn.Sequential(Block(), torch.nn.ReLU(), torch.nn.Linear(2, 2))
        self.again = self.blocks[0].linear
        self.scale = torch.nn.Parameter(torch.tensor(4.6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.again(self.blocks(x).repeat(1, 2)[:, :3]) * self.scale


class Writes(torch.nn.Module):
    """Writes a file as soon as `torch.jit.load` reads it back."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.weight = torch.nn.Parameter(torch.rand(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight

    @torch.jit.export
    def __getstate__(self) -> tuple[str, torch.Tensor, bool]:
        return self.path, self.weight, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[str, torch.Tensor, bool]) -> None:
        self.path = state[0]
        self.weight = state[1]
        self.training = state[2]
        torch.save(self.weight, self.path)


class Overwrites:
    """Pickled, it asks its reader to overwrite a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.truncate, (str(self.path), 0)


def scripted(path: Path, module: torch.nn.Module) -> Path:
    torch.jit.save(torch.jit.script(module), str(path))
    return path


def repacked(source: Path, target: Path, member: str, content: bytes) -> Path:
    """A copy of an archive with another content in one member."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            is_it = info.filename.endswith(f"/{member}")
            new.writestr(info.filename, content if is_it else old.read(info))
    return target


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    path = tmp_path / "canary"
    path.write_text(CANARY, "utf-8")
    return path


@pytest.mark.parametrize("eager", [True, False], ids=["scripted", "traced"])
def test_a_torchscript_archive_gives_the_state_that_loading_it_would(
    tmp_path: Path, eager: bool
) -> None:
    whole = Whole().eval()
    made = torch.jit.script(whole) if eager else torch.jit.trace(whole, torch.rand(2, 3))
    torch.jit.save(made, str(tmp_path / "own.pt"))
    expected = torch.jit.load(str(tmp_path / "own.pt")).state_dict()
    state = read_weights(tmp_path / "own.pt")
    assert set(state) == set(expected) and len(expected) > 15
    for name, value in expected.items():
        assert state[name].dtype == value.dtype and torch.equal(state[name], value), name


def test_the_archive_of_this_test_does_write_when_torch_loads_it(
    tmp_path: Path, canary: Path
) -> None:
    torch.jit.load(str(scripted(tmp_path / "own.pt", Writes(str(canary)))))
    assert canary.read_bytes() != CANARY.encode()


def files_that_would_execute(folder: Path, canary: Path) -> dict[str, Path]:
    """Every kind of container, each made to overwrite the canary when it is trusted."""
    attack = Overwrites(canary)
    made = {"torchscript": scripted(folder / "script.pt", Writes(str(canary)))}
    plain = scripted(folder / "plain.pt", torch.nn.Linear(2, 2))
    pickled = pickle.dumps(attack)
    made["torchscript's pickle"] = repacked(plain, folder / "data.pt", "data.pkl", pickled)
    made["torchscript's constants"] = repacked(
        scripted(folder / "attack.pt", Writes(str(canary))),
        folder / "constants.pt",
        "constants.pkl",
        pickled,
    )
    torch.save({"weight": torch.rand(2), "more": attack}, folder / "zip.pt")
    torch.save(
        {"weight": torch.rand(2), "more": attack},
        folder / "legacy.pth",
        _use_new_zipfile_serialization=False,
    )
    (folder / "pickle.bin").write_bytes(pickled)
    for name in ("zip.pt", "legacy.pth", "pickle.bin"):
        made[name] = folder / name
    for name, path in list(made.items()):
        renamed = folder / f"{path.stem}-renamed.safetensors"
        shutil.copyfile(path, renamed)
        made[f"{name}, called .safetensors"] = renamed
    assert canary.read_text("utf-8") == CANARY
    return made


def test_no_kind_of_file_executes_anything(tmp_path: Path, canary: Path) -> None:
    for name, path in files_that_would_execute(tmp_path, canary).items():
        with pytest.raises(MissingCheckpoint, match="cannot be read"):
            read_weights(path)
        assert canary.read_text("utf-8") == CANARY, name


@pytest.mark.parametrize("member", ["data.pkl", "data/0"])
@pytest.mark.parametrize("content", [b"", b"\x80\x02", b"neither pickle nor tensor"])
def test_a_damaged_archive_is_refused_in_a_sentence(
    tmp_path: Path, member: str, content: bytes
) -> None:
    whole = scripted(tmp_path / "whole.pt", torch.nn.Linear(2, 2))
    with pytest.raises(MissingCheckpoint, match="fetch or import it again"):
        read_weights(repacked(whole, tmp_path / "own.pt", member, content))


def test_a_storage_that_claims_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    whole = scripted(tmp_path / "whole.pt", torch.nn.Linear(2, 2))
    with zipfile.ZipFile(whole) as archive:
        name = next(n for n in archive.namelist() if n.endswith("/data.pkl"))
        pickled = archive.read(name)
    size, more = b"(K\x02K\x02t", b"(K\x02K\xfat"  # a tensor of 2 x 2, and of 2 x 250
    assert size in pickled
    attack = repacked(whole, tmp_path / "own.pt", "data.pkl", pickled.replace(size, more))
    with pytest.raises(MissingCheckpoint):
        read_weights(attack)
