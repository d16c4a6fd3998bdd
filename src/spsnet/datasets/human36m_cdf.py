"""Human3.6M as its makers publish it: poses in CDF files, films in MP4 files.

Convention:
    `S9/MyPoseFeatures/D3_Positions_mono/Walking 1.60457274.cdf` holds one variable `Pose` of shape (1, frames, 96): 32
    joints of 3 numbers, millimetres in that camera's own axes (x right, y down, z forward). Row i is frame i of
    `S9/Videos/Walking 1.60457274.mp4`. (-100, 200, 4000) there is (-0.1, 0.2, 4) here.
    Of the 32 joints 15 repeat another one or end a hand or foot. The 17 others in their own order are 0, 1, 2, 3, 6,
    7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27: right leg first, left arm first. `h36m17` has left leg and left arm
    first, so the legs (1, 2, 3 and 6, 7, 8) change places and the arms stay.
    `D2_Positions`, when it lies beside, has the same joints in pixels, (1, frames, 64).
"""

import struct
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Float

from spsnet.datasets.human36m_film import CAMERAS, Film
from spsnet.records import Pictures, Pinhole, UserError

JOINTS_OF_32 = (0, 6, 7, 8, 1, 2, 3, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)
"""Where the joints of `h36m17` stand in the files."""
_POSES, _FILMS = Path("MyPoseFeatures"), Path("Videos")
_HOLE = "S11/Directions.54138969"
"""The one film that was never whole: everybody leaves it out."""
_WHOLE_ARCHIVE = "_ALL"
"""Begins the names of takes that are no single action."""
_DAMAGED = (
    OSError, EOFError, ValueError, TypeError, LookupError, RuntimeError, OverflowError, MemoryError, struct.error,
    zlib.error,
)  # fmt: skip
"""What cdflib raises over files that were cut off, whose offsets and sizes are then anything."""
_NEAREST_M = 0.1
"""Joints closer to the camera than this say nothing of its lens."""
_WORST_FIT_PX = 20.0
"""Median distance from which joints and their pixels are not of one camera; lens distortion leaves 1 to 3 px."""
_DOWNLOAD = "download the poses of that subject again"


def list_cdf_films(raw: Path, subjects: tuple[int, ...], cameras: tuple[str, ...]) -> list[str]:
    """`S9/Walking 1.60457274` for every pose file of some cameras.

    The take of S11 whose film is damaged in every copy, Directions of camera 54138969, is left out.

    Raises:
        UserError: If a subject has no poses.
    """
    films = []
    for subject in subjects:
        folder = raw / f"S{subject}" / _POSES / "D3_Positions_mono"
        found = [
            f"S{subject}/{path.stem}"
            for path in folder.glob("*.cdf")
            if path.stem.rpartition(".")[2] in cameras and not path.stem.startswith(_WHOLE_ARCHIVE)
        ]
        if not found:
            raise UserError(
                f"{folder} holds no pose file of camera {' or '.join(cameras)}; download and unpack "
                f"Poses_D3_Positions_mono of S{subject}"
            )
        films += [film for film in found if film != _HOLE]
    return sorted(films)


def read_cdf_film(raw: Path, name: str) -> Film:
    """Joints and keypoints of one film.

    Args:
        raw: The folder with the subjects.
        name: As `list_cdf_films` gives it.

    Returns:
        The film; without pictures where the subject has no `Videos` at all, without keypoints and camera where
        `D2_Positions` has no such file. A 2D file that is longer or
        shorter than the 3D one counts as far as both go.

    Raises:
        UserError: If the film is missing, or a pose file is missing or damaged.
    """
    subject, _, take = name.partition("/")
    folder, film = raw / subject / _POSES, raw / subject / _FILMS / f"{take}.mp4"
    has_film = film.is_file()
    if not has_film and film.parent.is_dir():
        raise UserError(f"{film}: no such film; download and unpack Videos of {subject}")
    joints_m = _read_poses(folder / "D3_Positions_mono" / f"{take}.cdf", 3) / 1000
    flat = folder / "D2_Positions" / f"{take}.cdf"
    pixels = _read_poses(flat, 2) if flat.exists() else None
    camera, keypoints = None, None
    if pixels is not None:
        frames = min(len(joints_m), len(pixels))
        joints_m, pixels = joints_m[:frames], pixels[:frames]
        camera = fit_pinhole(joints_m, pixels, CAMERAS[take.rpartition(".")[2]], flat)
        taken = pixels[:, JOINTS_OF_32, :]
        keypoints = np.concatenate([taken, np.ones_like(taken[..., :1])], axis=-1)
    return Film(
        frame_index=np.arange(len(joints_m)),
        pictures=Pictures(path=film) if has_film else None,
        camera=camera,
        joints_m=joints_m[:, JOINTS_OF_32, :],
        keypoints_px=keypoints,
        box_xys_px=None,
    )


def fit_pinhole(
    joints_m: Float[np.ndarray, "time 32 3"], pixels: Float[np.ndarray, "time 32 2"], size: tuple[int, int], path: Path
) -> Pinhole:
    r"""The pinhole that explains best where the joints lie in the picture.

        x = f_x X / Z + c_x        y = f_y Y / Z + c_y        f = (f_x + f_y) / 2

    Convention:
        The cameras' parameters come with the makers' code and not with the poses, so they are solved for: least squares
        for each axis by itself. The lens's distortion, which a pinhole has not, goes into f: 1145 px come out as some
        1135 px.

    Args:
        joints_m: In the camera's axes.
        pixels: The same joints in the picture.
        size: Its width and height.
        path: The 2D file, for the message.

    Raises:
        UserError: If no pinhole explains them: the files are of different cameras or takes.
    """
    ahead = (joints_m[..., 2] > _NEAREST_M) & np.isfinite(joints_m).all(-1) & np.isfinite(pixels).all(-1)
    rays, seen = joints_m[ahead][:, :2] / joints_m[ahead][:, 2:], pixels[ahead]
    lens, residual = np.zeros((2, 2)), np.zeros_like(seen)
    for axis in range(2):
        system = np.stack([rays[:, axis], np.ones(len(rays))], axis=-1)
        lens[axis] = np.linalg.lstsq(system, seen[:, axis])[0]
        residual[:, axis] = system @ lens[axis] - seen[:, axis]
    if len(rays) == 0 or lens[:, 0].min() <= 0 or np.median(np.linalg.norm(residual, axis=-1)) > _WORST_FIT_PX:
        raise UserError(
            f"{path}: 'Pose' does not show the joints of D3_Positions_mono through any lens; {_DOWNLOAD}, 2D and 3D"
        )
    return Pinhole(
        focal_px=float(lens[:, 0].mean()),
        center_px=(float(lens[0, 1]), float(lens[1, 1])),
        width=size[0],
        height=size[1],
    )


def _read_poses(path: Path, axes: int) -> Float[np.ndarray, "time 32 axes"]:
    """The one variable of a pose file."""
    try:
        import cdflib
    except ImportError as error:
        raise UserError(f"reading {path} takes cdflib; pip install 'spsnet[datasets]'") from error
    if not path.is_file():
        raise UserError(f"{path}: no such file; {_DOWNLOAD}")
    try:
        with cdflib.CDF(path) as file:
            variables = file.cdf_info().zVariables + file.cdf_info().rVariables
            values = np.asarray(file.varget("Pose")) if "Pose" in variables else None
    except _DAMAGED as error:
        raise UserError(f"{path}: 'Pose' cannot be read ({error}); {_DOWNLOAD}") from error
    if values is None:
        raise UserError(f"{path} has no 'Pose' but {', '.join(variables) or 'nothing'}; {_DOWNLOAD}")
    width = 32 * axes
    if values.dtype.kind != "f":
        raise UserError(f"{path}: 'Pose' should be numbers with a fraction, it is {values.dtype}; {_DOWNLOAD}")
    if (
        values.ndim not in (2, 3)
        or values.shape[-1] != width
        or (values.ndim == 3 and len(values) != 1)
        or not len(values)
    ):
        raise UserError(
            f"{path}: 'Pose' should be of shape (1, frames, {width}), 32 joints of {axes} numbers, it is "
            f"{values.shape}; {_DOWNLOAD}"
        )
    broken = np.argwhere(~np.isfinite(values))
    if len(broken):
        raise UserError(f"{path}: 'Pose' is not finite at {broken[0].tolist()}; {_DOWNLOAD}")
    return values.reshape(-1, 32, axes).astype(np.float64)
