"""One predictor on one data set under one protocol: the numbers, and what a report shows of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from spsnet.evaluation.measured_motion import LabelledMotion, MotionArrays
from spsnet.evaluation.protocol_result import ProtocolResult
from spsnet.evaluation.sequence_errors import SequenceErrors
from spsnet.metrics import average_by_frame
from spsnet.records import Clip, Pinhole

WORST_FRAMES = 6
"""That a report shows."""
_APART_S = 1.0
"""Between worst frames of one clip: neighbours look alike."""


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """Which clips were measured."""

    folder: str
    """Its name, as the user calls the data."""
    dataset: str
    split: str
    options: Mapping[str, Any]
    """Of the data set's reader."""
    films: int
    clips: int

    def describe(self) -> str:
        """The data in one line.

        Convention:
            "3dpw, test split (24 films, 37 people's clips)".
        """
        options = "".join(f", {name} {value}" for name, value in sorted(self.options.items()))
        films, clips = _count(self.films, "film"), _count(self.clips, "person's clip", "people's clips")
        return f"{self.dataset}, {self.split} split{options} ({films}, {clips})"


@dataclass(frozen=True, kw_only=True, eq=False)
class ErrorCurve:
    """Errors of one clip's counted frames, means over joints."""

    name: str
    fps: float
    """Of the film that `frame_index` numbers."""
    frame_index: Int[np.ndarray, " frames"]
    mpjpe_mm: Float[np.ndarray, " frames"]
    pa_mpjpe_mm: Float[np.ndarray, " frames"]


@dataclass(frozen=True, kw_only=True, eq=False)
class WorstFrame:
    """A frame with a large error, to be looked at."""

    name: str
    """Of the clip."""
    frame_index: int
    time_s: float
    mpjpe_mm: float
    joint_set: str
    true_m: Float[np.ndarray, "joints 3"]
    """Camera axes; NaN where a joint is not labelled."""
    predicted_m: Float[np.ndarray, "joints 3"]
    """Moved so that its root is the true one."""
    camera: Pinhole | None
    picture: tuple[Path, str | None] | None
    """Folder and name of the picture, or a film and None; None where there is no picture."""
    box_xys_px: tuple[float, float, float] | None
    """The data set's own."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Measurement:
    """One predictor on one data set under one protocol."""

    predictor: str
    data: DataSource
    result: ProtocolResult
    true_joints: str
    """What the truth's joints are made of."""
    missing_joints: tuple[str, ...]
    """Joints that the protocol compares and the truth lacks."""
    predicted_joints: str
    """What the predicted joints are made of."""
    curves: tuple[ErrorCurve, ...]
    """Clip by clip, in the data set's order."""
    worst: tuple[WorstFrame, ...]
    """The worst frame first."""


def make_curve(clip: Clip, errors: SequenceErrors) -> ErrorCurve:
    """Reduce a clip's errors to one number for each frame."""
    return ErrorCurve(
        name=clip.name,
        fps=clip.fps,
        frame_index=errors.frame_index,
        mpjpe_mm=average_by_frame(errors.mpjpe_mm, errors.joint_mask),
        pa_mpjpe_mm=average_by_frame(errors.pa_mpjpe_mm, np.isfinite(errors.pa_mpjpe_mm)),
    )


def find_worst_frames(
    clip: Clip, predicted: MotionArrays, truth: LabelledMotion, errors: SequenceErrors
) -> list[WorstFrame]:
    """The frames of a clip with the largest MPJPE, no two within a second of each other.

    Args:
        clip: Whose pictures and camera they are.
        predicted: What was scored.
        truth: What it was scored against.
        errors: Of the frames that count.
    """
    mean = average_by_frame(errors.mpjpe_mm, errors.joint_mask)
    rows = np.searchsorted(clip.frame_index, errors.frame_index)
    roots = [motion.compute_root(errors.protocol.root) for motion in (predicted, truth.motion)]
    chosen: list[int] = []
    for i in np.argsort(-mean, kind="stable").tolist():
        apart = all(abs(errors.frame_index[i] - errors.frame_index[j]) >= _APART_S * clip.fps for j in chosen)
        if apart and len(chosen) < WORST_FRAMES:
            chosen.append(i)
    return [
        WorstFrame(
            name=clip.name,
            frame_index=int(errors.frame_index[i]),
            time_s=float(errors.frame_index[i] / clip.fps),
            mpjpe_mm=float(mean[i]),
            joint_set=predicted.joint_set,
            true_m=truth.motion.joints_m[rows[i]].astype(np.float64),
            predicted_m=predicted.joints_m[rows[i]] - roots[0][rows[i]] + roots[1][rows[i]],
            camera=clip.camera,
            picture=_find_picture(clip, int(rows[i])),
            box_xys_px=_find_box(clip, int(rows[i])),
        )
        for i in chosen
    ]


def keep_worst(frames: Iterable[WorstFrame]) -> tuple[WorstFrame, ...]:
    """The worst of a data set; ties by clip and frame."""
    ordered = sorted(frames, key=lambda frame: (-frame.mpjpe_mm, frame.name, frame.frame_index))
    return tuple(ordered[:WORST_FRAMES])


def group_by_data(measurements: Sequence[Measurement]) -> list[list[Measurement]]:
    """Measurements of one folder together, in their order."""
    folders = dict.fromkeys(measurement.data.folder for measurement in measurements)
    return [[one for one in measurements if one.data.folder == folder] for folder in folders]


def group_by_protocol(measurements: Sequence[Measurement]) -> list[list[Measurement]]:
    """Measurements under one protocol together, in their order."""
    names = dict.fromkeys(measurement.result.protocol.name for measurement in measurements)
    return [[one for one in measurements if one.result.protocol.name == name] for name in names]


def _find_picture(clip: Clip, row: int) -> tuple[Path, str | None] | None:
    if clip.pictures is None:
        return None
    names = clip.pictures.names
    return clip.pictures.path, None if names is None else names[row]


def _find_box(clip: Clip, row: int) -> tuple[float, float, float] | None:
    if clip.box_xys_px is None or not clip.box_xys_px[row, 2] > 0:
        return None
    x, y, side = clip.box_xys_px[row].tolist()
    return x, y, side


def _count(number: int, one: str, several: str | None = None) -> str:
    return f"{number} {one if number == 1 else several or one + 's'}"
