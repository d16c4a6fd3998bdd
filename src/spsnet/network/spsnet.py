"""The parts joined: features of a window in, pose and camera of every frame and one shape out."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from spsnet.geometry import six_d_to_matrix
from spsnet.network.attention import SelfAttention
from spsnet.network.camera import keep_scale_positive
from spsnet.network.config import NetworkConfig
from spsnet.network.discriminator import average_frames
from spsnet.network.forecasting import Forecasting
from spsnet.network.fusion import Fusion
from spsnet.network.layers import make_stem
from spsnet.network.regressors import CAMERA_NUMBERS, POSE_NUMBERS, SHAPE_NUMBERS, Regressors


class NetworkOutput(NamedTuple):
    """What the network says of a window. Entries of masked frames are finite and mean nothing."""

    rotations: Float[Tensor, "batch time 24 3 3"]
    """θ_i as matrices, root first, the root in camera axes."""
    six_d: Float[Tensor, "batch time 24 6"]
    """θ_i as regressed, before it is made orthonormal."""
    shape: Float[Tensor, "batch 10"]
    """β, one a window."""
    camera: Float[Tensor, "batch time 3"]
    """s, tx, ty of the crop's weak-perspective camera; s is positive."""
    features: Float[Tensor, "batch time width"]
    """f_i as A and F see it: after the stem, 0 where masked."""
    forecast: Float[Tensor, "batch time width"] | None
    """f'_{i+1} at place i; None where the network has no forecasting."""


class SpsNet(nn.Module):
    """The SPS network (method, section 1): stem (optional), A, F, fusion, regressors.

    Nothing depends on a frame's index but that the first frame has no forecast.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.stem = (
            nn.Identity()
            if config.stem_width is None
            else make_stem(config.feature_width, config.stem_width, config.stem_layers)
        )
        self.attention = SelfAttention(width, scale=config.attention_scale) if config.use_attention else None
        self.forecasting = Forecasting(width) if config.use_forecasting else None
        self.fusion = Fusion(width) if config.use_forecasting else None
        self.regressors = Regressors(config)

    def forward(
        self, features: Float[Tensor, "batch time features"], mask: Bool[Tensor, "batch time"]
    ) -> NetworkOutput:
        """Run windows that need not be full.

        Args:
            features: f_i as `build_features` gives them; anything, NaN too, where masked.
            mask: True for frames that exist. A window with none at all gives finite numbers that mean nothing.
        """
        keep = mask[..., None]
        lifted = self.stem(torch.where(keep, features, torch.zeros_like(features)))
        lifted = torch.where(keep, lifted, torch.zeros_like(lifted))
        fused = lifted if self.attention is None else self.attention(lifted, mask)
        forecast = None
        if self.forecasting is not None and self.fusion is not None:
            forecast = self.forecasting(lifted)
            fused = self.fusion(fused, forecast, mask)
        pose, shape, camera = self.regressors(fused).split([POSE_NUMBERS, SHAPE_NUMBERS, CAMERA_NUMBERS], dim=-1)
        six_d = pose.reshape(*pose.shape[:-1], 24, 6)
        scale = keep_scale_positive(camera[..., :1], self.config.minimum_scale)
        return NetworkOutput(
            rotations=six_d_to_matrix(six_d),
            six_d=six_d,
            shape=average_frames(shape, mask),
            camera=torch.cat([scale, camera[..., 1:]], dim=-1),
            features=lifted,
            forecast=forecast,
        )
