"""The encoder's errors in a few numbers, to be read and quoted."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from torch import Tensor

from spsnet.skeletons import get_joint_set
from spsnet.synthesis.landmark_fit import LandmarkFit
from spsnet.synthesis.noise_bank import NoiseBank, SightNoise
from spsnet.synthesis.views import PARTS

FIGURES_FILE = "noise.json"
NEAR, FAR = 0.05, 0.15
"""Half box sides: a landmark nearer than the first is right, one further than the second is a mistake."""


@dataclass(frozen=True, kw_only=True)
class NoiseFigures:
    """What one look was off by. Shares are of frames with a person, or of their landmarks; unit half box sides."""

    windows: int
    frames: int
    missing_frames: float
    """Share of all frames in which nobody was seen."""
    swapped_frames: dict[str, float]
    """With the sides of a part exchanged; "everything": of all parts at once."""
    swap_stretch_frames: float
    """Mean length of a stretch with the legs' sides exchanged, as far as it lies in a window."""
    mistakes: float
    """Share of landmarks further off than `FAR`."""
    median: dict[str, float]
    """Of the distance, for each landmark."""
    jitter: float
    """Median distance between the residuals of two frames in a row."""
    confidence_near: float
    """Mean confidence of landmarks that are right."""
    confidence_far: float
    """Mean confidence of mistakes."""
    world_median_m: float
    """Distance of the encoder's own 3D landmarks from the scaled truth."""


def describe_noise(noise: SightNoise) -> NoiseFigures:
    """Count and average; of a mean over nothing 0 is said."""
    present = noise.present_mask
    distance = noise.residual.float().norm(dim=-1)
    pairs = present[:, 1:] & present[:, :-1]
    jitter = (noise.residual[:, 1:].float() - noise.residual[:, :-1].float()).norm(dim=-1)[pairs]
    off, confidence, swapped = distance[present], noise.confidence.float()[present], noise.swapped[present]
    legs = noise.swapped[..., PARTS.index("legs")] & present
    begun = legs.clone()
    begun[:, 1:] &= ~legs[:, :-1]
    names = get_joint_set("blazepose33").joint_names
    shares = dict(zip(PARTS, swapped.float().mean(0).tolist(), strict=True))
    return NoiseFigures(
        windows=len(present),
        frames=int(present.sum()),
        missing_frames=_average(~present),
        swapped_frames={**shares, "everything": _average(swapped.all(-1))},
        swap_stretch_frames=int(legs.sum()) / max(1, int(begun.sum())),
        mistakes=_average(off > FAR),
        median=dict(zip(names, off.median(0).values.tolist(), strict=True)),
        jitter=float(jitter.median()) if len(jitter) else 0.0,
        confidence_near=_average(confidence[off < NEAR]),
        confidence_far=_average(confidence[off > FAR]),
        world_median_m=float(noise.world_residual_m.float().norm(dim=-1)[present].median()),
    )


def save_figures(folder: Path, fit: LandmarkFit, noise: NoiseBank) -> None:
    """Write `noise.json` beside the bank, for people to read."""
    values = {
        "median_without_offsets": float(fit.residual_before.mean()),
        "median": float(fit.residual_after.mean()),
        "world_scale": noise.world_scale.tolist(),
        "seen": asdict(describe_noise(noise.seen)),
        "occluded": noise.occluded and asdict(describe_noise(noise.occluded)),
    }
    rounded = json.loads(json.dumps(values), parse_float=lambda text: round(float(text), 4))
    (folder / FIGURES_FILE).write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")


def _average(values: Tensor) -> float:
    return float(values.float().mean()) if values.numel() else 0.0
