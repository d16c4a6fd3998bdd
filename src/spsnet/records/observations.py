"""What the frozen encoder saw of one person."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.records._checks import require_finite, require_shape


@dataclass(frozen=True, kw_only=True)
class Observation:
    """The encoder's answer for one crop.

    The crop may be turned in the image plane; everything here is already turned back.
    """

    box_xys_px: Float[np.ndarray, "3"]
    """The upright square region the crop covers: centre and side, image pixels."""
    landmarks_px: Float[np.ndarray, "landmarks 3"]
    """x, y in image pixels and confidence 0 to 1; BlazePose-33 order."""
    world_m: Float[np.ndarray, "landmarks 3"]
    """The encoder's own 3D landmarks, metres about the hips' middle, OpenCV axes (kept for comparison)."""
    presence: float
    """The encoder's person flag, 0 to 1: below 0.5 there is no person in the crop."""
    feature: Float[np.ndarray, " width"] | None
    """The encoder's last shared tensor, flattened (1152 for BlazePose), where it was asked for."""
    widths_px: Float[np.ndarray, " widths"] | None = None
    """Widths of trunk and limbs in the encoder's mask (`crops.measure_widths`), image pixels; None if not asked for."""


@dataclass(frozen=True, kw_only=True)
class PersonObservations:
    """Observations of one track, frame by frame: the input of the network."""

    track_id: int
    frame_index: Int[np.ndarray, " time"]
    time_s: Float[np.ndarray, " time"]
    confidence: Float[np.ndarray, " time"]
    """Detector's confidence times the encoder's person flag; 0 where filled."""
    filled_mask: Bool[np.ndarray, " time"]
    box_xys_px: Float[np.ndarray, "time 3"]
    landmarks_px: Float[np.ndarray, "time landmarks 3"]
    world_m: Float[np.ndarray, "time landmarks 3"]
    feature: Float[np.ndarray, "time width"] | None
    widths_px: Float[np.ndarray, "time widths"] | None = None
    """0 where nothing was measured."""

    def __post_init__(self) -> None:
        """Check shapes and finiteness."""
        frames = len(self.frame_index)
        require_shape("PersonObservations", "time_s", self.time_s, (frames,))
        require_shape("PersonObservations", "confidence", self.confidence, (frames,))
        require_shape("PersonObservations", "filled_mask", self.filled_mask, (frames,))
        require_shape("PersonObservations", "box_xys_px", self.box_xys_px, (frames, 3))
        require_shape("PersonObservations", "landmarks_px", self.landmarks_px, (frames, None, 3))
        require_shape("PersonObservations", "world_m", self.world_m, (frames, None, 3))
        require_finite("PersonObservations", "landmarks_px", self.landmarks_px)
        if self.feature is not None:
            require_shape("PersonObservations", "feature", self.feature, (frames, None))
        if self.widths_px is not None:
            require_shape("PersonObservations", "widths_px", self.widths_px, (frames, None))

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.frame_index)
