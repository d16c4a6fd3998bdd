"""The smallest training of network and discriminator that is still one; also runs in processes that get killed."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from reference.tiny_training import make_network
from spsnet.geometry import axis_angle_to_matrix
from spsnet.losses import LossTerm, TotalLoss, compute_total_loss
from spsnet.network.discriminator import Discriminator
from spsnet.network.spsnet import SpsNet
from spsnet.training.loop import LoopConfig, Report, train


class Sight(NamedTuple):
    features: Tensor
    mask: Tensor


class TinyBatch(NamedTuple):
    seen: Sight
    rotations: Tensor
    real: Tensor
    nothing: None = None


def draw_batch(generator: torch.Generator, count: int) -> TinyBatch:
    """Windows of up to four frames that have to do with nothing; the later ones in a batch are longer."""
    length = 1 + 4 * torch.arange(count) // count
    return TinyBatch(
        seen=Sight(torch.randn(count, 4, 3, generator=generator), torch.arange(4) < length[:, None]),
        rotations=axis_angle_to_matrix(torch.randn(count, 4, 24, 3, generator=generator)),
        real=torch.randn(count, 4, 6, generator=generator),
    )


class TinyObjective:
    """Losses that any network and any discriminator can lower; with `noise`, the real motions are shaken by chance."""

    def __init__(self, noise: float = 0.1) -> None:
        self.noise = noise

    def compute_generator_loss(
        self, network: SpsNet, discriminator: nn.Module | None, batch: TinyBatch, step_generator: torch.Generator
    ) -> tuple[TotalLoss, tuple[Tensor, Tensor]]:
        mask = batch.seen.mask
        output = network(batch.seen.features, mask)
        terms = {
            "pose": LossTerm.from_errors((output.rotations - batch.rotations) ** 2, mask),
            "shape": LossTerm.from_errors(output.shape**2, mask.any(1)),
        }
        fake = (output.six_d[:, :, 0], output.shape)
        if discriminator is not None:
            assert not any(parameter.requires_grad for parameter in discriminator.parameters())
            terms["judged"] = LossTerm.from_errors((discriminator(*fake, mask) - 1) ** 2, mask.any(1))
        return compute_total_loss(terms, dict.fromkeys(terms, 1.0)), (fake[0].detach(), fake[1].detach())

    def compute_discriminator_loss(
        self, discriminator: nn.Module, fake: Any, batch: TinyBatch, step_generator: torch.Generator
    ) -> TotalLoss:
        mask = batch.seen.mask
        real = batch.real + self.noise * torch.randn(batch.real.shape, generator=step_generator)
        terms = {
            "real": LossTerm.from_errors((discriminator(real, torch.zeros_like(fake[1]), mask) - 1) ** 2, mask.any(1)),
            "fake": LossTerm.from_errors(discriminator(*fake, mask) ** 2, mask.any(1)),
        }
        return compute_total_loss(terms, {"real": 1.0, "fake": 1.0})


def make_discriminator(seed: int = 0) -> Discriminator:
    torch.manual_seed(seed)
    return Discriminator(pose_width=6)


def measure(network: SpsNet) -> dict[str, float]:
    """A validation that is best somewhere on the way."""
    assert not network.training
    bias = float(network.regressors.shape.bias.detach().abs().sum())
    return {"pa_mpjpe_mm": abs(bias - 0.24), "bias": bias}


def paint(network: SpsNet) -> np.ndarray:
    return np.full((4, 6, 3), (200, 100, 0), np.uint8)


def run_tiny_training(
    folder: Path,
    network: SpsNet,
    *,
    discriminator: Discriminator | None = None,
    noise: float = 0.1,
    batch: int = 4,
    resume: bool = False,
) -> Iterator[Report]:
    """Nine steps, reported one by one, in epochs of three."""
    config = LoopConfig(
        steps=9,
        batch=batch,
        learning_rate=1e-2,
        discriminator_learning_rate=1e-2,
        warmup_steps=2,
        epoch_steps=3,
        report_steps=1,
        average=0.5,
        seed=5,
        accelerator="cpu",
    )
    return train(
        network,
        TinyObjective(noise),
        draw_batch,
        config,
        folder,
        discriminator=discriminator,
        validate=measure,
        draw=paint,
        resume=resume,
    )


def run_without_chance(folder: Path, *, last: int = 9, resume: bool = False) -> None:
    """Up to a step; nothing is dropped out or shaken, so that several processes can do the same."""
    network, discriminator = make_network(dropout=0.0), make_discriminator()
    parts = {"discriminator": discriminator, "noise": 0.0, "batch": 6, "resume": resume}
    for report in run_tiny_training(folder, network, **parts):
        if report.step == last:
            break


if __name__ == "__main__":  # under torchrun
    run_without_chance(Path(sys.argv[1]), resume="--resume" in sys.argv)
