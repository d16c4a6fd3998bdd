r"""Fit a motion to 2D landmarks through the real camera, held to what the network said.

    min  Σ ρ(‖π(x_k + t) − y_k‖ / σ_px)² + Σ ‖log(R R_netᵀ)‖² / σ_θ² + Σ ‖ẍ_j‖² / σ_a² + Σ ‖ẗ‖² / σ_a²

over the rotations of the joints and the translation. Gauss-Newton; a frame is coupled with its two neighbours only, so
a step is one banded solve. Landmarks are perspective pixels: with a weak-perspective camera the same fit makes depth
worse (a trial of this project). The shape stays the network's: fitted to landmarks too it became worse than the average
body's (held-out synthetic people), since what landmarks get wrong of proportions they get wrong in every frame.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from threadpoolctl import threadpool_limits

from spsnet.body import KeypointModel
from spsnet.geometry import (
    compute_second_difference,
    interpolate_rotations,
    matrix_to_axis_angle,
    matrix_to_six_d,
    project_points,
    six_d_to_matrix,
    transpose,
)
from spsnet.records import Pinhole
from spsnet.refinement.articulation import Articulation, PosedPoints
from spsnet.refinement.banded import BandedNormalEquations

# Joints whose rotation is fitted. Toes (10, 11) and hands (22, 23) have no landmark beyond them.
_VARIED = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21)
_JOINTS = 24
_NEAREST_M = 0.2


@dataclass(frozen=True, kw_only=True)
class RefinementConfig:
    """How much each source is trusted. Standard deviations: smaller pulls harder."""

    landmark_sigma: float = 0.02
    """Of a landmark, in half box sides: 2.5 pixels of a 256-pixel crop."""
    outlier_sigma: float = 0.12
    """A landmark this far off (half box sides) has a quarter of its pull."""
    limb_sigma_rad: float = 0.25
    """Of the network's rotation of hips, knees, shoulders, elbows."""
    trunk_sigma_rad: float = 0.12
    """Of the network's rotation of spine, neck, head, collars, ankles and wrists."""
    root_sigma_rad: float = 0.3
    """Of the network's rotation of the whole body."""
    acceleration_sigma_m_s2: float = 8.0
    """Of each joint's acceleration about the body's middle, and of the body's own."""
    iterations: int = 6
    chunk_frames: int = 300
    """Longer films are fitted in pieces that overlap by `overlap_frames` and are faded into each other."""
    overlap_frames: int = 30

    def __post_init__(self) -> None:
        """Refuse values that make no sense."""
        sigmas = ("landmark_sigma", "outlier_sigma", "limb_sigma_rad", "trunk_sigma_rad", "root_sigma_rad")
        for name in (*sigmas, "acceleration_sigma_m_s2"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} should be positive, got {getattr(self, name)}")
        if not 0 < self.overlap_frames < self.chunk_frames // 2:
            raise ValueError("overlap_frames should be positive and under half of chunk_frames")


@dataclass(frozen=True, kw_only=True)
class RefinementInput:
    """One person's motion as the network gave it, and the landmarks to meet."""

    time_s: Float[np.ndarray, " time"]
    landmarks_px: Float[np.ndarray, "time landmarks 3"]
    """x, y and confidence; confidence 0 where the frame was filled."""
    box_side_px: Float[np.ndarray, " time"]
    rotations: Float[np.ndarray, "time 24 3 3"]
    shape: Float[np.ndarray, "10"]
    translation_m: Float[np.ndarray, "time 3"]

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.time_s)

    def take(self, index: slice | np.ndarray) -> "RefinementInput":
        """The same person in some of the frames."""
        return RefinementInput(
            time_s=self.time_s[index],
            landmarks_px=self.landmarks_px[index],
            box_side_px=self.box_side_px[index],
            rotations=self.rotations[index],
            shape=self.shape,
            translation_m=self.translation_m[index],
        )


def refine_motion(
    motion: RefinementInput, camera: Pinhole, points: KeypointModel, config: RefinementConfig | None = None
) -> RefinementInput:
    """Return the motion moved onto its landmarks.

    Args:
        motion: The network's answer.
        camera: Camera of the full image.
        points: The 24 joints first, then the landmarks in the order of `motion.landmarks_px`.
        config: Weights; the defaults where None.

    Raises:
        ValueError: If `points` does not hold 24 joints and the landmarks.
    """
    config = config or RefinementConfig()
    landmarks = motion.landmarks_px.shape[1]
    if len(points.names) != _JOINTS + landmarks:
        raise ValueError(f"points should hold 24 joints and {landmarks} landmarks, got {len(points.names)} points")
    # A network's rotations, in single precision, are off by 1e-7, which the joints' chain and the steps grow to 1e-3.
    motion = replace(motion, rotations=six_d_to_matrix(matrix_to_six_d(motion.rotations.astype(np.float64))))
    fit = _Fit(camera, points, config)
    # The products are small: more threads lose time even on a quiet machine, and on a busy one wait for one another.
    with threadpool_limits(1, user_api="blas"):
        pieces = [
            (start, fit.fit_motion(motion.take(slice(start, stop)))) for start, stop in _split(len(motion), config)
        ]
    return _join(motion, pieces)


class _Fit:
    def __init__(self, camera: Pinhole, points: KeypointModel, config: RefinementConfig) -> None:
        self._config = config
        self._focal = camera.focal_px
        self._center = np.array(camera.center_px)
        self._body = Articulation(points, _VARIED)
        trunk, limb = config.trunk_sigma_rad, config.limb_sigma_rad
        sigma = [limb if joint in (1, 2, 4, 5, 16, 17, 18, 19) else trunk for joint in _VARIED]
        sigma[0] = config.root_sigma_rad
        self._pose_weight = 1 / np.repeat(sigma, 3) ** 2
        self._turns = 3 * len(_VARIED)

    def fit_motion(self, motion: RefinementInput) -> RefinementInput:
        rotations, shape = motion.rotations.copy(), motion.shape
        posed = self._body.pose(rotations, shape)
        translation = self._find_translation(motion, posed)
        for iteration in range(self._config.iterations):
            equations = BandedNormalEquations(len(motion), self._turns + 3)
            by_rotation = self._body.differentiate_by_rotation(posed)
            self._add_landmarks(equations, motion, posed, translation, by_rotation)
            self._add_pose_prior(equations, motion, rotations, posed)
            self._add_accelerations(equations, motion, posed, translation, by_rotation)
            step = equations.solve(damping=1e-2 if iteration == 0 else 1e-4)
            # A step of over half a radian has left what the linear model knows.
            step[:, : self._turns] = np.clip(step[:, : self._turns], -0.5, 0.5)
            rotations = self._body.turn(rotations, posed, step[:, : self._turns].reshape(len(motion), -1, 3))
            translation = translation + step[:, self._turns :]
            translation[:, 2] = np.maximum(translation[:, 2], _NEAREST_M)
            posed = self._body.pose(rotations, shape)
        return replace(motion, rotations=rotations, translation_m=translation)

    def _scale(self, motion: RefinementInput) -> Float[np.ndarray, "time 1 1"]:
        return (motion.box_side_px / 2 * self._config.landmark_sigma)[:, None, None]

    def _weigh(
        self, motion: RefinementInput, residual: Float[np.ndarray, "time landmarks 2"]
    ) -> Float[np.ndarray, "time landmarks"]:
        """Confidence times Geman and McClure's weight, which lets far landmarks go."""
        ratio = (residual**2).sum(-1) * (self._config.landmark_sigma / self._config.outlier_sigma) ** 2
        return motion.landmarks_px[..., 2] / (1 + ratio) ** 2

    def _project_jacobian(
        self,
        posed: PosedPoints,
        translation: Float[np.ndarray, "time 3"],
        jacobian: Float[np.ndarray, "time landmarks 3 variables"],
    ) -> Float[np.ndarray, "time landmarks 2 variables"]:
        """From metres to pixels: f / Z (dX − X / Z dZ)."""
        place = posed.points_m[:, _JOINTS:] + translation[:, None]
        depth = np.maximum(place[..., 2:], _NEAREST_M / 2)[..., None]
        slope = place[..., :2, None] / depth
        return self._focal / depth * (jacobian[..., :2, :] - slope * jacobian[..., 2:, :])

    def _measure_landmarks(
        self,
        motion: RefinementInput,
        posed: PosedPoints,
        translation: Float[np.ndarray, "time 3"],
        by_rotation: Float[np.ndarray, "time points 3 turns"],
    ) -> tuple[Float[np.ndarray, "time landmarks 2"], Float[np.ndarray, "time landmarks 2 unknowns"]]:
        """Residual and Jacobian in standard deviations, unweighted."""
        place = posed.points_m[:, _JOINTS:] + translation[:, None]
        projected = project_points(place, self._focal, self._center)
        scale = self._scale(motion)
        residual = (projected - motion.landmarks_px[..., :2]) / scale
        landmarks = by_rotation[:, _JOINTS:]
        moved = np.broadcast_to(np.eye(3), (*landmarks.shape[:3], 3))
        jacobian = self._project_jacobian(posed, translation, np.concatenate([landmarks, moved], axis=-1))
        return residual, jacobian / scale[..., None]

    def _find_translation(self, motion: RefinementInput, posed: PosedPoints) -> Float[np.ndarray, "time 3"]:
        """Put the posed body on its landmarks; frames without any stay where the network put them.

        The start is where the landmarks' rays meet the body best, X + t = u (Z + t_z), which is linear in t: Newton's
        steps alone run away from a network's camera that is twice too far. The network's place counts where hardly a
        landmark is seen: a depth wrong by half weighs as much as one ray 5 cm off the body.
        """
        points = posed.points_m[:, _JOINTS:]
        slope = (motion.landmarks_px[..., :2] - self._center) / self._focal
        rows = np.concatenate([np.broadcast_to(np.eye(2), (*slope.shape, 2)), -slope[..., None]], axis=-1)
        values = slope * points[..., 2:] - points[..., :2]
        weighted = rows * motion.landmarks_px[..., 2, None, None]
        prior = (0.1 / np.maximum(motion.translation_m[:, 2:], _NEAREST_M)) ** 2
        normal = np.einsum("tkiu,tkiv->tuv", weighted, rows) + prior[..., None] * np.eye(3)
        right = np.einsum("tkiu,tki->tu", weighted, values) + prior * motion.translation_m
        translation = np.linalg.solve(normal, right[..., None])[..., 0]
        translation[:, 2] = np.maximum(translation[:, 2], _NEAREST_M)
        for _ in range(3):
            translation = self._step_translation(motion, posed, translation)
        return translation

    def _step_translation(
        self, motion: RefinementInput, posed: PosedPoints, translation: Float[np.ndarray, "time 3"]
    ) -> Float[np.ndarray, "time 3"]:
        still = np.zeros((*posed.points_m.shape, 0))
        residual, jacobian = self._measure_landmarks(motion, posed, translation, still)
        weight = self._weigh(motion, residual)
        normal = np.einsum("tkiu,tk,tkiv->tuv", jacobian, weight, jacobian) + 1e-6 * np.eye(3)
        gradient = np.einsum("tkiu,tk,tki->tu", jacobian, weight, residual)
        moved = translation - np.linalg.solve(normal, gradient[..., None])[..., 0]
        moved[:, 2] = np.maximum(moved[:, 2], _NEAREST_M)
        return moved

    def _add_landmarks(
        self,
        equations: BandedNormalEquations,
        motion: RefinementInput,
        posed: PosedPoints,
        translation: Float[np.ndarray, "time 3"],
        by_rotation: Float[np.ndarray, "time points 3 turns"],
    ) -> None:
        residual, jacobian = self._measure_landmarks(motion, posed, translation, by_rotation)
        weight = np.sqrt(self._weigh(motion, residual))[..., None]
        frames = len(motion)
        equations.add_frame_terms(
            (jacobian * weight[..., None]).reshape(frames, -1, jacobian.shape[-1]),
            (residual * weight).reshape(frames, -1),
        )

    def _measure_pose(
        self, motion: RefinementInput, rotations: Float[np.ndarray, "time 24 3 3"], posed: PosedPoints
    ) -> Float[np.ndarray, "time turns"]:
        """How far each varied joint has turned from the network's rotation, camera axes."""
        joints = self._body.joints
        turned = matrix_to_axis_angle(rotations[:, joints] @ transpose(motion.rotations[:, joints]))
        return np.einsum("tjab,tjb->tja", self._body.get_parent_frames(posed), turned).reshape(len(motion), -1)

    def _add_pose_prior(
        self,
        equations: BandedNormalEquations,
        motion: RefinementInput,
        rotations: Float[np.ndarray, "time 24 3 3"],
        posed: PosedPoints,
    ) -> None:
        turned = self._measure_pose(motion, rotations, posed)
        weight = np.concatenate([self._pose_weight, np.full(3, 1e-6)])[None]
        equations.add_diagonal(weight, np.concatenate([turned, np.zeros((len(motion), 3))], axis=1))

    def _add_accelerations(
        self,
        equations: BandedNormalEquations,
        motion: RefinementInput,
        posed: PosedPoints,
        translation: Float[np.ndarray, "time 3"],
        by_rotation: Float[np.ndarray, "time points 3 turns"],
    ) -> None:
        """Of each joint about the body's origin, and of the translation with the weight of all joints together."""
        frames = len(motion)
        if frames < 3:
            return
        stencil = compute_second_difference(motion.time_s) / self._config.acceleration_sigma_m_s2
        turns = by_rotation[:, :_JOINTS].reshape(frames, 3 * _JOINTS, -1)
        jacobian = np.zeros((frames, 3 * _JOINTS + 3, self._turns + 3))
        jacobian[:, : 3 * _JOINTS, : self._turns] = turns
        jacobian[:, 3 * _JOINTS :, self._turns :] = np.sqrt(_JOINTS) * np.eye(3)
        place = np.concatenate([posed.joints_m.reshape(frames, -1), np.sqrt(_JOINTS) * translation], axis=1)
        residual = sum(stencil[:, k, None] * place[k : k + frames - 2] for k in range(3))
        equations.add_accelerations(jacobian, np.asarray(residual), stencil)


def _split(frames: int, config: RefinementConfig) -> Iterator[tuple[int, int]]:
    step = config.chunk_frames - config.overlap_frames
    start = 0
    while start + config.chunk_frames < frames:
        yield start, start + config.chunk_frames
        start += step
    yield start, frames


def _join(motion: RefinementInput, pieces: list[tuple[int, RefinementInput]]) -> RefinementInput:
    """Fade each piece into the next over the frames they share."""
    rotations, translation = motion.rotations.copy(), motion.translation_m.copy()
    written = 0
    for start, piece in pieces:
        shared = written - start
        if shared > 0:
            weight = (np.arange(shared) + 1) / (shared + 1)
            rotations[start:written] = interpolate_rotations(
                rotations[start:written], piece.rotations[:shared], np.repeat(weight[:, None], 24, axis=1)
            )
            translation[start:written] += weight[:, None] * (piece.translation_m[:shared] - translation[start:written])
        rotations[start + max(shared, 0) : start + len(piece)] = piece.rotations[max(shared, 0) :]
        translation[start + max(shared, 0) : start + len(piece)] = piece.translation_m[max(shared, 0) :]
        written = start + len(piece)
    return replace(motion, rotations=rotations, translation_m=translation)
