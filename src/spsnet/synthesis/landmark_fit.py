"""What the encoder means by its landmarks and how it errs, measured on rendered people whose truth is known."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.body import BodyModel, compute_keypoints, forward_kinematics
from spsnet.body.landmarks import build_landmark_model, find_carriers
from spsnet.crops import compute_network_box
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows
from spsnet.geometry import project_points
from spsnet.records import UserError
from spsnet.synthesis.landmarks import SWAPPED, LandmarkNoise

_OUTLIER = 0.15
"""Half box sides; a landmark further off than this is not noise but a mistake."""
_CENTER = np.zeros(2)


@dataclass(frozen=True, kw_only=True)
class LandmarkFit:
    """The measurement."""

    offset_m: Float[np.ndarray, "33 3"]
    noise: LandmarkNoise
    residual_before: Float[np.ndarray, "33"]
    """Median distance in half box sides without offsets."""
    residual_after: Float[np.ndarray, "33"]
    leg_swap_frames: float
    """Share of frames in which exchanging the legs' sides fits clearly better."""
    trunk_swap_frames: float
    outlier_frames: float
    """Share of landmarks that are mistakes."""


def fit_landmarks(windows: ObservedWindows, body: BodyModel, *, iterations: int = 8) -> LandmarkFit:
    """Fit offsets by robust least squares on pixels, then measure what is left.

    The pixel residual of landmark k is linear in its offset o for a given depth: f / Z (I − x/Z) G_j o. Frames whose
    sides are exchanged, and mistakes, are left out of the fit (they are weighted down by Geman and McClure's function).
    """
    offset = np.zeros((33, 3))
    before = None
    for _ in range(iterations):
        points, turned = _place(windows, body, offset)
        residual, half = _measure(windows, points)
        distance = np.linalg.norm(residual, axis=-1)
        if before is None:
            before = np.median(distance[windows.seen.present_mask], axis=0)
        weight = windows.seen.present_mask[..., None] / (1 + (distance / 0.05) ** 2) ** 2
        slope = points[..., :2] / points[..., 2:]
        frame = np.concatenate([np.broadcast_to(np.eye(2), (*slope.shape[:-1], 2, 2)), -slope[..., None]], axis=-1)
        jacobian = (FOCAL_PX / (points[..., 2] * half[..., None]))[..., None, None] * (frame @ turned)
        normal = np.einsum("wtkia,wtk,wtkib->kab", jacobian, weight, jacobian)
        right = np.einsum("wtkia,wtk,wtki->ka", jacobian, weight, residual)
        # A prior of 3 cm keeps directions that no view shows where the body's own regressor puts them.
        prior = np.eye(3) * (1.0 / 0.03**2)
        step = np.linalg.solve(normal * 400 + prior, (right * 400 - offset / 0.03**2)[..., None])[..., 0]
        offset = offset + step
    points, _ = _place(windows, body, offset)
    residual, _ = _measure(windows, points)
    distance = np.linalg.norm(residual, axis=-1)
    seen = windows.seen.present_mask
    legs = _find_swaps(windows, points, tuple(range(25, 33))) & seen
    trunk = _find_swaps(windows, points, tuple(range(11, 25))) & seen
    assert before is not None
    clean = seen & ~legs & ~trunk
    constant, smooth, white = _split_noise(residual, clean)
    noise = LandmarkNoise(
        constant=tuple(map(float, constant)), smooth=tuple(map(float, smooth)), white=tuple(map(float, white))
    )
    # A swap lasts for a stretch: about half of a window that has one.
    leg_share, trunk_share = float(legs.sum() / seen.sum()), float(trunk.sum() / seen.sum())
    noise = replace(noise, leg_swap_share=min(2 * leg_share, 0.5), trunk_swap_share=min(2 * trunk_share, 0.5))
    return LandmarkFit(
        offset_m=offset,
        noise=noise,
        residual_before=before,
        residual_after=np.median(distance[seen], axis=0),
        leg_swap_frames=leg_share,
        trunk_swap_frames=trunk_share,
        outlier_frames=float((distance[clean] > _OUTLIER).mean()),
    )


def _place(
    windows: ObservedWindows, body: BodyModel, offset: Float[np.ndarray, "33 3"]
) -> tuple[Float[np.ndarray, "windows time 33 3"], Float[np.ndarray, "windows time 33 3 3"]]:
    """The landmarks in camera axes, and the rotation of the joint that carries each."""
    model = build_landmark_model(body, offset)
    count, frames = windows.seen.present_mask.shape
    rotations = windows.rotations.reshape(-1, 24, 3, 3).astype(np.float64)
    shape = np.repeat(windows.shape, frames, axis=0).astype(np.float64)
    points = compute_keypoints(model, rotations, shape, windows.translation_m.reshape(-1, 3).astype(np.float64))
    rest = body.rest_joints_m[None].astype(np.float64)
    turned, _ = forward_kinematics(body.parents, rest, rotations)
    joints = model.pair_joint[find_carriers(model)]
    return points[:, -33:].reshape(count, frames, 33, 3), turned[:, joints].reshape(count, frames, 33, 3, 3)


def _measure(
    windows: ObservedWindows, points: Float[np.ndarray, "windows time 33 3"]
) -> tuple[Float[np.ndarray, "windows time 33 2"], Float[np.ndarray, "windows time"]]:
    """Seen minus projected, in half sides of the true box, and that half side in pixels."""
    projected = project_points(points, FOCAL_PX, _CENTER)
    half = compute_network_box(projected)[..., 2] / 2
    return (windows.seen.landmarks_px[..., :2] - projected) / half[..., None, None], half


def _find_swaps(
    windows: ObservedWindows, points: Float[np.ndarray, "windows time 33 3"], members: tuple[int, ...]
) -> Bool[np.ndarray, "windows time"]:
    """Frames in which the landmarks fit better, by a clear margin, with left and right exchanged."""
    straight, _ = _measure(windows, points)
    exchanged_seen = replace(windows.seen, landmarks_px=windows.seen.landmarks_px[:, :, SWAPPED])
    swapped, _ = _measure(replace(windows, seen=exchanged_seen), points)
    index = list(members)
    as_is, exchanged = (np.linalg.norm(r[:, :, index], axis=-1).mean(-1) for r in (straight, swapped))
    return (exchanged < 0.6 * as_is) & (as_is > 0.05)


def _split_noise(
    residual: Float[np.ndarray, "windows time 33 2"], clean: Bool[np.ndarray, "windows time"]
) -> tuple[Float[np.ndarray, "33"], Float[np.ndarray, "33"], Float[np.ndarray, "33"]]:
    """Standard deviations of the part that stays in a window, of the part that wanders and of the part that is new.

    Mistakes are left out. White noise has twice its variance in differences of neighbours, a wandering error little.
    """
    ok = clean[..., None] & (np.linalg.norm(residual, axis=-1) < _OUTLIER)
    kept = np.where(ok[..., None], residual, np.nan)
    whole = (ok.mean(1) > 0.6)[:, None]
    with np.errstate(invalid="ignore"):
        count = np.maximum(ok.sum(1), 1)[..., None]
        mean = np.nansum(kept, axis=1) / count
        mean = np.where(whole.swapaxes(1, 2), mean, np.nan)
        constant = np.sqrt(np.nanmean(mean**2, axis=(0, 2)))
        within = np.nanmean((kept - mean[:, None]) ** 2, axis=(0, 1, 3))
        steps = np.nanmean(np.diff(kept, axis=1) ** 2, axis=(0, 1, 3)) / 2
    return constant, np.sqrt(np.maximum(within - 0.5 * steps, 1e-8)), np.sqrt(0.5 * steps)


def find_usable(windows: ObservedWindows) -> Int[np.ndarray, " usable"]:
    """Windows whose truth is known and in which the encoder saw somebody.

    Raises:
        UserError: If there are none.
    """
    usable = np.flatnonzero(windows.labelled & windows.seen.present_mask.any(1))
    if not len(usable):
        raise UserError("these windows show nobody whose pose is known; landmarks are measured on rendered people")
    return usable
