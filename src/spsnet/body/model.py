"""The constants of a body in SMPL's form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from spsnet.body._convert import convert_like, identify_kind
from spsnet.geometry._array import Array


class SkinArrays(NamedTuple):
    """What posing needs; x of all vertices, then y, then z, so that every product runs over vertices."""

    directions: Float[Array, "coefficients coordinates"]
    """The template, the 10 shape directions, the 207 pose directions where there are any: one product makes a body."""
    weights: Float[Array, "24 vertices"]
    rest_joints_m: Float[Array, "24 3"]
    rest_joint_shape: Float[Array, "24 3 10"]


@dataclass(frozen=True, kw_only=True, eq=False)
class BodyModel:
    """A body in SMPL's form: 24 joints, 10 shape coefficients.

    Convention:
        Metres, y up, facing +z, the body's left at +x when at rest; arms out to the sides.
    """

    name: str
    """Goes into results, beside the coefficients that mean something for this body only."""
    template_m: Float[np.ndarray, "vertices 3"]
    shape_directions: Float[np.ndarray, "vertices 3 10"]
    """Metres for one unit of each shape coefficient."""
    pose_directions: Float[np.ndarray, "vertices 3 207"] | None
    """Metres for one unit of R − I of joints 1 to 23, row by row; None where the body has no pose correctives."""
    skinning_weights: Float[np.ndarray, "vertices 24"]
    """Each row sums to 1."""
    joint_regressor: Float[np.ndarray, "24 vertices"]
    parents: tuple[int, ...]
    """Of each joint; −1 for the root."""
    faces: Int[np.ndarray, "faces 3"]
    """Counter-clockwise seen from outside."""
    regressors: Mapping[str, Float[np.ndarray, "_ vertices"]]
    """By joint set ("coco17", "h36m17", …): keypoints from posed vertices."""
    part_labels: Int[np.ndarray, " vertices"] | None
    """Body part of each vertex, where the file says."""
    uv: Float[np.ndarray, "texels 2"] | None
    uv_faces: Int[np.ndarray, "faces 3"] | None
    _converted: dict[tuple[object, ...], SkinArrays] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def rest_joints_m(self) -> Float[np.ndarray, "24 3"]:
        """Joints of the average body at rest."""
        return (self.joint_regressor.astype(np.float64) @ self.template_m).astype(np.float32)

    @cached_property
    def rest_joint_shape(self) -> Float[np.ndarray, "24 3 10"]:
        """Metres that a joint at rest moves for one unit of each shape coefficient."""
        return np.einsum("jv,vcs->jcs", self.joint_regressor.astype(np.float64), self.shape_directions).astype(
            np.float32
        )

    def convert_arrays(self, like: Array) -> SkinArrays:
        """Constants in the library, floating type and device of `like`; made once for each."""
        kind = identify_kind(like)
        if kind not in self._converted:
            blocks = [self.template_m[..., None], self.shape_directions]
            if self.pose_directions is not None:
                blocks.append(self.pose_directions)
            directions = np.concatenate([block.transpose(2, 1, 0) for block in blocks])
            self._converted[kind] = SkinArrays(
                directions=convert_like(directions.reshape(len(directions), -1), like),
                weights=convert_like(np.ascontiguousarray(self.skinning_weights.T), like),
                rest_joints_m=convert_like(self.rest_joints_m, like),
                rest_joint_shape=convert_like(self.rest_joint_shape, like),
            )
        return self._converted[kind]
