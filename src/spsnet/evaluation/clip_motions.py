"""Clips as a protocol sees them: the truth, and predicted bodies brought to the same joints and frames."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from spsnet.body import BodyModel, KeypointModel, build_keypoint_model, compute_keypoints, compute_vertices
from spsnet.evaluation.measured_motion import LabelledMotion, MotionArrays
from spsnet.evaluation.protocols import THREE_DPW, Protocol
from spsnet.evaluation.smpl_bodies import REGRESSOR_FILE
from spsnet.geometry import axis_angle_to_matrix
from spsnet.records import BodyParameters, Clip, Gender, UserError
from spsnet.skeletons import get_joint_set, map_joints

_SOURCES = ("lsp14", "h36m17", "smpl24")
"""Joint sets that others are taken from, the nearest relative first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Reconstruction:
    """One person's bodies over some frames, of one body model, camera axes."""

    frame_index: Int[np.ndarray, " time"]
    rotations: Float[np.ndarray, "time 24 3 3"]
    shape: Float[np.ndarray, "time 10"]
    translation_m: Float[np.ndarray, "time 3"]

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.frame_index)

    @classmethod
    def from_parameters(cls, frame_index: Int[np.ndarray, " time"], body: BodyParameters) -> "Reconstruction":
        """The same, of axis-angle poses and one shape."""
        frames = len(body)
        return cls(
            frame_index=frame_index,
            rotations=axis_angle_to_matrix(body.pose_rad.reshape(frames, 24, 3).astype(np.float64)),
            shape=np.tile(body.shape.astype(np.float64), (frames, 1)),
            translation_m=body.translation_m.astype(np.float64),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class BodyJoints:
    """One body model's joints in whatever set a protocol asks for."""

    body: BodyModel
    _models: dict[str, KeypointModel] = field(default_factory=dict, init=False, repr=False)

    def can_tell(self, joint_set: str) -> bool:
        """Whether the body has rows for a set, or for one that holds all of its joints."""
        return self._choose(joint_set) is not None

    def compute(self, joint_set: str, posed: Reconstruction) -> Float[np.ndarray, "time joints 3"]:
        """Joints of posed bodies, metres, camera axes.

        Raises:
            UserError: If the body cannot tell these joints.
        """
        source = self._choose(joint_set)
        if source is None:
            raise UserError(
                f"the body {self.body.name} has no regressor for {joint_set}; put {REGRESSOR_FILE} beside SMPL's files"
            )
        if source not in self._models:
            self._models[source] = build_keypoint_model(self.body, (source,))
        joints = compute_keypoints(self._models[source], posed.rotations, posed.shape, posed.translation_m)
        return joints if source == joint_set else map_joints(source, joint_set).apply(joints)

    def compute_surface(self, posed: Reconstruction) -> Float[np.ndarray, "time vertices 3"]:
        """Vertices in float32."""
        parts = (part.astype(np.float32) for part in (posed.rotations, posed.shape, posed.translation_m))
        return compute_vertices(self.body, *parts)

    def _choose(self, joint_set: str) -> str | None:
        known = ("smpl24", *self.body.regressors)
        if joint_set in known:
            return joint_set
        relatives = (own for own in _SOURCES if own in known)
        return next((own for own in relatives if map_joints(own, joint_set).mask.all()), None)


def prepare_bodies(bodies: Mapping[Gender, BodyModel]) -> dict[Gender, BodyJoints]:
    """Bodies whose joints are asked for again and again."""
    return {gender: BodyJoints(body=body) for gender, body in bodies.items()}


@dataclass(frozen=True, kw_only=True)
class TruthSource:
    """What the truth's joints are made of, for the table."""

    text: str
    """SMPL's surface or the data set's own joints."""
    missing_joints: tuple[str, ...] = ()
    """That the protocol compares."""


def describe_truth(clip: Clip, protocol: Protocol, bodies: Mapping[Gender, BodyJoints]) -> TruthSource:
    """What `make_truth` makes a clip's joints of.

    Raises:
        UserError: If there is nothing to make them of.
    """
    joint_set = protocol.get_joint_set(clip.dataset)
    if _choose_body(clip, protocol, bodies) is not None:
        return TruthSource(text=f"{joint_set} joints of SMPL's surface")
    if clip.joints_m is None or clip.joint_set is None:
        needs = "its labels are poses of SMPL; give --smpl DIR"
        if clip.body is None:
            needs = "its labels are in the picture alone; give --data one with labels in space, such as 3dpw"
        raise UserError(f"{clip.dataset}: {clip.name} cannot be measured in 3D: {needs}")
    found = map_joints(clip.joint_set, joint_set)
    own = get_joint_set(clip.joint_set)
    if protocol.root == "pelvis" and "pelvis" not in (*own.joint_names, *found.target.joint_names):
        raise UserError(
            f"{clip.dataset}: protocol {protocol.name!r} takes the pelvis for the root, which the {own.name} joints "
            f"of {clip.name} lack; choose another protocol"
        )
    return TruthSource(text=f"the data set's own joints ({own.name})", missing_joints=found.missing_names)


def make_truth(
    clip: Clip, protocol: Protocol, bodies: Mapping[Gender, BodyJoints], *, surface: bool = False
) -> LabelledMotion:
    """What a protocol takes for a clip's truth.

    Joints are regressed from SMPL's surface where the clip is labelled with SMPL's poses and the user has the body;
    else they are the data set's own, NaN where it lacks one that the protocol compares.

    Args:
        clip: Of any data set.
        protocol: Says which joints, which gender and what precision.
        bodies: `prepare_bodies` of `load_smpl`'s; empty if there is none.
        surface: Also make the vertices, where there is a body.

    Raises:
        UserError: As `describe_truth`.
    """
    describe_truth(clip, protocol, bodies)
    joint_set = protocol.get_joint_set(clip.dataset)
    body = _choose_body(clip, protocol, bodies)
    if body is not None and clip.body is not None:
        rounded = BodyParameters(
            pose_rad=protocol.round_truth(clip.body.pose_rad),
            shape=protocol.round_truth(clip.body.shape),
            translation_m=clip.body.translation_m,
        )
        motion = make_motion(
            body, Reconstruction.from_parameters(clip.frame_index, rounded), protocol, joint_set, surface=surface
        )
    else:
        assert clip.joints_m is not None
        assert clip.joint_set is not None
        own = clip.joints_m.astype(np.float64)
        motion = MotionArrays(
            joints_m=map_joints(clip.joint_set, joint_set).apply(own, fill=np.nan),
            joint_set=joint_set,
            pelvis_m=find_pelvis(own, clip.joint_set, joint_set),
        )
    is_camera = clip.dataset == THREE_DPW  # whose mask tells of nothing else
    return LabelledMotion(
        dataset=clip.dataset,
        sequence=clip.sequence,
        name=clip.name,
        fps=clip.fps,
        frame_index=clip.frame_index,
        motion=motion,
        valid_mask=np.ones_like(clip.valid_mask) if is_camera else clip.valid_mask,
        camera_valid_mask=clip.valid_mask if is_camera else None,
        keypoints_px=clip.keypoints_px,
        keypoint_set=clip.keypoint_set,
        image_size_px=None if clip.camera is None else (clip.camera.width, clip.camera.height),
    )


def make_motion(
    joints: BodyJoints, posed: Reconstruction, protocol: Protocol, joint_set: str, *, surface: bool = False
) -> MotionArrays:
    """Posed bodies as the protocol compares them."""
    own = joints.compute(joint_set, posed)
    has_pelvis = "pelvis" in get_joint_set(joint_set).joint_names
    pelvis = None
    if protocol.root == "pelvis" and not has_pelvis:
        pelvis = joints.compute("h36m17", posed)[:, get_joint_set("h36m17").index("pelvis")]
    return MotionArrays(
        joints_m=own,
        joint_set=joint_set,
        pelvis_m=pelvis,
        vertices_m=joints.compute_surface(posed) if surface else None,
        translation_m=posed.translation_m if surface else None,
    )


def find_pelvis(
    joints_m: Float[np.ndarray, "time joints 3"], own_set: str, joint_set: str
) -> Float[np.ndarray, "time 3"] | None:
    """The pelvis of joints that are brought to a set without one; None where the set has it, or there is none."""
    own = get_joint_set(own_set)
    if "pelvis" in get_joint_set(joint_set).joint_names or "pelvis" not in own.joint_names:
        return None
    return joints_m[:, own.index("pelvis")]


def lay_on_frames(
    motion: MotionArrays, own_index: Int[np.ndarray, " own"], frame_index: Int[np.ndarray, " time"]
) -> MotionArrays:
    """The same motion at a clip's frames: NaN in those that it does not tell of.

    Args:
        motion: At `own_index`.
        own_index: Frame numbers of the motion, each once.
        frame_index: Frame numbers of the clip, rising.
    """
    _, rows, own_rows = np.intersect1d(frame_index, own_index, return_indices=True)

    def lay(values: Float[np.ndarray, "..."] | None) -> Float[np.ndarray, "..."] | None:
        if values is None:
            return None
        laid = np.full((len(frame_index), *values.shape[1:]), np.nan, values.dtype)
        laid[rows] = values[own_rows]
        return laid

    joints = lay(motion.joints_m)
    assert joints is not None
    return MotionArrays(
        joints_m=joints,
        joint_set=motion.joint_set,
        pelvis_m=lay(motion.pelvis_m),
        vertices_m=lay(motion.vertices_m),
        translation_m=lay(motion.translation_m),
    )


def _choose_body(clip: Clip, protocol: Protocol, bodies: Mapping[Gender, BodyJoints]) -> BodyJoints | None:
    """SMPL as the protocol wants it; None where the clip has no poses, or the user no such body or no regressor."""
    if clip.body is None or not bodies:
        return None
    gender = protocol.choose_gender(clip.dataset, clip.gender)
    if gender not in bodies:
        raise UserError(
            f"{clip.dataset}: {clip.name} needs SMPL's {gender} body, which --smpl does not hold; put it there"
        )
    joints = bodies[gender]
    return joints if joints.can_tell(protocol.get_joint_set(clip.dataset)) else None
