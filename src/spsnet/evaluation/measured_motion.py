"""What is measured: one person's joints and surface, and what the data set says of the frames."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.evaluation.protocols import Root
from spsnet.records._checks import require_shape
from spsnet.skeletons import get_joint_set, map_joints


@dataclass(frozen=True, kw_only=True, eq=False)
class MotionArrays:
    """Joints and surface over time, all in one camera's axes, metres."""

    joints_m: Float[np.ndarray, "time joints 3"]
    """NaN where a joint is not known or not predicted."""
    joint_set: str
    pelvis_m: Float[np.ndarray, "time 3"] | None = None
    """H3.6M's pelvis, for protocols whose root it is; None where `joint_set` holds a pelvis or no one asks."""
    vertices_m: Float[np.ndarray, "time vertices 3"] | None = None
    """None: no PVE."""
    translation_m: Float[np.ndarray, "time 3"] | None = None
    """The part of the vertices' place that is the body's translation, given with the vertices."""

    def __post_init__(self) -> None:
        """Check that every array tells of the same frames and joints."""
        frames = len(self.joints_m)
        require_shape("MotionArrays", "joints_m", self.joints_m, (frames, len(get_joint_set(self.joint_set)), 3))
        if (self.vertices_m is None) != (self.translation_m is None):
            raise ValueError("MotionArrays.vertices_m and MotionArrays.translation_m should be given together")
        for name, shape in (
            ("pelvis_m", (frames, 3)),
            ("vertices_m", (frames, None, 3)),
            ("translation_m", (frames, 3)),
        ):
            if getattr(self, name) is not None:
                require_shape("MotionArrays", name, getattr(self, name), shape)

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.joints_m)

    def compute_root(self, root: Root) -> Float[np.ndarray, "time 3"]:
        """Place of the root in every frame, in float64.

        Raises:
            ValueError: If the joints do not tell it.
        """
        joints = get_joint_set(self.joint_set)
        if root == "pelvis" and self.pelvis_m is not None:
            return self.pelvis_m.astype(np.float64)
        names = ("pelvis",) if root == "pelvis" else ("left_hip", "right_hip")
        if any(name not in joints.joint_names for name in names):
            raise ValueError(f"the root is the {root}, which {self.joint_set} lacks; give MotionArrays.pelvis_m")
        return np.asarray(self.joints_m[:, [joints.index(name) for name in names]].astype(np.float64).mean(1))


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledMotion:
    """One person of one film: the truth, and what decides whether a frame counts."""

    dataset: str
    name: str
    """Unique on the data set."""
    sequence: str
    """The film, which other people may share: confidence intervals draw films."""
    fps: float
    """Of the film that `frame_index` numbers."""
    frame_index: Int[np.ndarray, " time"]
    """Rising."""
    motion: MotionArrays
    valid_mask: Bool[np.ndarray, " time"]
    """Frames whose annotation the data set vouches for."""
    camera_valid_mask: Bool[np.ndarray, " time"] | None = None
    """Frames whose camera is known; None where `valid_mask` says all."""
    keypoints_px: Float[np.ndarray, "time keypoints 3"] | None = None
    """x, y and confidence, for protocols that look at them."""
    keypoint_set: str | None = None
    image_size_px: tuple[int, int] | None = None
    """Width and height."""

    def __post_init__(self) -> None:
        """Check that every array tells of the same frames."""
        frames = len(self.motion)
        for name in ("frame_index", "valid_mask", "camera_valid_mask"):
            if getattr(self, name) is not None:
                require_shape("LabelledMotion", name, getattr(self, name), (frames,))
        if not self.fps > 0:
            raise ValueError(f"LabelledMotion.fps should be positive, got {self.fps}")
        if np.any(np.diff(self.frame_index) <= 0):
            raise ValueError("LabelledMotion.frame_index should rise")
        if (self.keypoints_px is None) != (self.keypoint_set is None):
            raise ValueError("LabelledMotion.keypoints_px and LabelledMotion.keypoint_set should be given together")
        if self.keypoints_px is not None and self.keypoint_set is not None:
            keypoints = len(get_joint_set(self.keypoint_set))
            require_shape("LabelledMotion", "keypoints_px", self.keypoints_px, (frames, keypoints, 3))

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.motion)

    @property
    def frame_step(self) -> int:
        """Frames of the film from one label to the next: the smallest step, where there are holes."""
        return int(np.diff(self.frame_index).min()) if len(self) > 1 else 1

    def get_limb_confidence(self) -> Float[np.ndarray, "time 12"] | None:
        """2D confidence of ankles, knees, hips, wrists, elbows and shoulders; None where no set of them is known."""
        if self.keypoints_px is None or self.keypoint_set is None:
            return None
        limbs = map_joints(self.keypoint_set, "lsp14")
        return None if not limbs.mask[:12].all() else self.keypoints_px[:, limbs.index[:12], 2]
