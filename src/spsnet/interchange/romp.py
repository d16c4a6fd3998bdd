r"""ROMP's npz, whose arrays of objects are tables: of one picture, or of a film and the people followed in it.

    results            a picture: {smpl_thetas (N, 72), smpl_betas (N, 10), cam (N, 3), joints (N, 71, 3),
                       pj2d_org (N, 71, 2), verts, cam_trans, …}; a film: the same by the name of each frame's picture
    sequence_results   a film whose people were followed: {track: {frame_id: [T], smpl_thetas: [T of (72,)], …}}

Convention:
    Camera axes x right, y down, z forward, metres, SMPL's neutral body; joints and mesh lie about the body's origin,
    the first 24 joints are SMPL's. `cam` (s, tx, ty) is a weak perspective of the picture padded to a square of side
    S = max(W, H), [-1, 1] across: x = s X + tx. For the lens f = S px it means

        T = (tx / s, ty / s, 2 / s)

    s = 0.2, tx = 0.1: 10 m away, 0.5 m to the right. `cam_trans` is 2 (tx, ty, 1) / s, so that it and `pj2d_org` put
    people in different places: it is not read. S and the picture's centre follow from where `cam` puts `joints` and
    where `pj2d_org` says they are; without these two they are not known.
    BEV writes files of the same keys with 11 shape coefficients and another camera: refused.

Source:
    ROMP's description of its output. Lifting: both projections equated at the body's depth.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from spsnet.geometry import translation_to_crop_camera
from spsnet.interchange.fields import BODY_KEY, Fields
from spsnet.interchange.placement import number_people, require_placement
from spsnet.interchange.portable_pickles import dump_tables
from spsnet.interchange.result_format import ResultFormat
from spsnet.pickles import load_npz
from spsnet.records import PredictedMotion, UserError

_REMEDY = "give the .npz that ROMP wrote for a picture, or its video_results.npz"
_SMPL, _BODY = 24, "smpl"
_OPTIONAL = ("joints", "pj2d_org", "verts", BODY_KEY)
_REQUIRED = ("smpl_thetas", "smpl_betas", "cam")


def read_romp(path: Path, *, vertices: bool = False) -> list[PredictedMotion]:
    """Read everybody of a film whose people were followed, of a picture, or of a film with one person in each frame.

    Raises:
        UserError: If the file cannot be read, asks to run something, lacks an array, or does not say who is who.
    """
    archive = Fields.open(path, load_npz(path), what="an archive of arrays", remedy=_REMEDY)
    sequences = _take_table(archive, "sequence_results") if "sequence_results" in archive else None
    if sequences is not None and sequences.content:
        followed = sequences.list_tables("person", "a table of lists")
        return [_make_motion(str(key), fields, fields.require("frame_id"), vertices) for key, fields in followed]
    results = _take_table(archive, "results")
    if "smpl_thetas" in results:
        people = len(results.take_numbers("smpl_thetas", (None, 72)))
        return [_make_motion(str(n + 1), _pick(results, people, n), [0], vertices) for n in range(people)]
    return [_join_frames(results, vertices)]


def _take_table(archive: Fields, key: str) -> Fields:
    """The table in an array of one object."""
    value = archive.require(key)
    content = value.item() if isinstance(value, np.ndarray) and value.shape == () else value
    return Fields.open(archive.path, content, place=f"{key!r}, ", what="a table", remedy=_REMEDY)


def _list_keys(fields: Fields) -> list[str]:
    return [*_REQUIRED, *(key for key in _OPTIONAL if key in fields)]


def _pick(fields: Fields, people: int, person: int) -> Fields:
    """One person of a picture as a sequence of one frame."""
    content = {key: fields.take_rows(key, people)[person : person + 1] for key in _list_keys(fields)}
    return Fields(path=fields.path, content=content, place=fields.place, remedy=fields.remedy)


def _join_frames(results: Fields, vertices: bool) -> PredictedMotion:
    """A film that nobody was followed in, of one person."""
    columns: dict[str, list[Any]] = defaultdict(list)
    numbers = []
    for number, (_, fields) in enumerate(results.list_tables("frame", "a table of arrays")):
        people = len(fields.take_numbers("smpl_thetas", (None, 72)))
        if people > 1:
            raise UserError(
                f"{fields.path}: {fields.place}{people} people and no 'sequence_results' that says who is who; run "
                "ROMP again with --temporal_optimize"
            )
        if people:
            numbers.append(number)
            for key in _list_keys(fields):
                columns[key].append(fields.take_rows(key, people)[0])
    joined = Fields(path=results.path, content=columns, place=results.place, remedy=_REMEDY)
    return _make_motion("1", joined, numbers, vertices)


def _make_motion(person: str, fields: Fields, numbers: Any, vertices: bool) -> PredictedMotion:
    pose = fields.take_poses("smpl_thetas", 72)
    frames = len(pose)
    camera = fields.take_numbers("cam", (frames, 3))
    scale = fields.take_scales("cam", camera[:, :1])
    translation = np.concatenate([camera[:, 1:] / scale, 2 / scale], axis=1)
    joints = fields.take_numbers("joints", (frames, None, 3)) if "joints" in fields else None
    if joints is not None and joints.shape[1] < _SMPL:
        raise fields.refuse("joints", f"should begin with SMPL's {_SMPL} joints, there are {joints.shape[1]}")
    focal, center = None, None
    if joints is not None and "pj2d_org" in fields:
        focal, center = _find_picture(fields, joints, camera)
    index = Fields(path=fields.path, content={"frame_id": numbers}, place=fields.place, remedy=fields.remedy)
    has_mesh = vertices and "verts" in fields
    return PredictedMotion(
        person=person,
        frame_index=index.take_frames("frame_id", frames),
        pose_rad=pose,
        shape=fields.take_numbers("smpl_betas", (frames, 10)),
        body=fields.take_body(_BODY),
        translation_m=translation,
        focal_px=focal,
        center_px=center,
        joints_m=None if joints is None else joints[:, :_SMPL] + translation[:, None],
        joint_set=None if joints is None else "smpl24",
        vertices_m=fields.take_numbers("verts", (frames, None, 3)) + translation[:, None] if has_mesh else None,
    )


def _find_picture(
    fields: Fields, joints: Float[np.ndarray, "time joints 3"], camera: Float[np.ndarray, "time 3"]
) -> tuple[float, tuple[float, float]]:
    """Side of the square and centre of the picture: pixels = side / 2 · (s X + t) + centre, by least squares."""
    pixels = fields.take_numbers("pj2d_org", (*joints.shape[:2], 2)).astype(np.float64).reshape(-1, 2)
    inside = (camera[:, None, :1] * joints[..., :2] + camera[:, None, 1:]).astype(np.float64).reshape(-1, 2)
    spread = inside - inside.mean(0)
    fields.take_scales("joints", np.sum(spread**2, keepdims=True))
    half = float(np.sum(spread * (pixels - pixels.mean(0))) / np.sum(spread**2))
    center = pixels.mean(0) - half * inside.mean(0)
    fields.take_scales("pj2d_org", np.array([half]))
    return 2 * half, (float(center[0]), float(center[1]))


def write_romp(motions: Sequence[PredictedMotion], path: Path) -> None:
    """Write a film's people, followed, and frame by frame."""
    frames: dict[str, dict[str, list[Any]]] = {}
    sequences: dict[int, dict[str, list[Any]]] = {}
    everything = [_make_columns(motion, is_named=any(m.body != _BODY for m in motions)) for motion in motions]
    for person, motion, columns in zip(number_people(motions), motions, everything, strict=True):
        sequences[person] = {"frame_id": motion.frame_index.tolist(), **columns}
        for row, number in enumerate(motion.frame_index):
            frame = frames.setdefault(f"{number:08d}.jpg", defaultdict(list))
            for key, values in {**columns, "track_ids": [person] * len(motion)}.items():
                frame[key].append(values[row])
    results = {name: {key: np.stack(rows) for key, rows in frame.items()} for name, frame in sorted(frames.items())}
    dump_tables({"results": results, "sequence_results": sequences}, path)


def _make_columns(motion: PredictedMotion, *, is_named: bool) -> dict[str, list[Any]]:
    translation, focal, center = require_placement(motion)
    side = 2 * center.max()
    square = np.tile([*center, side], (len(motion), 1))
    camera = translation_to_crop_camera(translation, square, focal, center)
    columns = {
        "cam": camera,
        "smpl_thetas": motion.pose_rad,
        "smpl_betas": motion.shape,
        "global_orient": motion.pose_rad[:, :3],
        "body_pose": motion.pose_rad[:, 3:],
        "cam_trans": 2 * np.stack([camera[:, 1], camera[:, 2], np.ones(len(motion))], axis=1) / camera[:, :1],
    }
    if motion.vertices_m is not None:
        columns["verts"] = motion.vertices_m - translation[:, None]
    rows: dict[str, list[Any]] = {key: list(value.astype(np.float32)) for key, value in columns.items()}
    return {**rows, BODY_KEY: [motion.body] * len(motion)} if is_named else rows


ROMP = ResultFormat(
    name="romp",
    title="ROMP",
    suffix=".npz",
    keeps=frozenset({"translation_m", "vertices_m"}),
    body=_BODY,
    find_lens=lambda center_px: 2 * max(center_px),
    needs=frozenset({"translation_m", "focal_px", "center_px"}),
    unread=("'cam_trans'", "joints after the first 24", "confidences of centres"),
    read=read_romp,
    write=write_romp,
)
