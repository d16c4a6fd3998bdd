r"""AMASS's npz: one person, every frame, in a world where z is up.

    poses (T, 156 of SMPL-H, 165 of SMPL-X, or 72 of SMPL), trans (T, 3), betas (10 or more), mocap_framerate or
    mocap_frame_rate, gender

Convention:
    There is no camera: read as a level one at the world's origin that looks along y would see it. (x, y, z) there is
    (x, -z, y) here, and the root turns along. trans = (1, 5, 0.9) is 5 m before the camera, 1 m to its right, 0.9 m
    above its axis. The root turns about the pelvis J of the body at rest, so with W from the camera to the world

        trans = W T + W J - J

    J is known for our own body; for others the term is left out, and places are right up to a constant of some
    decimetres. A finger's first joint stands for SMPL's hand, other fingers are dropped and written as zero.

Source:
    AMASS's documented files; the term by hand, from the root's rotation about J.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from spsnet.body import load_body, place_rest_joints
from spsnet.datasets.amass import JOINTS_BY_COUNT
from spsnet.geometry import axis_angle_to_matrix, matrix_to_axis_angle
from spsnet.interchange.fields import Fields
from spsnet.interchange.gaps import fill_gaps
from spsnet.interchange.placement import note_body, require_translation
from spsnet.interchange.result_format import ResultFormat
from spsnet.pickles import load_npz
from spsnet.records import PredictedMotion

_REMEDY = "give a motion of AMASS, one whose name ends in _poses.npz or _stageii.npz"
_WORLD_CAMERA = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
_BODIES = {24: "smpl", 52: "smplh", 55: "smplx"}
_SMPL_H, _BETAS = 52, 16


def read_amass(path: Path, *, vertices: bool = False) -> list[PredictedMotion]:  # noqa: ARG001 - it has no mesh
    """Read the motion at its own rate; the person is called as the file.

    Raises:
        UserError: If the file cannot be read, asks to run something, or lacks an array: names the key.
    """
    fields = Fields.open(path, load_npz(path), what="an archive of arrays", remedy=_REMEDY)
    poses = fields.take_poses("poses", None)
    frames, joints = len(poses), poses.shape[1] // 3
    if poses.shape[1] % 3 or joints not in JOINTS_BY_COUNT:
        raise fields.refuse("poses", f"should be 72, 156 or 165 numbers a frame, is {poses.shape[1]}")
    betas = fields.take_numbers("betas", (None,))
    if len(betas) < 10:
        raise fields.refuse("betas", f"should be 10 or more numbers, is {len(betas)}")
    body = fields.take_body(_BODIES[joints])
    shape = np.tile(betas[:10], (frames, 1))
    axis_angle = poses.reshape(frames, joints, 3)[:, JOINTS_BY_COUNT[joints]]
    place = fields.take_numbers("trans", (frames, 3)).astype(np.float64)
    pelvis = _find_pelvis(body, shape)
    return [
        PredictedMotion(
            person=path.stem,
            frame_index=np.arange(frames),
            pose_rad=_turn_root(axis_angle.reshape(frames, 72), _WORLD_CAMERA.T),
            shape=shape,
            body=body,
            translation_m=place @ _WORLD_CAMERA + pelvis @ _WORLD_CAMERA - pelvis,
            fps=_find_rate(fields),
        )
    ]


def write_amass(motions: Sequence[PredictedMotion], path: Path) -> None:
    """Write one person as a file of SMPL-H, gender neutral, from frame 0 on."""
    motion = fill_gaps(motions[0])
    if motion.fps is None:
        raise ValueError(f"person {motion.person} should have an fps")
    shape = motion.shape.mean(0)
    pelvis = _find_pelvis(motion.body, motion.shape)
    place = require_translation(motion) @ _WORLD_CAMERA.T + pelvis @ _WORLD_CAMERA.T - pelvis
    poses = np.zeros((len(motion), _SMPL_H, 3))
    poses[:, JOINTS_BY_COUNT[_SMPL_H]] = _turn_root(motion.pose_rad, _WORLD_CAMERA).reshape(-1, 24, 3)
    arrays = {
        "poses": poses.reshape(len(motion), -1).astype(np.float32),
        "trans": place.astype(np.float32),
        "betas": np.concatenate([shape, np.zeros(_BETAS - 10)]).astype(np.float32),
        "gender": np.array("neutral"),
        "mocap_framerate": np.array(motion.fps),
        **{key: np.array(name) for key, name in note_body(motion, _BODIES[_SMPL_H]).items()},
    }
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _turn_root(pose_rad: Float[np.ndarray, "time 72"], turn: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "time 72"]:
    root = matrix_to_axis_angle(turn @ axis_angle_to_matrix(pose_rad[:, :3].astype(np.float64)))
    return np.concatenate([root.astype(pose_rad.dtype), pose_rad[:, 3:]], axis=1)


def _find_pelvis(body: str, shape: Float[np.ndarray, "time 10"]) -> Float[np.ndarray, "time 3"]:
    ours = load_body()
    if body != ours.name:
        return np.zeros((len(shape), 3))
    return place_rest_joints(ours.rest_joints_m, ours.rest_joint_shape, shape.astype(np.float32))[:, 0].astype(
        np.float64
    )


def _find_rate(fields: Fields) -> float:
    key = next((key for key in ("mocap_framerate", "mocap_frame_rate") if key in fields), "mocap_framerate")
    rate = float(fields.take_numbers(key, ()))
    if not rate > 0:
        raise fields.refuse(key, f"should be a positive number of frames per second, is {rate:g}")
    return rate


AMASS = ResultFormat(
    name="amass",
    title="AMASS",
    suffix=".npz",
    keeps=frozenset({"translation_m", "fps"}),
    needs=frozenset({"translation_m", "fps"}),
    body=_BODIES[_SMPL_H],
    numbered=False,
    one_shape=True,
    remarks=("the camera: the world is that of a level camera at its origin",),
    unread=("fingers", "shape coefficients after the first 10", "gender", "soft tissue ('dmpls')"),
    single=True,
    read=read_amass,
    write=write_amass,
)
