"""One person as any system's results tell: what readers of results give, and evaluation and writers take."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from spsnet.records._checks import require_finite, require_shape


@dataclass(frozen=True, kw_only=True, eq=False)
class PredictedMotion:
    """Pose, shape and place of one person in the frames where a system gave one; what it did not give is None.

    Convention:
        Everything in space is in the camera's axes (OpenCV: x right, y down, z forward), metres; everything in the
        picture in its pixels. A body drawn at p = vertex + `translation_m` is seen at `focal_px` p_x / p_z + centre.
    """

    person: str
    """As the file calls the person; unique in it."""
    frame_index: Int[np.ndarray, " time"]
    """Numbers of the film's frames, rising; may have holes."""
    pose_rad: Float[np.ndarray, "time 72"]
    """Axis-angle of 24 joints, root first, SMPL order; joints that a body lacks are zero."""
    shape: Float[np.ndarray, "time 10"]
    """Coefficients of the body named in `body`."""
    body: str
    """smpl, smplh, smplx, or the name of a body of ours."""
    translation_m: Float[np.ndarray, "time 3"] | None = None
    """Added to every vertex and joint of the posed body."""
    focal_px: float | None = None
    """The lens that `translation_m` holds for: with another one the same picture means another depth."""
    center_px: tuple[float, float] | None = None
    """Principal point."""
    box_xys_px: Float[np.ndarray, "time 3"] | None = None
    """Centre and side of a square around the person."""
    joints_m: Float[np.ndarray, "time joints 3"] | None = None
    """The system's own joints: `translation_m` is in them where it is known, else they lie about the body's origin."""
    joint_set: str | None = None
    """Names `joints_m` (`skeletons.get_joint_set`)."""
    vertices_m: Float[np.ndarray, "time vertices 3"] | None = None
    """The system's own mesh, placed as `joints_m`; read only where wanted."""
    fps: float | None = None
    """Of the film, on average."""
    time_s: Float[np.ndarray, " time"] | None = None
    """The frames' own times, rising from the film's beginning; where None, `fps` is all that is known of them."""

    def __post_init__(self) -> None:
        """Check that every array tells of the same frames and every number is one."""
        frames = len(self.frame_index)
        if not self.person or not self.body:
            raise ValueError("PredictedMotion.person and PredictedMotion.body should be named")
        if np.any(np.diff(self.frame_index) <= 0):
            raise ValueError("PredictedMotion.frame_index should rise")
        if self.time_s is not None and np.any(np.diff(self.time_s) <= 0):
            raise ValueError("PredictedMotion.time_s should rise")
        shapes = {"pose_rad": (72,), "shape": (10,), "translation_m": (3,), "box_xys_px": (3,), "time_s": ()}
        for field, axes in {**shapes, "joints_m": (None, 3), "vertices_m": (None, 3)}.items():
            array = getattr(self, field)
            if array is not None:
                require_shape("PredictedMotion", field, array, (frames, *axes))
                require_finite("PredictedMotion", field, array)
        if (self.joints_m is None) != (self.joint_set is None):
            raise ValueError("PredictedMotion.joints_m and PredictedMotion.joint_set should be given together")
        for field in ("focal_px", "fps"):
            number = getattr(self, field)
            if number is not None and not number > 0:
                raise ValueError(f"PredictedMotion.{field} should be positive, got {number}")

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.frame_index)
