"""Body files: real SMPL as .npz or .pkl, and ours, which is the same with extras."""

import zipfile
import zlib
from collections.abc import Collection, Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from spsnet.body.model import BodyModel
from spsnet.pickles import load_pickle
from spsnet.records import UserError

_REQUIRED = ("v_template", "shapedirs", "J_regressor", "kintree_table", "f", "weights")
_SHAPES = 10
_DAMAGED = (
    OSError,
    ValueError,
    EOFError,
    TypeError,
    AttributeError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


def load_body(path: Path | None = None) -> BodyModel:
    """Read a body in SMPL's form; the same file is read once.

    Args:
        path: `.npz` or `.pkl` as SMPL comes, or ours; None for the open body that ships with the program.

    Raises:
        UserError: If the file is missing, damaged, lacks an array, or is a pickle that asks to run something.
    """
    if path is None:
        with resources.as_file(resources.files("spsnet.body") / "data" / "open_body.npz") as shipped:
            return load_body(shipped)
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise UserError(f"{path}: no such body file; check the path") from error
    return _load_file(path.resolve(), changed)


@lru_cache(maxsize=4)
def _load_file(path: Path, _changed: int) -> BodyModel:
    return build_body(load_pickle(path) if path.suffix == ".pkl" else load_npz(path), path)


def load_npz(path: Path, keys: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Read a body's arrays: all, or those of some keys that are there, since others may be pickles, which are refused.

    Raises:
        UserError: If the file is damaged, or an array that is read is a pickle.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files if keys is None or key in keys}
    except _DAMAGED as error:
        raise UserError(f"{path}: not a readable .npz of arrays ({error}); get the file again") from error


def build_body(content: Any, path: Path) -> BodyModel:
    """Check the arrays of a body file and name them.

    Args:
        content: Arrays by SMPL's keys: `v_template` (V, 3), `shapedirs` (V, 3, ≥10; the first ten are used), `posedirs`
            (V, 3, 207) or absent, `J_regressor` (24, V), `kintree_table` (2, 24), `f` (F, 3), `weights` (V, 24); ours
            adds `regressor_SET` (K, V), `part_labels` (V,), `uv` (U, 2), `uv_faces` (F, 3), `name`.
        path: For messages, and for the name where the file has none.

    Raises:
        UserError: If an array is missing or has the wrong shape; names the key.
    """
    if not isinstance(content, dict):
        raise UserError(f"{path}: holds no table of arrays by name; get an SMPL file")
    for key in _REQUIRED:
        if key not in content:
            raise UserError(f"{path}: no array '{key}', which a body needs; get an SMPL file")
    template = _read(content, "v_template", (None, 3), path)
    vertices = len(template)
    shapes = _read(content, "shapedirs", (vertices, 3, None), path)
    if shapes.shape[2] < _SHAPES:
        raise UserError(f"{path}: 'shapedirs' holds {shapes.shape[2]} shapes, 10 are needed; get an SMPL file")
    weights = _read(content, "weights", (vertices, 24), path)
    total = weights.sum(1, keepdims=True)
    if np.any(np.abs(total - 1) > 1e-2):
        raise UserError(f"{path}: rows of 'weights' should sum to 1; get the file again")
    pose = _read(content, "posedirs", (vertices, 3, 207), path) if "posedirs" in content else None
    has_uv = "uv" in content and "uv_faces" in content
    uv = _read(content, "uv", (None, 2), path) if has_uv else None
    return BodyModel(
        name=str(content.get("name", path.stem)),
        template_m=template,
        shape_directions=np.ascontiguousarray(shapes[:, :, :_SHAPES]),
        pose_directions=pose if pose is not None and pose.any() else None,
        skinning_weights=weights / total,
        joint_regressor=_read(content, "J_regressor", (24, vertices), path),
        parents=_read_tree(content, path),
        faces=_read_index(content, "f", vertices, path),
        regressors=_read_regressors(content, vertices, path),
        part_labels=_read(content, "part_labels", (vertices,), path).astype(np.int64)
        if "part_labels" in content
        else None,
        uv=uv,
        uv_faces=_read_index(content, "uv_faces", len(uv), path) if uv is not None else None,
    )


def _read(content: Mapping[str, Any], key: str, shape: tuple[int | None, ...], path: Path) -> np.ndarray:
    array = np.asarray(content[key])
    fits = len(array.shape) == len(shape) and all(w is None or w == n for w, n in zip(shape, array.shape, strict=True))
    if not fits or array.dtype.kind not in "fiub":
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise UserError(f"{path}: '{key}' should be numbers of shape ({wanted}), is {array.dtype} {array.shape}")
    array = array.astype(np.float32)
    if not np.all(np.isfinite(array)):
        raise UserError(f"{path}: '{key}' holds values that are not finite; get the file again")
    return array


def _read_index(content: Mapping[str, Any], key: str, count: int, path: Path) -> np.ndarray:
    index = _read(content, key, (None, 3), path).astype(np.int64)
    if index.size and (index.min() < 0 or index.max() >= count):
        raise UserError(f"{path}: '{key}' points outside the {count} points there are; get the file again")
    return index


def _read_tree(content: Mapping[str, Any], path: Path) -> tuple[int, ...]:
    """Parents of the joints; SMPL writes the root's as −1 or as the largest unsigned number."""
    table = np.asarray(content["kintree_table"])
    if table.shape != (2, 24):
        raise UserError(f"{path}: 'kintree_table' should be numbers of shape (2, 24), is {table.dtype} {table.shape}")
    parents = (-1, *(int(parent) for parent in table[0, 1:]))
    if any(not 0 <= parent < joint for joint, parent in enumerate(parents[1:], start=1)):
        raise UserError(f"{path}: 'kintree_table' should name each joint's parent before the joint; get the file again")
    return parents


def _read_regressors(content: Mapping[str, Any], vertices: int, path: Path) -> dict[str, np.ndarray]:
    prefix = "regressor_"
    keys = sorted(key for key in content if isinstance(key, str) and key.startswith(prefix))
    return {key.removeprefix(prefix): _read(content, key, (None, vertices), path) for key in keys}
