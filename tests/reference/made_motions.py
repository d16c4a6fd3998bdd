"""Truths and predictions of a few frames, for the protocols' tests."""

from dataclasses import replace
from typing import Any

import numpy as np

from spsnet.evaluation.frame_selection import select_frames
from spsnet.evaluation.measured_motion import LabelledMotion, MotionArrays
from spsnet.evaluation.protocols import get_protocol
from spsnet.evaluation.sequence_errors import SequenceErrors, score_sequence
from spsnet.skeletons import get_joint_set

PLACE_M = (0.25, -0.5, 3.0)


def make_truth(frames: int = 20, *, joint_set: str = "lsp14", **fields: Any) -> LabelledMotion:
    """One body, standing still, every number of which float16 holds exactly; its limbs and all else seen."""
    joints = np.random.default_rng(7).integers(-64, 64, (len(get_joint_set(joint_set)), 3)) / 128
    return LabelledMotion(
        **{
            "dataset": "3dpw",
            "name": "film_0",
            "sequence": "film",
            "fps": 30.0,
            "frame_index": np.arange(frames),
            "motion": MotionArrays(joints_m=np.tile(joints + PLACE_M, (frames, 1, 1)), joint_set=joint_set),
            "valid_mask": np.ones(frames, bool),
            "keypoints_px": np.full((frames, 14, 3), 0.9),
            "keypoint_set": "lsp14",
            "image_size_px": (100, 50),
        }
        | fields
    )


def move_joint(motion: MotionArrays, joint: str, offset_m: tuple[float, float, float]) -> MotionArrays:
    """The same motion, one joint elsewhere."""
    joints = motion.joints_m.copy()
    joints[:, get_joint_set(motion.joint_set).index(joint)] += offset_m
    return replace(motion, joints_m=joints)


def score(protocol: str, predicted: MotionArrays, truth: LabelledMotion) -> SequenceErrors:
    """Errors of a sequence under a protocol by name."""
    chosen = get_protocol(protocol)
    return score_sequence(chosen, predicted, truth, select_frames(chosen, truth))
