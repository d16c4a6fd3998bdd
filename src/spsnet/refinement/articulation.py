"""Points on a posed body and how they move when its joints turn."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from spsnet.body import KeypointModel, compute_pose_feature, forward_kinematics
from spsnet.geometry import axis_angle_to_matrix, transpose


class PosedPoints(NamedTuple):
    """A body's points over time, before its translation is added."""

    points_m: Float[np.ndarray, "time points 3"]
    pair_points_m: Float[np.ndarray, "time pairs 3"]
    """What each (point, joint) pair adds to its point."""
    joints_m: Float[np.ndarray, "time 24 3"]
    global_rotations: Float[np.ndarray, "time 24 3 3"]


class Articulation:
    """The points of a keypoint model, with analytic derivatives by the rotations of some joints.

    Convention:
        A joint's rotation is varied by a rotation vector ω in camera axes, applied after it: everything below the joint
        turns by exp(ω) about the joint's place. Pose correctives are followed in value, not in the derivative.
    """

    def __init__(self, model: KeypointModel, joints: tuple[int, ...]) -> None:
        self._model = model
        self.joints = np.array(joints)
        parents = np.array(model.parents)
        descends = np.eye(24, dtype=bool)
        for joint in range(1, 24):
            descends[joint] |= descends[parents[joint]]
        self._parents = parents
        points = len(model.names)
        pairs = np.arange(len(model.pair_joint))
        sums = np.zeros((points, len(pairs)))
        sums[model.pair_keypoint, pairs] = 1
        # For point k and varied joint a: which pairs move when a turns.
        moved = descends[model.pair_joint][:, self.joints]
        self._point_sums = sums
        if model.pair_pose is not None:
            self._pair_pose = model.pair_pose.reshape(-1, model.pair_pose.shape[-1]).T.astype(np.float64)
        self._moved_sums = (sums[:, None, :] * moved.T[None]).reshape(-1, len(pairs))
        self._moved_weights = (self._moved_sums @ model.pair_weight).reshape(points, len(joints))

    def pose(self, rotations: Float[np.ndarray, "time 24 3 3"], shape: Float[np.ndarray, "10"]) -> PosedPoints:
        """Points of the body in a pose and shape."""
        model = self._model
        rest = model.rest_joints_m + model.rest_joint_shape @ shape
        turned, placed = forward_kinematics(model.parents, rest[None], rotations)
        local = model.pair_template_m + model.pair_shape @ shape
        if model.pair_pose is not None:
            local = local + (compute_pose_feature(rotations) @ self._pair_pose).reshape(len(rotations), *local.shape)
        local = np.broadcast_to(local, (len(rotations), *local.shape[-2:]))
        carried = np.einsum("tpij,tpj->tpi", turned[:, model.pair_joint], local)
        pair_points = carried + model.pair_weight[:, None] * placed[:, model.pair_joint]
        return PosedPoints(self._point_sums @ pair_points, pair_points, placed, turned)

    def differentiate_by_rotation(self, posed: PosedPoints) -> Float[np.ndarray, "time points 3 variables"]:
        """∂point/∂ω of the varied joints, three variables a joint in the order of `joints`."""
        frames, points = posed.points_m.shape[:2]
        varied = len(self.joints)
        flat = posed.pair_points_m.transpose(1, 0, 2).reshape(-1, 3 * frames)  # one product for all frames
        carried = (self._moved_sums @ flat).reshape(points, varied, frames, 3).transpose(2, 0, 1, 3)
        lever = carried - self._moved_weights[..., None] * posed.joints_m[:, None, self.joints]
        # ω × lever = −[lever] ω: the elements of a skew matrix.
        result = np.zeros((frames, points, 3, varied, 3))
        for row, column, axis in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            result[:, :, row, :, column] = lever[..., axis]
            result[:, :, column, :, row] = -lever[..., axis]
        return result.reshape(frames, points, 3, -1)

    def turn(
        self,
        rotations: Float[np.ndarray, "time 24 3 3"],
        posed: PosedPoints,
        omega_rad: Float[np.ndarray, "time varied 3"],
    ) -> Float[np.ndarray, "time 24 3 3"]:
        """Turn the varied joints by ω in camera axes and return all rotations relative to the parents again."""
        result = rotations.copy()
        frame = self.get_parent_frames(posed)
        result[:, self.joints] = transpose(frame) @ axis_angle_to_matrix(omega_rad) @ frame @ rotations[:, self.joints]
        return result

    def get_parent_frames(self, posed: PosedPoints) -> Float[np.ndarray, "time varied 3 3"]:
        """Global rotation of each varied joint's parent; identity for the root."""
        frame = posed.global_rotations[:, self._parents[self.joints]]
        return np.where((self._parents[self.joints] < 0)[:, None, None], np.eye(3), frame)
