"""Human3.6M as its makers hand it out: CDF files, and empty films."""

from pathlib import Path

import numpy as np
from cdflib import cdfwrite

CAMERAS = ("54138969", "55011271", "58860488", "60457274")
ACTIONS = ("Directions", "Walking 1")
FRAMES = 7
NAME = "S9/Walking 1.60457274"


def make_joints_mm(seed: int = 0, frames: int = FRAMES) -> np.ndarray:
    """Somebody some 4 m away, as the files have it: (1, frames, 96), single numbers, millimetres."""
    place = np.array([200, 100, 4000])
    joints = place + np.random.default_rng(seed).normal(0, 400, (1, frames, 32, 3))
    return joints.reshape(1, frames, 96).astype(np.float32)


def project(joints_mm: np.ndarray, focal: tuple[float, float] = (1145.0, 1143.0)) -> np.ndarray:
    """`D2_Positions` of a lens without distortion, (1, frames, 64), centre (512, 515)."""
    joints = joints_mm.reshape(-1, 32, 3).astype(np.float64)
    pixels = joints[..., :2] / joints[..., 2:] * focal + (512, 515)
    return pixels.reshape(1, -1, 64).astype(np.float32)


def write_cdf(path: Path, values: np.ndarray, variable: str = "Pose", kind: int = cdfwrite.CDF.CDF_FLOAT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    writer = cdfwrite.CDF(str(path))
    spec = {"Variable": variable, "Data_Type": kind, "Num_Elements": 1, "Rec_Vary": True}
    writer.write_var({**spec, "Dim_Sizes": list(values.shape[1:])}, var_data=values)
    writer.close()
    return path


def find_pose(raw: Path, name: str = NAME, folder: str = "D3_Positions_mono") -> Path:
    subject, take = name.split("/")
    return raw / subject / "MyPoseFeatures" / folder / f"{take}.cdf"


def find_film(raw: Path, name: str = NAME) -> Path:
    subject, take = name.split("/")
    return raw / subject / "Videos" / f"{take}.mp4"


def write_take(raw: Path, name: str, joints_mm: np.ndarray, pixels: np.ndarray | None = None) -> None:
    write_cdf(find_pose(raw, name), joints_mm)
    if pixels is not None:
        write_cdf(find_pose(raw, name, "D2_Positions"), pixels)
    find_film(raw, name).parent.mkdir(parents=True, exist_ok=True)
    find_film(raw, name).touch()


def write_subjects(raw: Path, subjects: tuple[int, ...] = (9, 11)) -> None:
    """Two takes of each, before four cameras, with the files that lie beside in the archives."""
    for subject in subjects:
        for camera in CAMERAS:
            for action in (*ACTIONS, "_ALL"):
                write_take(raw, f"S{subject}/{action}.{camera}", make_joints_mm(subject))
