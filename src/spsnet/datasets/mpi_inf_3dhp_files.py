"""Annotation files of MPI-INF-3DHP: MATLAB cells in the training set, HDF5 in the test set.

Convention:
    `annot.mat` has a cell for each of 14 cameras, whose numbers are in `cameras`; a row is a frame, x1 y1 x2 y2 … in
    `annot2`, x1 y1 z1 x2 … in `annot3`. MATLAB writes arrays of `annot_data.mat` with their axes in reverse: its
    2 × 17 × 1 × F is (F, 1, 17, 2) here, so that frames come first.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.records import UserError

_TRAIN_JOINTS, _TEST_JOINTS = 28, 17
_AXES: Mapping[str, int] = {"annot2": 2, "annot3": 3, "univ_annot3": 3}
_AGAIN = "download the file again"


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """One camera's joints, in the files' own numbers."""

    frame_index: Int[np.ndarray, " time"]
    """From 0."""
    points_px: Float[np.ndarray, "time joints 2"]
    joints_mm: Float[np.ndarray, "time joints 3"]
    universal_mm: Float[np.ndarray, "time joints 3"]
    """As tall as H3.6M's skeleton."""
    valid_mask: Bool[np.ndarray, " time"]
    """As the file says; without a word of it, all."""

    def find_known(self) -> Bool[np.ndarray, "time joints"]:
        """Joints that are finite and stand in front of the camera."""
        arrays = (self.points_px, self.joints_mm, self.universal_mm)
        finite = np.logical_and.reduce([np.isfinite(array).all(-1) for array in arrays])
        return finite & (np.nan_to_num(self.joints_mm[..., 2]) > 0)


def load_train(path: Path, camera: int, frames: int) -> Annotation:
    """One camera's cell of `annot.mat`.

    Args:
        path: Of the file.
        camera: Its number.
        frames: Of the film; annotations of later ones are left out.

    Raises:
        UserError: If the file is missing or damaged, or has no such camera: names the key.
    """
    arrays = _load_matlab(path, ("annot2", "annot3", "univ_annot3", "cameras", "frames"))
    cameras = _require_whole(path, "cameras", arrays["cameras"]).tolist()
    numbers = _require_whole(path, "frames", arrays["frames"])
    if camera not in cameras:
        raise UserError(f"{path}: 'cameras' lists {cameras}, not {camera}; {_AGAIN}")
    if not len(numbers) or numbers[0] < 0 or (np.diff(numbers) <= 0).any():
        raise UserError(f"{path}: 'frames' should be numbers that rise from 0 or more; {_AGAIN}")
    cells = {key: _take_cell(path, key, arrays[key], cameras.index(camera), len(numbers)) for key in _AXES}
    kept = numbers < frames
    return Annotation(
        frame_index=numbers[kept],
        points_px=cells["annot2"][kept],
        joints_mm=cells["annot3"][kept],
        universal_mm=cells["univ_annot3"][kept],
        valid_mask=np.ones(int(kept.sum()), bool),
    )


def load_test(path: Path) -> Annotation:
    """`annot_data.mat` of a test sequence.

    Raises:
        UserError: If the file is missing or damaged: names the key.
    """
    arrays = _load_hdf5(path, (*_AXES, "valid_frame"))
    valid = _require_numbers(path, "'valid_frame'", arrays["valid_frame"], (None, 1))[:, 0]
    frames = len(valid)
    if not frames:
        raise UserError(f"{path}: 'valid_frame' has no frames; {_AGAIN}")
    points, joints, universal = (
        _require_numbers(path, repr(key), arrays[key], (frames, 1, _TEST_JOINTS, axes))[:, 0]
        for key, axes in _AXES.items()
    )
    return Annotation(
        frame_index=np.arange(frames),
        points_px=points,
        joints_mm=joints,
        universal_mm=universal,
        valid_mask=valid != 0,
    )


def _load_matlab(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    damaged = (OSError, EOFError, ValueError, TypeError, IndexError, NotImplementedError, zlib.error, MatReadError)
    if not path.is_file():
        raise UserError(f"{path}: no such file; run the data set's get_dataset.sh")
    try:
        arrays: dict[str, Any] = loadmat(path, variable_names=keys, appendmat=False)
    except damaged as error:
        raise UserError(f"{path} is no whole MATLAB file ({error}); {_AGAIN}") from error
    for key in keys:
        if key not in arrays:
            raise UserError(f"{path} has no {key!r}, so it is no annotation of MPI-INF-3DHP; {_AGAIN}")
    return arrays


def _load_hdf5(path: Path, keys: tuple[str, ...]) -> dict[str, np.ndarray]:
    try:
        import h5py
    except ImportError as error:
        raise UserError(f"reading {path} takes h5py; pip install 'spsnet[datasets]'") from error
    if not path.is_file():
        raise UserError(f"{path}: no such file; run the data set's get_testset.sh")
    arrays, key = {}, ""
    try:
        with h5py.File(path, "r") as file:
            for key in keys:
                if not isinstance(file.get(key), h5py.Dataset):
                    raise UserError(f"{path} has no {key!r}, so it is no annotation of MPI-INF-3DHP; {_AGAIN}")
                arrays[key] = np.asarray(file[key])
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        where = f"{path}: {key!r} cannot be read" if key else f"{path} is no whole HDF5 file"
        raise UserError(f"{where} ({error}); {_AGAIN}") from error
    return arrays


def _take_cell(path: Path, key: str, cells: Any, place: int, frames: int) -> Float[np.ndarray, "time joints axes"]:
    elements = np.ravel(cells)
    if elements.dtype != object or not place < len(elements):
        raise UserError(f"{path}: {key!r} should have a cell for each camera, its shape is {np.shape(cells)}; {_AGAIN}")
    axes = _AXES[key]
    values = _require_numbers(
        path, f"{key!r}, cell {place},", np.asarray(elements[place]), (frames, axes * _TRAIN_JOINTS)
    )
    return values.reshape(frames, _TRAIN_JOINTS, axes)


def _require_whole(path: Path, key: str, values: Any) -> Int[np.ndarray, " count"]:
    numbers = np.ravel(values)
    if numbers.dtype.kind not in "fiu" or not np.array_equal(numbers, np.round(numbers)):
        raise UserError(f"{path}: {key!r} should be whole numbers; {_AGAIN}")
    return numbers.astype(np.int64)


def _require_numbers(
    path: Path, name: str, values: np.ndarray, shape: tuple[int | None, ...]
) -> Float[np.ndarray, "..."]:
    if values.dtype.kind not in "fiub":
        raise UserError(f"{path}: {name} should be numbers, it is {values.dtype}; {_AGAIN}")
    if values.ndim != len(shape) or any(want not in (None, got) for want, got in zip(shape, values.shape, strict=True)):
        wanted = ", ".join("any" if want is None else str(want) for want in shape)
        raise UserError(f"{path}: {name} should have shape ({wanted}), it is {values.shape}; {_AGAIN}")
    return values.astype(np.float64)
