"""FC layers on the quickest matrix product that this machine's torch has."""

import platform
from functools import cache
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

_CPU_FACTS = Path("/proc/cpuinfo")


class Linear(nn.Linear):
    """`torch.nn.Linear` by `apply_linear`; the same weights under the same names."""

    def forward(self, values: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch outputs"]:
        """W x + b."""
        return apply_linear(values, self.weight, self.bias)


def apply_linear(
    values: Float[Tensor, "*batch features"],
    weight: Float[Tensor, "outputs features"],
    bias: Float[Tensor, " outputs"] | None = None,
) -> Float[Tensor, "*batch outputs"]:
    """W x + b; differentiable once.

    On processors with AVX-512 that Intel did not make, oneDNN takes the place of MKL, which does not use it there: 230
    instead of 105 GFLOP/s on one core of an AMD EPYC 9005, forwards and backwards. Everywhere else, and while a graph
    is exported, this is torch's own.
    """
    is_plain = values.dtype == torch.float32 and values.device.type == "cpu" and values.numel() > 0
    if torch.onnx.is_in_onnx_export() or not (is_plain and prefers_onednn()):
        return nn.functional.linear(values, weight, bias)
    rows = _Product.apply(values.reshape(-1, values.shape[-1]), weight, bias)  # type: ignore[no-untyped-call]
    return rows.reshape(*values.shape[:-1], len(weight))


@cache
def prefers_onednn() -> bool:
    """Whether torch would leave half of this processor unused, and has oneDNN to use it."""
    has_mkl = torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
    if not (has_mkl and hasattr(torch.ops.mkldnn, "_linear_pointwise")):
        return False
    facts = _CPU_FACTS.read_text(encoding="utf-8") if _CPU_FACTS.exists() else platform.processor()
    return torch.backends.cpu.get_cpu_capability() == "AVX512" and "GenuineIntel" not in facts


class _Product(torch.autograd.Function):
    """W x + b of rows, its gradients the same kind of product."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(values, weight)
        return _multiply(values, weight, bias)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        values, weight = ctx.saved_tensors
        wants_values, wants_weight, wants_bias = ctx.needs_input_grad
        return (
            _multiply(gradient, weight.t()) if wants_values else None,
            _multiply(gradient.t(), values.t()) if wants_weight else None,
            gradient.sum(0) if wants_bias else None,
        )


def _multiply(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Rows and weight may be transposed; of any other layout, oneDNN makes something a thousand times slower."""
    rows, weight = (m if m.is_contiguous() or m.t().is_contiguous() else m.contiguous() for m in (rows, weight))
    return torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")
