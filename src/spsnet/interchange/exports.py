"""Formats of animation and mesh, which are written only: bodies in motion, no parameters."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spsnet.body import BodyModel, load_body
from spsnet.export import (
    Scene,
    animate,
    encode_person,
    encode_scene,
    write_bvh,
    write_c3d,
    write_obj,
    write_ply,
    write_trc,
    write_usd,
)
from spsnet.interchange.placement import number_people
from spsnet.interchange.result_format import ResultFormat
from spsnet.records import Pinhole, PredictedMotion, UserError
from spsnet.rendering.palette import get_track_color

_SMPL_LIKE = ("smpl", "smplh")
_NEEDS = frozenset({"translation_m", "fps"})
_JOINTS = frozenset({"smpl24"})
_SKINNED = "bends of the surface that follow the pose: the surface is off by about a millimetre, the joints are exact"


def name_person(motion: PredictedMotion) -> str:
    """What a person is called in files and by files: person_001."""
    name = f"{int(motion.person):03d}" if motion.person.isdecimal() else motion.person
    return "person_" + name.replace("/", "_").replace("\\", "_")


def make_scene(motions: Sequence[PredictedMotion], body: Path | None) -> Scene:
    """Everybody as an animation, and the camera of the first.

    Args:
        motions: Anybody's results, with places and frames per second.
        body: SMPL's file, for shapes that are of it.

    Raises:
        UserError: If the body that a shape is of is not at hand.
    """
    first = motions[0]
    camera = None
    if first.focal_px is not None and first.center_px is not None:
        width, height = (max(round(2 * part), 1) for part in first.center_px)
        camera = Pinhole.from_size(width, height, first.focal_px)
    people = zip(motions, number_people(motions), strict=True)
    return Scene(
        people=tuple(
            animate(
                motion, _find_body(motion, body), name=name_person(motion), color_rgb=get_track_color(number).tolist()
            )
            for motion, number in people
        ),
        camera=camera,
    )


def _find_body(motion: PredictedMotion, file: Path | None) -> BodyModel:
    ours = load_body()
    if motion.body == ours.name:
        return ours
    if motion.body not in _SMPL_LIKE:
        raise UserError(
            f"person {motion.person} has a shape of {motion.body}, of which no body can be read here; "
            "bodies can be drawn for our own results and for those with SMPL's shape"
        )
    if file is None:
        raise UserError(
            f"person {motion.person} has a shape of {motion.body}, whose body does not come with spsnet; "
            "give its file with --body, such as SMPL_NEUTRAL.npz (register at smpl.is.tue.mpg.de)"
        )
    return load_body(file)


def select_frame(motions: Sequence[PredictedMotion], frame: int | None) -> list[PredictedMotion]:
    """Those who are there in one frame, and only that frame of them.

    Args:
        motions: At least one.
        frame: Number in the film; None for the middle one of the frames that show most people.

    Raises:
        UserError: If nobody is there in the frame.
    """
    numbers, counts = np.unique(np.concatenate([motion.frame_index for motion in motions]), return_counts=True)
    if frame is None:
        fullest = numbers[counts == counts.max()]
        frame = int(fullest[len(fullest) // 2])
    if frame not in numbers:
        raise UserError(f"--frame {frame}: nobody is there; people are between {numbers[0]} and {numbers[-1]}")
    return [_cut(motion, motion.frame_index == frame) for motion in motions if frame in motion.frame_index]


def _cut(motion: PredictedMotion, mask: np.ndarray) -> PredictedMotion:
    return PredictedMotion(
        person=motion.person,
        frame_index=motion.frame_index[mask],
        pose_rad=motion.pose_rad[mask],
        shape=motion.shape[mask],
        body=motion.body,
        translation_m=None if motion.translation_m is None else motion.translation_m[mask],
        focal_px=motion.focal_px,
        center_px=motion.center_px,
        fps=motion.fps,
        time_s=None if motion.time_s is None else motion.time_s[mask],
    )


def _write_glb(scene: Scene, path: Path) -> None:
    """A person's own file knows no camera, and names joints without the person's name."""
    alone = scene.camera is None and len(scene.people) == 1
    path.write_bytes(encode_person(scene.people[0]) if alone else encode_scene(scene))


GLB = ResultFormat(
    name="glb",
    title="glTF",
    suffix=".glb",
    keeps=_NEEDS | {"time_s", "focal_px", "center_px"},
    needs=_NEEDS,
    body=None,
    joint_sets=_JOINTS,
    one_shape=True,
    together=True,
    remarks=(_SKINNED,),
    write_bodies=_write_glb,
)
USD = ResultFormat(
    name="usd",
    title="USD",
    suffix=".usd",
    keeps=GLB.keeps,
    needs=_NEEDS,
    body=None,
    joint_sets=_JOINTS,
    one_shape=True,
    together=True,
    extra=("pxr", "usd"),
    remarks=(_SKINNED,),
    write_bodies=write_usd,
)
BVH = ResultFormat(
    name="bvh",
    title="BVH",
    suffix=".bvh",
    keeps=_NEEDS,
    needs=_NEEDS,
    body=None,
    joint_sets=_JOINTS,
    numbered=False,
    one_shape=True,
    single=True,
    remarks=("the surface",),
    write_bodies=lambda scene, path: write_bvh(scene.people[0], path),
)
TRC = ResultFormat(
    name="trc",
    title="TRC",
    suffix=".trc",
    keeps=_NEEDS | {"time_s"},
    needs=_NEEDS,
    body=None,
    joint_sets=_JOINTS,
    one_shape=True,
    single=True,
    remarks=("the surface, and rotations: joints' places are written",),
    write_bodies=lambda scene, path: write_trc(scene.people[0], path),
)
C3D = ResultFormat(
    name="c3d",
    title="C3D",
    suffix=".c3d",
    keeps=_NEEDS,
    needs=_NEEDS,
    body=None,
    joint_sets=_JOINTS,
    one_shape=True,
    single=True,
    extra=("ezc3d", "c3d"),
    remarks=TRC.remarks,
    write_bodies=lambda scene, path: write_c3d(scene.people[0], path),
)
OBJ = ResultFormat(
    name="obj",
    title="OBJ",
    suffix=".obj",
    keeps=_NEEDS | {"time_s"},
    needs=_NEEDS,
    body=None,
    one_frame=True,
    remarks=("every frame but one",),
    write_bodies=write_obj,
)
PLY = ResultFormat(
    name="ply",
    title="PLY",
    suffix=".ply",
    keeps=OBJ.keeps,
    needs=_NEEDS,
    body=None,
    one_frame=True,
    remarks=OBJ.remarks,
    write_bodies=write_ply,
)
EXPORTS = (GLB, BVH, USD, OBJ, PLY, C3D, TRC)
