"""A tape measure for bodies at rest: how tall, and how far round chest, waist and hips."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import ConvexHull

from spsnet.body.model import BodyModel

_HIPS, _SHOULDERS = (1, 2), (16, 17)
_ARMS = range(16, 24)
_CHEST_AT, _WAIST_AT, _HIPS_AT = 0.72, 0.42, 0.0
"""Parts of the way up from the hip joints to the shoulder joints: under the armpits, the narrowest place of the average
adult, and where the seat is widest."""


@dataclass(frozen=True, kw_only=True)
class BodyMeasurements:
    """Lengths of bodies at rest."""

    stature_m: Float[np.ndarray, " bodies"]
    """From the lowest to the highest vertex."""
    chest_girth_m: Float[np.ndarray, " bodies"]
    waist_girth_m: Float[np.ndarray, " bodies"]
    hip_girth_m: Float[np.ndarray, " bodies"]


def measure_body(body: BodyModel, shape: Float[np.ndarray, "bodies 10"]) -> BodyMeasurements:
    """Measure bodies in the T-pose.

    A girth is the perimeter of the convex hull of the slice through trunk and legs, arms left out, as a tape spans
    hollows. Its height follows the joints, so that it stays at the same place of a taller or shorter person.

    Convention:
        The open body's average adult is 1.696 m tall, 0.993 m round the chest, 0.857 m round the waist, 1.038 m round
        the hips; two standard deviations of its first coefficient up: 1.901, 1.102, 0.956 and 1.073.

    Args:
        body: Upright along y at rest, as SMPL's form has it.
        shape: β of each body.
    """
    edges = _find_trunk_edges(body)
    rows = []
    for coefficients in shape.astype(np.float64):
        vertices = body.template_m + body.shape_directions @ coefficients
        joints = body.rest_joints_m + body.rest_joint_shape @ coefficients
        low, high = joints[list(_HIPS), 1].mean(), joints[list(_SHOULDERS), 1].mean()
        girths = [_measure_girth(vertices, edges, low + at * (high - low)) for at in (_CHEST_AT, _WAIST_AT, _HIPS_AT)]
        rows.append([np.ptp(vertices[:, 1]), *girths])
    stature, chest, waist, hips = np.array(rows).reshape(-1, 4).T
    return BodyMeasurements(stature_m=stature, chest_girth_m=chest, waist_girth_m=waist, hip_girth_m=hips)


def _find_trunk_edges(body: BodyModel) -> Int[np.ndarray, "edges 2"]:
    """Edges of the triangles that no arm has a part in."""
    on_arm = np.isin(body.skinning_weights.argmax(1), _ARMS)
    faces = body.faces[~on_arm[body.faces].any(1)]
    return np.unique(np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1), axis=0)


def _measure_girth(
    vertices_m: Float[np.ndarray, "vertices 3"], edges: Int[np.ndarray, "edges 2"], height_m: float
) -> float:
    start, stop = vertices_m[edges[:, 0]], vertices_m[edges[:, 1]]
    crosses = (start[:, 1] < height_m) != (stop[:, 1] < height_m)
    start, stop = start[crosses], stop[crosses]
    way = (height_m - start[:, 1]) / (stop[:, 1] - start[:, 1])
    slice_m = (start + way[:, None] * (stop - start))[:, [0, 2]]
    return float(ConvexHull(slice_m).area)  # the perimeter: of points in a plane, scipy calls the plane's area "volume"
