import json
import subprocess
import sys

import pytest

from spsnet.network import FeatureConfig, ModelConfig, NetworkConfig
from spsnet.records import UserError


def make():
    network = NetworkConfig(feature_width=102, stem_width=256)
    return ModelConfig(network=network, features=FeatureConfig(), encoder="blazepose-heavy", body="open", version="1")


def test_json_round_trip():
    config = make()
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_widths():
    assert [FeatureConfig(kind=kind).width for kind in ("landmarks", "vector", "both")] == [102, 1152, 1254]
    assert NetworkConfig(feature_width=2048).width == 2048
    assert NetworkConfig(feature_width=102, stem_width=256).width == 256


@pytest.mark.parametrize(
    "wrong",
    [
        {"feature_width": 0},
        {"stem_width": 0},
        {"hidden": 1.5},
        {"iterations": 0},
        {"window": True},
        {"attention_scale": "d"},
        {"regressor_activation": "tanh"},
        {"regressor_dropout": 1.0},
        {"minimum_scale": 0.0},
    ],
)
def test_wrong_network_values_are_refused(wrong):
    with pytest.raises((ValueError, TypeError), match=next(iter(wrong))):
        NetworkConfig(**({"feature_width": 4} | wrong))


@pytest.mark.parametrize("wrong", [{"kind": "pixels"}, {"landmarks": 0}, {"vector_scale": 0.0}])
def test_wrong_feature_values_are_refused(wrong):
    with pytest.raises((ValueError, TypeError), match=next(iter(wrong))):
        FeatureConfig(**wrong)


def test_network_must_fit_its_features():
    with pytest.raises(ValueError, match="feature_width should be 102 for 'landmarks' features, got 7"):
        ModelConfig(network=NetworkConfig(feature_width=7), features=FeatureConfig(), encoder="e", body="b")


def test_unknown_and_missing_names_are_refused():
    values = make().to_dict()
    with pytest.raises(ValueError, match="colour"):
        ModelConfig.from_dict(values | {"network": values["network"] | {"colour": 1}})
    with pytest.raises(ValueError, match="network"):
        ModelConfig.from_dict({"features": values["features"]})
    del values["network"]["iterations"]
    assert ModelConfig.from_dict(values) == make()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"network": 3, "features": {}}', "\ufeff{"])
def test_damaged_file_is_named(tmp_path, text):
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"config\.json is not the configuration of an spsnet model"):
        ModelConfig.load(tmp_path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"config\.json cannot be read"):
        ModelConfig.load(tmp_path)


def test_torch_stays_out_of_the_run_time():
    code = "import sys, spsnet.network.config, spsnet.network.exported; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
