"""Files of MPI-INF-3DHP as they are handed out: MATLAB cells and a calibration text, or MATLAB's HDF5."""

from pathlib import Path

import h5py
import numpy as np
from scipy.io import savemat

FRAMES, CAMERAS = 5, 14


def make_matrix(camera: int) -> np.ndarray:
    """Intrinsics of a camera, all different; fx and fy are 0.5 px apart."""
    return np.array([[1500.0 + camera, 0, 1020.0], [0, 1500.5 + camera, 1050.0 + camera], [0, 0, 1]])


def make_joints(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Joints in millimetres some 4 m before the camera."""
    return np.random.default_rng(seed).normal((0, 0, 4000), 400, (*shape, 3))


def project(joints_mm: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    seen = joints_mm @ matrix.T
    return seen[..., :2] / seen[..., 2:]


def make_train(frames: int = FRAMES) -> dict[str, np.ndarray]:
    """`annot.mat`: a cell for each camera, a row for each frame."""
    arrays: dict[str, np.ndarray] = {key: np.empty((CAMERAS, 1), object) for key in ("annot2", "annot3", "univ_annot3")}
    for camera in range(CAMERAS):
        joints = make_joints((frames, 28), camera)
        arrays["annot2"][camera, 0] = project(joints, make_matrix(camera)).reshape(frames, 56)
        arrays["annot3"][camera, 0] = joints.reshape(frames, 84)
        arrays["univ_annot3"][camera, 0] = 0.9 * joints.reshape(frames, 84)
    arrays["cameras"] = np.arange(CAMERAS, dtype=np.uint8)[None]
    arrays["frames"] = np.arange(frames, dtype=np.uint16)[:, None]
    return arrays


def make_calibration() -> str:
    lines = ["Skeletool Camera Calibration File V1.0"]
    for camera in range(CAMERAS):
        intrinsic = np.eye(4)
        intrinsic[:3, :3] = make_matrix(camera)
        extrinsic = np.eye(4)
        extrinsic[:3, 3] = (-562.8666, 1398.138, 3852.623)
        lines += [
            f"name          {camera}",
            "  sensor      10 10",
            "  size        2048 2048",
            "  animated    0",
            f"  intrinsic   {' '.join(f'{number:g}' for number in intrinsic.ravel())} ",
            f"  extrinsic   {' '.join(f'{number:g}' for number in extrinsic.ravel())} ",
            "  radial      0",
        ]
    return "\n".join(lines) + "\n"


def write_train(raw: Path, arrays: dict[str, np.ndarray], calibration: str | None = None) -> Path:
    """A sequence, S1_Seq2, with the films of views 0 and 4, empty."""
    folder = raw / "S1" / "Seq2"
    (folder / "imageSequence").mkdir(parents=True, exist_ok=True)
    savemat(folder / "annot.mat", arrays, do_compression=True)
    (folder / "camera.calibration").write_text(make_calibration() if calibration is None else calibration)
    for view in (0, 4):
        (folder / "imageSequence" / f"video_{view}.avi").touch()
    return folder


def make_test(frames: int = FRAMES) -> dict[str, np.ndarray]:
    """`annot_data.mat` with its axes as HDF5 has them."""
    joints = make_joints((frames, 1, 17), 99)
    return {
        "activity_annotation": np.ones((frames, 1)),
        "annot2": project(joints, make_matrix(0)),
        "annot3": joints,
        "bb_crop": np.zeros((frames, 34)),
        "univ_annot3": 0.9 * joints,
        "valid_frame": np.array([[1.0]] * (frames - 1) + [[0.0]]),
    }


def write_test(raw: Path, arrays: dict[str, np.ndarray], name: str = "TS1", pictures: bool = True) -> Path:
    """A test sequence with MATLAB 7.3's heading before the HDF5, and its pictures, empty."""
    folder = raw / "mpi_inf_3dhp_test_set" / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "annot_data.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        for key, values in arrays.items():
            options = {"compression": "gzip"} if values.size else {}
            file.create_dataset(key, data=values, **options).attrs["MATLAB_class"] = np.bytes_(b"double")
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    if pictures:
        (folder / "imageSequence").mkdir(exist_ok=True)
        for number in range(1, len(arrays["valid_frame"]) + 1):
            (folder / "imageSequence" / f"img_{number:06d}.jpg").touch()
    return path
