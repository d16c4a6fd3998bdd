import math
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from reference.made_windows import make_windows
from reference.tiny_recipe import FEATURES, TINY
from spsnet.datasets.sights import build_sight_features
from spsnet.network.attention import SelfAttention
from spsnet.network.discriminator import Discriminator
from spsnet.network.spsnet import SpsNet
from spsnet.synthesis.batches import make_batch
from spsnet.training.diagnosis import Diagnosis, diagnose, format_diagnosis, measure_attention
from spsnet.training.judging import Motion


def make_attention(gain: float) -> SelfAttention:
    """Queries and keys that are the features themselves, times a gain (features should be positive)."""
    attention = SelfAttention(3)
    for layers, factor in ((attention.query, gain), (attention.key, 1.0)):
        for layer, by in ((layers[0], factor), (layers[2], 1.0)):
            torch.nn.init.eye_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
            layer.weight.data *= by
    return attention


def make_network(seed: int = 0, **changes: bool) -> SpsNet:
    torch.manual_seed(seed)
    return SpsNet(replace(TINY.network, **changes)).eval()


def test_attention_to_all_alike_and_to_one_alone() -> None:
    features = torch.eye(3)[None].repeat(2, 1, 1)
    mask = torch.tensor([[True, True, True], [True, True, False]])
    uniform = measure_attention(make_attention(0.0), features, mask)
    # Three frames of one window and two of another: (3 log 3 + 2 log 2) / 5 and (3 · 1/3 + 2 · 1/2) / 5.
    expected = (3 * math.log(3) + 2 * math.log(2)) / 5
    assert uniform.entropy == pytest.approx(expected)
    assert uniform.uniform_entropy == pytest.approx(expected)
    assert uniform.weight_on_itself == pytest.approx(0.4)
    saturated = measure_attention(make_attention(1000.0), features, mask)
    assert saturated.entropy == pytest.approx(0, abs=1e-6)
    assert saturated.weight_on_itself == pytest.approx(1)
    # One frame of three that weighs e against 1 and 1.
    soft = measure_attention(make_attention(1.0), features[:1], mask[:1])
    weights = np.array([math.e, 1, 1]) / (math.e + 2)
    assert soft.entropy == pytest.approx(-(weights * np.log(weights)).sum())
    assert soft.weight_on_itself == pytest.approx(weights[0])


def test_a_forecast_that_copies_is_as_good_as_copying() -> None:
    network = make_network()
    windows = make_windows(3, 5)
    facts = diagnose(network, FEATURES, windows).forecast
    assert facts is not None
    sight = make_batch(windows, 4, torch.Generator(), silhouettes=False).seen
    with torch.no_grad():
        output = network(build_sight_features(FEATURES, sight), sight.mask)
    assert output.forecast is not None
    following = output.features[:, 1:]
    assert facts.error == pytest.approx(float((output.forecast[:, :-1] - following).square().mean()))
    assert facts.copying_error == pytest.approx(float((output.features[:, :-1] - following).square().mean()))
    assert 0 < facts.weight_in_fusion < 1
    # Positive features pass through LeakyReLUs and unit layers as they are.
    assert network.forecasting is not None
    for layer in (network.forecasting.layers[0], network.forecasting.layers[2]):
        torch.nn.init.eye_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    for layer in network.stem:
        if hasattr(layer, "bias"):
            torch.nn.init.constant_(layer.bias, 100.0)
    copying = diagnose(network, FEATURES, windows).forecast
    assert copying is not None
    assert copying.error == pytest.approx(copying.copying_error, rel=1e-4)


def test_the_fusion_prefers_what_it_scores_higher() -> None:
    network = make_network()
    assert network.fusion is not None
    torch.nn.init.zeros_(network.fusion.score.weight)
    facts = diagnose(network, FEATURES, make_windows(2, 5)).forecast
    assert facts is not None
    assert facts.weight_in_fusion == pytest.approx(0.5)


def test_verdicts_are_means_of_the_discriminators() -> None:
    network, discriminator = make_network(), Discriminator()
    real = Motion(torch.randn(5, 4, 72), torch.randn(5, 10))
    torch.nn.init.zeros_(discriminator.judge.weight)
    torch.nn.init.constant_(discriminator.judge.bias, math.log(3))  # sigmoid: 0.75
    found = diagnose(network, FEATURES, make_windows(2, 5), discriminator=discriminator, real=real)
    assert found.verdicts is not None
    assert found.discriminator_attention is not None
    assert (found.verdicts.real, found.verdicts.fake) == (pytest.approx(0.75), pytest.approx(0.75))
    assert 0 <= found.discriminator_attention.entropy <= math.log(4) + 1e-6
    with pytest.raises(ValueError, match="should be shown real motions too"):
        diagnose(network, FEATURES, make_windows(2, 5), discriminator=discriminator)


def test_what_a_network_lacks_is_not_told_of() -> None:
    network = make_network(use_attention=False, use_forecasting=False)
    nothing = diagnose(network, FEATURES, make_windows(2, 5))
    assert nothing == Diagnosis(attention=None, discriminator_attention=None, forecast=None, verdicts=None)
    assert format_diagnosis(nothing) == "no part that could be looked into"
    forecasting_alone = diagnose(make_network(use_attention=False), FEATURES, make_windows(2, 5))
    assert forecasting_alone.attention is None
    assert forecasting_alone.forecast is not None
    # Single frames have no successor.
    assert diagnose(make_network(), FEATURES, make_windows(2, 1)).forecast is None


def test_a_diagnosis_is_read_back_and_told_in_a_line() -> None:
    real = Motion(torch.randn(5, 4, 72), torch.randn(5, 10))
    found = diagnose(make_network(), FEATURES, make_windows(2, 5), discriminator=Discriminator(), real=real)
    assert Diagnosis.from_dict(asdict(found)) == found
    text = format_diagnosis(found)
    assert text.startswith("A: entropy 1.3")
    assert " of 1.39, on itself 0.2" in text
    assert "; F: error " in text
    assert "; D: real 0." in text
    assert "\n" not in text
