"""Banks of an encoder that errs in one known way, or not at all."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from spsnet.synthesis.noise_bank import NoiseBank, SightNoise


def make_noise(windows: int = 3, frames: int = 5, **changes: Tensor) -> SightNoise:
    """No error, nothing held in, confidence 0.75, widths unknown; `changes` are broadcast to the fields' shapes."""
    size = (windows, frames)
    noise = SightNoise(
        residual=torch.zeros(*size, 33, 2).half(),
        reach=torch.full((*size, 4), 9.0).half(),
        confidence=torch.full((*size, 33), 0.75).half(),
        swapped=torch.zeros(*size, 3, dtype=torch.bool),
        world_residual_m=torch.zeros(*size, 33, 3).half(),
        width_residual=torch.zeros(*size, 12).half(),
        width_known=torch.zeros(*size, 12, dtype=torch.bool),
        present_mask=torch.ones(*size, dtype=torch.bool),
    )
    return replace(noise, **{n: v.to(getattr(noise, n).dtype).expand_as(getattr(noise, n)) for n, v in changes.items()})


def make_bank(
    windows: int = 3, frames: int = 5, *, occluded: dict[str, Tensor] | None = None, **changes: Any
) -> NoiseBank:
    """Everybody looks the same; fields of the clean sight, or of the bank, can be changed."""
    own = {name: changes.pop(name) for name in ("look_m", "reluctance", "world_scale", "width_map") if name in changes}
    bank = NoiseBank(
        look_m=torch.zeros(windows, frames, 13, 3).half(),
        reluctance=torch.zeros(windows),
        world_scale=torch.ones(3),
        width_map=torch.zeros(12, 14),
        seen=make_noise(windows, frames, **changes),
        occluded=None if occluded is None else make_noise(windows, frames, **occluded),
    )
    return replace(bank, **own)
