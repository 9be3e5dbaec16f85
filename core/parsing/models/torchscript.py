# SPDX-License-Identifier: GPL-3.0-or-later
"""The tensors of a TorchScript archive, read without running a line of it.

`torch.jit.load` compiles the code in it and runs its `__setstate__`; OpenAI's CLIP files are such
archives. Here its pickle is read by an unpickler that knows storages, tensors, containers and
nothing else: modules become tables of their attributes, whatever their class. Which of these are
parameters and buffers is looked up in the text of the archive's code, which is never executed.
"""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import torch

_MOST_CODE = 64 * 2**20  # bytes of the pickle, and of the code's text; a CLIP has 2 MB of both
_LISTED = re.compile(r"^  __(?:parameters|buffers)__ = \[(.*)\]$", re.MULTILINE)
_CLASS = re.compile(r"^class (\w+)\(Module\):$", re.MULTILINE)
_STORAGES: Mapping[str, torch.dtype] = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


class Module:
    """Stands for any class of the archive: it keeps what it is given and does nothing."""

    kind = ""  # dotted name of the class it stands for
    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


def is_torchscript(path: Path) -> bool:
    """Whether the file is an archive of TorchScript: those carry constants and code."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(PurePosixPath(name).name == "constants.pkl" for name in archive.namelist())


def read_torchscript(path: Path) -> dict[str, torch.Tensor]:
    """Parameters and buffers by their dotted names, as `state_dict` of the loaded archive has them.

    Raises ValueError, OSError, zipfile.BadZipFile or pickle.UnpicklingError for a file that is
    damaged, or that holds anything but modules, tensors and plain values.
    """
    with zipfile.ZipFile(path) as archive:
        roots = {PurePosixPath(name).parts[0] for name in archive.namelist()}
        if len(roots) != 1:
            raise ValueError("it has several archives in one")
        root = roots.pop()
        tree = _Reader(archive, root).load()
        if not isinstance(tree, Module):
            raise ValueError("it holds no module")
        registered = _read_registered(archive, root)
    state: dict[str, torch.Tensor] = {}
    _collect(tree, "", registered, state)
    return state


class _Reader(pickle.Unpickler):
    """Knows the names that TorchScript's pickler writes; every other one is refused."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(io.BytesIO(_read_bounded(archive, f"{root}/data.pkl")))
        self._archive, self._root = archive, root
        self._storages: dict[str, torch.Tensor] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module == "__torch__" or module.startswith("__torch__."):
            return type("Module", (Module,), {"kind": f"{module}.{name}"})
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        known = _KNOWN.get((module, name))
        if known is None:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return known

    def persistent_load(self, pid: Any) -> torch.Tensor:
        """A storage, as a flat tensor over its bytes."""
        kind, dtype, key, _device, count = pid
        if kind != "storage" or not isinstance(dtype, torch.dtype):
            raise pickle.UnpicklingError("it refers to something that is no storage")
        if key not in self._storages:
            info = self._archive.getinfo(f"{self._root}/data/{PurePosixPath(str(key)).name}")
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != count * dtype.itemsize:
                raise pickle.UnpicklingError(f"the storage {key} has another size than it says")
            content = bytearray(self._archive.read(info))
            empty = torch.empty(0, dtype=dtype)
            self._storages[key] = torch.frombuffer(content, dtype=dtype) if content else empty
        return self._storages[key]


def _tensor(
    storage: torch.Tensor, offset: int, size: Sequence[int], stride: Sequence[int], *_: object
) -> torch.Tensor:
    """`torch._utils._rebuild_tensor_v2`; the bounds are checked by torch."""
    return storage.as_strided(tuple(size), tuple(stride), offset)


def _itself(value: Any, *_: object) -> Any:
    return value


_KNOWN: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _itself,
    ("collections", "OrderedDict"): OrderedDict,
    **{
        ("torch.jit._pickle", name): _itself
        for name in (
            "build_intlist",
            "build_doublelist",
            "build_boollist",
            "build_tensorlist",
            "restore_type_tag",
        )
    },
}


def _read_bounded(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member's content. Raises ValueError when it is missing or beyond all reason."""
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise ValueError(f"it lacks {name}") from error
    if info.file_size > _MOST_CODE:
        raise ValueError(f"{name} is too large")
    return archive.read(info)


def _read_registered(archive: zipfile.ZipFile, root: str) -> dict[str, frozenset[str]]:
    """Dotted name of a class -> its parameters and buffers, from the text of the code."""
    found: dict[str, frozenset[str]] = {}
    for name in archive.namelist():
        path = PurePosixPath(name)
        if path.suffix != ".py" or path.parts[:2] != (root, "code"):
            continue
        module = ".".join(path.with_suffix("").parts[2:])
        pieces = _CLASS.split(_read_bounded(archive, name).decode("utf-8", "replace"))
        for kind, body in zip(pieces[1::2], pieces[2::2], strict=True):
            listed = ",".join(_LISTED.findall(body))
            found[f"{module}.{kind}"] = frozenset(re.findall(r'"([^"]+)"', listed))
    return found


def _collect(
    module: Module,
    prefix: str,
    registered: Mapping[str, frozenset[str]],
    state: dict[str, torch.Tensor],
) -> None:
    """Adds the tensors of a module and of those below it."""
    if not isinstance(module.state, dict):
        raise ValueError(f"{prefix or 'the module'} keeps its state in a form of its own")
    tensors = registered.get(module.kind, frozenset())
    for name, value in module.state.items():
        if isinstance(value, Module):
            _collect(value, f"{prefix}{name}.", registered, state)
        elif isinstance(value, torch.Tensor) and name in tensors:
            state[f"{prefix}{name}"] = value
