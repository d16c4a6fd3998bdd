"""PHALP's and 4D-Humans' pickle: frames by picture name, each a table of lists, an item for each person there.

    time, tid, tracked_time, bbox (left, top, width, height), size [height, width], camera (3,), 3d_joints (45, 3),
    smpl {global_orient (1, 3, 3), body_pose (23, 3, 3), betas (10,)}

Convention:
    Camera axes x right, y down, z forward, metres, SMPL's neutral body. `camera` is the translation for a lens of
    5000 px on the picture padded to a square and shrunk to 256 px: f = 5000 max(W, H) / 256 px of the film, so people
    stand far off. Film 1280 × 720: f = 25000 px. `3d_joints` lie about the body's origin, the first 25 are OpenPose's.
    A person who was lost for a while stays in the lists with what was last seen: where `tracked_time` is not 0, the
    frame is left out. A film's frame is `time`, counted from the first one PHALP looked at. Masks, appearance and what
    is predicted of the future are not read.

Source:
    PHALP's description of its output and the files of 4D-Humans' `track.py`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from spsnet.geometry import axis_angle_to_matrix, matrix_to_axis_angle
from spsnet.interchange.fields import BODY_KEY, Fields
from spsnet.interchange.placement import number_people, require_boxes, require_placement
from spsnet.interchange.portable_pickles import dump_pickle
from spsnet.interchange.result_format import ResultFormat
from spsnet.pickles import load_pickle
from spsnet.records import PredictedMotion

_REMEDY = "give the pickle of its results folder that PHALP or 4D-Humans wrote"
_LENS_PX, _SQUARE_PX = 5000.0, 256.0
_JOINTS, _BODY = 45, "smpl"
_OPENPOSE = 25
_LOOSEST_ROTATION = 0.01


def read_phalp(path: Path, *, vertices: bool = False) -> list[PredictedMotion]:  # noqa: ARG001 - it has no mesh
    """Read everybody in the frames where they were seen.

    Raises:
        UserError: If the file cannot be read, asks to run something, or lacks a list: names frame and key.
    """
    frames = Fields.open(path, load_pickle(path), what="frames by the name of their picture", remedy=_REMEDY)
    seen: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for _, fields in frames.list_tables("frame", "a table of lists"):
        number = int(fields.take_numbers("time", ()))
        for person, row in _read_frame(fields):
            seen[person].setdefault(number, row)
    return [_join(person, rows) for person, rows in seen.items()]


def _read_frame(fields: Fields) -> list[tuple[str, dict[str, Any]]]:
    optional = [key for key in ("3d_joints", BODY_KEY) if key in fields]
    lists = {key: fields.require(key) for key in ("tid", "tracked_time", "smpl", "camera", "bbox", "size", *optional)}
    people = lists["tid"] if isinstance(lists["tid"], list) else []
    for key, values in lists.items():
        if not isinstance(values, list) or len(values) != len(people):
            raise fields.refuse(key, f"should list something for each of {len(people)} people of 'tid'")
    waiting = fields.check_numbers("tracked_time", lists["tracked_time"] or np.zeros(0), (len(people),))
    rows = []
    for place, person in enumerate(people):
        if waiting[place] == 0:
            rows.append((str(person), _read_row(fields, {key: values[place] for key, values in lists.items()})))
    return rows


def _read_row(fields: Fields, row: dict[str, Any]) -> dict[str, Any]:
    body = Fields.open(
        fields.path, row["smpl"], place=f"{fields.place}'smpl', ", what="a table of arrays", remedy=_REMEDY
    )
    rotations = np.concatenate(
        [body.take_numbers("global_orient", (1, 3, 3)), body.take_numbers("body_pose", (23, 3, 3))]
    )
    if np.any(np.abs(rotations @ rotations.swapaxes(-1, -2) - np.eye(3)) > _LOOSEST_ROTATION):
        raise body.refuse("body_pose", "or 'global_orient' holds matrices that are no rotations")
    box = fields.check_numbers("bbox", row["bbox"], (4,))
    size = fields.take_scales("size", fields.check_numbers("size", row["size"], (2,)))
    joints = row.get("3d_joints")
    return {
        "body": replace(fields, content=row).take_body(_BODY),
        "pose": matrix_to_axis_angle(rotations.astype(np.float64)).reshape(72).astype(rotations.dtype),
        "shape": body.take_numbers("betas", (10,)),
        "camera": fields.check_numbers("camera", row["camera"], (3,)),
        "box": np.array([*(box[:2] + box[2:] / 2), box[2:].max()]),
        "size": size,
        "joints": None if joints is None else fields.check_numbers("3d_joints", joints, (_JOINTS, 3))[:_OPENPOSE],
    }


def _join(person: str, rows: dict[int, dict[str, Any]]) -> PredictedMotion:
    numbers = sorted(rows)
    columns = {key: [rows[number][key] for number in numbers] for key in rows[numbers[0]]}
    height, width = columns["size"][0]
    translation = np.stack(columns["camera"])
    has_joints = all(joints is not None for joints in columns["joints"])
    return PredictedMotion(
        person=person,
        frame_index=np.array(numbers),
        pose_rad=np.stack(columns["pose"]),
        shape=np.stack(columns["shape"]),
        body=columns["body"][0],
        translation_m=translation,
        focal_px=_find_lens(width, height),
        center_px=(float(width) / 2, float(height) / 2),
        box_xys_px=np.stack(columns["box"]),
        joints_m=np.stack(columns["joints"]) + translation[:, None] if has_joints else None,
        joint_set="openpose25" if has_joints else None,
    )


def _find_lens(width: float, height: float) -> float:
    return float(_LENS_PX * max(width, height) / _SQUARE_PX)


def write_phalp(motions: Sequence[PredictedMotion], path: Path) -> None:
    """Write people frame by frame; depth is moved so that PHALP's lens shows them where ours does."""
    frames: dict[str, dict[str, Any]] = {}
    is_foreign = any(motion.body != _BODY for motion in motions)
    for number in sorted({int(number) for motion in motions for number in motion.frame_index}):
        name = f"{number + 1:06d}.jpg"
        keys = ("tracked_ids", "tracked_bbox", "tid", "bbox", "tracked_time", "size", "smpl", "camera")
        frames[name] = {"time": number, "shot": 0, "frame_path": name, **{key: [] for key in keys}}
    for person, motion in zip(number_people(motions), motions, strict=True):
        for number, row in zip(motion.frame_index, _make_rows(motion), strict=True):
            frame = frames[f"{number + 1:06d}.jpg"]
            known = {**row, "tracked_bbox": row["bbox"], "tid": person, "tracked_ids": person, "tracked_time": 0}
            for key, value in known.items():
                frame[key].append(value)
            if is_foreign:
                frame.setdefault(BODY_KEY, []).append(motion.body)
    dump_pickle(frames, path)


def _make_rows(motion: PredictedMotion) -> list[dict[str, Any]]:
    camera, focal, center = require_placement(motion)
    width, height = np.round(2 * center).tolist()
    rotations = axis_angle_to_matrix(motion.pose_rad.reshape(-1, 24, 3).astype(np.float64)).astype(np.float32)
    camera[:, 2] *= _find_lens(width, height) / focal
    boxes = _to_corner(require_boxes(motion))
    return [
        {
            "smpl": {
                "global_orient": rotations[place, :1],
                "body_pose": rotations[place, 1:],
                "betas": motion.shape[place].astype(np.float32),
            },
            "camera": camera[place].astype(np.float32),
            "bbox": boxes[place],
            "size": [int(height), int(width)],
        }
        for place in range(len(motion))
    ]


def _to_corner(box_xys_px: Float[np.ndarray, "time 3"]) -> Float[np.ndarray, "time 4"]:
    side = box_xys_px[:, 2:]
    return np.concatenate([box_xys_px[:, :2] - side / 2, side, side], axis=1)


PHALP = ResultFormat(
    name="phalp",
    title="PHALP and 4D-Humans",
    suffix=".pkl",
    keeps=frozenset({"translation_m", "focal_px", "center_px", "box_xys_px"}),
    needs=frozenset({"translation_m", "focal_px", "center_px", "box_xys_px"}),
    body=_BODY,
    find_lens=lambda center_px: _find_lens(*(2 * value for value in center_px)),
    unread=("masks, appearance and predictions", "joints after the first 25"),
    read=read_phalp,
    write=write_phalp,
)
