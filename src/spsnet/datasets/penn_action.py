"""Penn Action: sequences of pictures with 13 joints clicked in each."""

import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from spsnet.datasets.reader import DatasetInfo
from spsnet.geometry import box_to_square
from spsnet.records import Clip, Pictures, UserError
from spsnet.skeletons import get_joint_set

FPS = 30.0
"""The files do not say how fast their pictures follow one another; what most films of such places have is taken."""
_JOINT_SET = "penn13"
_TRAIN = {1: "train", 0: "test", -1: "test"}
_KEYS = ("x", "y", "visibility", "nframes", "bbox")
_AGAIN = "take the file from Penn_Action.tar.gz again"


class PennAction:
    """Reader of Penn Action: one person a film, 2D joints and boxes, no 3D.

    Convention:
        Left and right are named as the data set's own page names them: left before right in each pair, of the person.
        One published reader takes the opposite, so `swap_sides` exchanges them; look at pictures before you trust
        either.
        `bbox` holds left, top, right, bottom: (10, 20, 50, 100) is the square (30, 60, 80).
        Coordinates are taken as they are: whether MATLAB's first pixel is 1 in them is not said.
        The first picture, `000001.jpg`, is frame 0.

    Source:
        The data set's page and its example annotation. `bbox` has fewer rows than there are pictures in some files;
        its rows are taken to belong to the first pictures, the rest have no box.
    """

    info = DatasetInfo(
        name="penn-action",
        title="Penn Action",
        splits=("train", "test"),
        source="Download Penn_Action.tar.gz from the link on https://dreamdragon.github.io/PennAction/ and unpack it.",
        licence="None is stated; for research, with the paper cited",
        layout="labels/0001.mat, …\nframes/0001/000001.jpg, …  (without frames/ clips have no pictures)",
    )

    def __init__(self, *, swap_sides: bool = False) -> None:
        """Choose the sides.

        Args:
            swap_sides: Read the first of each pair as the right one.
        """
        names = np.arange(len(get_joint_set(_JOINT_SET)))
        self._order = get_joint_set(_JOINT_SET).mirror_index if swap_sides else names

    def list_sequences(self, raw: Path, split: str) -> list[str]:
        """Numbers of the split's films, sorted; opens every label file, for it alone says what it is for.

        Raises:
            UserError: If the folder of labels is missing or empty, or a label is damaged or does not say its split.
            ValueError: If there is no such split.
        """
        if split not in self.info.splits:
            raise ValueError(f"Penn Action has the splits {', '.join(self.info.splits)}, got {split!r}")
        folder = raw / "labels"
        if not folder.is_dir():
            raise UserError(f"{folder}: there is no such folder; give the unpacked Penn_Action, which holds it")
        labels = sorted(folder.glob("*.mat"))
        if not labels:
            raise UserError(f"{folder} holds no .mat file; unpack Penn_Action.tar.gz again")
        return [path.stem for path in labels if _read_split(path) == split]

    def read_sequence(self, raw: Path, split: str, sequence: str) -> list[Clip]:
        """The film's one person.

        Raises:
            UserError: If the label file is missing, damaged, of another split or contradicts itself, or pictures are
                missing; names file, key and remedy.
        """
        path = raw / "labels" / f"{sequence}.mat"
        if (own := _read_split(path)) != split:
            raise UserError(f"{path}: 'train' says that it is for {own}, not for {split}; read it as {own}")
        arrays = _load(path, _KEYS)
        frames = _read_count(path, arrays["nframes"])
        x, y, visibility = (_require_numbers(path, arrays, key, (frames, 13)) for key in ("x", "y", "visibility"))
        known = (visibility > 0) & np.isfinite(x) & np.isfinite(y)
        keypoints = np.stack([np.nan_to_num(x), np.nan_to_num(y), known], axis=-1)
        return [
            Clip(
                dataset=self.info.name,
                name=sequence,
                sequence=sequence,
                fps=FPS,
                frame_index=np.arange(frames),
                pictures=_name_pictures(raw / "frames", sequence, frames),
                camera=None,
                valid_mask=known.any(-1),
                keypoints_px=keypoints[:, self._order],
                keypoint_set=_JOINT_SET,
                box_xys_px=_square_boxes(_require_numbers(path, arrays, "bbox", (None, 4)), frames),
            )
        ]


def _read_split(path: Path) -> str:
    flag = np.ravel(_load(path, ["train"])["train"])
    if flag.size != 1 or flag.dtype.kind not in "biuf" or float(flag[0]) not in _TRAIN:
        raise UserError(f"{path}: 'train' should be 1, 0 or -1, it is {flag.tolist()}; {_AGAIN}")
    return _TRAIN[int(flag[0])]


def _load(path: Path, keys: Collection[str]) -> dict[str, Any]:
    """The named variables of a MATLAB file, all of them there."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    damaged = (
        *(OSError, EOFError, ValueError, TypeError, IndexError, NotImplementedError, zlib.error, MatReadError),
        UnboundLocalError,  # a fault of SciPy's own on some damaged files
    )
    try:
        with path.open("rb") as file:
            variables = loadmat(file, variable_names=keys)
    except FileNotFoundError as error:
        raise UserError(f"{path}: there is no such file; {_AGAIN}") from error
    except damaged as error:
        raise UserError(f"{path} is no whole MATLAB file ({error}); {_AGAIN}") from error
    for key in keys:
        if key not in variables:
            raise UserError(f"{path} has no {key!r}, so it is no label of Penn Action; {_AGAIN}")
    return variables


def _read_count(path: Path, value: Any) -> int:
    count = np.ravel(value)
    if count.size != 1 or count.dtype.kind not in "iuf" or not count[0] >= 1 or count[0] != int(count[0]):
        raise UserError(f"{path}: 'nframes' should be a number of pictures, it is {count.tolist()}; {_AGAIN}")
    return int(count[0])


def _require_numbers(
    path: Path, arrays: dict[str, Any], key: str, shape: tuple[int | None, int]
) -> Float[np.ndarray, "rows columns"]:
    array = np.asarray(arrays[key])
    rows, columns = shape
    if array.dtype.kind not in "biuf" or array.ndim != 2 or array.shape != (rows or len(array), columns):
        raise UserError(
            f"{path}: {key!r} should be numbers of shape ({rows or 'any'}, {columns}), it is {array.dtype} of shape "
            f"{array.shape}; {_AGAIN}"
        )
    return array.astype(np.float64)


def _square_boxes(boxes_xyxy: Float[np.ndarray, "rows 4"], frames: int) -> Float[np.ndarray, "frames 3"]:
    """Squares of the first frames' boxes; side 0 where there is none, or it has no area."""
    squares = np.zeros((frames, 3))
    rows = boxes_xyxy[:frames]
    known = np.isfinite(rows).all(-1) & (rows[:, 2:] > rows[:, :2]).all(-1)
    squares[: len(rows)][known] = box_to_square(rows[known], 1.0)
    return squares


def _name_pictures(films: Path, sequence: str, frames: int) -> Pictures | None:
    if not films.is_dir():
        return None
    folder = films / sequence
    names = tuple(f"{number:06d}.jpg" for number in range(1, frames + 1))
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if missing := [name for name in names if name not in there]:
        raise UserError(
            f"{folder / missing[0]}: there is no such file, and {len(missing)} of the {frames} pictures that the label "
            "tells of are missing; unpack Penn_Action.tar.gz again"
        )
    return Pictures(path=folder, names=names)
