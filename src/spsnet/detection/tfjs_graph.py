"""Read a TensorFlow.js graph model (`.json` and the `.bin` beside it) as an OpenVINO model, node by node.

Only the operations of the catalogue's detector are known. A resize keeps its factor instead of its target size: the
same at the size the file was made for, and a convolutional network can then be reshaped to other inputs.
"""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from spsnet.engines import openvino
from spsnet.records import UserError

opset13 = openvino.opset13
Node = dict[str, Any]
Value = Any
"""An OpenVINO output, or a numpy constant."""


def load_tfjs_graph(path: Path, weights_path: Path | None = None) -> Any:
    """Build the OpenVINO model of a TensorFlow.js graph.

    Args:
        path: The `.json` with the topology.
        weights_path: The `.bin`; by default the files the topology names, beside it.

    Returns:
        A model with the graph's own input and output names.

    Raises:
        UserError: If a file is missing, is not a graph model, is too short, or uses an operation that is not known.

    Source:
        TensorFlow.js's public format: `modelTopology.node` in topological order, `weightsManifest` with the tensors one
        after the other, 16-bit or 8-bit ones to be scaled back.
    """
    try:
        graph = json.loads(path.read_text(encoding="utf-8"))
        nodes: list[Node] = graph["modelTopology"]["node"]
        outputs: list[str] = list(graph["signature"]["outputs"])
        manifest = [(group["paths"], group["weights"]) for group in graph["weightsManifest"]]
    except OSError as error:
        raise UserError(f"{path} could not be read ({error.strerror}); `spsnet models pull` fetches it") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is not a TensorFlow.js graph model; `spsnet models verify` checks it") from error
    values: dict[str, list[Value]] = {
        name: [array] for name, array in _read_weights(path, weights_path, manifest).items()
    }
    inputs = []
    for node in nodes:
        if node["op"] == "Const":
            continue
        convert = _OPERATIONS.get(node["op"])
        if convert is None:
            raise UserError(f"{path} uses the operation {node['op']}, which spsnet cannot read; use another detector")
        arguments = [_lookup(values, name) for name in node.get("input", ()) if not name.startswith("^")]
        result = convert(node, arguments)
        values[node["name"]] = list(result.outputs()) if hasattr(result, "outputs") else [result]
        if node["op"] == "Placeholder":
            inputs.append(result)
    results = []
    for name in outputs:
        result = opset13.result(_lookup(values, name))
        result.output(0).get_tensor().set_names({name})
        results.append(result)
    return openvino.Model(results, inputs, path.stem)


def _lookup(values: dict[str, list[Value]], reference: str) -> Value:
    name, _, port = reference.partition(":")
    return values[name][int(port or 0)]


def _read_weights(path: Path, weights_path: Path | None, manifest: list[Any]) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    for paths, entries in manifest:
        files = [weights_path] if weights_path is not None else [path.parent / name for name in paths]
        try:
            raw = b"".join(file.read_bytes() for file in files)
        except OSError as error:
            raise UserError(f"{error.filename} is missing beside {path}; `spsnet models pull` fetches it") from error
        offset = 0
        for entry in entries:
            stored = entry.get("quantization", {})
            dtype = np.dtype(stored.get("dtype", entry["dtype"])).newbyteorder("<")
            count = int(np.prod(entry["shape"], dtype=np.int64))
            if offset + count * dtype.itemsize > len(raw):
                raise UserError(f"{files[-1]} is cut short; `spsnet models pull --force` fetches it again")
            array = np.frombuffer(raw, dtype, count, offset).reshape(entry["shape"])
            offset += count * dtype.itemsize
            if "scale" in stored:
                array = array * np.float32(stored["scale"]) + np.float32(stored.get("min", 0.0))
            arrays[entry["name"]] = array.astype(entry["dtype"])
    return arrays


def _output(value: Value) -> Any:
    return opset13.constant(value).output(0) if isinstance(value, np.ndarray) else value


def _placeholder(node: Node, _: list[Value]) -> Any:
    shape = [int(axis["size"]) for axis in node["attr"]["shape"]["shape"]["dim"]]
    parameter = opset13.parameter(shape, openvino.Type.f32, name=node["name"])
    parameter.output(0).get_tensor().set_names({node["name"]})
    return parameter


def _add(_: Node, arguments: list[Value]) -> Value:
    left, right = arguments
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        return left + right
    return opset13.add(_output(left), _output(right))


def _sparse_to_dense(_: Node, arguments: list[Value]) -> Value:
    indices, shape, updates, default = arguments
    dense = np.full(tuple(shape), default)
    dense[tuple(indices.T)] = updates
    return dense


def _transpose(_: Node, arguments: list[Value]) -> Value:
    return opset13.transpose(_output(arguments[0]), _output(arguments[1]))


def _pad(_: Node, arguments: list[Value]) -> Value:
    data, paddings, *fill = arguments
    value = fill[0] if fill else np.float32(0)
    return opset13.pad(
        data, _output(paddings[:, 0].copy()), _output(paddings[:, 1].copy()), "constant", _output(np.asarray(value))
    )


def _convolve(node: Node, arguments: list[Value]) -> Value:
    data, kernel = arguments
    moved = opset13.convolution(
        opset13.transpose(data, _output(np.array([0, 3, 1, 2]))),
        _output(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))),
        _spatial(node, "strides"),
        [0, 0],
        [0, 0],
        _spatial(node, "dilations"),
        auto_pad=_padding(node),
    )
    return opset13.transpose(moved, _output(np.array([0, 2, 3, 1])))


def _pool_max(node: Node, arguments: list[Value]) -> Value:
    pooled = opset13.max_pool(
        opset13.transpose(arguments[0], _output(np.array([0, 3, 1, 2]))),
        _spatial(node, "strides"),
        [1, 1],
        [0, 0],
        [0, 0],
        _spatial(node, "ksize"),
        auto_pad=_padding(node),
    )
    return opset13.transpose(pooled.output(0), _output(np.array([0, 2, 3, 1])))


def _spatial(node: Node, attribute: str) -> list[int]:
    return [int(value) for value in node["attr"][attribute]["list"]["i"]][1:3]


def _padding(node: Node) -> str:
    return {b"VALID": "valid", b"SAME": "same_upper"}[base64.b64decode(node["attr"]["padding"]["s"])]


def _leak(node: Node, arguments: list[Value]) -> Value:
    return opset13.prelu(arguments[0], _output(np.array([node["attr"]["alpha"]["f"]], np.float32)))


def _concatenate(_: Node, arguments: list[Value]) -> Value:
    return opset13.concat([_output(value) for value in arguments[:-1]], int(arguments[-1]))


def _resize(node: Node, arguments: list[Value]) -> Value:
    data, size = arguments
    have = list(data.get_partial_shape().to_shape())[1:3]
    half_pixel = node["attr"]["half_pixel_centers"]["b"]
    return opset13.interpolate(
        data,
        _output(np.asarray(size, np.float32) / np.asarray(have, np.float32)),
        "linear_onnx",
        "scales",
        coordinate_transformation_mode="half_pixel" if half_pixel else "asymmetric",
        axes=_output(np.array([1, 2])),
    )


def _split(_: Node, arguments: list[Value]) -> Value:
    data, lengths, axis = arguments
    return opset13.variadic_split(data, _output(np.asarray(axis)), _output(lengths))


def _reshape(_: Node, arguments: list[Value]) -> Value:
    data, shape = arguments
    return opset13.reshape(data, _output(shape), special_zero=False)


_OPERATIONS: dict[str, Callable[[Node, list[Value]], Value]] = {
    "Placeholder": _placeholder,
    "Add": _add,
    "AddV2": _add,
    "ConcatV2": _concatenate,
    "Conv2D": _convolve,
    "Identity": lambda _, arguments: arguments[0],
    "LeakyRelu": _leak,
    "MaxPool": _pool_max,
    "Pad": _pad,
    "PadV2": _pad,
    "Reshape": _reshape,
    "ResizeBilinear": _resize,
    "Sigmoid": lambda _, arguments: opset13.sigmoid(arguments[0]),
    "SparseToDense": _sparse_to_dense,
    "SplitV": _split,
    "Transpose": _transpose,
}
