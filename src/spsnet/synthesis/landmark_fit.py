"""What the encoder means by its landmarks, measured on rendered people whose truth is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.body import BodyModel, KeypointModel, compute_keypoints, forward_kinematics
from spsnet.body.keypoints import SMPL_JOINTS
from spsnet.body.landmarks import LANDMARK_SET, build_landmark_model, describe_carriers
from spsnet.crops import compute_network_box
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows
from spsnet.geometry import project_points
from spsnet.records import UserError
from spsnet.skeletons import get_joint_set

NOBODY_SEEN = "these windows show nobody whose pose is known; landmarks are measured on rendered people"

_CENTER = np.zeros(2)
_FRAMES_FITTED = 12_000
"""Offsets are fitted on at most so many frames, evenly spaced."""
_OUTLIER = 0.05
"""Half box sides; landmarks further off weigh little in a fit."""
_LEAST_SHARE = 0.05
"""Of a landmark that a joint carries, to be tried."""
_BETTER = 0.98
"""Another joint than the one that carries most is taken where the loss is under this share of that one's."""


@dataclass(frozen=True, kw_only=True)
class LandmarkFit:
    """Where landmarks lie on the body. Distances are medians in half box sides."""

    offset_m: Float[np.ndarray, "33 3"]
    joint: Int[np.ndarray, "33"]
    """That each offset turns with."""
    residual_before: Float[np.ndarray, "33"]
    """Without offsets."""
    residual_after: Float[np.ndarray, "33"]


def fit_landmarks(windows: ObservedWindows, body: BodyModel, *, iterations: int = 8) -> LandmarkFit:
    """Fit offsets by robust least squares on pixels, each in the axes of the joint in which it explains most.

    The pixel residual of landmark k is linear in its offset o for a given depth: f / Z (I − x/Z) G_j o. Frames whose
    sides are exchanged, and mistakes, are left out of the fit (they are weighted down by Geman and McClure's function).
    A joint is tried if it carries a twentieth of the landmark; another than the one that carries most has to explain
    more on both sides of the body.

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
    model = build_landmark_model(body)
    bare = compute_keypoints(
        model, rotations, windows.shape[window].astype(np.float64), windows.translation_m[window, time]
    )[:, -33:]
    turned, _ = forward_kinematics(body.parents, body.rest_joints_m[None].astype(np.float64), rotations)
    seen = windows.seen.landmarks_px[window, time, :, :2].astype(np.float64)
    sights = _Sights(bare, turned, seen)

    most, candidates = _list_candidates(model)
    loss = np.full(candidates.shape, np.inf)
    every = np.arange(33)
    for joint in (most, *_take_turns(candidates, most)):
        offset = sights.fit(joint, iterations)
        loss[every, joint] = sights.measure_loss(offset, joint)
    joint = _choose(loss, most)
    offset = sights.fit(joint, iterations)
    none = np.zeros((33, 3))
    return LandmarkFit(
        offset_m=offset,
        joint=joint,
        residual_before=np.median(np.linalg.norm(sights.measure(none, joint)[2], axis=-1), axis=0),
        residual_after=np.median(np.linalg.norm(sights.measure(offset, joint)[2], axis=-1), axis=0),
    )


class _Sights(NamedTuple):
    """Frames in which somebody was seen whose pose is known."""

    bare_m: Float[np.ndarray, "frames 33 3"]
    """The landmarks without offsets, camera axes."""
    turned: Float[np.ndarray, "frames 24 3 3"]
    """The joints' axes there."""
    seen_px: Float[np.ndarray, "frames 33 2"]

    def measure(
        self, offset_m: Float[np.ndarray, "33 3"], joint: Int[np.ndarray, "33"]
    ) -> tuple[Float[np.ndarray, "frames 33 3"], Float[np.ndarray, " frames"], Float[np.ndarray, "frames 33 2"]]:
        """The landmarks, half the box's side, and what the encoder is off by in these."""
        points = self.bare_m + (self.turned[:, joint] @ offset_m[..., None])[..., 0]
        projected = project_points(points, FOCAL_PX, _CENTER)
        half = compute_network_box(projected)[:, 2] / 2
        return points, half, (self.seen_px - projected) / half[:, None, None]

    def measure_loss(self, offset_m: Float[np.ndarray, "33 3"], joint: Int[np.ndarray, "33"]) -> np.ndarray:
        """Geman and McClure's, each landmark's mean."""
        square = (self.measure(offset_m, joint)[2] ** 2).sum(-1) / _OUTLIER**2
        return (square / (1 + square)).mean(0)

    def fit(self, joint: Int[np.ndarray, "33"], iterations: int) -> Float[np.ndarray, "33 3"]:
        """The offsets in the axes of these joints."""
        turned = self.turned[:, joint]
        offset = np.zeros((33, 3))
        for _ in range(iterations):
            points, half, residual = self.measure(offset, joint)
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
        return offset


def _list_candidates(model: KeypointModel) -> tuple[Int[np.ndarray, "33"], Bool[np.ndarray, "33 24"]]:
    """The joint that carries most of each landmark, and all that are worth trying, the same on both sides."""
    share, pair = describe_carriers(model)
    tried = share >= _LEAST_SHARE
    return share.argmax(1), (tried | _mirror(tried)) & (pair >= 0) & _mirror(pair >= 0)


def _take_turns(candidates: Bool[np.ndarray, "33 24"], most: Int[np.ndarray, "33"]) -> Iterator[np.ndarray]:
    """As many choices as it takes for every candidate to be in one; landmarks without another stay with the first."""
    others = candidates.copy()
    others[np.arange(33), most] = False
    while others.any():
        choice = np.where(others.any(1), others.argmax(1), most)
        others[np.arange(33), choice] = False
        yield choice


def _choose(loss: Float[np.ndarray, "33 24"], most: Int[np.ndarray, "33"]) -> Int[np.ndarray, "33"]:
    both = loss + _mirror(loss)
    usual = both[np.arange(33), most]
    return np.where(both.min(1) < _BETTER * usual, both.argmin(1), most)


def _mirror(values: np.ndarray) -> np.ndarray:
    """A table of landmarks and joints as the other side has it."""
    return values[get_joint_set(LANDMARK_SET).mirror_index][:, get_joint_set(SMPL_JOINTS).mirror_index]


def find_usable(windows: ObservedWindows) -> Int[np.ndarray, " usable"]:
    """Windows whose truth is known and in which the encoder saw somebody."""
    return np.flatnonzero(windows.labelled & windows.seen.present_mask.any(1))
