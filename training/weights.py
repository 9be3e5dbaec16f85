# SPDX-License-Identifier: GPL-3.0-or-later
"""A trained network read back: from a run's own file, or from the file that is shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper

from core.errors import JobError
from core.job.strict_json import read_dataclass

from .adapting import adapted
from .network import SightNet
from .settings import NetworkSize

HALF = ".half"  # ends the names of weights that the shipped file stores with half precision


def read_weights(path: Path) -> tuple[SightNet, dict[str, Any]]:
    """The network of a `best.pt` or an exported `.onnx`, and its state: "network" and "size".

    A network with another bank is carried over to today's (`adapting`). Raises JobError for
    another file.
    """
    try:
        state = _shipped(path) if path.suffix == ".onnx" else torch.load(path, weights_only=True)
        network = SightNet(read_dataclass(NetworkSize, state["size"]))
        state["network"] = adapted(state["network"], network.state_dict(), state["bank"])
        network.load_state_dict(state["network"])
    except Exception as error:  # torch and onnx raise anything
        raise JobError(f"{path} holds no weights of this network", "Train anew") from error
    return network, state


def _shipped(path: Path) -> dict[str, Any]:
    """What is not in the file, as training only counts it, is left out."""
    model = onnx.load(str(path))
    about = {entry.key: entry.value for entry in model.metadata_props}
    state = {}
    for tensor in model.graph.initializer:
        name = tensor.name.removesuffix(HALF)
        state[name] = torch.tensor(numpy_helper.to_array(tensor).astype("float32"))
    bank = json.loads(about["parts4d_bank"])
    return {"network": state, "size": json.loads(about["parts4d_size"]), "bank": bank}
