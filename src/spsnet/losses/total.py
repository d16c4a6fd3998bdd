"""What a loss is before it is reduced, and the one place where losses are reduced."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor


class LossTerm(NamedTuple):
    """The elements of one loss and which of them count."""

    elements: Float[Tensor, "*elements"]
    """Not negative; anything finite where masked."""
    mask: Bool[Tensor, "*#elements"]
    """True = counts. As many axes as `elements`, of the same length or 1."""

    @classmethod
    def from_errors(cls, elements: Float[Tensor, "*elements"], mask: Bool[Tensor, "*leading"]) -> "LossTerm":
        """Pair elements with a mask over their leading axes, and set those that do not count to 0."""
        wide = mask.reshape(*mask.shape, *[1] * (elements.ndim - mask.ndim))
        return cls(torch.where(wide, elements, torch.zeros_like(elements)), wide)

    def reduce(self) -> Float[Tensor, ""]:
        """Mean over the elements that count; 0, with a zero gradient, where none does."""
        count = self.mask.expand_as(self.elements).sum()
        kept = torch.where(self.mask, self.elements, torch.zeros_like(self.elements))
        return kept.sum() / count.clamp(min=1)


class TotalLoss(NamedTuple):
    """The weighted sum that is minimised, and its terms for the log."""

    total: Float[Tensor, ""]
    terms: dict[str, Tensor]
    """Each term's mean over its valid elements, before its weight; detached."""


def compute_total_loss(terms: Mapping[str, LossTerm], weights: Mapping[str, float]) -> TotalLoss:
    r"""Weighted sum of means.

        L = Σ_k λ_k mean over valid elements of term k

    Convention:
        An element is one number: a coordinate, a matrix entry, a coefficient. Every element of the batch counts alike,
        so a sequence with more valid frames weighs more.

    Raises:
        ValueError: If terms and weights do not have the same names, or a weight is negative.

    Source:
        SPS-Net, section 3.2, sums; the mean is our choice (method, section 2), with which the weights there are used.
    """
    if set(terms) != set(weights):
        raise ValueError(
            f"every term needs a weight and every weight a term, differs in {sorted(set(terms) ^ set(weights))}"
        )
    negative = sorted(name for name, weight in weights.items() if weight < 0)
    if negative:
        raise ValueError(f"weights should not be negative: {negative}")
    means = {name: term.reduce() for name, term in terms.items()}
    total = torch.stack([weights[name] * mean for name, mean in means.items()]).sum()
    return TotalLoss(total, {name: mean.detach() for name, mean in means.items()})


def replace_missing(values: Float[Tensor, "*elements"], mask: Bool[Tensor, "*leading"]) -> Float[Tensor, "*elements"]:
    """Put 0 where a label is missing, whatever stands there.

    Masking the error afterwards would not do: the gradient of a NaN that counts for nothing is still NaN.
    """
    wide = mask.reshape(*mask.shape, *[1] * (values.ndim - mask.ndim))
    return torch.where(wide, values, torch.zeros_like(values))
