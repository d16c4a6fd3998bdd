"""Cameras found from where points in their axes appear."""

import numpy as np
from jaxtyping import Float

from spsnet.geometry import project_points
from spsnet.records import Pinhole

WORST_FIT_PX = 5.0
"""Median distance from which points are not where a camera shows them."""


def fit_pinhole(
    joints: Float[np.ndarray, "time joints 3"], points_px: Float[np.ndarray, "time joints 2"], size_px: tuple[int, int]
) -> Pinhole | None:
    r"""The camera under which points in its axes appear where they do, by least squares.

        x = f X / Z + c_x        y = f Y / Z + c_y

    Linear in f and c, so there is one answer, and where the points are projections it is the camera itself.

    Convention:
        Points at X / Z = 0 and 0.1 that appear at x = 1024 and 1174: f is 1500 px, c_x 1024 px. Any unit of length.

    Args:
        joints: In the camera's axes, in front of it.
        points_px: Where they appear.
        size_px: Width and height of the picture.

    Returns:
        The camera; None if the points do not tell it, or are no projections (median distance over 5 px).

    Source:
        Pinhole projection, solved for its three unknowns.
    """
    finite = np.isfinite(joints).all(-1) & np.isfinite(points_px).all(-1)
    depth = joints[finite][:, 2:]
    front = depth[:, 0] > 0
    rays, seen = joints[finite][front, :2] / depth[front], points_px[finite][front]
    rows = np.zeros((len(rays), 2, 3))
    rows[:, :, 0] = rays
    rows[:, 0, 1] = rows[:, 1, 2] = 1
    answer, _, rank, _ = np.linalg.lstsq(rows.reshape(-1, 3), seen.reshape(-1), rcond=1e-6)
    if rank < 3 or answer[0] <= 0:
        return None
    if np.median(np.linalg.norm(rows @ answer - seen, axis=-1)) > WORST_FIT_PX:
        return None
    focal, x, y = (float(value) for value in answer)
    return Pinhole(focal_px=focal, center_px=(x, y), width=size_px[0], height=size_px[1])


def measure_projection(
    camera: Pinhole, joints: Float[np.ndarray, "time joints 3"], points_px: Float[np.ndarray, "time joints 2"]
) -> float:
    """Median distance in pixels of points from where the camera shows the joints before it; 0 if there are none."""
    known = np.isfinite(joints).all(-1) & np.isfinite(points_px).all(-1) & (np.nan_to_num(joints[..., 2]) > 0)
    if not known.any():
        return 0.0
    shown = project_points(joints[known], camera.focal_px, np.array(camera.center_px))
    return float(np.median(np.linalg.norm(shown - points_px[known], axis=-1)))
