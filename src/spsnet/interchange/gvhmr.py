"""GVHMR's `hmr4d_results.pt`: one person, every frame of the film.

    smpl_params_incam and smpl_params_global {global_orient (T, 3), body_pose (T, 63), transl (T, 3), betas (T, 10)},
    K_fullimg (T, 3, 3)

Convention:
    `smpl_params_incam` is in the camera, x right, y down, z forward, metres; the world's is not read. The body is
    SMPL-X's: 21 joints that turn as SMPL's do, hands at rest (zero here). Its shape coefficients mean nothing for SMPL,
    and its pelvis lies some 0.1 m from where SMPL's does at the same `transl`: positions may be compared about the
    pelvis only. GVHMR takes every film for one of 30 frames a second; frame 0 is the film's first. One focal length:
    the mean of fx and fy over the film. fx = 990, fy = 1010 gives 1000 px. The network's own outputs, `net_outputs`,
    are not read.

Source:
    The tables that GVHMR's demo saves, and its issues on what they mean.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spsnet.interchange.fields import Fields
from spsnet.interchange.gaps import fill_gaps
from spsnet.interchange.placement import note_body, require_placement
from spsnet.interchange.result_format import ResultFormat
from spsnet.interchange.torch_files import load_tensors, save_tensors
from spsnet.records import PredictedMotion

_REMEDY = "give the hmr4d_results.pt that GVHMR's demo wrote"
_FPS = 30.0
_TURNED, _BODY = 63, "smplx"


def read_gvhmr(path: Path, *, vertices: bool = False) -> list[PredictedMotion]:  # noqa: ARG001 - it has no mesh
    """Read the person, in the camera.

    Raises:
        UserError: If PyTorch is missing, or the file cannot be read, asks to run something, or lacks an array.
    """
    fields = Fields.open(path, load_tensors(path), what="a table of tensors", remedy=_REMEDY)
    person = fields.take_table("smpl_params_incam", "a table of tensors")
    turned = person.take_poses("body_pose", _TURNED)
    frames = len(turned)
    hands = np.zeros((frames, 72 - 3 - _TURNED), turned.dtype)
    focal, center = None, None
    if "K_fullimg" in fields:
        cameras = fields.take_numbers("K_fullimg", (frames, 3, 3))
        focal = float(fields.take_scales("K_fullimg", cameras[:, [0, 1], [0, 1]]).mean())
        center = (float(cameras[:, 0, 2].mean()), float(cameras[:, 1, 2].mean()))
    return [
        PredictedMotion(
            person="1",
            frame_index=np.arange(frames),
            pose_rad=np.concatenate([person.take_numbers("global_orient", (frames, 3)), turned, hands], axis=1),
            shape=person.take_numbers("betas", (frames, 10)),
            body=fields.take_body(_BODY),
            translation_m=person.take_numbers("transl", (frames, 3)),
            focal_px=focal,
            center_px=center,
            fps=_FPS,
        )
    ]


def write_gvhmr(motions: Sequence[PredictedMotion], path: Path) -> None:
    """Write one person, from frame 0 on."""
    motion = fill_gaps(motions[0])
    translation, focal, center = require_placement(motion)
    camera = np.array([[focal, 0, center[0]], [0, focal, center[1]], [0, 0, 1]])
    person = {
        "body_pose": motion.pose_rad[:, 3 : 3 + _TURNED],
        "betas": motion.shape,
        "global_orient": motion.pose_rad[:, :3],
        "transl": translation,
    }
    cameras = np.tile(camera, (len(motion), 1, 1))
    content: dict[str, Any] = {"smpl_params_incam": person, "K_fullimg": cameras, **note_body(motion, _BODY)}
    save_tensors(content, path)


GVHMR = ResultFormat(
    name="gvhmr",
    title="GVHMR",
    suffix=".pt",
    keeps=frozenset({"translation_m", "focal_px", "center_px"}),
    needs=frozenset({"translation_m", "focal_px", "center_px"}),
    body=_BODY,
    numbered=False,
    remarks=("turns of the hands", "pose and place in the world: 'smpl_params_global' is not written"),
    unread=("pose and place in the world ('smpl_params_global')", "'net_outputs'"),
    single=True,
    read=read_gvhmr,
    write=write_gvhmr,
)
