import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from reference import network_loops
from spsnet.network.attention import SelfAttention


def make(width=6, **options):
    torch.manual_seed(0)
    return SelfAttention(width, **options).double()


def test_attention_is_equations_1_and_2():
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(2, 5, 6, dtype=torch.float64, generator=generator)
    mask = torch.tensor([[True] * 5, [True, False, True, True, False]])
    for scale, factor in (("none", 1.0), ("sqrt_d", 6**-0.5)):
        attention = make(scale=scale)
        weights = {name: value.numpy() for name, value in attention.state_dict().items()}
        with torch.no_grad():
            out = attention(features, mask).numpy()
        for b in range(2):
            expected = network_loops.attend(weights, features[b].numpy(), mask[b].numpy(), factor)
            np.testing.assert_allclose(out[b], expected, atol=1e-12)


def test_equal_frames_weigh_alike_and_double_the_feature():
    attention = make()
    features = torch.ones(1, 4, 6, dtype=torch.float64)
    mask = torch.ones(1, 4, dtype=torch.bool)
    torch.testing.assert_close(attention.compute_weights(features, mask), torch.full((1, 4, 4), 0.25).double())
    torch.testing.assert_close(attention(features, mask), 2 * features)


def test_attention_follows_a_reordering_of_the_frames():
    attention = make()
    features = torch.randn(1, 7, 6, dtype=torch.float64)
    mask = torch.tensor([[True, True, False, True, True, True, False]])
    order = torch.randperm(7)
    torch.testing.assert_close(attention(features[:, order], mask[:, order]), attention(features, mask)[:, order])


def test_masked_frames_get_no_weight_even_against_huge_logits():
    attention = make()
    features, mask = 1e3 * torch.randn(1, 5, 6, dtype=torch.float64), torch.tensor([[True, False, True, True, False]])
    weights = attention.compute_weights(features, mask)
    assert (weights[0, :, ~mask[0]] == 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 5, dtype=torch.float64))
    assert torch.isfinite(attention(features, torch.zeros(1, 5, dtype=torch.bool))).all()


@pytest.mark.parametrize("scale", ["none", "sqrt_d"])
def test_gradient(scale):
    attention, mask = make(3, scale=scale), torch.tensor([[True, True, False, True]])
    features = torch.randn(1, 4, 3, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda f: attention(f, mask), (features,))
