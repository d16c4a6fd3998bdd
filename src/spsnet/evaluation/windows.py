"""A model on observed windows whose truth is known: PA-MPJPE, MPJPE and acceleration error."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from spsnet.body import KeypointModel, build_keypoint_model, compute_keypoints, load_body
from spsnet.body.landmarks import LandmarkOffsets, build_landmark_model
from spsnet.crops import compute_network_box
from spsnet.datasets.motion_clips import FPS
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows
from spsnet.geometry import crop_camera_to_translation
from spsnet.metrics import average, compute_acceleration_error, compute_mpjpe, compute_pa_mpjpe, mask_accelerations
from spsnet.network.exported import SpsHead
from spsnet.network.features import build_features
from spsnet.records import Pinhole
from spsnet.refinement import RefinementInput, refine_motion

_HIPS = (2, 3)
_CENTER = np.zeros(2)


@dataclass(frozen=True, kw_only=True)
class WindowScores:
    """Means over frames in which the encoder saw the person; 14 joints (LSP) of the body, root between the hips."""

    mpjpe_mm: float
    pa_mpjpe_mm: float
    acceleration_mm_frame2: float
    acceleration_mm_s2: float
    frames: int
    shape_error: float | None = None
    """Mean squared error of the ten shape coefficients, which have unit variance among adults; None if not measured."""


def evaluate_model(
    windows: ObservedWindows, model: Path, *, refine: bool = False, window_limit: int | None = None
) -> WindowScores:
    """Run a model folder on every window and compare with the truth.

    Args:
        windows: Observed landmarks and truth.
        model: Folder of a trained model.
        refine: Also move the bodies onto the landmarks, as `spsnet run` does.
        window_limit: Use the first windows only.
    """
    head = SpsHead.load(model)
    body = load_body()
    joints = build_keypoint_model(body, ("lsp14",))
    points = build_landmark_model(body, LandmarkOffsets.load(model).offset_m)
    count = len(windows) if window_limit is None else min(window_limit, len(windows))
    predicted, shapes = zip(*(_predict(windows, i, head, joints, points, refine) for i in range(count)), strict=True)
    target_shapes = windows.shape[:count]
    target = _place(joints, windows.rotations[:count], target_shapes)
    return replace(
        score_joints(np.stack(predicted), target, windows.seen.present_mask[:count]),
        shape_error=float(np.mean((np.stack(shapes) - target_shapes) ** 2)),
    )


def score_joints(
    predicted_m: Float[np.ndarray, "windows time 14 3"],
    target_m: Float[np.ndarray, "windows time 14 3"],
    present_mask: Bool[np.ndarray, "windows time"],
) -> WindowScores:
    """The scores of 14 joints in LSP's order."""
    valid = np.broadcast_to(present_mask[..., None], predicted_m.shape[:-1])
    acceleration = compute_acceleration_error(predicted_m, target_m)
    per_frame = average(acceleration, mask_accelerations(valid))
    return WindowScores(
        mpjpe_mm=average(compute_mpjpe(predicted_m, target_m, root=_HIPS), valid),
        pa_mpjpe_mm=average(compute_pa_mpjpe(predicted_m, target_m), valid),
        acceleration_mm_frame2=per_frame,
        acceleration_mm_s2=per_frame * FPS**2,
        frames=int(present_mask.sum()),
    )


def _predict(
    windows: ObservedWindows, i: int, head: SpsHead, joints: KeypointModel, points: KeypointModel, refine: bool
) -> tuple[Float[np.ndarray, "time 14 3"], Float[np.ndarray, "10"]]:
    landmarks = windows.seen.landmarks_px[i].astype(np.float64)
    boxes = compute_network_box(landmarks)
    features = build_features(
        head.config.features, landmarks_px=landmarks, box_xys_px=boxes, focal_px=FOCAL_PX, center_px=_CENTER
    )
    prediction = head.predict(features)
    rotations, shape = prediction.rotations.astype(np.float64), prediction.shape.astype(np.float64)
    if refine:
        seen = landmarks.copy()
        seen[~windows.seen.present_mask[i], :, 2] = 0
        motion = RefinementInput(
            time_s=np.arange(len(landmarks)) / FPS,
            landmarks_px=seen,
            box_side_px=boxes[:, 2],
            rotations=rotations,
            shape=shape,
            translation_m=crop_camera_to_translation(prediction.camera.astype(np.float64), boxes, FOCAL_PX, _CENTER),
        )
        refined = refine_motion(motion, Pinhole(focal_px=FOCAL_PX, center_px=(0.0, 0.0), width=1, height=1), points)
        rotations, shape = refined.rotations, refined.shape
    return _place(joints, rotations[None], shape[None])[0], shape


def _place(
    joints: KeypointModel, rotations: Float[np.ndarray, "windows time 24 3 3"], shape: Float[np.ndarray, "windows 10"]
) -> Float[np.ndarray, "windows time 14 3"]:
    count, frames = rotations.shape[:2]
    spread = np.repeat(shape, frames, axis=0).astype(np.float64)
    flat = rotations.reshape(-1, 24, 3, 3).astype(np.float64)
    return compute_keypoints(joints, flat, spread, np.zeros((len(flat), 3))).reshape(count, frames, -1, 3)
