"""Bodies over time: what the program gives out."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.records._checks import require_finite, require_shape


@dataclass(frozen=True, kw_only=True)
class BodyParameters:
    """Pose θ, shape β and place of one body over time."""

    pose_rad: Float[np.ndarray, "time 72"]
    """Axis-angle of 24 joints, root first, SMPL order; root in OpenCV camera axes."""
    shape: Float[np.ndarray, "10"]
    """Coefficients of the body model that the owner names."""
    translation_m: Float[np.ndarray, "time 3"]
    """Added to every vertex and joint; camera axes."""

    def __post_init__(self) -> None:
        """Check shapes and finiteness."""
        frames = len(self.pose_rad)
        require_shape("BodyParameters", "pose_rad", self.pose_rad, (frames, 72))
        require_shape("BodyParameters", "shape", self.shape, (10,))
        require_shape("BodyParameters", "translation_m", self.translation_m, (frames, 3))
        for field in ("pose_rad", "shape", "translation_m"):
            require_finite("BodyParameters", field, getattr(self, field))

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.pose_rad)


@dataclass(frozen=True, kw_only=True)
class PersonMotion:
    """One person of a film, in 3D: the contents of one `person_NNN.npz`."""

    track_id: int
    frame_index: Int[np.ndarray, " time"]
    time_s: Float[np.ndarray, " time"]
    box_xys_px: Float[np.ndarray, "time 3"]
    confidence: Float[np.ndarray, " time"]
    filled_mask: Bool[np.ndarray, " time"]
    body: BodyParameters
    crop_camera: Float[np.ndarray, "time 3"]
    """s, tx, ty of the weak perspective in the box."""
    focal_px: float
    joints_m: Float[np.ndarray, "time joints 3"]
    """Camera axes: SMPL 24, then COCO 17."""
    joints_px: Float[np.ndarray, "time joints 2"]
    joint_names: tuple[str, ...]
    keypoints_px: Float[np.ndarray, "time keypoints 3"]
    """The encoder's own 2D landmarks and confidence."""

    def __post_init__(self) -> None:
        """Check that every array tells of the same frames and joints."""
        frames, joints = len(self.frame_index), len(self.joint_names)
        require_shape("PersonMotion", "body.pose_rad", self.body.pose_rad, (frames, 72))
        require_shape("PersonMotion", "time_s", self.time_s, (frames,))
        require_shape("PersonMotion", "box_xys_px", self.box_xys_px, (frames, 3))
        require_shape("PersonMotion", "confidence", self.confidence, (frames,))
        require_shape("PersonMotion", "filled_mask", self.filled_mask, (frames,))
        require_shape("PersonMotion", "crop_camera", self.crop_camera, (frames, 3))
        require_shape("PersonMotion", "joints_m", self.joints_m, (frames, joints, 3))
        require_shape("PersonMotion", "joints_px", self.joints_px, (frames, joints, 2))
        require_shape("PersonMotion", "keypoints_px", self.keypoints_px, (frames, None, 3))
        require_finite("PersonMotion", "joints_m", self.joints_m)

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.frame_index)
