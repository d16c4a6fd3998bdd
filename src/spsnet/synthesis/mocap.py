"""Motion capture as SMPL motion: three open archives and AMASS's files, one record.

Each of the three has its own skeleton. What is taken from it are the global rotations of its bones against a T-pose,
which do not depend on bone lengths; SMPL's local rotations follow from them.
"""

import lzma
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from spsnet.datasets.amass import list_amass, name_amass, read_amass
from spsnet.datasets.motion_clips import MotionClip, cut_clip, resample_clip
from spsnet.geometry import axis_angle_to_matrix, interpolate_rotations, rotation_between
from spsnet.records import UserError
from spsnet.synthesis.bvh import BvhMotion, parse_bvh

SMPL_PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)


_ACRNN_JOINTS = {
    0: "hip", 1: "lThigh", 2: "rThigh", 3: "abdomen", 4: "lShin", 5: "rShin", 7: "lFoot", 8: "rFoot", 9: "chest",
    12: "neck", 13: "lCollar", 14: "rCollar", 15: "head", 16: "lShldr", 17: "rShldr", 18: "lForeArm", 19: "rForeArm",
    20: "lHand", 21: "rHand",
}  # fmt: skip
_REACTIDLE_JOINTS = {
    0: "pelvis", 1: "thigh.L", 2: "thigh.R", 3: "spine", 4: "shin.L", 5: "shin.R", 7: "foot.L", 8: "foot.R",
    9: "spine.001", 12: "neck", 13: "shoulder.L", 14: "shoulder.R", 15: "face", 16: "upper_arm.L", 17: "upper_arm.R",
    18: "forearm.L", 19: "forearm.R",
}  # fmt: skip
_EXPMAP_PARENTS = (
    -1, 0, 1, 2, 3, 4, 5, 0, 7, 8, 9, 10, 11, 0, 13, 14, 15, 16, 17, 18, 15, 20, 21, 22, 23, 24, 25, 23, 27, 15, 29, 30,
    31, 32, 33, 34, 32, 36,
)  # fmt: skip
# The CMU skeleton's nodes: 1-6 left leg from the hip, 7-12 right leg, 13-19 spine to head, 20-28 left arm, 29-37 right.
_EXPMAP_JOINTS = {
    0: 0, 1: 2, 2: 8, 3: 13, 4: 3, 5: 9, 6: 14, 7: 4, 8: 10, 9: 15, 10: 5, 11: 11, 12: 16, 13: 20, 14: 29, 15: 18,
    16: 21, 17: 30, 18: 22, 19: 31, 20: 23, 21: 32,
}  # fmt: skip
_EXPMAP_HEADING_RAD = np.deg2rad(75)
"""Headings beyond a right angle from the first frame's are mirrored in the CMU files, and tilted on the way there."""
_EXPMAP_UNIT_M = 0.0254 / 0.45
"""The CMU files count in inches divided by 0.45."""
# A bone whose rest direction is compared with the T-pose: SMPL joint, the joint at its end, the T-pose's direction.
_T_POSE_BONES = {
    1: (4, (0, -1, 0)), 2: (5, (0, -1, 0)), 4: (7, (0, -1, 0)), 5: (8, (0, -1, 0)), 16: (18, (1, 0, 0)),
    17: (19, (-1, 0, 0)), 18: (20, (1, 0, 0)), 19: (21, (-1, 0, 0)),
}  # fmt: skip


def load_mocap(directory: Path) -> list[MotionClip]:
    """Read every known archive (`acrnn_cmu`, `cmu_expmap`, `reactidle`, each `.tar.xz`) and AMASS's files in a folder.

    AMASS's `.npz` may lie at any depth; such a clip is called `amass/` and its path in the folder, unless the file says
    which capture it is from. Clips are cut where the capture failed; pieces under a second are left out.

    Raises:
        UserError: If there is nothing of all that, something is damaged or another than it should be, or a file and an
            archive hold the same capture.
    """
    readers = {"acrnn_cmu": _read_acrnn, "cmu_expmap": _read_expmap, "reactidle": _read_reactidle}
    archives = [(name, directory / f"{name}.tar.xz") for name in readers if (directory / f"{name}.tar.xz").is_file()]
    files = list_amass(directory)
    if not archives and not files:
        raise UserError(
            f"{directory} holds none of {', '.join(f'{name}.tar.xz' for name in readers)}, *.npz; pass --mocap DIR"
        )
    clips: list[MotionClip] = []
    for name, path in archives:
        for member, text in _read_members(path):
            clips.extend(readers[name](member, text))
    names = {clip.name for clip in clips}
    for path in files:
        clip = read_amass(path, name_amass(path, directory))
        if clip.name in names:
            raise UserError(f"{path} is {clip.name}, which an archive beside it holds too; move one of them away")
        clips.extend(cut_clip(clip))
    return sorted(clips, key=lambda clip: clip.name)


def _read_members(path: Path) -> Iterator[tuple[str, str]]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.name.endswith((".bvh", ".txt")) else None
                if stream is not None:
                    yield member.name, stream.read().decode("utf-8", errors="replace")
    except (OSError, EOFError, tarfile.TarError, lzma.LZMAError) as error:
        raise UserError(f"{path} is not a whole .tar.xz archive ({error}); copy it again") from error


def _read_acrnn(member: str, text: str) -> list[MotionClip]:
    if not member.endswith(".bvh") or member.endswith("standard.bvh"):
        return []
    motion = parse_bvh(text, member)
    # The archive's readme: salsa was captured at 60 frames per second although the headers say 120.
    fps = 60.0 if "/salsa/" in member else 120.0
    # The first frame is a pose of the skeleton and no part of the motion.
    motion = replace(motion, rotations=motion.rotations[1:], root=motion.root[1:])
    return cut_clip(_retarget_bvh(member, motion, _ACRNN_JOINTS, fps=fps, unit_m=0.01))


def _read_reactidle(member: str, text: str) -> list[MotionClip]:
    if not member.endswith(".bvh"):
        return []
    motion = parse_bvh(text, member)
    return cut_clip(_retarget_bvh(member, motion, _REACTIDLE_JOINTS, fps=1 / motion.frame_time_s, unit_m=1.0))


def _read_expmap(member: str, text: str) -> list[MotionClip]:
    if "/train/" not in member and "/test/" not in member:
        return []
    width = 3 + 3 * len(_EXPMAP_PARENTS)
    lines = [line.split(",") for line in text.split()]
    wrong = [len(line) for line in lines if len(line) != width]
    if wrong or not lines:
        raise UserError(f"{member} should have lines of {width} numbers, it has {wrong[0] if wrong else 'none'}")
    try:
        values = np.array(lines, dtype=np.float64)
    except ValueError as error:
        raise UserError(f"{member} holds something else than numbers: {error}") from error
    # Row vectors: the files' exponential maps are of the inverse rotations.
    local = axis_angle_to_matrix(-values[:, 3:].reshape(len(values), -1, 3))
    world = _compose(local, _EXPMAP_PARENTS)
    against_t_pose = world @ np.swapaxes(world[:1], -1, -2)
    joints = {smpl: against_t_pose[1:, node] for smpl, node in _EXPMAP_JOINTS.items()}
    clip = _make_clip(member, joints, values[1:, :3] * _EXPMAP_UNIT_M, fps=120.0)
    forward = clip.rotations[:, 0, :, 2]
    return cut_clip(clip, usable=np.abs(np.arctan2(forward[:, 0], forward[:, 2])) < _EXPMAP_HEADING_RAD)


def _retarget_bvh(member: str, motion: BvhMotion, names: Mapping[int, str], *, fps: float, unit_m: float) -> MotionClip:
    missing = sorted(set(names.values()) - set(motion.names))
    if missing:
        raise UserError(f"{member} has no joint {missing[0]!r}; it is not from the archive it should be from")
    world = _compose(motion.rotations, motion.parents)
    index = {smpl: motion.names.index(name) for smpl, name in names.items()}
    joints = {}
    turned: dict[int, Float[np.ndarray, "3 3"]] = {}
    for smpl, node in sorted(index.items()):
        turn = np.eye(3)
        if smpl in _T_POSE_BONES:
            end, direction = _T_POSE_BONES[smpl]
            bone = motion.offsets[index[end]] if end in index else np.array(direction, dtype=float)
            turn = rotation_between(bone, np.array(direction, dtype=float))
        elif smpl in (20, 21):
            turn = turned[smpl - 2]
        turned[smpl] = turn
        joints[smpl] = world[:, node] @ turn.T
    return _make_clip(member, joints, motion.root * unit_m, fps=fps)


def _compose(
    local: Float[np.ndarray, "time joints 3 3"], parents: tuple[int, ...]
) -> Float[np.ndarray, "time joints 3 3"]:
    world = np.array(local)
    for joint, parent in enumerate(parents):
        if parent >= 0:
            world[:, joint] = world[:, parent] @ local[:, joint]
    return world


def _make_clip(
    member: str, world: dict[int, Float[np.ndarray, "time 3 3"]], root_m: Float[np.ndarray, "time 3"], *, fps: float
) -> MotionClip:
    """Fill SMPL joints the source lacks, go from global to local rotations, resample."""
    if 6 not in world:
        world[6] = interpolate_rotations(world[3], world[9], np.full(len(root_m), 0.5))
    for joint, parent in enumerate(SMPL_PARENTS):
        if joint not in world:
            world[joint] = world[parent]
    stacked = np.stack([world[joint] for joint in range(24)], axis=1)
    local = stacked.copy()
    for joint, parent in enumerate(SMPL_PARENTS[1:], start=1):
        local[:, joint] = np.swapaxes(stacked[:, parent], -1, -2) @ stacked[:, joint]

    return resample_clip(str(Path(member).with_suffix("")), local, root_m, fps=fps)
