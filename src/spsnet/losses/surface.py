"""A body of fewer vertices that poses as the whole one does: cheap enough for a silhouette of every training frame."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from spsnet.body import BodyModel


def build_coarse_body(body: BodyModel, vertices: int = 1000) -> BodyModel:
    r"""Keep some of a body's vertices, spread evenly, and join neighbours to triangles.

    Each vertex of the whole body belongs to the kept one that is nearest along the surface; where three such patches
    meet in a face, their three vertices make a triangle of the coarse body. Flat triangles between points of a round
    limb lie inside it, so the kept vertices are moved outwards, all by the same few millimetres, until the volume is
    the whole body's.

    The joint regressor is the smallest one on the kept vertices that gives the whole body's joints for every shape, so
    joints, and with them the pose of every kept vertex, are the whole body's.

    Args:
        body: Any body.
        vertices: How many to keep; a few less where a loose part is too small for a triangle.

    Returns:
        A body of the same shapes and joints for `compute_vertices`; without keypoint regressors and texture.

    Raises:
        ValueError: If `vertices` is under 50, which no limb would survive, or more than the body has.
    """
    count = len(body.template_m)
    if not 50 <= vertices <= count:
        raise ValueError(f"vertices should be 50 to {count}, got {vertices}")
    kept = _spread_points(body.template_m, vertices)
    faces = _join_patches(_find_nearest(body.template_m, body.faces, kept)[body.faces])
    used, faces = np.unique(faces, return_inverse=True)
    kept, faces = kept[used], faces.reshape(-1, 3)
    template_m = _inflate(body.template_m[kept], faces, _measure_volume(body.template_m, body.faces))
    shape_directions = body.shape_directions[kept]
    return replace(
        body,
        template_m=template_m,
        shape_directions=shape_directions,
        pose_directions=None if body.pose_directions is None else body.pose_directions[kept],
        skinning_weights=body.skinning_weights[kept],
        joint_regressor=_fit_joint_regressor(body, template_m, shape_directions),
        faces=faces,
        regressors={},
        part_labels=None if body.part_labels is None else body.part_labels[kept],
        uv=None,
        uv_faces=None,
    )


def _spread_points(points: Float[np.ndarray, "points 3"], count: int) -> Int[np.ndarray, " count"]:
    """Farthest-point sampling: each new one as far from all others as can be."""
    chosen = np.empty(count, np.int64)
    chosen[0] = np.argmax(points[:, 1])
    distance = np.full(len(points), np.inf)
    for i in range(1, count):
        distance = np.minimum(distance, ((points - points[chosen[i - 1]]) ** 2).sum(-1))
        chosen[i] = np.argmax(distance)
    return np.sort(chosen)


def _find_nearest(
    points: Float[np.ndarray, "points 3"], faces: Int[np.ndarray, "faces 3"], kept: Int[np.ndarray, " kept"]
) -> Int[np.ndarray, " points"]:
    """For each vertex the row of `kept` that is nearest along the edges."""
    edges = np.unique(np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1), axis=0)
    lengths = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=-1)
    graph = coo_array((np.maximum(lengths, 1e-9), edges.T), shape=(len(points), len(points))).tocsr()
    _, _, sources = dijkstra(graph, directed=False, indices=kept, return_predecessors=True, min_only=True)
    return np.searchsorted(kept, sources)


def _join_patches(patches: Int[np.ndarray, "faces 3"]) -> Int[np.ndarray, "triangles 3"]:
    """Faces whose corners lie in three patches, turned as they were: on a body, no three patches meet so twice."""
    a, b, c = patches.T
    return patches[(a != b) & (b != c) & (c != a)]


def _inflate(
    points: Float[np.ndarray, "points 3"], faces: Int[np.ndarray, "faces 3"], volume_m3: float
) -> Float[np.ndarray, "points 3"]:
    """Move each point along the normal until a closed surface, counter-clockwise from outside, has this volume."""
    a, b, c = points[faces].astype(np.float64).transpose(1, 0, 2)
    doubled = np.cross(b - a, c - a)
    normals = np.zeros(points.shape)
    for corner in faces.T:
        np.add.at(normals, corner, doubled)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    area = np.linalg.norm(doubled, axis=-1).sum() / 2
    distance = (volume_m3 - _measure_volume(points, faces)) / area
    return (points + distance * normals).astype(points.dtype)


def _measure_volume(points: Float[np.ndarray, "points 3"], faces: Int[np.ndarray, "faces 3"]) -> float:
    """Of a closed surface, counter-clockwise seen from outside, in m³."""
    a, b, c = points[faces].astype(np.float64).transpose(1, 0, 2)
    return float((a * np.cross(b, c)).sum() / 6)


def _fit_joint_regressor(
    body: BodyModel, template_m: Float[np.ndarray, "kept 3"], shape_directions: Float[np.ndarray, "kept 3 10"]
) -> Float[np.ndarray, "24 kept"]:
    """The least-norm matrix with rows of sum 1 that gives the body's joints, of every shape, from other vertices."""
    known = np.concatenate([template_m[..., None], shape_directions], axis=-1).astype(np.float64)
    wanted = np.concatenate([body.rest_joints_m[..., None], body.rest_joint_shape], axis=-1)
    table = np.concatenate([known.reshape(len(known), -1).T, np.ones((1, len(known)))])
    values = np.concatenate([wanted.reshape(24, -1).T, np.ones((1, 24))])
    return np.linalg.lstsq(table, values)[0].T.astype(np.float32)
