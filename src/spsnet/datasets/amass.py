"""AMASS: the archive's npz files as clips, and clips as such files.

Convention:
    In AMASS z is up, here y: (x, y, z) there is (x, z, -y) here, and the root turns along. A root at (1, 2, 0.9) there
    is at (1, 0.9, -2) here. Somebody upright who looks along -y there, π/2 about x, is the unturned body here, which
    looks along z. `trans` is added to a body whose pelvis lies some 0.2 m off its origin, so the root's place is right
    up to a constant that depends on the body; nothing here reads more than how it moves.
"""

import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy.lib.npyio import NpzFile

from spsnet.datasets.motion_clips import FPS, MotionClip, resample_clip
from spsnet.datasets.reader import DatasetInfo
from spsnet.geometry import axis_angle_to_matrix, matrix_to_axis_angle
from spsnet.records import UserError

INFO = DatasetInfo(
    name="amass",
    title="AMASS",
    splits=(),
    source="Make an account on https://amass.is.tue.mpg.de, accept the licence, download the archives of SMPL-H (or "
    "SMPL-X) bodies and unpack them into one folder.",
    licence="non-commercial research only",
    layout="CMU/01/01_01_poses.npz, …  (at any depth; shape.npz and *_stagei.npz are left out)",
)
_BODY = tuple(range(22))
# SMPL's two hands turn as the first joint of the index finger does. By the number of joints: SMPL, SMPL-H, SMPL-X.
JOINTS_BY_COUNT = {24: (*_BODY, 22, 23), 52: (*_BODY, 22, 37), 55: (*_BODY, 25, 40)}
_SMPL_H = 52
_RATES = ("mocap_framerate", "mocap_frame_rate")
_NAME = "clip_name"
"""A key of ours: which capture the file is a piece of, wherever it is moved. Written by `write_amass`."""
_SLOWEST_FPS, _FASTEST_FPS = 1.0, 1000.0
_Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
_DAMAGED = (OSError, EOFError, ValueError, NotImplementedError, zipfile.BadZipFile, zlib.error)


def list_amass(folder: Path) -> list[Path]:
    """Every motion at any depth of a folder, sorted; AMASS's files of bodies without motion are left out."""
    return sorted(
        path
        for path in folder.rglob("*.npz")
        if path.name != "shape.npz" and not path.name.endswith("_stagei.npz") and path.is_file()
    )


def name_amass(path: Path, folder: Path) -> str:
    """What a file's clip is called, unless the file itself says: `amass/CMU/01/01_01_poses`."""
    return f"amass/{path.relative_to(folder).with_suffix('').as_posix()}"


def read_amass(path: Path, name: str | None = None) -> MotionClip:
    """Read one motion of SMPL-H (156 numbers a frame), SMPL-X (165) or SMPL (72); shape and gender are left out.

    Args:
        path: The npz; no pickle in it is opened.
        name: Of the clip where the file itself has none; by default the file's own name without the suffix.

    Returns:
        The motion at 30 frames per second, resampled by time.

    Raises:
        UserError: If the file is missing, damaged or no motion, naming the key.

    Source:
        AMASS's documented npz files. The hands keep the index finger's first joint, the rest of the fingers is dropped.
    """
    arrays = _load(path)
    for key in ("poses", "trans"):
        if key not in arrays:
            raise UserError(f"{path} has no {key!r}, so it is no motion of AMASS; move it out of the folder")
    poses, trans = _require_numbers(path, "poses", arrays["poses"]), _require_numbers(path, "trans", arrays["trans"])
    widths = {3 * count: joints for count, joints in JOINTS_BY_COUNT.items()}
    if poses.ndim != 2 or poses.shape[1] not in widths or not len(poses):
        raise UserError(
            f"{path}: 'poses' should be frames of 156 (SMPL-H), 165 (SMPL-X) or 72 (SMPL) numbers, its shape is "
            f"{poses.shape}; take the body's files of AMASS"
        )
    if trans.shape != (len(poses), 3):
        raise UserError(
            f"{path}: 'trans' should be of shape {(len(poses), 3)} as 'poses' has {len(poses)} frames, it is "
            f"{trans.shape}; download the file again"
        )
    fps = _find_rate(path, arrays)
    axis_angle = poses.reshape(len(poses), -1, 3)[:, widths[poses.shape[1]]]
    rotations = axis_angle_to_matrix(axis_angle)
    turn = _Y_UP.astype(poses.dtype)
    rotations[:, 0] = turn @ rotations[:, 0]
    return resample_clip(_find_name(path, arrays, name), rotations, trans @ _Y_UP.T, fps=fps)


def write_amass(clip: MotionClip, path: Path) -> None:
    """Write a motion as an SMPL-H file of AMASS: mean shape, neutral body, 30 frames per second; whole or not there.

    `read_amass` gives the same clip back, its name too, to the precision of single numbers.

    Raises:
        UserError: If the file cannot be written.
    """
    rotations = clip.rotations.astype(np.float64)
    rotations[:, 0] = _Y_UP.T @ rotations[:, 0]
    poses = np.zeros((len(clip), _SMPL_H, 3), np.float32)
    poses[:, JOINTS_BY_COUNT[_SMPL_H]] = matrix_to_axis_angle(rotations)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        with part.open("wb") as file:
            np.savez(
                file,
                poses=poses.reshape(len(clip), 3 * _SMPL_H),
                trans=(clip.root_m.astype(np.float64) @ _Y_UP).astype(np.float32),
                betas=np.zeros(16, np.float32),
                gender=np.array("neutral"),
                mocap_framerate=np.array(FPS),
                clip_name=np.array(clip.name),
            )
        part.replace(path)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}; free some space or choose -o") from error


def write_amass_folder(clips: Sequence[MotionClip], folder: Path) -> list[Path]:
    """Write clips under their names; pieces of one capture get numbers, `walk.01.npz`.

    Returns:
        The files, clip for clip.

    Raises:
        UserError: If the folder holds npz files already, a name leads out of it, or a file cannot be written.
    """
    if next(folder.rglob("*.npz"), None) is not None:
        raise UserError(f"{folder} holds .npz files already; choose an empty folder")
    pieces, written = Counter(clip.name for clip in clips), Counter[str]()
    paths = []
    for clip in clips:
        written[clip.name] += 1
        piece = f".{written[clip.name]:02d}" if pieces[clip.name] > 1 else ""
        paths.append(folder / f"{clip.name}{piece}.npz")
        if not paths[-1].resolve().is_relative_to(folder.resolve()):
            raise UserError(f"the clip {clip.name!r} would be written outside {folder}; leave its archive out")
        write_amass(clip, paths[-1])
    return paths


def _load(path: Path) -> dict[str, np.ndarray]:
    """The arrays a clip is made from, of which any may be missing."""
    key = ""
    try:
        with path.open("rb") as file:
            data = np.load(file, allow_pickle=False)
            if not isinstance(data, NpzFile):
                raise UserError(f"{path} is no npz archive but one array; take the files of AMASS")
            arrays = {}
            for key in ("poses", "trans", *_RATES, _NAME):
                if key in data.files:
                    arrays[key] = np.asarray(data[key])
            return arrays
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; give an npz of AMASS") from error
    except _DAMAGED as error:
        where = f"{path}: {key!r} cannot be read" if key else f"{path} is not a whole npz archive"
        raise UserError(f"{where} ({error}); download the file again") from error


def _require_numbers(path: Path, key: str, values: np.ndarray) -> Float[np.ndarray, "..."]:
    if values.dtype.kind not in "fiu":
        raise UserError(f"{path}: {key!r} should be numbers, it is {values.dtype}; download the file again")
    numbers = values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)
    broken = np.argwhere(~np.isfinite(numbers))
    if len(broken):
        raise UserError(f"{path}: {key!r} is not finite at {broken[0].tolist()}; leave the file out")
    return numbers


def _find_rate(path: Path, arrays: dict[str, np.ndarray]) -> float:
    for key in _RATES:
        if key not in arrays:
            continue
        rate = arrays[key]
        if rate.dtype.kind not in "fiu" or rate.size != 1 or not _SLOWEST_FPS <= rate.item() <= _FASTEST_FPS:
            raise UserError(
                f"{path}: {key!r} should be one number of frames per second, {_SLOWEST_FPS:g} to {_FASTEST_FPS:g}, it "
                f"is {rate}; write the rate of the capture there"
            )
        return float(rate.item())
    raise UserError(f"{path} has neither 'mocap_framerate' nor 'mocap_frame_rate'; write the rate of the capture there")


def _find_name(path: Path, arrays: dict[str, np.ndarray], name: str | None) -> str:
    if _NAME not in arrays:
        return path.stem if name is None else name
    stored = arrays[_NAME]
    if stored.dtype.kind != "U" or stored.size != 1:
        raise UserError(f"{path}: {_NAME!r} should be one text, it is {stored.dtype} of {stored.shape}; write it again")
    return str(stored.item())
