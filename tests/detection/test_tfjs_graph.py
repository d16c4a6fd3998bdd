import base64
import json
from pathlib import Path

import numpy as np
import pytest

from spsnet.detection import load_tfjs_graph
from spsnet.engines import compile_graph
from spsnet.records import UserError


def make_node(name, op, inputs=(), **attributes):
    return {"name": name, "op": op, "input": list(inputs), "attr": attributes}


def write_graph(folder: Path, nodes, tensors, output, quantization=None):
    """A graph model of the public format; tensors are (name, array as stored, quantization)."""
    shape = {"shape": {"dim": [{"size": str(size)} for size in (1, 3, 6, 6)]}}
    weights, raw = [], b""
    for name, array, stored in tensors:
        entry = {"name": name, "shape": list(array.shape), "dtype": "int32" if array.dtype == np.int32 else "float32"}
        weights.append(entry | ({"quantization": stored} if stored else {}))
        raw += array.tobytes()
    graph = {
        "format": "graph-model",
        "signature": {"outputs": {output: {}}},
        "modelTopology": {"node": [make_node("x", "Placeholder", shape=shape), *nodes]},
        "weightsManifest": [{"paths": ["weights.bin"], "weights": weights}],
    }
    (folder / "graph.json").write_text(json.dumps(graph))
    (folder / "weights.bin").write_bytes(raw)
    return folder / "graph.json"


def write_convolution(folder):
    """Pad by one, to NHWC, 3 × 3 convolution of stride 2 with 8-bit weights, bias, leaky ReLU."""
    kernel = np.random.default_rng(0).integers(0, 256, (3, 3, 3, 4), dtype=np.uint8)
    tensors = [
        ("paddings", np.array([[0, 0], [0, 0], [1, 1], [1, 1]], np.int32), None),
        ("order", np.array([0, 2, 3, 1], np.int32), None),
        ("kernel", kernel, {"dtype": "uint8", "scale": 0.01, "min": -1.2}),
        ("bias", np.array([0.5, -0.5, 1, -1], np.float16), {"dtype": "float16", "original_dtype": "float32"}),
    ]
    steps = {"strides": {"list": {"i": ["1", "2", "2", "1"]}}, "dilations": {"list": {"i": ["1"] * 4}}}
    nodes = [
        make_node("padded", "Pad", ["x", "paddings"]),
        make_node("moved", "Transpose", ["padded", "order"]),
        make_node(
            "convolved", "Conv2D", ["moved", "kernel"], padding={"s": base64.b64encode(b"VALID").decode()}, **steps
        ),
        make_node("shifted", "Add", ["convolved", "bias"]),
        make_node("leaked", "LeakyRelu", ["shifted"], alpha={"f": 0.1}),
    ]
    return write_graph(folder, nodes, tensors, "leaked"), kernel * 0.01 - 1.2, np.array([0.5, -0.5, 1, -1])


def test_convolution_agrees_with_loops(tmp_path):
    path, kernel, bias = write_convolution(tmp_path)
    picture = np.random.default_rng(1).normal(size=(1, 3, 6, 6)).astype(np.float32)
    (found,) = compile_graph(load_tfjs_graph(path))(picture)
    padded = np.pad(picture, ((0, 0), (0, 0), (1, 1), (1, 1)))
    expected = np.zeros((1, 3, 3, 4))
    for row in range(3):
        for column in range(3):
            window = padded[0, :, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
            expected[0, row, column] = np.einsum("cij,ijco->o", window, kernel) + bias
    np.testing.assert_allclose(found, np.where(expected > 0, expected, 0.1 * expected), atol=1e-4)


def test_resize_keeps_its_factor_at_another_size(tmp_path):
    tensors = [("order", np.array([0, 2, 3, 1], np.int32), None), ("size", np.array([12, 12], np.int32), None)]
    nodes = [
        make_node("moved", "Transpose", ["x", "order"]),
        make_node("larger", "ResizeBilinear", ["moved", "size"], half_pixel_centers={"b": True}),
    ]
    model = load_tfjs_graph(write_graph(tmp_path, nodes, tensors, "larger"))
    model.reshape({0: [1, 3, 4, 10]})
    (found,) = compile_graph(model)(np.ones((1, 3, 4, 10), np.float32))
    np.testing.assert_allclose(found, np.ones((1, 8, 20, 3)), atol=1e-6)


def test_unknown_operation_is_named(tmp_path):
    path = write_graph(tmp_path, [make_node("y", "FancyOp", ["x"])], [], "y")
    with pytest.raises(UserError, match="uses the operation FancyOp, which spsnet cannot read"):
        load_tfjs_graph(path)


def test_missing_weights_are_named(tmp_path):
    path, *_ = write_convolution(tmp_path)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(UserError, match=r"weights\.bin is missing beside .*graph\.json"):
        load_tfjs_graph(path)


def test_short_weights_are_named(tmp_path):
    path, *_ = write_convolution(tmp_path)
    (tmp_path / "weights.bin").write_bytes(b"\0" * 50)
    with pytest.raises(UserError, match=r"weights\.bin is cut short"):
        load_tfjs_graph(path)


@pytest.mark.parametrize("text", ["", "no json", "[1, 2]", '{"modelTopology": {}}'])
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "graph.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"is not a TensorFlow\.js graph model"):
        load_tfjs_graph(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"graph\.json could not be read"):
        load_tfjs_graph(tmp_path / "graph.json")
