r"""VIBE's `vibe_output.pkl`: people by track number, each a table of arrays over its frames.

    pose (T, 72), betas (T, 10), pred_cam (T, 3), orig_cam (T, 4), bboxes (T, 4: centre, width, height, square),
    frame_ids (T,), verts (T, 6890, 3), joints3d (T, 49, 3) where the version writes them, joints2d or None

Convention:
    Camera axes x right, y down, z forward, metres, SMPL's neutral body; mesh and joints lie about the body's origin.
    `pred_cam` (s, tx, ty) is the weak perspective of the box, [-1, 1] across, x = s (X + tx): here t stands inside the
    bracket. `orig_cam` (sx, sy, tx, ty) is the same for the picture, W × H: u = W/2 (1 + sx (X + tx)).
    A file says neither lens nor size of the picture. The size follows from the two cameras, W = s b / sx for a box of
    side b; the lens is taken as f = max(W, H), as everywhere here. Then

        T = (tx, ty, 2 f / (sx W))

    Picture 1000 × 500, sx = 0.2, sy = 0.4, tx = 1, ty = 0: somebody 10 m away, 1 m to the right.
    VIBE looks at a region 1.1 times as wide as `bboxes`, but places people by `bboxes`; so do we. `joints2d`, what its
    tracker saw, is not read.

Source:
    Arrays and their meaning: the output table of VIBE's demo page, and files it writes. Lifting: both projections
    equated at the body's depth.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from spsnet.geometry import translation_to_crop_camera
from spsnet.interchange.fields import Fields
from spsnet.interchange.placement import note_body, number_people, require_boxes, require_placement
from spsnet.interchange.portable_pickles import dump_pickle
from spsnet.interchange.result_format import ResultFormat
from spsnet.pickles import load_pickle
from spsnet.records import PredictedMotion

_REMEDY = "give the vibe_output.pkl that VIBE's demo wrote"
_JOINTS, _BODY = 49, "smpl"


def read_vibe(path: Path, *, vertices: bool = False) -> list[PredictedMotion]:
    """Read every person.

    Raises:
        UserError: If the file cannot be read, asks to run something, or lacks an array: names the key.
    """
    people = Fields.open(path, load_pickle(path), what="people by track number", remedy=_REMEDY)
    return [
        _read_person(str(key), fields, vertices) for key, fields in people.list_tables("person", "a table of arrays")
    ]


def write_vibe(motions: Sequence[PredictedMotion], path: Path) -> None:
    """Write people; depth and lens go into one number, the scale."""
    numbers = number_people(motions)
    dump_pickle({number: _make_table(motion) for number, motion in zip(numbers, motions, strict=True)}, path)


def _read_person(person: str, fields: Fields, vertices: bool) -> PredictedMotion:
    pose = fields.take_poses("pose", 72)
    frames = len(pose)
    boxes = fields.take_square_boxes("bboxes", frames)
    camera = fields.take_numbers("orig_cam", (frames, 4))
    fields.take_scales("orig_cam", camera[:, :2])
    crop = fields.take_numbers("pred_cam", (frames, 3))
    size = _find_size(fields, crop[:, :1] * boxes[:, 2:] / camera[:, :2])
    focal = float(size.max())
    depth = 2 * focal / (camera[:, :1] * size[0])
    translation = np.concatenate([camera[:, 2:], depth], axis=1)
    has_joints = "joints3d" in fields
    has_mesh = vertices and "verts" in fields
    return PredictedMotion(
        person=person,
        frame_index=fields.take_frames("frame_ids", frames),
        pose_rad=pose,
        shape=fields.take_numbers("betas", (frames, 10)),
        body=fields.take_body(_BODY),
        translation_m=translation,
        focal_px=focal,
        center_px=(float(size[0]) / 2, float(size[1]) / 2),
        box_xys_px=boxes,
        joints_m=fields.take_numbers("joints3d", (frames, _JOINTS, 3)) + translation[:, None] if has_joints else None,
        joint_set="spin49" if has_joints else None,
        vertices_m=fields.take_numbers("verts", (frames, None, 3)) + translation[:, None] if has_mesh else None,
    )


def _find_size(fields: Fields, sizes: Float[np.ndarray, "time 2"]) -> Float[np.ndarray, "2"]:
    """Width and height of the picture, on which all frames have to agree."""
    size = np.round(np.median(sizes, axis=0)).astype(np.float64)
    if np.any(size < 1) or np.any(np.abs(sizes - size) > 0.01 * size):
        raise fields.refuse("orig_cam", "does not follow from 'pred_cam' and 'bboxes' for one size of picture")
    return size


def _make_table(motion: PredictedMotion) -> dict[str, Any]:
    translation, focal, center = require_placement(motion)
    boxes = require_boxes(motion)
    camera = translation_to_crop_camera(translation, boxes, focal, center)
    scale, side = camera[:, :1], boxes[:, 2:]
    table = {
        "pred_cam": np.concatenate([scale, camera[:, 1:] / scale], axis=1),
        "orig_cam": np.concatenate([scale * side / (2 * center), translation[:, :2]], axis=1),
        "pose": motion.pose_rad,
        "betas": motion.shape,
        "bboxes": np.concatenate([boxes, side], axis=1),
    }
    if motion.vertices_m is not None:
        table["verts"] = motion.vertices_m - translation[:, None]
    if motion.joints_m is not None and motion.joint_set == "spin49":
        table["joints3d"] = motion.joints_m - translation[:, None]
    singles: dict[str, Any] = {key: value.astype(np.float32) for key, value in table.items()}
    frames = motion.frame_index.astype(np.int64)
    return {**singles, "joints2d": None, "frame_ids": frames, **note_body(motion, _BODY)}


VIBE = ResultFormat(
    name="vibe",
    title="VIBE",
    suffix=".pkl",
    keeps=frozenset({"translation_m", "focal_px", "center_px", "box_xys_px", "vertices_m"}),
    body=_BODY,
    joint_sets=frozenset({"spin49"}),
    find_lens=lambda center_px: 2 * max(center_px),
    needs=frozenset({"translation_m", "focal_px", "center_px", "box_xys_px"}),
    unread=("what the tracker saw ('joints2d')",),
    read=read_vibe,
    write=write_vibe,
)
