"""SMPL-X as its file lies, made small, with GVHMR's transfer to the vertices of SMPL."""

from pathlib import Path

import numpy as np
import torch
from scipy.spatial.transform import Rotation

JOINTS, VERTICES, SMPL_VERTICES = 55, 160, 120
PARENTS = (
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 15, 15, 15,
    *(20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35, 20, 37, 38),
    *(21, 40, 41, 21, 43, 44, 21, 46, 47, 21, 49, 50, 21, 52, 53),
)  # fmt: skip
"""Body, jaw and eyes, five fingers of three joints on each hand."""


def make_arrays(seed: int = 7) -> dict[str, np.ndarray]:
    """A random body by SMPL-X's keys, and one of those entries that only pickles hold."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(JOINTS, 0.1), VERTICES)
    return {
        "v_template": rng.normal(size=(VERTICES, 3)),
        "shapedirs": rng.normal(size=(VERTICES, 3, 400)) * 0.01,
        "posedirs": rng.normal(size=(VERTICES, 3, 9 * (JOINTS - 1))) * 0.005,
        "J_regressor": rng.dirichlet(np.full(VERTICES, 0.1), JOINTS),
        "kintree_table": np.array([np.array(PARENTS, np.int64).astype(np.uint32), np.arange(JOINTS)], np.uint32),
        "f": rng.integers(0, VERTICES, (300, 3)).astype(np.uint32),
        "weights": weights,
        "part2num": np.array({"Pelvis": 0}, dtype=object),
    }


def make_transfer(seed: int = 8) -> np.ndarray:
    """Each vertex of SMPL between three of SMPL-X."""
    rng = np.random.default_rng(seed)
    matrix = np.zeros((SMPL_VERTICES, VERTICES), np.float32)
    for row in matrix:
        row[rng.choice(VERTICES, 3, replace=False)] = rng.dirichlet(np.ones(3))
    return matrix


def write_smplx(folder: Path, arrays: dict[str, np.ndarray], transfer: np.ndarray) -> None:
    """Both files into a folder of SMPL's."""
    np.savez(folder / "SMPLX_NEUTRAL.npz", **arrays)  # type: ignore[arg-type]
    torch.save(torch.from_numpy(transfer).to_sparse(), folder / "smplx2smpl_sparse.pt")


def pose_slowly(
    arrays: dict[str, np.ndarray], pose_rad: np.ndarray, shape: np.ndarray, translation_m: np.ndarray
) -> np.ndarray:
    """Vertices of one body whose first 22 joints turn, all 55 taken along."""
    local = [Rotation.from_rotvec(turn).as_matrix() for turn in pose_rad[:66].reshape(22, 3)]
    local += [np.eye(3)] * (JOINTS - 22)
    shaped = arrays["v_template"] + arrays["shapedirs"][..., :10] @ shape
    rest = arrays["J_regressor"] @ shaped
    posed = shaped + arrays["posedirs"] @ np.concatenate([(turn - np.eye(3)).reshape(9) for turn in local[1:]])
    world: list[np.ndarray] = []
    for j, parent in enumerate(PARENTS):
        step = np.eye(4)
        step[:3, :3], step[:3, 3] = local[j], rest[j] - (rest[parent] if j else 0)
        world.append(world[parent] @ step if j else step)
    vertices = np.zeros_like(posed)
    for j, frame in enumerate(world):
        vertices += arrays["weights"][:, j : j + 1] * ((posed - rest[j]) @ frame[:3, :3].T + frame[:3, 3])
    return vertices + translation_m
