"""The three regressors: iterative error feedback from the mean parameters, one trunk, three heads."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from spsnet.network.config import NetworkConfig
from spsnet.network.products import Linear, apply_linear

POSE_NUMBERS, SHAPE_NUMBERS, CAMERA_NUMBERS = 24 * 6, 10, 3
STATE_NUMBERS = POSE_NUMBERS + SHAPE_NUMBERS + CAMERA_NUMBERS
_HEAD_GAIN = 0.01
"""Gain of the heads' first weights: a new network starts at the mean parameters."""


class Regressors(nn.Module):
    r"""R_pose, R_shape and R_camera, frame by frame.

        x_0 = mean,    x_{k+1} = x_k + heads(trunk([F_i, x_k])),    trunk = FC(d + 157, 1024), FC(1024, 1024)

    Convention:
        The state x is 24 six-dimensional rotations (root first; six numbers a joint as in `spsnet.geometry`), 10
        shape coefficients, then s, tx, ty. All frames have the same weights; a frame's state never sees another's.

    Source:
        SPS-Net, section 3.1, with the layout of the single-image regressor it is initialised from: dropout after
        each trunk layer, no activation unless asked for.
    """

    mean_state: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.iterations = config.iterations
        self.width = config.width
        self.trunk_in = Linear(config.width + STATE_NUMBERS, config.hidden)
        self.trunk_out = Linear(config.hidden, config.hidden)
        self.dropout = nn.Dropout(config.regressor_dropout)
        self.is_affine = config.regressor_activation == "none"
        self.activation = nn.Identity() if self.is_affine else nn.LeakyReLU()
        self.pose = Linear(config.hidden, POSE_NUMBERS)
        self.shape = Linear(config.hidden, SHAPE_NUMBERS)
        self.camera = Linear(config.hidden, CAMERA_NUMBERS)
        for head in (self.pose, self.shape, self.camera):
            nn.init.xavier_uniform_(head.weight, gain=_HEAD_GAIN)
            nn.init.zeros_(head.bias)
        self.register_buffer("mean_state", make_upright_state())

    def set_mean(self, six_d: Float[Tensor, "24 6"], shape: Float[Tensor, "10"], camera: Float[Tensor, "3"]) -> None:
        """Set the parameters that the iterations start from."""
        self.mean_state.copy_(torch.cat([six_d.reshape(-1), shape, camera]))

    def forward(self, features: Float[Tensor, "*batch width"]) -> Float[Tensor, "*batch 157"]:
        """The state after the last iteration."""
        # FC([F, x]) is FC_F(F) + FC_x(x); the first does not change between iterations.
        weight_of_features, weight_of_state = torch.split(self.trunk_in.weight, [self.width, STATE_NUMBERS], dim=1)
        constant = apply_linear(features, weight_of_features, self.trunk_in.bias)
        heads = (self.pose, self.shape, self.camera)
        weight_of_heads, bias_of_heads = torch.cat([h.weight for h in heads]), torch.cat([h.bias for h in heads])
        state = self.mean_state.expand(*features.shape[:-1], STATE_NUMBERS)
        for _ in range(self.iterations):
            hidden = self.dropout(self.activation(constant + apply_linear(state, weight_of_state)))
            hidden = self.dropout(self.activation(self.trunk_out(hidden)))
            state = state + apply_linear(hidden, weight_of_heads, bias_of_heads)
        return state

    def fold(self) -> nn.Linear:
        r"""The whole of `forward`, dropout off, as one FC(d, 157); only where there is no activation.

            x_{k+1} = P x_k + G F + c   ⇒   x_n = Pⁿ x_0 + (P^{n−1} + … + P + I)(G F + c)

        Computed in float64.

        Raises:
            ValueError: If the regressor has an activation, since then it is no affine map.
        """
        if not self.is_affine:
            raise ValueError("regressor with an activation cannot be folded into one affine map")
        with torch.no_grad():
            heads = torch.cat([self.pose.weight, self.shape.weight, self.camera.weight]).double()
            head_bias = torch.cat([self.pose.bias, self.shape.bias, self.camera.bias]).double()
            through = heads @ self.trunk_out.weight.double()
            constant = through @ self.trunk_in.bias.double() + heads @ self.trunk_out.bias.double() + head_bias
            of_features, of_state = torch.split(
                through @ self.trunk_in.weight.double(), [self.width, STATE_NUMBERS], dim=1
            )
            step = torch.eye(STATE_NUMBERS, dtype=torch.float64, device=of_state.device) + of_state
            weight, bias = torch.zeros_like(of_features), self.mean_state.double()
            for _ in range(self.iterations):
                weight, bias = step @ weight + of_features, step @ bias + constant
            folded = nn.Linear(self.width, STATE_NUMBERS)
            folded.weight.copy_(weight)
            folded.bias.copy_(bias)
        return folded


def make_upright_state() -> Float[Tensor, "157"]:
    """The rest pose, upright and facing the camera (half a turn about x in camera axes), of average shape, s = 0.9."""
    six_d = torch.tensor([1.0, 0, 0, 0, 1, 0]).repeat(24, 1)
    six_d[0] = torch.tensor([1.0, 0, 0, 0, -1, 0])
    return torch.cat([six_d.reshape(-1), torch.zeros(SHAPE_NUMBERS), torch.tensor([0.9, 0, 0])])
