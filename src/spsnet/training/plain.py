"""Plain training of the network on simulated windows: pose, shape, 3D, perspective 2D, velocity and forecast losses."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spsnet.body import KeypointModel, compute_keypoints
from spsnet.datasets.shards import FOCAL_PX
from spsnet.geometry import crop_camera_to_translation, image_to_crop, project_points
from spsnet.losses import (
    LossTerm,
    TotalLoss,
    compute_forecast_loss,
    compute_joint_loss,
    compute_keypoint_loss,
    compute_pose_loss,
    compute_shape_loss,
    compute_total_loss,
    compute_velocity_loss,
)
from spsnet.network.config import FeatureConfig
from spsnet.network.features import build_features
from spsnet.network.spsnet import SpsNet
from spsnet.synthesis.windows import TrainingWindows

_CENTER_PX = (0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Factors of the losses' means (`compute_total_loss`)."""

    pose: float = 2.0
    shape: float = 0.1
    joints: float = 20.0
    keypoints: float = 5.0
    velocity: float = 100.0
    forecast: float = 0.05


class PlainObjective:
    """From windows to one number to minimise."""

    def __init__(self, points: KeypointModel, features: FeatureConfig, weights: LossWeights) -> None:
        """Keep the parts; `points` are the 24 joints, then the 33 landmarks."""
        self._points = points
        self._features = features
        self._weights = weights

    def __call__(self, network: SpsNet, windows: TrainingWindows) -> TotalLoss:
        """Run the network on the windows' features and compare with the truth.

        The 2D loss is perspective: the predicted crop camera is lifted to a translation and the body projected as the
        real lens would, against the truth's clean projection; a weak-perspective loss would teach it wrong depths.
        """
        batch, frames = windows.mask.shape
        center = windows.landmarks_px.new_tensor(_CENTER_PX)
        output = network(self.build_features(windows), windows.mask)

        def place(rotations: Tensor, shape: Tensor) -> Tensor:
            still = rotations.new_zeros(batch * frames, 3)
            spread = shape.repeat_interleave(frames, 0)
            points = compute_keypoints(self._points, rotations.flatten(0, 1), spread, still)
            return points.reshape(batch, frames, -1, 3)

        predicted = place(output.rotations, output.shape)
        with torch.no_grad():
            target = place(windows.rotations, windows.shape)
            seen = project_points(target + windows.translation_m[:, :, None], FOCAL_PX, center)
            target_2d = image_to_crop(seen, windows.box_xys_px)
        # The camera is read at the truth's box; 3D points nearer than the lens allows would have no 2D gradient.
        translation = crop_camera_to_translation(output.camera, windows.box_xys_px, FOCAL_PX, center)
        projected = project_points(predicted + translation[:, :, None], FOCAL_PX, center)
        predicted_2d = image_to_crop(projected, windows.box_xys_px).clamp(-3, 3)

        valid = windows.mask[..., None].expand(batch, frames, predicted.shape[2])
        terms: dict[str, LossTerm] = {
            "pose": compute_pose_loss(output.rotations, windows.rotations, windows.mask),
            "shape": compute_shape_loss(output.shape, windows.shape, windows.mask.any(1)),
            "joints": compute_joint_loss(predicted, target, valid, root=(0,)),
            "keypoints": compute_keypoint_loss(predicted_2d, target_2d, valid.to(predicted.dtype)),
            "velocity": compute_velocity_loss(predicted, target, valid, root=(0,)),
        }
        if output.forecast is not None:
            terms["forecast"] = compute_forecast_loss(output.forecast, output.features, windows.mask)
        return compute_total_loss(terms, {name: getattr(self._weights, name) for name in terms})

    def compute_generator_loss(
        self, network: SpsNet, _discriminator: nn.Module | None, windows: TrainingWindows, _chance: torch.Generator
    ) -> tuple[TotalLoss, None]:
        """The loss, and no motions for a discriminator."""
        return self(network, windows), None

    def compute_discriminator_loss(
        self, discriminator: nn.Module, _fake: None, _windows: TrainingWindows, _chance: torch.Generator
    ) -> TotalLoss:
        """Refuse: plain training has no discriminator."""
        raise ValueError(f"plain training has no discriminator, got a {type(discriminator).__name__}")

    def build_features(self, windows: TrainingWindows) -> Tensor:
        """f_i of every frame."""
        return build_features(
            self._features,
            landmarks_px=windows.landmarks_px,
            box_xys_px=windows.box_xys_px,
            focal_px=FOCAL_PX,
            center_px=windows.landmarks_px.new_tensor(_CENTER_PX),
        )
