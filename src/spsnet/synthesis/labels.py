"""What is known of a drawn picture besides pose and shape: which landmarks are seen, and the person's outline."""

from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Bool, Float

from spsnet.body import BodyModel
from spsnet.body.landmarks import LANDMARK_SET
from spsnet.datasets.shards import SILHOUETTE_PX
from spsnet.geometry import project_points
from spsnet.records import Pinhole
from spsnet.synthesis.appearance import RenderedFrame

_SILHOUETTE_ROOM = 1.1
"""Side of the silhouette's square over that of the person's bounding box."""
_FINE = 4
"""Samples of a silhouette's pixel along each axis."""
_ROUNDNESS, _CLOTH_M = 1.5, 0.05
"""A landmark may lie so many times its distance from the skin, and so much more, behind what is seen of the body."""


def project_landmarks(
    body: BodyModel, vertices_m: Float[np.ndarray, "vertices 3"], camera: Pinhole
) -> tuple[Float[np.ndarray, "33 2"], Float[np.ndarray, "33"]]:
    """The body's own 33 landmarks: picture pixels, and depth in metres."""
    points = body.regressors[LANDMARK_SET] @ vertices_m
    return project_points(points, camera.focal_px, np.array(camera.center_px)), points[:, 2]


def find_visible(
    body: BodyModel,
    frame: RenderedFrame,
    landmarks_px: Float[np.ndarray, "33 2"],
    depth_m: Float[np.ndarray, "33"],
) -> Bool[np.ndarray, "33"]:
    """Which landmarks lie in the picture with nothing before them: no thing, nobody else and no part of the body.

    Landmarks are joints inside the body, so they may lie behind its surface by about as much as the limb is thick
    there.
    """
    height, width = frame.depth_m.shape
    inside = (landmarks_px >= 0).all(1) & (landmarks_px < (width, height)).all(1) & (depth_m > 0)
    column, row = np.clip(landmarks_px, 0, (width - 1, height - 1)).astype(np.int64).T
    bare = frame.depth_m[row, column] > depth_m - _measure_burial(body)
    return inside & bare & ~frame.covered_mask[row, column]


def measure_silhouette_box(
    vertices_m: Float[np.ndarray, "vertices 3"], focal_px: float, center_px: Float[np.ndarray, "2"]
) -> Float[np.ndarray, "3"]:
    """Centre and side of the square about the projected body, 1.1 times its longer edge; the picture does not cut it.

    Convention:
        A body from (0, 0) to (10, 20) px: (5, 10, 22).
    """
    points = project_points(vertices_m, focal_px, center_px)
    x, y = points.T
    low, high = np.array([x.min(), y.min()]), np.array([x.max(), y.max()])
    return np.append((low + high) / 2, _SILHOUETTE_ROOM * float((high - low).max()))


def cut_silhouette(
    mask: Bool[np.ndarray, "height width"], box_xys_px: Float[np.ndarray, "3"]
) -> Bool[np.ndarray, "64 64"]:
    """Part of a mask in a square, a pixel set where half of it or more is; outside of the picture there is nothing."""
    size = SILHOUETTE_PX * _FINE
    step = float(box_xys_px[2]) / size
    corner = box_xys_px[:2] - box_xys_px[2] / 2
    # cv2 counts from the middle of the first pixel, boxes from its corner.
    matrix = np.array([[step, 0, corner[0] + step / 2 - 0.5], [0, step, corner[1] + step / 2 - 0.5]])
    fine = cv2.warpAffine(mask.astype(np.float32), matrix, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    coarse = cv2.resize(fine, (SILHOUETTE_PX, SILHOUETTE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(coarse >= 0.5)


@lru_cache(maxsize=2)
def _measure_burial(body: BodyModel) -> Float[np.ndarray, "33"]:
    """How far behind the seen surface each landmark may lie and still count as seen, metres."""
    points = body.regressors[LANDMARK_SET] @ body.template_m
    nearest = np.array([np.linalg.norm(body.template_m - point, axis=1).min() for point in points])
    return np.asarray(_ROUNDNESS * nearest + _CLOTH_M)
