"""What the encoder means by its landmarks, measured on rendered people whose truth is known."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from spsnet.body import BodyModel, compute_keypoints, forward_kinematics
from spsnet.body.landmarks import build_landmark_model, find_carriers
from spsnet.crops import compute_network_box
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows
from spsnet.geometry import project_points
from spsnet.records import UserError

NOBODY_SEEN = "these windows show nobody whose pose is known; landmarks are measured on rendered people"

_CENTER = np.zeros(2)
_FRAMES_FITTED = 12_000
"""Offsets are fitted on at most so many frames, evenly spaced."""
_OUTLIER = 0.05
"""Half box sides; landmarks further off weigh little in a fit."""


@dataclass(frozen=True, kw_only=True)
class LandmarkFit:
    """Where landmarks lie on the body. Distances are medians in half box sides."""

    offset_m: Float[np.ndarray, "33 3"]
    residual_before: Float[np.ndarray, "33"]
    """Without offsets."""
    residual_after: Float[np.ndarray, "33"]


def fit_landmarks(windows: ObservedWindows, body: BodyModel, *, iterations: int = 8) -> LandmarkFit:
    """Fit offsets by robust least squares on pixels.

    The pixel residual of landmark k is linear in its offset o for a given depth: f / Z (I − x/Z) G_j o. Frames whose
    sides are exchanged, and mistakes, are left out of the fit (they are weighted down by Geman and McClure's function).

    Raises:
        UserError: If the encoder saw nobody whose pose is known.
    """
    chosen = np.flatnonzero(windows.seen.present_mask & windows.labelled[:, None])
    if not len(chosen):
        raise UserError(NOBODY_SEEN)
    frames = windows.translation_m.shape[1]
    chosen = chosen[:: -(-len(chosen) // _FRAMES_FITTED)]
    window, time = chosen // frames, chosen % frames
    rotations = windows.rotations[window, time].astype(np.float64)
    seen = windows.seen.landmarks_px[window, time, :, :2].astype(np.float64)
    model = build_landmark_model(body)
    bare = compute_keypoints(
        model, rotations, windows.shape[window].astype(np.float64), windows.translation_m[window, time]
    )[:, -33:]
    turned, _ = forward_kinematics(body.parents, body.rest_joints_m[None].astype(np.float64), rotations)
    turned = turned[:, model.pair_joint[find_carriers(model)]]

    def measure(
        offset: Float[np.ndarray, "33 3"],
    ) -> tuple[Float[np.ndarray, "frames 33 3"], Float[np.ndarray, " frames"], Float[np.ndarray, "frames 33 2"]]:
        points = bare + (turned @ offset[..., None])[..., 0]
        projected = project_points(points, FOCAL_PX, _CENTER)
        half = compute_network_box(projected)[:, 2] / 2
        return points, half, (seen - projected) / half[:, None, None]

    offset = np.zeros((33, 3))
    before = np.median(np.linalg.norm(measure(offset)[2], axis=-1), axis=0)
    for _ in range(iterations):
        points, half, residual = measure(offset)
        weight = 1 / (1 + (residual**2).sum(-1) / _OUTLIER**2) ** 2
        slope = points[..., :2] / points[..., 2:]
        frame = np.concatenate([np.broadcast_to(np.eye(2), (*slope.shape[:-1], 2, 2)), -slope[..., None]], axis=-1)
        jacobian = (FOCAL_PX / (points[..., 2] * half[:, None]))[..., None, None] * (frame @ turned)
        normal = np.einsum("nkia,nk,nkib->kab", jacobian, weight, jacobian)
        right = np.einsum("nkia,nk,nki->ka", jacobian, weight, residual)
        # A prior of 3 cm keeps directions that no view shows where the body's own regressor puts them.
        prior = np.eye(3) * (1.0 / 0.03**2)
        step = np.linalg.solve(normal * 400 + prior, (right * 400 - offset / 0.03**2)[..., None])[..., 0]
        offset = offset + step
    after = np.median(np.linalg.norm(measure(offset)[2], axis=-1), axis=0)
    return LandmarkFit(offset_m=offset, residual_before=before, residual_after=after)


def find_usable(windows: ObservedWindows) -> Int[np.ndarray, " usable"]:
    """Windows whose truth is known and in which the encoder saw somebody."""
    return np.flatnonzero(windows.labelled & windows.seen.present_mask.any(1))
