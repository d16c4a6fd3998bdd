"""Training windows: bodies in motion before a camera, and the landmarks an encoder would have seen."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.body import KeypointModel, compute_keypoints
from spsnet.crops import compute_network_box
from spsnet.datasets.shards import FOCAL_PX
from spsnet.geometry import project_points
from spsnet.synthesis.cameras import CameraConfig, place_before_camera
from spsnet.synthesis.landmarks import LandmarkNoise, simulate_landmarks
from spsnet.synthesis.motions import MotionLibrary


class TrainingWindows(NamedTuple):
    """A batch of windows with everything known, seen at `FOCAL_PX` with the principal point at (0, 0)."""

    landmarks_px: Float[Tensor, "batch time 33 3"]
    """As seen: x, y and confidence."""
    box_xys_px: Float[Tensor, "batch time 3"]
    """Square about the landmarks as seen."""
    mask: Bool[Tensor, "batch time"]
    """True for frames that exist."""
    rotations: Float[Tensor, "batch time 24 3 3"]
    """Truth; root in camera axes."""
    shape: Float[Tensor, "batch 10"]
    translation_m: Float[Tensor, "batch time 3"]


@dataclass(frozen=True, kw_only=True)
class WindowConfig:
    """Sizes of the windows and of the people in them."""

    frames: int = 32
    shape_deviation: float = 1.0
    """Of each shape coefficient, which is a standard normal among adults."""
    short_share: float = 0.15
    """Windows of which only a part exists, down to one frame."""


class WindowSimulator:
    """Draws windows without end; the same seed gives the same windows."""

    def __init__(
        self,
        library: MotionLibrary,
        landmark_model: KeypointModel,
        noise: LandmarkNoise,
        *,
        config: WindowConfig | None = None,
        cameras: CameraConfig | None = None,
    ) -> None:
        """Keep the parts; the last 33 points of `landmark_model` are the landmarks."""
        self._library = library
        self._model = landmark_model
        self._noise = noise
        self._config = config or WindowConfig()
        self._cameras = cameras or CameraConfig()

    def sample(self, generator: torch.Generator, batch: int) -> TrainingWindows:
        """Draw a batch."""
        frames = self._config.frames
        motion = place_before_camera(generator, self._library.sample(generator, batch, frames), self._cameras)
        shape = self._config.shape_deviation * torch.randn(batch, 10, generator=generator)
        points = compute_keypoints(
            self._model,
            motion.rotations.flatten(0, 1),
            shape.repeat_interleave(frames, 0),
            motion.translation_m.flatten(0, 1),
        )[:, -33:]
        clean = project_points(points, FOCAL_PX, torch.zeros(2)).reshape(batch, frames, 33, 2)
        landmarks = simulate_landmarks(generator, clean, self._noise)
        short = torch.rand(batch, generator=generator) < self._config.short_share
        count = torch.where(short, torch.randint(1, frames + 1, (batch,), generator=generator), frames)
        return TrainingWindows(
            landmarks_px=landmarks,
            box_xys_px=compute_network_box(landmarks),
            mask=torch.arange(frames) < count[:, None],
            rotations=motion.rotations,
            shape=shape,
            translation_m=motion.translation_m,
        )
