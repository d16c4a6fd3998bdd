"""Errors reduced to the numbers of a table, with how sure they are."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from spsnet.datasets.motion_clips import FPS
from spsnet.evaluation.errors import Errors, ShapeErrors
from spsnet.metrics import Estimate, average, convert_to_mm_s2, estimate_mean, mask_accelerations


@dataclass(frozen=True, kw_only=True)
class ShapeScores:
    """Means over windows; errors of lengths without their sign."""

    error: float
    """Mean squared error of β."""
    stature_mm: float
    chest_girth_mm: float
    waist_girth_mm: float
    hip_girth_mm: float

    @property
    def girth_mm(self) -> float:
        """Mean of the three girths."""
        return (self.chest_girth_mm + self.waist_girth_mm + self.hip_girth_mm) / 3


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Means over the frames that count."""

    frames: int
    mpjpe_mm: float
    pa_mpjpe_mm: Estimate
    acceleration_mm_frame2: float
    pve_mm: float | None
    shape: ShapeScores | None

    @property
    def acceleration_mm_s2(self) -> float:
        """The same by real time."""
        return convert_to_mm_s2(self.acceleration_mm_frame2, fps=FPS)


def reduce_errors(errors: Errors, scored_mask: Bool[np.ndarray, "windows time"]) -> Scores:
    """Mean over frames that count; of accelerations over three such in a row, of shapes over windows with any."""
    inner = mask_accelerations(scored_mask[..., None])[..., 0]
    return Scores(
        frames=int(scored_mask.sum()),
        mpjpe_mm=average(errors.mpjpe_mm, scored_mask),
        pa_mpjpe_mm=estimate_mean(errors.pa_mpjpe_mm, scored_mask),
        acceleration_mm_frame2=average(errors.acceleration_mm_frame2, inner),
        pve_mm=None if errors.pve_mm is None else average(errors.pve_mm, scored_mask),
        shape=None if errors.shape is None else reduce_shapes(errors.shape, scored_mask),
    )


def reduce_shapes(errors: ShapeErrors, scored_mask: Bool[np.ndarray, "windows time"]) -> ShapeScores:
    """Mean over windows in which any frame counts."""
    counts = np.asarray(scored_mask.any(1))
    return ShapeScores(
        error=average(errors.shape, counts),
        stature_mm=average(errors.stature_mm, counts),
        chest_girth_mm=average(errors.chest_girth_mm, counts),
        waist_girth_mm=average(errors.waist_girth_mm, counts),
        hip_girth_mm=average(errors.hip_girth_mm, counts),
    )
