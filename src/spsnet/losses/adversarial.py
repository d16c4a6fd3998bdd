"""L_adv: the discriminator's verdicts, least squares (eq. 7)."""

from typing import NamedTuple

from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.losses.total import LossTerm


class DiscriminatorTerms(NamedTuple):
    """What D pays; eq. 7 adds the two means, so both have the same weight."""

    real: LossTerm
    fake: LossTerm


def compute_discriminator_loss(
    real_score: Float[Tensor, " real"],
    fake_score: Float[Tensor, " fake"],
    real_mask: Bool[Tensor, " real"],
    fake_mask: Bool[Tensor, " fake"],
) -> DiscriminatorTerms:
    r"""What D pays for taking real motions for false ones and false ones for real.

        e_real = (D(Θ) − 1)²        e_fake = D(Θ̂)²

    Convention:
        Scores in (0, 1), 1 for real. A D that says 0.5 of everything pays 0.25 + 0.25; one that is right pays 0.

    Args:
        real_score: D of motion capture.
        fake_score: D of the network's output, which the caller has detached: this loss is D's alone.
        real_mask: Windows that count; there may be another number of them than of false ones.
        fake_mask: Windows that count.

    Source:
        SPS-Net, eq. 7.
    """
    return DiscriminatorTerms(
        real=LossTerm.from_errors((real_score - 1) ** 2, real_mask),
        fake=LossTerm.from_errors(fake_score**2, fake_mask),
    )


def compute_generator_loss(fake_score: Float[Tensor, " fake"], fake_mask: Bool[Tensor, " fake"]) -> LossTerm:
    """What the network pays for motions that D does not take for real, (D(Θ̂) − 1)².

    Source:
        The least-squares counterpart of SPS-Net, eq. 7, which gives the network none of its own.
    """
    return LossTerm.from_errors((fake_score - 1) ** 2, fake_mask)
