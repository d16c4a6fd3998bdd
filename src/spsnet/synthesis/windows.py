"""Simulated windows: bodies in motion before a camera, and what an encoder would have said of them."""

from dataclasses import dataclass

import numpy as np
import torch

from spsnet.body import KeypointModel, compute_keypoints
from spsnet.datasets.shards import SILHOUETTE_PX, ObservedWindows
from spsnet.synthesis.batches import TrainingWindows, make_batch
from spsnet.synthesis.cameras import CameraConfig, place_before_camera
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.noise_bank import NoiseBank
from spsnet.synthesis.replay import simulate_sights


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
        noise: NoiseBank,
        *,
        config: WindowConfig | None = None,
        cameras: CameraConfig | None = None,
    ) -> None:
        """Keep the parts; the last 33 points of `landmark_model` are the landmarks.

        Raises:
            ValueError: If windows are longer than those of `noise`.
        """
        config = config or WindowConfig()
        if config.frames > noise.frames:
            raise ValueError(f"WindowConfig.frames should be at most the noise's {noise.frames}, got {config.frames}")
        self._library = library
        self._model = landmark_model
        self._noise = noise
        self._config = config
        self._cameras = cameras or CameraConfig()

    def observe(self, generator: torch.Generator, batch: int) -> ObservedWindows:
        """Draw windows as a shard holds them; no silhouettes."""
        frames = self._config.frames
        motion = place_before_camera(generator, self._library.sample(generator, batch, frames), self._cameras)
        shape = self._config.shape_deviation * torch.randn(batch, 10, generator=generator)
        points = compute_keypoints(
            self._model,
            motion.rotations.flatten(0, 1),
            shape.repeat_interleave(frames, 0),
            motion.translation_m.flatten(0, 1),
        )[:, -33:]
        seen, occluded = simulate_sights(generator, points.reshape(batch, frames, 33, 3), shape, self._noise)
        return ObservedWindows(
            seen=seen,
            occluded=occluded,
            rotations=motion.rotations.numpy(),
            shape=shape.numpy(),
            translation_m=motion.translation_m.numpy(),
            visible_mask=np.ones((batch, frames, 33), bool),
            silhouette=np.zeros((batch, frames, SILHOUETTE_PX, SILHOUETTE_PX), bool),
            silhouette_box_xys_px=np.zeros((batch, frames, 3), np.float32),
            labelled=np.ones(batch, bool),
        )

    def sample(self, generator: torch.Generator, batch: int) -> TrainingWindows:
        """Draw a batch, some of whose windows are short."""
        frames = self._config.frames
        windows = make_batch(self.observe(generator, batch), frames, generator, silhouettes=False)
        short = torch.rand(batch, generator=generator) < self._config.short_share
        count = torch.where(short, torch.randint(1, frames + 1, (batch,), generator=generator), frames)
        exists = torch.arange(frames) < count[:, None]
        seen, occluded = (sight._replace(mask=sight.mask & exists) for sight in (windows.seen, windows.occluded))
        return windows._replace(seen=seen, occluded=occluded)
