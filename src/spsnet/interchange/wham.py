"""WHAM's `wham_output.pkl`: people by track number, each a table of arrays over its frames.

    pose (T, 72), trans (T, 3), betas (T, 10), verts (T, 6890, 3), frame_ids (T,); pose_world, trans_world

Convention:
    `pose` and `trans` are in the camera, x right, y down, z forward, metres, SMPL's neutral body; `trans` is SMPL's own
    translation, and `verts` have it in them. `pose_world` and `trans_world` are in WHAM's world (y up), which no ground
    truth in the camera knows of: they are not read. trans = (1, 0, 10) stands 10 m before the camera, 1 m to its right.
    The lens is not in the file: WHAM takes the picture's diagonal in pixels where it is given no calibration.

Source:
    The tables that WHAM's demo writes, and its issues on what they mean.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spsnet.interchange.fields import Fields
from spsnet.interchange.placement import note_body, number_people, require_translation
from spsnet.interchange.portable_pickles import dump_pickle
from spsnet.interchange.result_format import ResultFormat
from spsnet.pickles import load_pickle
from spsnet.records import PredictedMotion

_REMEDY = "give the wham_output.pkl that WHAM's demo wrote with --save_pkl"
_BODY = "smpl"


def read_wham(path: Path, *, vertices: bool = False) -> list[PredictedMotion]:
    """Read every person, in the camera.

    Raises:
        UserError: If the file cannot be read, asks to run something, or lacks an array: names the key.
    """
    people = Fields.open(path, load_pickle(path), what="people by track number", remedy=_REMEDY)
    motions = []
    for key, fields in people.list_tables("person", "a table of arrays"):
        pose = fields.take_poses("pose", 72)
        frames = len(pose)
        motions.append(
            PredictedMotion(
                person=str(key),
                frame_index=fields.take_frames("frame_ids", frames),
                pose_rad=pose,
                shape=fields.take_numbers("betas", (frames, 10)),
                body=fields.take_body(_BODY),
                translation_m=fields.take_numbers("trans", (frames, 3)),
                vertices_m=fields.take_numbers("verts", (frames, None, 3)) if vertices and "verts" in fields else None,
            )
        )
    return motions


def write_wham(motions: Sequence[PredictedMotion], path: Path) -> None:
    """Write people in the camera; there is no world to write."""
    people: dict[int, dict[str, Any]] = {}
    for number, motion in zip(number_people(motions), motions, strict=True):
        table = {"pose": motion.pose_rad, "trans": require_translation(motion), "betas": motion.shape}
        if motion.vertices_m is not None:
            table["verts"] = motion.vertices_m
        people[number] = {
            **{key: value.astype(np.float32) for key, value in table.items()},
            "frame_ids": motion.frame_index.astype(np.int64),
            **note_body(motion, _BODY),
        }
    dump_pickle(people, path)


WHAM = ResultFormat(
    name="wham",
    title="WHAM",
    suffix=".pkl",
    keeps=frozenset({"translation_m", "vertices_m"}),
    body=_BODY,
    needs=frozenset({"translation_m"}),
    remarks=("pose and place in the world: 'pose_world' and 'trans_world' are not written",),
    unread=("pose and place in the world ('pose_world', 'trans_world')",),
    read=read_wham,
    write=write_wham,
)
