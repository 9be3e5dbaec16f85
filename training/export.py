# SPDX-License-Identifier: GPL-3.0-or-later
"""The trained network as the one file that the extension ships."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper

from core.errors import JobError
from core.files.atomic import replacing

from .bank import REGIONS, SURFACES, ZONES
from .network import CHANNELS, SightNet, regions_of
from .weights import HALF, read_weights

OPSET = 17
LARGEST = 25 * 2**20  # bytes of the file
_TOLERANCE = 0.05  # of probabilities, against the network it was made from
_OUTPUTS = ("surface", "region", "boundary", "zone", "joint")


class _Answers(torch.nn.Module):
    """What the file answers: the network's outputs, and regions as the sums of their zones."""

    def __init__(self, network: SightNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        surface, zone, boundary, joint = self.network(image)
        return surface, regions_of(zone), boundary, zone, joint


def export(weights: Path, out: Path, height: float, name: str) -> float:
    """Writes the ONNX file; returns the largest difference of a probability it was checked with.

    `weights` is a `best.pt`. Weights are stored with half precision and computed with single.
    Raises JobError when the file is too large or answers differently from the network.
    """
    network, state = read_weights(weights)
    network.eval()
    image = torch.zeros(1, CHANNELS, 224, 160)
    work = out.with_suffix(".tmp.onnx")
    axes = {0: "batch", 2: "height", 3: "width"}
    answers = _Answers(network).eval()
    torch.onnx.export(
        answers,
        (image,),
        str(work),
        input_names=["image"],
        output_names=list(_OUTPUTS),
        dynamic_axes={"image": axes, **{o: {0: "batch"} for o in _OUTPUTS}},
        opset_version=OPSET,
        dynamo=False,
        # Norms stay apart, so that the file can be trained on; ONNX Runtime folds them in itself.
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
    )
    model = onnx.load(str(work))
    work.unlink()
    for tensor in model.graph.initializer:  # names of the network, which training reads
        _rename(model.graph, tensor.name, tensor.name.removeprefix("network."))
    _store_half(model)
    bank = {"surfaces": SURFACES, "regions": REGIONS, "zones": ZONES, "version": 1}
    about = {
        "parts4d_bank": json.dumps(bank),
        "parts4d_height": str(round(height)),
        "parts4d_name": name,
        "parts4d_license": "GPL-3.0-or-later",
        "parts4d_size": json.dumps(state["size"]),
    }
    onnx.helper.set_model_props(model, about)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    if len(content) > LARGEST:
        raise JobError(f"The model has {len(content) / 2**20:.1f} MB", "Make the network smaller")
    difference = _difference(answers, content)
    if difference > _TOLERANCE:
        raise JobError(f"The exported model answers {difference:.3f} off", "Report this")
    with replacing(out) as stream:
        stream.write(content)
    return difference


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    for tensor in graph.initializer:
        if tensor.name == old:
            tensor.name = new
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name == old:
                node.input[index] = new


def _store_half(model: onnx.ModelProto) -> None:
    """Weights as float16, cast where they are used; onnxruntime does that once, when loading."""
    graph, casts = model.graph, []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < 1024:
            continue
        half = numpy_helper.to_array(tensor).astype(np.float16)
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(half, name + HALF))
        casts.append(
            onnx.helper.make_node("Cast", [name + HALF], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)


def _difference(answers: _Answers, content: bytes) -> float:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    worst = 0.0
    generator = torch.Generator().manual_seed(1)
    for shape in ((1, CHANNELS, 224, 160), (2, CHANNELS, 96, 256)):
        image = torch.randn(shape, generator=generator) * 0.3
        found = session.run(list(_OUTPUTS), {"image": image.numpy()})
        with torch.no_grad():
            expected = answers(image)
        for index in (0, 1, 3):
            a = torch.from_numpy(found[index]).softmax(1)
            worst = max(worst, float((a - expected[index].softmax(1)).abs().max()))
    return worst
