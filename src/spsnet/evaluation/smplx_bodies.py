"""The user's own SMPL-X, where there is one: results of GVHMR are poses of it, measured by SMPL's joints."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from spsnet.body import BodyModel, build_body
from spsnet.body.files import load_npz
from spsnet.interchange.torch_files import load_tensors
from spsnet.records import UserError
from spsnet.skeletons import map_joints

BODY_FILE = "SMPLX_NEUTRAL.npz"
TRANSFER_FILE = "smplx2smpl_sparse.pt"
_JOINTS = 55
_KEPT = (*range(22), 25, 40)
"""SMPL-X's joints that are SMPL's 24: the body's, then each hand's first index finger."""
_CARRIERS = {22: 15, 23: 15, 24: 15} | dict.fromkeys(range(25, 40), 20) | dict.fromkeys(range(40, 55), 21)
"""Jaw and eyes turn with the head, fingers with their wrist."""
_KEYS = ("v_template", "shapedirs", "posedirs", "J_regressor", "kintree_table", "f", "weights")
_REMEDY = "get the file again"


def load_smplx(folder: Path, smpl: Iterable[BodyModel]) -> BodyModel | None:
    r"""Read SMPL-X's neutral body with hands and face at rest, and the joints that SMPL's evaluations regress.

        rows of SMPL-X = J_h36m W,   W: SMPL's vertices from SMPL-X's

    Convention:
        Turned by 24 joints as SMPL is, of which the hands' two move nothing.

    Args:
        folder: May hold `SMPLX_NEUTRAL.npz` and `smplx2smpl_sparse.pt` (6890, 10475), which comes with GVHMR.
        smpl: Bodies of the same folder, of which one may have the rows for `h36m17`.

    Returns:
        A body that knows `h36m17` and `lsp14`; None where a file or the rows are missing.

    Raises:
        UserError: If a file is damaged, or PyTorch is missing.

    Source:
        The joints' order: Pavlakos et al., "Expressive body capture", 2019, and the body's file. The transfer: GVHMR's
        own evaluation.
    """
    rows = next((body.regressors["h36m17"] for body in smpl if "h36m17" in body.regressors), None)
    path, transfer = folder / BODY_FILE, folder / TRANSFER_FILE
    if rows is None or not path.is_file() or not transfer.is_file():
        return None
    body = build_body(_reduce(_read_arrays(path), path), path)
    h36m = rows @ _read_transfer(transfer, (rows.shape[1], len(body.template_m)))
    return replace(body, regressors={"h36m17": h36m, "lsp14": h36m[map_joints("h36m17", "lsp14").index]})


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Those that are needed: others in the file are pickles."""
    arrays = load_npz(path, _KEYS)
    missing = next((key for key in _KEYS if key not in arrays), None)
    if missing is not None:
        raise UserError(f"{path}: no array '{missing}', which SMPL-X's body has; {_REMEDY}")
    return arrays


def _reduce(arrays: Mapping[str, np.ndarray], path: Path) -> dict[str, object]:
    """The body by SMPL's keys: 24 joints, 207 pose directions."""
    weights, regressor, pose = arrays["weights"], arrays["J_regressor"], arrays["posedirs"]
    vertices, own = len(arrays["v_template"]), 9 * (_JOINTS - 1)
    shapes = {"weights": (vertices, _JOINTS), "J_regressor": (_JOINTS, vertices), "posedirs": (vertices, 3, own)}
    for key, shape in shapes.items():
        if arrays[key].shape != shape:
            raise UserError(f"{path}: '{key}' should have shape {shape}, it is {arrays[key].shape}; {_REMEDY}")
    merged = np.zeros((vertices, 24), weights.dtype)
    merged[:, :22] = weights[:, :22]
    for joint, carrier in _CARRIERS.items():
        merged[:, carrier] += weights[:, joint]
    directions = np.zeros((vertices, 3, 207), pose.dtype)
    directions[..., : 9 * 21] = pose[..., : 9 * 21]
    parents = np.array([[-1, *arrays["kintree_table"][0, 1:22].astype(np.int64), 20, 21], np.arange(24)])
    return {
        "v_template": arrays["v_template"],
        "shapedirs": arrays["shapedirs"],
        "posedirs": directions,
        "J_regressor": regressor[list(_KEPT)],
        "kintree_table": parents,
        "f": arrays["f"],
        "weights": merged,
        "name": "smplx",
    }


def _read_transfer(path: Path, shape: tuple[int, int]) -> Float[np.ndarray, "smpl smplx"]:
    matrix = load_tensors(path)
    if not isinstance(matrix, np.ndarray) or matrix.shape != shape or matrix.dtype.kind != "f":
        what = f"{matrix.dtype} {matrix.shape}" if isinstance(matrix, np.ndarray) else type(matrix).__name__
        raise UserError(f"{path} should hold numbers of shape {shape}, it is {what}; {_REMEDY}")
    return matrix.astype(np.float32)
