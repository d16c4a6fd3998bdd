"""Cameras of a calibrated hall, and points that several of them see: Qualisys' files, triangulation, corrections."""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import least_squares

from spsnet.geometry import axis_angle_to_matrix

Marks = Mapping[str, Mapping[str, Sequence[float]]]
"""What stands still: of each thing, by camera, where it is in the picture (pixels)."""

SUBPIXELS = 64.0
"""Qualisys writes pixels in 64ths."""
FEWEST_VIEWS = 3
"""Two views always nearly agree: a point that fewer than three speak for is not known."""
LIMIT_PX = 30.0
"""A view further off than this from where the others see a point is left out: 7 cm, 4 m away."""
_DEPTH_ROUNDS = 4
_UNDISTORT_ROUNDS = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """One camera. World axes: metres, z up; camera axes: OpenCV's."""

    name: str
    rotation: Float[np.ndarray, "3 3"]
    """R of x_camera = R (x_world − position)."""
    position_m: Float[np.ndarray, "3"]
    matrix_px: Float[np.ndarray, "3 3"]
    distortion: Float[np.ndarray, "4"]
    """k1, k2, p1, p2 of Brown's model, as OpenCV has them."""

    @property
    def focal_px(self) -> float:
        """Mean of the two focal lengths, which differ by less than a pixel."""
        return float(self.matrix_px[[0, 1], [0, 1]].mean())

    @property
    def pitch_deg(self) -> float:
        """How far the camera looks down."""
        return float(np.degrees(np.arcsin(-self.rotation[2, 2])))

    @property
    def roll_deg(self) -> float:
        """How far the picture is turned: positive where what is upright leans to the left in it."""
        up = self.rotation[:, 2]
        return float(np.degrees(np.arctan2(-up[0], -up[1])))

    def to_camera(self, points_m: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 3"]:
        """From world axes to this camera's."""
        return np.asarray((points_m - self.position_m) @ self.rotation.T)

    def project(self, points_m: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch 2"]:
        """Where world points are in the picture, distortion included."""
        places = self.to_camera(points_m)
        plain = places[..., :2] / places[..., 2:]
        return np.asarray(self._bend(plain) @ self.matrix_px[:2, :2].T + self.matrix_px[:2, 2])

    def undistort(self, points_px: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
        """From pixels to x / z, y / z; the inverse of `project` but for the depth."""
        bent = (points_px - self.matrix_px[:2, 2]) @ np.linalg.inv(self.matrix_px[:2, :2]).T
        plain = bent
        for _ in range(_UNDISTORT_ROUNDS):
            plain = plain - (self._bend(plain) - bent)
        return np.asarray(plain)

    def _bend(self, plain: Float[np.ndarray, "*batch 2"]) -> Float[np.ndarray, "*batch 2"]:
        """What the lens does to x / z, y / z: Brown's model, 1966, two radial and two tangential terms."""
        k1, k2, p1, p2 = self.distortion
        square = (plain**2).sum(-1, keepdims=True)
        cross = 2 * plain.prod(-1, keepdims=True)
        tangential = cross * [p1, p2] + (square + 2 * plain**2) * [p2, p1]
        return np.asarray(plain * (1 + k1 * square + k2 * square**2) + tangential)


def load_views(path: Path) -> list[View]:
    """Read a Qualisys calibration (`.qca.txt`, XML).

    Convention:
        Rows of `transform` are the camera's axes in the world, x right, y up, z backward; x, y, z is its place in
        millimetres. Focal lengths and centre are in 64ths of a pixel. Found out by trying: with these a gymnast's
        landmarks meet within 10 px, with rows and columns exchanged or OpenCV's signs in none of the four views.
    """
    return [_read_view(camera) for camera in ElementTree.parse(path).getroot().iter("camera")]


def _read_view(camera: ElementTree.Element) -> View:
    place, lens = camera.find("transform"), camera.find("intrinsic")
    if place is None or lens is None:
        raise ValueError(f"camera {camera.get('serial')} should have a transform and an intrinsic")
    axes = np.array([[float(place.attrib[f"r{row}{column}"]) for column in (1, 2, 3)] for row in (1, 2, 3)])
    names = "focalLengthU", "focalLengthV", "centerPointU", "centerPointV"
    fu, fv, cu, cv = (float(lens.attrib[name]) / SUBPIXELS for name in names)
    bends = "radialDistortion1", "radialDistortion2", "tangentalDistortion1", "tangentalDistortion2"
    return View(
        name=camera.attrib["serial"],
        rotation=np.diag([1.0, -1.0, -1.0]) @ axes,
        position_m=np.array([float(place.attrib[axis]) for axis in "xyz"]) / 1000,
        matrix_px=np.array([[fu, 0, cu], [0, fv, cv], [0, 0, 1]]),
        distortion=np.array([float(lens.attrib[name]) for name in bends]),
    )


def load_marks(path: Path) -> Marks:
    """Read `multiview_marks.json`."""
    marks: Marks = json.loads(path.read_text(encoding="utf-8"))["marks"]
    return marks


@dataclass(frozen=True, kw_only=True, eq=False)
class Triangulation:
    """Points that several views saw."""

    points_m: Float[np.ndarray, "*batch 3"]
    """World axes; NaN where not known."""
    off_px: Float[np.ndarray, "views *batch"]
    """How far each view saw the point from where it is, left out or not."""
    used_mask: Bool[np.ndarray, "views *batch"]

    @property
    def known_mask(self) -> Bool[np.ndarray, "*batch"]:
        """Whether enough views agree."""
        return np.isfinite(self.points_m).all(-1)


def triangulate(
    views: Sequence[View],
    points_px: Float[np.ndarray, "views *batch 2"],
    confidence: Float[np.ndarray, "views *batch"],
    *,
    limit_px: float = LIMIT_PX,
) -> Triangulation:
    """Points nearest to what the views see, in pixels, weighted by confidence.

    Where a view is off by more than `limit_px`, the one is left out without which the others agree best; where they
    still do not, or fewer than three are left, the point is not known.
    """
    batch = points_px.shape[1:-1]
    plain = np.stack([view.undistort(seen) for view, seen in zip(views, points_px, strict=True)])
    plain, weight = plain.reshape(len(views), -1, 2), confidence.reshape(len(views), -1).astype(np.float64)
    points, off, worst = _solve(views, plain, weight)
    used, doubtful = weight > 0, worst > limit_px
    for i in range(len(views)):
        fewer = weight.copy()
        fewer[i] = 0
        others, others_off, others_worst = _solve(views, plain, fewer)
        better = doubtful & (others_worst < worst)
        points[better], worst[better], off[:, better] = others[better], others_worst[better], others_off[:, better]
        used[:, better] = fewer[:, better] > 0
    points[~((used.sum(0) >= FEWEST_VIEWS) & (worst <= limit_px))] = np.nan
    return Triangulation(
        points_m=points.reshape(*batch, 3),
        off_px=off.reshape(len(views), *batch),
        used_mask=used.reshape(len(views), *batch),
    )


def align_views(views: Sequence[View], marks: Marks) -> list[View]:
    """Turn each camera where it stands until the marks' rays meet: cameras are nudged after they were calibrated."""
    rows = [sorted(mark) for mark in marks.values()]
    seen = np.array([[mark.get(view.name, (0.0, 0.0)) for mark in marks.values()] for view in views], float)
    weight = np.array([[float(view.name in row) for row in rows] for view in views])
    plain = np.stack([view.undistort(pixels) for view, pixels in zip(views, seen, strict=True)])

    def turn(turns_rad: Float[np.ndarray, " turns"]) -> list[View]:
        small = axis_angle_to_matrix(turns_rad.reshape(-1, 3))
        return [replace(view, rotation=extra @ view.rotation) for view, extra in zip(views, small, strict=True)]

    def miss(turns_rad: Float[np.ndarray, " turns"]) -> Float[np.ndarray, " misses"]:
        turned = turn(turns_rad)
        return np.asarray(_measure_misses(turned, _meet(turned, plain, weight), plain)[weight > 0].reshape(-1))

    return turn(least_squares(miss, np.zeros(3 * len(views)), x_scale=0.01).x)


def _solve(
    views: Sequence[View], plain: Float[np.ndarray, "views points 2"], weight: Float[np.ndarray, "views points"]
) -> tuple[Float[np.ndarray, "points 3"], Float[np.ndarray, "views points"], Float[np.ndarray, " points"]]:
    """Points, how far each view is off, and how far the worst of those that weigh (infinite with fewer than two)."""
    points = _meet(views, plain, weight)
    off = np.linalg.norm(_measure_misses(views, points, plain), axis=-1)
    enough = (weight > 0).sum(0) >= 2
    return points, off, np.where(enough, np.where(weight > 0, off, 0).max(0), np.inf)


def _meet(
    views: Sequence[View], plain: Float[np.ndarray, "views points 2"], weight: Float[np.ndarray, "views points"]
) -> Float[np.ndarray, "points 3"]:
    """Least squares of (r_xy − x r_z) (X − c) / depth, linear once the depths of the round before are taken."""
    focal = np.array([view.focal_px for view in views])[:, None]
    rotation = np.stack([view.rotation for view in views])[:, None]
    rows = rotation[..., :2, :] - plain[..., None] * rotation[..., 2:, :]
    right = np.einsum("vpij,vj->vpi", rows, np.stack([view.position_m for view in views]))
    lonely = ((weight > 0).sum(0) < 2)[:, None, None] * np.eye(3)
    depth = np.ones(weight.shape)
    for _ in range(_DEPTH_ROUNDS):
        each = weight * (focal / depth) ** 2
        normal = np.einsum("vp,vpij,vpik->pjk", each, rows, rows) + lonely
        points = np.linalg.solve(normal, np.einsum("vp,vpij,vpi->pj", each, rows, right)[..., None])[..., 0]
        depth = np.maximum(np.stack([view.to_camera(points)[:, 2] for view in views]), 0.1)
    return np.asarray(points)


def _measure_misses(
    views: Sequence[View], points: Float[np.ndarray, "points 3"], plain: Float[np.ndarray, "views points 2"]
) -> Float[np.ndarray, "views points 2"]:
    """Pixels from where each view sees the points to where they are."""
    places = np.stack([view.to_camera(points) for view in views])
    focal = np.array([view.focal_px for view in views])[:, None, None]
    return focal * (places[..., :2] / places[..., 2:] - plain)
