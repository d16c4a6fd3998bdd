"""The encoder's own 3D landmarks, brought to our joints by a linear map: what a network has to beat."""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from spsnet.body import BodyModel, build_keypoint_model
from spsnet.datasets.shards import WindowSet
from spsnet.evaluation.answers import Answer, place_joints
from spsnet.evaluation.conditions import Bodies, Condition

_HIPS = [2, 3]
_RIDGE = 1e-6
"""Square metres, for each frame."""
_AT_ONCE = 256


class LinearMap:
    """An affine map from 33 landmarks about the hips to 14 LSP joints about the hips, fitted frame by frame."""

    def __init__(self, weight: Float[np.ndarray, "100 42"], encoder: str) -> None:
        """Take the map, its last row the constant part."""
        self.rows: tuple[str, ...] = (f"{encoder}'s 3D landmarks, linear map",)
        self._weight = weight
        self.encoder = encoder

    @classmethod
    def fit(cls, folder: Path, encoder: str, body: BodyModel) -> "LinearMap":
        r"""Ridge regression on training windows.

            W = (AᵀA + λ n I)⁻¹ AᵀB,   rows of A (landmarks, 1), rows of B joints less the hips' middle, λ = 10⁻⁶ m²

        Args:
            folder: Of `spsnet synthesize`; its clean sights with a person count, where the truth is known.
            encoder: Whose landmarks.
            body: Whose joints.

        Raises:
            UserError: If the folder holds no shards, or none of the encoder.
        """
        windows = WindowSet(folder, encoder)
        joints = build_keypoint_model(body, ("lsp14",))
        normal, right, count = np.zeros((100, 100)), np.zeros((100, 42)), 0
        for start in range(0, len(windows), _AT_ONCE):
            part = windows.take(np.arange(start, min(start + _AT_ONCE, len(windows))))
            counts = part.seen.present_mask & part.labelled[:, None]
            inputs = _flatten(part.seen.world_m)[counts]
            target = place_joints(joints, Bodies(rotations=part.rotations, shape=part.shape))
            target = (target - target[:, :, _HIPS].mean(2, keepdims=True))[counts].reshape(-1, 42)
            normal, right, count = normal + inputs.T @ inputs, right + inputs.T @ target, count + len(inputs)
        return cls(np.linalg.solve(normal + _RIDGE * count * np.eye(100), right), encoder)

    def answer(self, condition: Condition) -> list[Answer] | None:
        """Joints, no bodies."""
        joints = _flatten(condition.sight.world_m) @ self._weight
        return [Answer(joints_m=joints.reshape(*joints.shape[:2], 14, 3), bodies=None)]


def _flatten(world_m: Float[np.ndarray, "windows time 33 3"]) -> Float[np.ndarray, "windows time 100"]:
    """All coordinates of a frame, and 1."""
    windows, frames = world_m.shape[:2]
    flat = world_m.reshape(windows, frames, 99).astype(np.float64)
    return np.concatenate([flat, np.ones((windows, frames, 1))], axis=-1)
