"""A data set's clips measured under a protocol: a model of ours, or another program's results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol as Interface
from typing import runtime_checkable

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from spsnet.body import BodyModel, load_body
from spsnet.datasets.prepared import PreparedClip, PreparedClips
from spsnet.evaluation.clip_motions import (
    BodyJoints,
    Reconstruction,
    TruthSource,
    describe_truth,
    lay_on_frames,
    make_motion,
    make_truth,
)
from spsnet.evaluation.frame_selection import select_frames
from spsnet.evaluation.measured_motion import MotionArrays
from spsnet.evaluation.protocol_result import ProtocolResult, join_sequences
from spsnet.evaluation.protocols import Protocol
from spsnet.evaluation.sequence_errors import SequenceErrors, score_sequence
from spsnet.geometry import axis_angle_to_matrix, compute_iou, project_points
from spsnet.interchange import read_results
from spsnet.pipeline.lifting import Lifter
from spsnet.pipeline.preparing_clips import find_boxes
from spsnet.pipeline.settings import RunSettings, Stopwatch, Watch, watch_nothing
from spsnet.records import Gender, Pinhole, PredictedMotion, UserError
from spsnet.skeletons import map_joints


@runtime_checkable
class Predictor(Interface):
    """Whoever says where people are."""

    name: str

    def predict(
        self, film: Sequence[PreparedClip], protocol: Protocol, *, surface: bool
    ) -> Sequence[MotionArrays | None]:
        """Each clip's motion at the clip's frames, NaN where there is none; None for a person who was not found.

        Args:
            film: Everybody in it.
            protocol: Says which joints.
            surface: Also give vertices, where the body is SMPL.

        Raises:
            UserError: If the film's clips cannot be told apart, or joints cannot be had.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One predictor on one data set."""

    predictor: str
    result: ProtocolResult
    truth: TruthSource
    sequences: tuple[SequenceErrors, ...]
    """Clip by clip, in the data set's order."""


def measure_clips(
    clips: PreparedClips,
    predictor: Predictor,
    protocol: Protocol,
    bodies: Mapping[Gender, BodyModel],
    *,
    watch: Watch = watch_nothing,
) -> Measurement:
    """Score a predictor on every clip of a folder.

    Args:
        clips: The data set.
        predictor: Whose results.
        protocol: How to measure.
        bodies: SMPL's bodies (`load_smpl`); empty where the user has none: then there is no PVE, and data sets without
            joints of their own cannot be measured.
        watch: Gets the films as they pass, to show progress.

    Raises:
        UserError: If the data set has no 3D truth, or as `Predictor.predict`.
    """
    surface = protocol.pve is not None and bool(bodies)
    sequences: list[SequenceErrors] = []
    source: TruthSource | None = None
    for number in watch(range(len(clips)), predictor.name, len(clips)):
        film = clips.load_film(number)
        predicted = predictor.predict(film, protocol, surface=surface)
        for prepared, motion in zip(film, predicted, strict=True):
            clip = prepared.clip
            source = source or describe_truth(clip, protocol, bodies)
            truth = make_truth(clip, protocol, bodies, surface=surface)
            if motion is None:
                motion = _make_nothing(len(clip), truth.motion)
            sequences.append(score_sequence(protocol, motion, truth, select_frames(protocol, truth)))
    if source is None:
        raise UserError(f"{clips.folder} holds nobody; prepare another split")
    result = join_sequences(sequences)
    return Measurement(predictor=predictor.name, result=result, truth=source, sequences=tuple(sequences))


class ModelPredictor:
    """A trained model on what the encoder saw, as `spsnet run` lifts it, in one go or frame by refined frame."""

    def __init__(self, name: str, folder: Path, *, refine: bool) -> None:
        """Load the model."""
        self.name = f"{name} + refinement" if refine else name
        self._lifter = Lifter(folder, load_body())
        self._joints = BodyJoints(body=self._lifter.body)
        self._settings = RunSettings(refine=refine)

    def predict(
        self,
        film: Sequence[PreparedClip],
        protocol: Protocol,
        *,
        surface: bool,  # noqa: ARG002 (ours is another surface than SMPL's)
    ) -> Sequence[MotionArrays | None]:
        """Lift everybody; the body is ours, so there are no vertices to compare with SMPL's."""
        return [self._predict(prepared, protocol) for prepared in film]

    def _predict(self, prepared: PreparedClip, protocol: Protocol) -> MotionArrays | None:
        clip = prepared.clip
        if prepared.size_px is None:
            raise UserError(
                f"{clip.dataset}: nobody looked at the pictures of {clip.sequence}; prepare the data set with them"
            )
        camera = clip.camera or Pinhole.from_size(*prepared.size_px)
        parts = []
        for seen in prepared.sightings:
            lifted = self._lifter.lift(seen, camera, self._settings, Stopwatch())
            parts.append(Reconstruction.from_parameters(lifted.frame_index, lifted.body))
        if not parts:
            return None
        posed = Reconstruction(
            frame_index=np.concatenate([part.frame_index for part in parts]),
            rotations=np.concatenate([part.rotations for part in parts]),
            shape=np.concatenate([part.shape for part in parts]),
            translation_m=np.concatenate([part.translation_m for part in parts]),
        )
        motion = make_motion(self._joints, posed, protocol, protocol.get_joint_set(clip.dataset))
        return lay_on_frames(motion, posed.frame_index, clip.frame_index)


class FilePredictor:
    """Another program's results, a file for each film."""

    def __init__(self, path: Path, format_name: str, bodies: Mapping[Gender, BodyModel]) -> None:
        """Keep where the results are.

        Args:
            path: A file, for a data set of one film; or a folder with a file or folder for each film, called as the
                film is (with _ for /).
            format_name: One of `interchange.FORMATS`.
            bodies: SMPL's; needed for joints that the files do not hold.
        """
        self.name = f"{path.name} ({format_name})"
        self._path = path
        self._format = format_name
        self._bodies = bodies

    def predict(
        self, film: Sequence[PreparedClip], protocol: Protocol, *, surface: bool
    ) -> Sequence[MotionArrays | None]:
        """Read the film's file and find everybody in it."""
        if not film:
            return []
        people = read_results(self._find(film[0].clip.sequence), self._format)
        chosen = match_people(film, people)
        return [
            None if person is None else self._make(prepared, person, protocol, surface=surface)
            for prepared, person in zip(film, chosen, strict=True)
        ]

    def _find(self, sequence: str) -> Path:
        if self._path.is_file():
            return self._path
        wanted = sequence.replace("/", "_")
        found = sorted(path for path in self._path.iterdir() if wanted in (path.name, path.stem))
        if not found:
            raise UserError(f"{self._path} holds no results called {wanted}; name each film's file as the film")
        return found[0]

    def _make(
        self, prepared: PreparedClip, person: PredictedMotion, protocol: Protocol, *, surface: bool
    ) -> MotionArrays:
        clip = prepared.clip
        joint_set = protocol.get_joint_set(clip.dataset)
        body = self._choose_body(person, joint_set)
        if body is not None:
            frames = len(person)
            place = np.zeros((frames, 3)) if person.translation_m is None else person.translation_m.astype(np.float64)
            posed = Reconstruction(
                frame_index=person.frame_index,
                rotations=axis_angle_to_matrix(person.pose_rad.reshape(frames, 24, 3).astype(np.float64)),
                shape=person.shape.astype(np.float64),
                translation_m=place,
            )
            motion = make_motion(body, posed, protocol, joint_set, surface=surface and person.body == "smpl")
        else:
            motion = self._take_joints(person, joint_set)
        return lay_on_frames(motion, person.frame_index, clip.frame_index)

    def _choose_body(self, person: PredictedMotion, joint_set: str) -> BodyJoints | None:
        ours = load_body()
        body = ours if person.body == ours.name else self._bodies.get("neutral")
        joints = None if body is None else BodyJoints(body=body)
        return joints if joints is not None and joints.can_tell(joint_set) else None

    def _take_joints(self, person: PredictedMotion, joint_set: str) -> MotionArrays:
        if person.joints_m is None or person.joint_set is None:
            raise UserError(f"{self._path}: its poses are of SMPL; give --smpl DIR to make {joint_set} joints of them")
        found = map_joints(person.joint_set, joint_set)
        if not found.mask.all():
            raise UserError(
                f"{self._path}: its {person.joint_set} joints lack {', '.join(found.missing_names)}, "
                "which are compared; give --smpl DIR"
            )
        return MotionArrays(joints_m=found.apply(person.joints_m.astype(np.float64)), joint_set=joint_set)


def match_people(film: Sequence[PreparedClip], people: Sequence[PredictedMotion]) -> list[PredictedMotion | None]:
    """Who of the predicted is whose: by how their boxes lie over each other in the picture, all at once.

    A film of one person whose results hold one needs no boxes.

    Raises:
        UserError: If there are several, and one of them is nowhere in the picture.
    """
    if len(film) == 1 and len(people) == 1:
        return [people[0]]
    overlaps = np.zeros((len(film), len(people)))
    for i, person in enumerate(people):
        boxes = _find_predicted_boxes(person)
        for j, prepared in enumerate(film):
            overlaps[j, i] = _compare_boxes(prepared, person, boxes)
    chosen: list[PredictedMotion | None] = [None] * len(film)
    for j, i in zip(*linear_sum_assignment(-overlaps), strict=True):
        if overlaps[j, i] > 0:
            chosen[j] = people[i]
    return chosen


def _find_predicted_boxes(person: PredictedMotion) -> Float[np.ndarray, "time 4"]:
    if person.box_xys_px is not None:
        center, half = person.box_xys_px[:, :2], person.box_xys_px[:, 2:] / 2
        return np.concatenate([center - half, center + half], axis=-1)
    places = person.joints_m
    if places is None or person.translation_m is None or person.focal_px is None or person.center_px is None:
        raise UserError(f"{person.person}: nothing says where in the picture this person is; give a file that does")
    seen = project_points(places, person.focal_px, np.array(person.center_px))
    return np.concatenate([seen.min(1), seen.max(1)], axis=-1)


def _compare_boxes(
    prepared: PreparedClip, person: PredictedMotion, boxes_xyxy_px: Float[np.ndarray, "time 4"]
) -> float:
    """Sum over common frames of the boxes' IoU, over the clip's frames."""
    clip = prepared.clip
    _, own, theirs = np.intersect1d(clip.frame_index, person.frame_index, return_indices=True)
    known = find_boxes(clip)[own]
    usable = np.isfinite(known).all(-1)
    pairs = zip(known[usable], boxes_xyxy_px[theirs][usable], strict=True)
    return float(sum(compute_iou(a[None], b[None])[0, 0] for a, b in pairs)) / len(clip)


def _make_nothing(frames: int, like: MotionArrays) -> MotionArrays:
    return MotionArrays(
        joints_m=np.full((frames, *like.joints_m.shape[1:]), np.nan),
        joint_set=like.joint_set,
        pelvis_m=None if like.pelvis_m is None else np.full((frames, 3), np.nan),
    )
