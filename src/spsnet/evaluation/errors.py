"""How far answers are from the truth: of every frame and window, unreduced."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from spsnet.body import BodyModel, build_keypoint_model, compute_vertices
from spsnet.body.measurements import BodyMeasurements, measure_body
from spsnet.evaluation.answers import Answer, place_joints
from spsnet.evaluation.conditions import Bodies, Condition
from spsnet.metrics import compute_acceleration_error, compute_mpjpe, compute_pa_mpjpe, compute_pve

_HIPS = (2, 3)
_MM_PER_M = 1000.0


@dataclass(frozen=True, kw_only=True)
class ShapeErrors:
    """Of the estimated bodies at rest."""

    shape: Float[np.ndarray, " windows"]
    """Mean square over the ten coefficients, which have unit variance among adults."""
    stature_mm: Float[np.ndarray, " windows"]
    chest_girth_mm: Float[np.ndarray, " windows"]
    waist_girth_mm: Float[np.ndarray, " windows"]
    hip_girth_mm: Float[np.ndarray, " windows"]


@dataclass(frozen=True, kw_only=True)
class Errors:
    """14 joints (LSP) and the surface of the body, root between the hips; means over joints and vertices."""

    mpjpe_mm: Float[np.ndarray, "windows time"]
    pa_mpjpe_mm: Float[np.ndarray, "windows time"]
    acceleration_mm_frame2: Float[np.ndarray, "windows inner"]
    pve_mm: Float[np.ndarray, "windows time"] | None
    """None where only joints are known; so is `shape`."""
    shape: ShapeErrors | None


def measure_errors(condition: Condition, answers: Sequence[Answer], body: BodyModel) -> list[Errors]:
    """Compare answers with the truth; frames that are not scored get numbers that mean nothing."""
    joints = build_keypoint_model(body, ("lsp14",))
    target = place_joints(joints, condition.truth)
    surfaces = _measure_surfaces(condition.truth, target, answers, body)
    true_lengths = measure_body(body, condition.truth.shape)
    shapes: dict[bytes, ShapeErrors] = {}  # refinement leaves the shape alone
    errors = []
    for answer, pve in zip(answers, surfaces, strict=True):
        shape = None
        if answer.bodies is not None:
            key = answer.bodies.shape.tobytes()
            if key not in shapes:
                shapes[key] = _measure_shapes(answer.bodies.shape, condition.truth.shape, body, true_lengths)
            shape = shapes[key]
        errors.append(
            Errors(
                mpjpe_mm=compute_mpjpe(answer.joints_m, target, root=_HIPS).mean(-1),
                pa_mpjpe_mm=compute_pa_mpjpe(answer.joints_m, target).mean(-1),
                acceleration_mm_frame2=compute_acceleration_error(answer.joints_m, target).mean(-1),
                pve_mm=pve,
                shape=shape,
            )
        )
    return errors


def measure_shapes(
    predicted: Float[np.ndarray, "windows 10"], target: Float[np.ndarray, "windows 10"], body: BodyModel
) -> ShapeErrors:
    """Differences of β, and of what a tape measure says of the bodies."""
    return _measure_shapes(predicted, target, body, measure_body(body, target))


def _measure_shapes(
    predicted: Float[np.ndarray, "windows 10"],
    target: Float[np.ndarray, "windows 10"],
    body: BodyModel,
    true: BodyMeasurements,
) -> ShapeErrors:
    ours = measure_body(body, predicted)

    def differ(name: str) -> Float[np.ndarray, " windows"]:
        return np.asarray(_MM_PER_M * np.abs(getattr(ours, name) - getattr(true, name)))

    return ShapeErrors(
        shape=((predicted.astype(np.float64) - target) ** 2).mean(-1),
        stature_mm=differ("stature_m"),
        chest_girth_mm=differ("chest_girth_m"),
        waist_girth_mm=differ("waist_girth_m"),
        hip_girth_mm=differ("hip_girth_m"),
    )


def _measure_surfaces(
    truth: Bodies, target_m: Float[np.ndarray, "windows time 14 3"], answers: Sequence[Answer], body: BodyModel
) -> list[Float[np.ndarray, "windows time"] | None]:
    """PVE of every frame, window by window: the truth's surface is made once for all answers."""
    known = {i: np.zeros(target_m.shape[:2]) for i, answer in enumerate(answers) if answer.bodies is not None}
    for window in range(len(target_m)) if known else ():
        surface = _make_surface(truth, window, body)
        root = target_m[window][:, _HIPS].mean(1)
        for i, errors in known.items():
            bodies = answers[i].bodies
            assert bodies is not None
            errors[window] = compute_pve(
                _make_surface(bodies, window, body),
                surface,
                predicted_root_m=answers[i].joints_m[window][:, _HIPS].mean(1),
                target_root_m=root,
            ).mean(-1)
    return [known.get(i) for i in range(len(answers))]


def _make_surface(bodies: Bodies, window: int, body: BodyModel) -> Float[np.ndarray, "time vertices 3"]:
    rotations = bodies.rotations[window].astype(np.float32)
    still = np.zeros((len(rotations), 3), np.float32)
    return compute_vertices(body, rotations, bodies.shape[window].astype(np.float32), still)
