"""A data set's clips measured under protocols: a model of ours, or another program's results."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from spsnet.datasets.prepared import PreparedClip, PreparedClips
from spsnet.evaluation.clip_motions import BodyJoints, describe_truth, make_truth
from spsnet.evaluation.frame_selection import select_frames
from spsnet.evaluation.measured_motion import LabelledMotion, MotionArrays
from spsnet.evaluation.measurement import (
    DataSource,
    ErrorCurve,
    Measurement,
    WorstFrame,
    find_worst_frames,
    keep_worst,
    make_curve,
)
from spsnet.evaluation.protocol_result import join_sequences
from spsnet.evaluation.protocols import Protocol
from spsnet.evaluation.sequence_errors import SequenceErrors, score_sequence
from spsnet.pipeline.predictors import Predictor, Told
from spsnet.pipeline.settings import Watch, watch_nothing
from spsnet.records import Gender, UserError


def measure_clips(
    clips: PreparedClips,
    predictor: Predictor,
    protocols: Sequence[Protocol],
    bodies: Mapping[Gender, BodyJoints],
    *,
    watch: Watch = watch_nothing,
) -> list[Measurement]:
    """Score a predictor on every clip of a folder, once for each protocol.

    Args:
        clips: The data set.
        predictor: Whose results.
        protocols: How to measure.
        bodies: SMPL's bodies (`prepare_bodies`); empty where the user has none: then there is no PVE, and data sets
            without joints of their own cannot be measured.
        watch: Gets the films as they pass, to show progress.

    Raises:
        UserError: If the data set holds nobody, has no 3D truth or lacks what a protocol asks for, or as
            `Predictor.predict`.
    """
    for prepared in clips.load_film(0) if len(clips) else ():
        for protocol in protocols:
            describe_truth(prepared.clip, protocol, bodies)
    predictor.require(clips)
    scorings = [_Scoring(protocol, bodies, predictor) for protocol in protocols]
    for number in watch(range(len(clips)), f"{clips.folder.name}, {predictor.name}", len(clips)):
        film = clips.load_film(number)
        for prepared, told in zip(film, predictor.predict(film), strict=True):
            for scoring in scorings:
                scoring.add(prepared, told)
    return [scoring.finish(clips) for scoring in scorings]


class _Scoring:
    """What comes together of a data set under one protocol."""

    def __init__(self, protocol: Protocol, bodies: Mapping[Gender, BodyJoints], predictor: Predictor) -> None:
        self._protocol = protocol
        self._bodies = bodies
        self._predictor = predictor.name
        self._surface = protocol.pve is not None and bool(bodies) and predictor.has_surface
        self._true: dict[str, tuple[str, ...]] = {}
        self._predicted: dict[str, None] = {}
        self._sequences: list[SequenceErrors] = []
        self._curves: list[ErrorCurve] = []
        self._worst: tuple[WorstFrame, ...] = ()

    def add(self, prepared: PreparedClip, told: Told | None) -> None:
        """Score one clip."""
        clip = prepared.clip
        source = describe_truth(clip, self._protocol, self._bodies)
        self._true[source.text] = source.missing_joints
        truth = make_truth(clip, self._protocol, self._bodies, surface=self._surface)
        if truth.image_size_px is None:
            truth = replace(truth, image_size_px=prepared.size_px)
        if told is None:
            motion = _make_nothing(truth)
        else:
            motion, joints = told(self._protocol, self._surface)
            self._predicted[joints] = None
        errors = score_sequence(self._protocol, motion, truth, select_frames(self._protocol, truth))
        self._sequences.append(errors)
        self._curves.append(make_curve(clip, errors))
        self._worst = keep_worst((*self._worst, *find_worst_frames(clip, motion, truth, errors)))

    def finish(self, clips: PreparedClips) -> Measurement:
        """Reduce it."""
        if not self._sequences:
            raise UserError(f"{clips.folder} holds nobody; prepare another split")
        return Measurement(
            predictor=self._predictor,
            data=DataSource(
                folder=clips.folder.resolve().name,
                dataset=clips.index.dataset,
                split=clips.index.split,
                options=clips.index.options,
                films=len(clips),
                clips=len(self._sequences),
            ),
            result=join_sequences(self._sequences),
            true_joints=" or ".join(self._true),
            missing_joints=tuple(dict.fromkeys(name for names in self._true.values() for name in names)),
            predicted_joints=" or ".join(self._predicted) or "nobody was predicted",
            curves=tuple(self._curves),
            worst=self._worst,
        )


def _make_nothing(truth: LabelledMotion) -> MotionArrays:
    """The motion of a person who was not found."""
    motion = truth.motion

    def empty(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else np.broadcast_to(np.array(np.nan, values.dtype), values.shape)

    return replace(
        motion,
        joints_m=np.full_like(motion.joints_m, np.nan),
        pelvis_m=empty(motion.pelvis_m),
        vertices_m=empty(motion.vertices_m),
        translation_m=empty(motion.translation_m),
    )
