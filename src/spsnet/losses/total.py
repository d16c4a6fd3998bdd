"""What a loss is before it is reduced, and the one place where losses are reduced."""

from collections.abc import Mapping, Sequence
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

    def count_valid(self) -> Float[Tensor, ""]:
        """How many elements count."""
        return self.mask.expand_as(self.elements).sum().to(self.elements.dtype)

    def reduce(self, count: Float[Tensor, ""] | None = None) -> Float[Tensor, ""]:
        """Mean over the elements that count; 0, with a zero gradient, where none does.

        Args:
            count: What the sum is divided by; None for the number of elements that count.
        """
        count = self.count_valid() if count is None else count
        kept = torch.where(self.mask, self.elements, torch.zeros_like(self.elements))
        return kept.sum() / torch.where(count > 0, count, torch.ones_like(count))


def join_terms(terms: Sequence[LossTerm]) -> LossTerm:
    """The same loss of several batches, whatever their shapes, as one: every element counts alike."""
    if len(terms) == 1:
        return terms[0]
    elements = [term.elements.reshape(-1) for term in terms]
    masks = [term.mask.expand_as(term.elements).reshape(-1) for term in terms]
    return LossTerm(torch.cat(elements), torch.cat(masks))


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

        Where several processes share a batch (`torch.distributed`), a term's sum is divided by the number of its valid
        elements in a process on average, not by this process's own: the mean over processes of L and of its gradient
        is then that of the whole batch, however unevenly the valid elements are spread. Every process must come here
        with the same names. 3 elements in one process and 1 in the other: both sums are divided by 2.

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
    counts = _average_over_processes(torch.stack([term.count_valid() for term in terms.values()]))
    means = {name: term.reduce(count) for (name, term), count in zip(terms.items(), counts, strict=True)}
    total = torch.stack([weights[name] * mean for name, mean in means.items()]).sum()
    return TotalLoss(total, {name: mean.detach() for name, mean in means.items()})


def _average_over_processes(values: Tensor) -> Tensor:
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return values
    torch.distributed.all_reduce(values)
    return values / torch.distributed.get_world_size()


def replace_missing(values: Float[Tensor, "*elements"], mask: Bool[Tensor, "*leading"]) -> Float[Tensor, "*elements"]:
    """Put 0 where a label is missing, whatever stands there.

    Masking the error afterwards would not do: the gradient of a NaN that counts for nothing is still NaN.
    """
    wide = mask.reshape(*mask.shape, *[1] * (values.ndim - mask.ndim))
    return torch.where(wide, values, torch.zeros_like(values))
