"""3DPW: people outdoors before a moving telephone, with SMPL fitted to their inertial sensors.

Convention:
    The files' world is in metres with y up; `cam_poses` takes it to the camera, x_camera = R x + t. Pose k, its
    camera and its 2D points belong to `image_%05d.jpg` of number k: 30 a second. `img_frame_ids` counts the sensors'
    60 Hz instead (0, 2, 4, …), and names no picture.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from spsnet.datasets.reader import DatasetInfo
from spsnet.geometry import axis_angle_to_matrix, matrix_to_axis_angle
from spsnet.pickles import load_pickle
from spsnet.records import BodyParameters, Clip, Gender, Pictures, Pinhole, UserError

_FPS = 30.0
_JOINTS = 24
_SHAPE = 10
_POINTS = 18
_GENDERS: Mapping[str, Gender] = {"m": "male", "f": "female"}
_FARTHEST_PELVIS_M = 1.0
"""SMPL's rest pelvis lies some 0.2 m from its origin; farther than this the two arrays are of different things."""
_RIGID = 1e-3
_AGAIN = "unpack 3DPW's sequenceFiles.zip again"


class ThreeDpw:
    """Reader of 3DPW: one clip a person with SMPL's parameters and joints, and OpenPose's 18 points."""

    info = DatasetInfo(
        name="3dpw",
        title="3D Poses in the Wild (3DPW)",
        splits=("train", "validation", "test"),
        source="Accept the licence on the data set's page at the Max Planck Institute for Informatics, then download "
        "sequenceFiles.zip and imageFiles.zip and unpack both into one folder.",
        licence="non-commercial research only",
        layout="sequenceFiles/{train,validation,test}/SEQUENCE.pkl\n"
        "imageFiles/SEQUENCE/image_00000.jpg, …  (without imageFiles/ clips have no pictures)",
    )

    def list_sequences(self, raw: Path, split: str) -> list[str]:
        """Names of the split's films.

        Raises:
            UserError: If the split's folder is missing or holds no .pkl.
        """
        folder = self._find_split(raw, split)
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder; unpack 3DPW's sequenceFiles.zip into {raw}")
        names = sorted(path.stem for path in folder.glob("*.pkl") if not path.name.startswith("."))
        if not names:
            raise UserError(f"{folder} holds no .pkl; {_AGAIN}")
        return names

    def read_sequence(self, raw: Path, split: str, sequence: str) -> list[Clip]:
        """One clip for each person of a film, in the file's order.

        Frames are valid where `campose_valid` says that the camera was aligned to the person. Of shapes with 300
        coefficients the first 10 are kept. Points outside the picture get confidence 0.

        Raises:
            UserError: If the pickle is missing, damaged or refused (`load_pickle`), or a picture is missing.
        """
        path = self._find_split(raw, split) / f"{sequence}.pkl"
        data = load_pickle(path)
        if not isinstance(data, dict):
            raise UserError(f"{path} holds a {type(data).__name__}, not a sequence of 3DPW; {_AGAIN}")
        file = _File(path, data)
        frames = len(file.take_array("cam_poses", (None, 4, 4)))
        if not frames:
            raise UserError(f"{path}: 'cam_poses' has no frames; {_AGAIN}")
        camera = _make_camera(file)
        pictures = _name_pictures(raw, sequence, frames)
        people = file.take_list("poses")
        return [
            _make_clip(file, person, frames=frames, name=sequence, camera=camera, pictures=pictures)
            for person in range(len(people))
        ]

    def _find_split(self, raw: Path, split: str) -> Path:
        if split not in self.info.splits:
            raise ValueError(f"3dpw has the splits {', '.join(self.info.splits)}, not {split!r}")
        return raw / "sequenceFiles" / split


class _File:
    """A sequence's pickle, its entries checked as they are taken."""

    def __init__(self, path: Path, data: Mapping[str, Any]) -> None:
        self.path = path
        self._data = data

    def take(self, key: str) -> Any:
        """An entry as it is."""
        if key not in self._data:
            raise UserError(f"{self.path} has no {key!r}, so it is no sequence of 3DPW; {_AGAIN}")
        return self._data[key]

    def take_list(self, key: str) -> Sequence[Any]:
        """An entry that has one element for each person."""
        values = self.take(key)
        if not isinstance(values, list | tuple) or not values:
            raise UserError(f"{self.path}: {key!r} should be a list with one element a person; {_AGAIN}")
        people = self.take("poses")
        if isinstance(people, list | tuple) and len(values) != len(people):
            raise UserError(f"{self.path}: {key!r} has {len(values)} people, 'poses' {len(people)}; {_AGAIN}")
        return values

    def take_array(
        self, key: str, shape: tuple[int | None, ...], person: int | None = None
    ) -> Float[np.ndarray, "..."]:
        """Numbers of an entry, or of its element for a person, in double precision."""
        values = np.asarray(self.take(key) if person is None else self.take_list(key)[person])
        name = f"{key!r}" if person is None else f"{key!r} of person {person}"
        if values.dtype.kind not in "fiub":
            raise UserError(f"{self.path}: {name} should be numbers, it is {values.dtype}; {_AGAIN}")
        if len(shape) != values.ndim or any(
            want not in (None, got) for want, got in zip(shape, values.shape, strict=True)
        ):
            wanted = ", ".join("any" if want is None else str(want) for want in shape)
            raise UserError(f"{self.path}: {name} should have shape ({wanted}), it is {values.shape}; {_AGAIN}")
        return values.astype(np.float64)


def _make_camera(file: _File) -> Pinhole:
    """The film's camera; a picture's size is twice its principal point, which 3DPW puts in the middle."""
    matrix = file.take_array("cam_intrinsics", (3, 3))
    focal, center = matrix[[0, 1], [0, 1]], matrix[:2, 2]
    if not (np.isfinite(matrix).all() and (focal > 0).all() and (center > 0).all()):
        raise UserError(f"{file.path}: 'cam_intrinsics' is no camera matrix: {matrix.tolist()}; {_AGAIN}")
    width, height = (round(2 * value) for value in center.tolist())
    return Pinhole(
        focal_px=float(focal.mean()), center_px=(float(center[0]), float(center[1])), width=width, height=height
    )


def _name_pictures(raw: Path, sequence: str, frames: int) -> Pictures | None:
    if not (raw / "imageFiles").is_dir():
        return None
    folder = raw / "imageFiles" / sequence
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    names = tuple(f"image_{number:05d}.jpg" for number in range(frames))
    missing = [name for name in names if name not in there]
    if missing:
        raise UserError(
            f"{folder / missing[0]}: no such picture, {len(missing)} of {frames} are missing; "
            "unpack 3DPW's imageFiles.zip again"
        )
    return Pictures(path=folder, names=names)


def _make_clip(file: _File, person: int, *, frames: int, name: str, camera: Pinhole, pictures: Pictures | None) -> Clip:
    valid = file.take_array("campose_valid", (frames,), person) != 0
    extrinsics = file.take_array("cam_poses", (frames, 4, 4))
    pose = file.take_array("poses", (frames, 3 * _JOINTS), person)
    translation = file.take_array("trans", (frames, 3), person)
    joints = file.take_array("jointPositions", (frames, 3 * _JOINTS), person)
    known = _find_rigid(extrinsics)
    _require_valid(file, "'cam_poses'", "no rigid motion", valid & ~known)
    for key, values in (("poses", pose), ("trans", translation), ("jointPositions", joints)):
        finite = np.isfinite(values).all(-1)
        _require_valid(file, f"{key!r} of person {person}", "not finite", valid & ~finite)
        known &= finite
    # What is not known stands still at the camera, so that every number is finite.
    rotation = np.where(known[:, None, None], extrinsics[:, :3, :3], np.eye(3))
    shift = np.where(known[:, None], extrinsics[:, :3, 3], 0.0)
    pose, translation, joints = (np.where(known[:, None], values, 0.0) for values in (pose, translation, joints))
    joints_m = joints.reshape(frames, _JOINTS, 3)
    return Clip(
        dataset="3dpw",
        name=f"{name}_{person}",
        sequence=name,
        fps=_FPS,
        frame_index=np.arange(frames),
        pictures=pictures,
        camera=camera,
        valid_mask=valid,
        body=BodyParameters(
            pose_rad=_turn_root(pose, rotation),
            shape=_read_shape(file, person),
            translation_m=_move_translation(
                translation, _find_rest_pelvis(file, person, (joints_m[:, 0] - translation)[known]), rotation, shift
            ),
        ),
        gender=_read_gender(file, person),
        joints_m=np.where(known[:, None, None], np.einsum("tij,tkj->tki", rotation, joints_m) + shift[:, None], np.nan),
        joint_set="smpl24",
        keypoints_px=_read_keypoints(file, person, frames, camera),
        keypoint_set="openpose18",
    )


def _find_rigid(transforms: Float[np.ndarray, "time 4 4"]) -> Bool[np.ndarray, " time"]:
    """Frames whose matrix is a rotation and a shift."""
    rotation = np.nan_to_num(transforms[:, :3, :3], posinf=0.0, neginf=0.0)
    square = np.abs(rotation @ rotation.transpose(0, 2, 1) - np.eye(3)).max((1, 2)) < _RIGID
    last_row = (transforms[:, 3] == (0.0, 0.0, 0.0, 1.0)).all(-1)
    return square & last_row & (np.linalg.det(rotation) > 0) & np.isfinite(transforms).all((1, 2))


def _require_valid(file: _File, name: str, fault: str, faulty: Bool[np.ndarray, " time"]) -> None:
    if faulty.any():
        raise UserError(
            f"{file.path}: {name} is {fault} in frame {int(np.argmax(faulty))}, which 'campose_valid' calls valid; "
            f"{_AGAIN}"
        )


def _turn_root(
    pose_rad: Float[np.ndarray, "time 72"], rotation: Float[np.ndarray, "time 3 3"]
) -> Float[np.ndarray, "time 72"]:
    """The pose with its root seen from the camera, R R_root."""
    root = matrix_to_axis_angle(rotation @ axis_angle_to_matrix(pose_rad[:, :3]))
    return np.concatenate([root, pose_rad[:, 3:]], axis=-1)


def _move_translation(
    translation_m: Float[np.ndarray, "time 3"],
    rest_pelvis_m: Float[np.ndarray, "3"],
    rotation: Float[np.ndarray, "time 3 3"],
    shift_m: Float[np.ndarray, "time 3"],
) -> Float[np.ndarray, "time 3"]:
    r"""What SMPL adds to every vertex, in the camera's axes.

        d_camera = R (J + d) + t − J

    SMPL turns the body about its rest pelvis J and then adds d: the pelvis stands at J + d whatever the root's
    rotation, and this point moves as any other does.

    Convention:
        J = (0, −0.2, 0), d = (1, 0, 3), the camera turned by a right angle about z (x to y) and t = 0: the pelvis
        goes from (1, −0.2, 3) to (0.2, 1, 3), so d_camera is (0.2, 1.2, 3).

    Source:
        SMPL's skinning, solved by hand for the translation.
    """
    pelvis = np.einsum("tij,tj->ti", rotation, rest_pelvis_m + translation_m) + shift_m
    return pelvis - rest_pelvis_m


def _find_rest_pelvis(file: _File, person: int, offset_m: Float[np.ndarray, "known 3"]) -> Float[np.ndarray, "3"]:
    """The pelvis of the body at rest, from its places less what was added to them; no body model is needed."""
    if not len(offset_m):
        return np.zeros(3)
    pelvis = np.median(offset_m, axis=0)
    if np.linalg.norm(pelvis) > _FARTHEST_PELVIS_M:
        raise UserError(
            f"{file.path}: 'jointPositions' and 'trans' of person {person} are {np.linalg.norm(pelvis):.1f} m apart, "
            f"they should be of one body in metres; {_AGAIN}"
        )
    return pelvis


def _read_shape(file: _File, person: int) -> Float[np.ndarray, "10"]:
    values = np.asarray(file.take_list("betas")[person])
    if values.dtype.kind not in "fiu" or values.size < _SHAPE or not np.isfinite(values).all():
        raise UserError(
            f"{file.path}: 'betas' of person {person} should be at least {_SHAPE} finite numbers, they are "
            f"{values.dtype} of shape {values.shape}; {_AGAIN}"
        )
    return values.reshape(-1)[:_SHAPE].astype(np.float64)


def _read_gender(file: _File, person: int) -> Gender:
    value = np.asarray(file.take_list("genders")[person])
    text = value.item() if value.size == 1 else value.tolist()
    letter = text.decode("latin1") if isinstance(text, bytes) else text
    if not isinstance(letter, str) or letter not in _GENDERS:
        raise UserError(f"{file.path}: 'genders' of person {person} should be 'm' or 'f', it is {letter!r}; {_AGAIN}")
    return _GENDERS[letter]


def _read_keypoints(file: _File, person: int, frames: int, camera: Pinhole) -> Float[np.ndarray, "time 18 3"]:
    """x, y and confidence; 0 for points that lie outside the picture, as some of the files' do."""
    points = file.take_array("poses2d", (frames, 3, _POINTS), person).transpose(0, 2, 1)
    with np.errstate(invalid="ignore"):
        inside = (points[..., :2] >= 0).all(-1) & (points[..., :2] <= (camera.width, camera.height)).all(-1)
    known = inside & np.isfinite(points).all(-1)
    return np.where(known[..., None], points, 0.0)
