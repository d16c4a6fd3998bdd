import numpy as np
import pytest
import torch

from spsnet.network import FeatureConfig, ModelConfig, NetworkConfig, SpsHead
from spsnet.network.spsnet import SpsNet
from spsnet.network.weights import load_model, save_model
from spsnet.records import UserError


def make(**options):
    torch.manual_seed(0)
    features = FeatureConfig(landmarks=4)
    network = SpsNet(NetworkConfig(**({"feature_width": features.width, "stem_width": 32, "hidden": 64} | options)))
    torch.nn.init.normal_(network.regressors.pose.weight, std=0.1)
    return network, ModelConfig(network=network.config, features=features, encoder="blazepose-heavy", body="open")


@pytest.mark.parametrize("activation", ["none", "leaky_relu"])
def test_both_files_of_a_folder_are_the_same_model(tmp_path, activation):
    network, config = make(regressor_activation=activation)
    save_model(tmp_path / "new" / "model", network, config, card="# A model\n")
    folder = tmp_path / "new" / "model"
    assert sorted(p.name for p in folder.iterdir()) == ["card.md", "config.json", "head.onnx", "model.safetensors"]
    assert (folder / "card.md").read_text(encoding="utf-8") == "# A model\n"
    loaded, loaded_config = load_model(folder)
    assert loaded_config == config
    assert not loaded.training
    features = np.random.default_rng(0).normal(size=(9, 15)).astype(np.float32)
    with torch.no_grad():
        out = loaded(torch.from_numpy(features[None]), torch.ones(1, 9, dtype=torch.bool))
        original = network.eval()(torch.from_numpy(features[None]), torch.ones(1, 9, dtype=torch.bool))
    prediction = SpsHead.load(folder).predict(features)
    np.testing.assert_allclose(prediction.rotations, out.rotations[0], atol=1e-4)
    np.testing.assert_allclose(prediction.shape, out.shape[0], atol=1e-4)
    np.testing.assert_allclose(prediction.camera, out.camera[0], atol=1e-4)
    np.testing.assert_allclose(prediction.rotations, original.rotations[0], atol=2e-2)  # half precision


def test_saving_again_replaces_and_leaves_the_network_alone(tmp_path):
    network, config = make()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    save_model(tmp_path, network, config, card="1")
    save_model(tmp_path, network, config, card="2")
    assert (tmp_path / "card.md").read_text(encoding="utf-8") == "2"
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_another_networks_configuration_is_refused(tmp_path):
    network, _ = make()
    _, other = make(hidden=32)
    with pytest.raises(ValueError, match="the network's own"):
        save_model(tmp_path, network, other, card="")


def test_damaged_missing_and_foreign_weights_are_named(tmp_path):
    network, config = make()
    save_model(tmp_path, network, config, card="")
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"model\.safetensors cannot be read"):
        load_model(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"model\.safetensors cannot be read"):
        load_model(tmp_path)
    other, other_config = make(hidden=32)
    save_model(tmp_path, other, other_config, card="")
    (tmp_path / "model.safetensors").write_bytes(whole)
    with pytest.raises(UserError, match=r"model\.safetensors does not fit .*config\.json"):
        load_model(tmp_path)


def test_missing_and_damaged_graph_is_named(tmp_path):
    network, config = make()
    save_model(tmp_path, network, config, card="")
    (tmp_path / "head.onnx").write_bytes(b"not a graph")
    with pytest.raises(UserError, match=r"head\.onnx"):
        SpsHead.load(tmp_path)
    (tmp_path / "head.onnx").unlink()
    with pytest.raises(UserError, match=r"head\.onnx"):
        SpsHead.load(tmp_path)
