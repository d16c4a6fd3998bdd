"""Our own results: the folder of `spsnet run`, or one `person_NNN.npz` of it.

Convention:
    As everywhere here: camera axes x right, y down, z forward, metres, pixels of the film. The principal point is in
    the folder's `summary.json`. Of the joints the first 24, SMPL's, are taken. What another system does not say is NaN
    in a file that is written from it: boxes, crop cameras, times, joints on the picture; `confidence` is 1, no frame
    is marked as filled.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from spsnet import __version__
from spsnet.export import load_person, save_person
from spsnet.geometry import project_points, translation_to_crop_camera
from spsnet.interchange.fields import Fields
from spsnet.interchange.placement import number_people, require_translation
from spsnet.interchange.result_format import ResultFormat
from spsnet.pickles import load_npz
from spsnet.records import BodyParameters, PersonMotion, PredictedMotion, UserError
from spsnet.skeletons import get_joint_set

_REMEDY = "give a folder that `spsnet run` wrote"
_SUMMARY = "summary.json"
_SMPL = "smpl24"


def read_spsnet(path: Path, *, vertices: bool = False) -> list[PredictedMotion]:  # noqa: ARG001 - it has no mesh
    """Read everybody of a folder, or the person of one file.

    Raises:
        UserError: If there is no person, or a file is missing, damaged or lacks a key.
    """
    files = sorted(path.glob("person_*.npz")) if path.is_dir() else [path]
    if not files:
        raise UserError(f"{path}: holds no person_*.npz; {_REMEDY}")
    center = _find_center(files[0].parent / _SUMMARY)
    return [_read_person(file, center) for file in files]


def _read_person(path: Path, center: tuple[float, float] | None) -> PredictedMotion:
    person = load_person(path)
    fields = Fields.open(path, load_npz(path), what="an archive of arrays", remedy=_REMEDY)
    frames = len(person)
    fps = float(np.asarray(fields.require("fps")))
    names = get_joint_set(_SMPL).joint_names
    has_joints = person.joint_names[: len(names)] == names
    return PredictedMotion(
        person=str(person.track_id),
        frame_index=person.frame_index,
        pose_rad=person.body.pose_rad,
        shape=np.tile(person.body.shape, (frames, 1)),
        body=str(fields.require("body")),
        translation_m=person.body.translation_m,
        focal_px=person.focal_px if np.isfinite(person.focal_px) else None,
        center_px=center,
        box_xys_px=person.box_xys_px if np.all(np.isfinite(person.box_xys_px)) else None,
        joints_m=person.joints_m[:, : len(names)] if has_joints else None,
        joint_set=_SMPL if has_joints else None,
        fps=fps if np.isfinite(fps) else None,
        time_s=person.time_s if np.all(np.isfinite(person.time_s)) else None,
    )


def _find_center(summary: Path) -> tuple[float, float] | None:
    """The principal point; None without a summary, or where results of another system had no camera."""
    try:
        camera = json.loads(summary.read_text(encoding="utf-8"))["camera"]
        return None if camera is None else (float(camera["center_px"][0]), float(camera["center_px"][1]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise UserError(f"{summary}: 'camera', 'center_px' cannot be read ({error}); do the run again") from error


def write_spsnet(motions: Sequence[PredictedMotion], path: Path) -> None:
    """Write a folder that `spsnet.load` and the viewer read."""
    path.mkdir()
    people = []
    for number, motion in zip(number_people(motions), motions, strict=True):
        file = f"person_{number:03d}.npz"
        fps = np.nan if motion.fps is None else motion.fps
        save_person(path / file, _make_person(number, motion), body=motion.body, model="converted", fps=fps)
        first, last = int(motion.frame_index[0]), int(motion.frame_index[-1])
        people.append({"id": number, "file": file, "first_frame": first, "last_frame": last, "frames": len(motion)})
    center, focal = motions[0].center_px, motions[0].focal_px
    summary: dict[str, Any] = {
        "spsnet": __version__,
        "converted": True,
        "camera": None if center is None else {"focal_px": focal, "center_px": list(center)},
        "body": motions[0].body,
        "people": people,
    }
    (path / _SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def _make_person(number: int, motion: PredictedMotion) -> PersonMotion:
    frames = len(motion)
    focal = np.nan if motion.focal_px is None else motion.focal_px
    center = np.array((np.nan, np.nan) if motion.center_px is None else motion.center_px)
    boxes = np.full((frames, 3), np.nan) if motion.box_xys_px is None else motion.box_xys_px.astype(np.float64)
    known = motion.joints_m is not None and motion.joint_set == _SMPL
    joints = motion.joints_m if known and motion.joints_m is not None else np.zeros((frames, 0, 3))
    translation = require_translation(motion)
    crop_camera = np.full((frames, 3), np.nan)
    seen = (translation[:, 2] > 0) & np.isfinite(boxes[:, 2] * focal * center.sum())
    crop_camera[seen] = translation_to_crop_camera(translation[seen], boxes[seen], focal, center)
    return PersonMotion(
        track_id=number,
        frame_index=motion.frame_index,
        time_s=_find_times(motion),
        box_xys_px=boxes,
        confidence=np.ones(frames),
        filled_mask=np.zeros(frames, dtype=bool),
        body=BodyParameters(
            pose_rad=motion.pose_rad.astype(np.float64),
            shape=motion.shape.mean(0).astype(np.float64),
            translation_m=translation,
        ),
        crop_camera=crop_camera,
        focal_px=focal,
        joints_m=joints.astype(np.float64),
        joints_px=project_points(joints.astype(np.float64), focal, center),
        joint_names=get_joint_set(_SMPL).joint_names if known else (),
        keypoints_px=np.zeros((frames, 0, 3)),
    )


def _find_times(motion: PredictedMotion) -> Float[np.ndarray, " time"]:
    if motion.time_s is not None:
        return motion.time_s.astype(np.float64)
    return motion.frame_index / (np.nan if motion.fps is None else motion.fps)


SPSNET = ResultFormat(
    name="spsnet",
    title="spsnet",
    suffix="",
    keeps=frozenset({"translation_m", "focal_px", "center_px", "box_xys_px", "fps", "time_s"}),
    body=None,
    joint_sets=frozenset({_SMPL}),
    one_shape=True,
    needs=frozenset({"translation_m"}),
    unread=(
        "confidence and filled frames",
        "COCO's joints",
        "the encoder's own keypoints",
    ),
    read=read_spsnet,
    write=write_spsnet,
)
