"""The torch network as an ONNX graph that runs without torch."""

import copy
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from spsnet.network.spsnet import NetworkOutput, SpsNet

_INPUTS = ("features", "mask")
_OUTPUTS = ("rotations", "shape", "camera")
_SMALLEST_HALVED = 1024
"""Constants with fewer elements are not worth a cast."""


def export_onnx(network: SpsNet, path: Path) -> None:
    """Write the graph (features (batch, time, width) float32, mask (batch, time) bool) → rotations, shape, camera.

    Batch and time are free. Dropout is off. A regressor without activation is folded into one matrix. Constants that
    half precision holds exactly are stored in it and cast back when the graph is loaded, so that a network rounded to
    half precision takes half the room and loses nothing.
    """
    graph_network = copy.deepcopy(network).cpu().float().eval()
    if graph_network.regressors.is_affine:
        graph_network.regressors = graph_network.regressors.fold()  # type: ignore[assignment]
    window = network.config.window
    example = (torch.zeros(2, window, network.config.feature_width), torch.ones(2, window, dtype=torch.bool))
    axes = {name: {0: "batch", 1: "time"} for name in (*_INPUTS, "rotations", "camera")} | {"shape": {0: "batch"}}
    with warnings.catch_warnings():
        # The newer exporter needs onnxscript, which nothing else here does; this one writes the same graph and warns of
        # its age, and of every look at a traced shape, such as the tests' shape checks.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _RuntimeOutputs(graph_network),
            example,
            str(path),
            dynamo=False,
            input_names=list(_INPUTS),
            output_names=list(_OUTPUTS),
            dynamic_axes=axes,
            opset_version=17,
        )
    model = onnx.load(str(path))
    _halve_exact_constants(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


class _RuntimeOutputs(torch.nn.Module):
    """The network, giving only what is needed at run time."""

    def __init__(self, network: SpsNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Rotations, shape, camera."""
        output: NetworkOutput = self.network(features, mask)
        return output.rotations, output.shape, output.camera


def _halve_exact_constants(model: onnx.ModelProto) -> None:
    casts = []
    for constant in model.graph.initializer:
        if constant.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(constant)
        halved = np.clip(values, -65504, 65504).astype(np.float16)
        if values.size < _SMALLEST_HALVED or not np.array_equal(halved.astype(np.float32), values):
            continue
        name = constant.name
        constant.CopyFrom(numpy_helper.from_array(halved, f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
