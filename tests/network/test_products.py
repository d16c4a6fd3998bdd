import pytest
import torch
from torch import Tensor, nn

from spsnet.network import products
from spsnet.network.products import Linear, apply_linear, prefers_onednn

HAS_ONEDNN = hasattr(torch.ops.mkldnn, "_linear_pointwise")


@pytest.fixture(params=["torch's own", pytest.param("oneDNN", marks=pytest.mark.skipif(not HAS_ONEDNN, reason="-"))])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "prefers_onednn", lambda: request.param == "oneDNN")


def run(values: Tensor, weight: Tensor, bias: Tensor | None, *, own: bool) -> list[Tensor]:
    """The product and the gradients of a loss that weighs every number of it."""
    leaves = [part.detach().clone().requires_grad_() for part in (values, weight, bias) if part is not None]
    inputs = [leaf.expand(7, -1) if leaf.ndim == 2 and len(leaf) == 1 else leaf for leaf in leaves]
    out = (apply_linear if own else nn.functional.linear)(*inputs)
    out.backward(torch.arange(1.0, 1 + out.numel()).reshape(out.shape).to(out.dtype).sin())
    return [out.detach(), *(leaf.grad for leaf in leaves if leaf.grad is not None)]


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize(
    ("values", "weight", "has_bias"),
    [
        (torch.randn(7, 5), torch.randn(3, 5), True),
        (torch.randn(2, 7, 5), torch.randn(3, 5), False),
        (torch.randn(1, 5), torch.randn(3, 5), True),  # one row for all, not copied
        (torch.randn(7, 9)[:, 2:7], torch.randn(3, 11)[:, 4:9], True),  # parts of wider ones
        (torch.randn(5, 7).t(), torch.randn(5, 3).t(), True),
        (torch.randn(0, 5), torch.randn(3, 5), True),
        (torch.randn(7, 5).double(), torch.randn(3, 5).double(), False),
    ],
)
def test_product_and_gradients_are_torchs(values: Tensor, weight: Tensor, has_bias: bool) -> None:
    bias = torch.randn(3, dtype=weight.dtype) if has_bias else None
    got, expected = (run(values, weight, bias, own=own) for own in (True, False))
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("_way")
def test_by_hand() -> None:
    layer = Linear(2, 1)
    layer.load_state_dict({"weight": torch.tensor([[2.0, -1.0]]), "bias": torch.tensor([0.5])})
    values = torch.tensor([[3.0, 4.0]], requires_grad=True)
    out = layer(values)
    out.sum().backward()
    assert out.item() == 2 * 3 - 4 + 0.5
    assert values.grad is not None
    assert values.grad.tolist() == [[2.0, -1.0]]
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [[3.0, 4.0]]


@pytest.mark.usefixtures("_way")
def test_what_needs_no_gradient_gets_none() -> None:
    layer = Linear(2, 1).requires_grad_(False)
    values = torch.ones(1, 2, requires_grad=True)
    layer(values).sum().backward()
    assert layer.weight.grad is None
    with torch.no_grad():
        assert not layer(values).requires_grad


@pytest.mark.parametrize(
    ("vendor", "capability", "expected"),
    [
        ("AuthenticAMD", "AVX512", HAS_ONEDNN),
        ("GenuineIntel", "AVX512", False),
        ("AuthenticAMD", "AVX2", False),
    ],
)
def test_onednn_is_for_processors_that_mkl_leaves_half_unused(
    vendor: str, capability: str, expected: bool, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = tmp_path / "cpuinfo"
    facts.write_text(f"vendor_id : {vendor}\n")
    monkeypatch.setattr(products, "_CPU_FACTS", facts)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: True)
    assert prefers_onednn.__wrapped__() == expected
