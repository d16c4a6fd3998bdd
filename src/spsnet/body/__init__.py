"""Bodies in SMPL's form: parameters to mesh, joints and keypoints; their files."""

from spsnet.body.files import build_body, load_body
from spsnet.body.keypoints import KeypointModel, attach_points, build_keypoint_model, compute_keypoints
from spsnet.body.kinematics import forward_kinematics, place_rest_joints
from spsnet.body.model import BodyModel
from spsnet.body.skinning import compute_joints, compute_pose_feature, compute_vertices

__all__ = [
    "BodyModel",
    "KeypointModel",
    "attach_points",
    "build_body",
    "build_keypoint_model",
    "compute_joints",
    "compute_keypoints",
    "compute_pose_feature",
    "compute_vertices",
    "forward_kinematics",
    "load_body",
    "place_rest_joints",
]
