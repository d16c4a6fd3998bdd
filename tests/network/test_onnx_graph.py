import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from spsnet.engines import compile_graph, load_graph
from spsnet.network.config import NetworkConfig
from spsnet.network.onnx_graph import export_onnx
from spsnet.network.spsnet import SpsNet


def make(**options):
    torch.manual_seed(0)
    network = SpsNet(NetworkConfig(**({"feature_width": 10, "stem_width": 32, "hidden": 64} | options)))
    for head in (network.regressors.pose, network.regressors.shape, network.regressors.camera):
        torch.nn.init.normal_(head.weight, std=0.2)
    return network


def run_torch(network, features, mask):
    with torch.no_grad():
        out = network.eval()(torch.from_numpy(features), torch.from_numpy(mask))
    return [out.rotations.numpy(), out.shape.numpy(), out.camera.numpy()]


@pytest.mark.parametrize("activation", ["none", "leaky_relu"])
@pytest.mark.parametrize(("attention", "forecasting"), [(True, True), (True, False), (False, True), (False, False)])
def test_graph_and_network_agree_on_both_engines(tmp_path, activation, attention, forecasting):
    network = make(regressor_activation=activation, use_attention=attention, use_forecasting=forecasting)
    path = tmp_path / "head.onnx"
    export_onnx(network, path)
    openvino = compile_graph(load_graph(path))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(0)
    for batch, frames, valid in ((1, 1, 1), (3, 7, 4), (2, 32, 31), (2, 32, 32), (1, 50, 33)):
        features = random.normal(size=(batch, frames, 10)).astype(np.float32)
        mask = np.broadcast_to(np.arange(frames) < valid, (batch, frames)).copy()
        expected = run_torch(network, features, mask)
        for got in (openvino(features, mask), session.run(None, {"features": features, "mask": mask})):
            for index, (g, e) in enumerate(zip(got, expected, strict=True)):
                assert g.shape == e.shape
                keep = slice(None) if index == 1 else mask
                np.testing.assert_allclose(g[keep], e[keep], atol=1e-4)


def test_padding_may_hold_anything_in_the_graph_too(tmp_path):
    network = make()
    path = tmp_path / "head.onnx"
    export_onnx(network, path)
    graph = compile_graph(load_graph(path))
    features = np.random.default_rng(0).normal(size=(1, 6, 10)).astype(np.float32)
    mask = np.arange(6)[None] < 4
    plain = graph(features[:, :4], mask[:, :4])
    features[:, 4:] = np.nan
    rotations, shape, camera = graph(features, mask)
    for got, expected in zip((rotations[:, :4], shape, camera[:, :4]), plain, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-5)


def test_a_rounded_network_takes_half_the_room_and_a_folded_one_less(tmp_path):
    network = make(stem_width=128, hidden=256, regressor_activation="leaky_relu")
    export_onnx(network, tmp_path / "full.onnx")
    rounded = network.half().float()
    export_onnx(rounded, tmp_path / "half.onnx")
    full, half = ((tmp_path / name).stat().st_size for name in ("full.onnx", "half.onnx"))
    assert half < 0.55 * full
    folded = make(stem_width=128, hidden=256)
    export_onnx(folded, tmp_path / "folded.onnx")
    constants = onnx.load(tmp_path / "folded.onnx").graph.initializer
    assert not [c.name for c in constants if 256 in c.dims]  # nothing of the trunk is left


def test_export_leaves_the_network_as_it_was(tmp_path):
    network = make().train().double()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    export_onnx(network, tmp_path / "head.onnx")
    assert network.training
    assert network.regressors.is_affine
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
