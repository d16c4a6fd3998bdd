"""One person as a numpy archive: the result that every other format is made from."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from spsnet.records import BodyParameters, PersonMotion, UserError

_DAMAGED = (OSError, EOFError, ValueError, TypeError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error)


def save_person(path: Path, person: PersonMotion, *, body: str, model: str, fps: float) -> None:
    """Write `person_NNN.npz`; needs no pickle to read.

    Args:
        path: File to write.
        person: The motion.
        body: Name of the body that `shape` means something for.
        model: Name of the model.
        fps: Average frames per second of the film.

    Raises:
        UserError: If the file cannot be written, a full disk above all.
    """
    arrays = {
        "track_id": np.array(person.track_id),
        "frame_index": person.frame_index,
        "time_s": person.time_s,
        "box_xys_px": person.box_xys_px.astype(np.float32),
        "confidence": person.confidence.astype(np.float32),
        "filled_mask": person.filled_mask,
        "pose_rad": person.body.pose_rad.astype(np.float32),
        "shape": person.body.shape.astype(np.float32),
        "crop_camera": person.crop_camera.astype(np.float32),
        "translation_m": person.body.translation_m.astype(np.float32),
        "focal_px": np.array(person.focal_px),
        "joints_m": person.joints_m.astype(np.float32),
        "joints_px": person.joints_px.astype(np.float32),
        "joint_names": np.array(person.joint_names),
        "keypoints_px": person.keypoints_px.astype(np.float32),
        "body": np.array(body),
        "model": np.array(model),
        "fps": np.array(fps),
    }
    try:
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}; free some space or choose -o") from error


def load_person(path: Path) -> PersonMotion:
    """Read what `save_person` wrote.

    Raises:
        UserError: If the file is missing, damaged or lacks a key, naming both.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            return PersonMotion(
                track_id=int(data["track_id"]),
                frame_index=data["frame_index"],
                time_s=data["time_s"],
                box_xys_px=data["box_xys_px"],
                confidence=data["confidence"],
                filled_mask=data["filled_mask"],
                body=BodyParameters(
                    pose_rad=data["pose_rad"], shape=data["shape"], translation_m=data["translation_m"]
                ),
                crop_camera=data["crop_camera"],
                focal_px=float(data["focal_px"]),
                joints_m=data["joints_m"],
                joints_px=data["joints_px"],
                joint_names=tuple(str(name) for name in data["joint_names"]),
                keypoints_px=data["keypoints_px"],
            )
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; give one that `spsnet run` wrote") from error
    except _DAMAGED as error:
        raise UserError(f"{path} is not a whole person of spsnet ({error}); do the run again with --force") from error
