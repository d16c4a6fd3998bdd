"""Every file is read by a library that had no part in writing it, and compared with the joints it was made of."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from reference.made_animations import FPS, make_animation, make_motion
from spsnet.body import build_keypoint_model, compute_keypoints, load_body
from spsnet.export import (
    Animation,
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
from spsnet.export.animation import FROM_CAMERA
from spsnet.geometry import axis_angle_to_matrix
from spsnet.records import Pinhole, PredictedMotion

WRITERS: dict[str, Any] = {
    "glb": lambda animation, path: path.write_bytes(encode_person(animation)),
    "usd": lambda animation, path: write_usd(Scene(people=(animation,)), path),
    "bvh": write_bvh,
    "c3d": write_c3d,
    "trc": write_trc,
}
WITHIN_MM = {"glb": 0.01, "usd": 0.01, "bvh": 0.001, "c3d": 0.001, "trc": 0.0001}
"""What is left is how many digits a format has; all are far below the millimetre that is asked for."""
UNEVEN_S = np.array([0.12, 0.17, 0.3, 0.31])


@pytest.fixture
def readers() -> Iterator[ModuleType]:
    """`benchmarks/export_readers.py`, imported as the benchmark does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
        yield importlib.import_module("export_readers")


def write(folder: Path, name: str, motion: PredictedMotion) -> Path:
    path = folder / f"person_001.{name}"
    animation = animate(motion, load_body(), name="person_001", color_rgb=(0.0, 0.5, 1.0))
    WRITERS[name](animation, path)
    return path


def find_joints(motion: PredictedMotion) -> np.ndarray:
    assert motion.joints_m is not None
    return motion.joints_m


def find_surface_joints(motion: PredictedMotion) -> np.ndarray:
    """COCO's, as a run has them."""
    assert motion.translation_m is not None
    model = build_keypoint_model(load_body(), ("coco17",))
    rotations = axis_angle_to_matrix(motion.pose_rad.reshape(-1, 24, 3))
    return compute_keypoints(model, rotations, motion.shape[0], motion.translation_m)


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")  # of the readers' own
@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(("frames", "first"), [(5, 3), (1, 0), (2, 40)])
def test_joints_come_back_at_their_times(
    tmp_path: Path, readers: ModuleType, name: str, frames: int, first: int
) -> None:
    motion = make_motion(frames=frames, first=first, seed=first)
    path = write(tmp_path, name, motion)
    read = readers.SKELETON_READERS[name][1](path, "person_001")
    assert read.fps == pytest.approx(FPS, rel=1e-6)
    assert len(read.joints_m) == frames
    errors = readers.compare_joints(read, motion.time_s, find_joints(motion))
    assert errors.max() < WITHIN_MM[name]


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
@pytest.mark.parametrize("name", ["glb", "usd", "trc"])
def test_uneven_times_are_kept(tmp_path: Path, readers: ModuleType, name: str) -> None:
    motion = make_motion(time_s=UNEVEN_S)
    read = readers.SKELETON_READERS[name][1](write(tmp_path, name, motion), "person_001")
    np.testing.assert_allclose(read.time_s, UNEVEN_S, atol=1e-6)
    assert readers.compare_joints(read, UNEVEN_S, find_joints(motion)).max() < WITHIN_MM[name]


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
@pytest.mark.parametrize("name", ["bvh", "c3d"])
def test_a_file_with_a_rate_has_every_frame(tmp_path: Path, readers: ModuleType, name: str) -> None:
    """Keys at 0.12 to 0.31 s, 25 a second: 0.12, 0.16, … 0.32; the first is a frame of the film."""
    motion = make_motion(time_s=UNEVEN_S)
    read = readers.SKELETON_READERS[name][1](write(tmp_path, name, motion), "person_001")
    assert len(read.joints_m) == 6
    expected = find_joints(motion)[0] @ FROM_CAMERA
    assert np.abs(read.joints_m[0] - expected).max() < 1e-5


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
@pytest.mark.parametrize("name", ["glb", "usd"])
def test_people_of_a_scene_are_told_apart(tmp_path: Path, readers: ModuleType, name: str) -> None:
    path = tmp_path / f"scene.{name}"
    motions = [make_motion("1"), make_motion("2", frames=2, first=60, seed=5)]
    people = tuple(
        animate(motion, load_body(), name=f"person_00{motion.person}", color_rgb=(1.0, 1.0, 0.0)) for motion in motions
    )
    if name == "glb":
        path.write_bytes(encode_scene(Scene(people=people)))
    else:
        write_usd(Scene(people=people), path)
    for motion, animation in zip(motions, people, strict=True):
        read = readers.SKELETON_READERS[name][1](path, animation.name)
        assert readers.compare_joints(read, motion.time_s, find_joints(motion)).max() < WITHIN_MM[name]


@pytest.mark.parametrize("write_mesh", [write_obj, write_ply])
def test_meshes_come_back_with_everybody(tmp_path: Path, readers: ModuleType, write_mesh: Any) -> None:
    motions = [make_motion(frames=1), make_motion(frames=1, seed=9)]
    people = tuple(
        animate(motion, load_body(), name=f"person_00{number}", color_rgb=(0.0, 0.5, 1.0))
        for number, motion in enumerate(motions, start=1)
    )
    path = tmp_path / f"scene.{write_mesh.__name__[-3:]}"
    write_mesh(Scene(people=people), path)
    vertices, count = readers.read_vertices(path), len(load_body().template_m)
    assert len(vertices) == 2 * count
    faces = load_body().faces
    np.testing.assert_array_equal(readers.list_faces(path), np.concatenate([faces, faces + count]))
    for number, motion in enumerate(motions):
        own = vertices[number * count : (number + 1) * count]
        coco = load_body().regressors["coco17"] @ own  # the second half of a run's joints comes from the surface
        np.testing.assert_allclose(coco @ FROM_CAMERA, find_surface_joints(motion)[0], atol=1e-5)


def test_a_mesh_says_what_it_is(tmp_path: Path) -> None:
    scene = Scene(people=(make_animation(frames=1, first=7),))
    write_obj(scene, tmp_path / "a.obj")
    write_ply(scene, tmp_path / "a.ply")
    words = "frame 7 of the film, 0.280000 s, 25 frames per second"
    obj = (tmp_path / "a.obj").read_text().splitlines()
    assert obj[1:4] == [f"# {words}", "# metres, y up, the camera in the origin looks along -z", "o person_001"]
    head = (tmp_path / "a.ply").read_bytes().partition(b"end_header")[0].decode().splitlines()
    assert f"comment {words}" in head
    assert "comment metres, y up, the camera in the origin looks along -z" in head


def test_a_mesh_shows_one_frame(tmp_path: Path) -> None:
    for write_mesh in (write_obj, write_ply):
        with pytest.raises(ValueError, match="person_001 should have one frame, has 4"):
            write_mesh(Scene(people=(make_animation(),)), tmp_path / "a")


def test_colours_of_a_ply(tmp_path: Path) -> None:
    import trimesh

    write_ply(Scene(people=(make_animation(frames=1),)), tmp_path / "a.ply")
    mesh = trimesh.load(tmp_path / "a.ply", process=False)
    assert mesh.visual.vertex_colors[0].tolist() == [0, 128, 255, 255]


def test_a_bvh_in_its_own_words(tmp_path: Path) -> None:
    animation: Animation = make_animation(frames=2)
    write_bvh(animation, tmp_path / "a.bvh")
    lines = (tmp_path / "a.bvh").read_text().splitlines()
    turn = "Zrotation Xrotation Yrotation"
    assert lines[:7] == [
        "HIERARCHY",
        "ROOT pelvis",
        "{",
        "\tOFFSET 0.000000 0.000000 0.000000",
        f"\tCHANNELS 6 Xposition Yposition Zposition {turn}",
        "\tJOINT left_hip",
        "\t{",
    ]
    assert lines[8] == f"\t\tCHANNELS 3 {turn}"
    assert lines.count("\t\t\t\t\tEnd Site") == 2  # of the feet
    start = lines.index("MOTION")
    assert lines[start + 1 : start + 3] == ["Frames: 2", "Frame Time: 0.04"]
    np.testing.assert_allclose(np.array(lines[-1].split()[:3], float), animation.root_m[1] * 100, atol=1e-6)
    offset = animation.rest_joints_m[1] - animation.rest_joints_m[0]
    np.testing.assert_allclose(np.array(lines[7].split()[1:], float), offset * 100, atol=1e-6)


def test_angles_run_on_over_half_a_turn(tmp_path: Path) -> None:
    pose = np.zeros((20, 72))
    pose[:, 5] = np.linspace(2, 5, 20)  # the left hip about z
    write_bvh(make_animation(frames=20, pose_rad=pose, joints_m=None, joint_set=None), tmp_path / "a.bvh")
    rows = np.array([line.split() for line in (tmp_path / "a.bvh").read_text().splitlines()[-20:]], float)
    np.testing.assert_allclose(rows[:, 6], np.rad2deg(pose[:, 5]), atol=1e-5)


def test_frames_of_trc_and_c3d_are_the_film_s_counted_from_1(tmp_path: Path) -> None:
    ezc3d = pytest.importorskip("ezc3d")
    holes = make_animation(frame_index=np.array([3, 4, 9, 10]), time_s=np.array([3, 4, 9, 10]) / FPS)
    write_trc(holes, tmp_path / "a.trc")
    rows = [line.split("\t")[:2] for line in (tmp_path / "a.trc").read_text().splitlines()[6:]]
    assert rows == [["4", "0.120000"], ["5", "0.160000"], ["10", "0.360000"], ["11", "0.400000"]]
    write_c3d(holes, tmp_path / "a.c3d")
    file = ezc3d.c3d(str(tmp_path / "a.c3d"))
    assert (file["header"]["points"]["first_frame"], file["header"]["points"]["last_frame"]) == (3, 10)
    point = file["parameters"]["POINT"]
    assert (point["UNITS"]["value"], point["Y_SCREEN"]["value"]) == (["mm"], ["+Y"])
    assert point["LABELS"]["value"][:2] == ["pelvis", "left_hip"]


def test_usd_says_axes_unit_rate_and_who_is_there(tmp_path: Path) -> None:
    usd = pytest.importorskip("pxr.Usd")
    geometry = pytest.importorskip("pxr.UsdGeom")
    camera = Pinhole(focal_px=1000.0, center_px=(400.0, 300.0), width=800, height=600)
    write_usd(Scene(people=(make_animation(),), camera=camera), tmp_path / "a.usd")
    stage = usd.Stage.Open(str(tmp_path / "a.usd"))
    assert geometry.GetStageUpAxis(stage) == "Y"
    assert (geometry.GetStageMetersPerUnit(stage), stage.GetTimeCodesPerSecond()) == (1, FPS)
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (3, 6)
    root = geometry.Imageable(stage.GetPrimAtPath("/scene/person_001"))
    assert [root.ComputeVisibility(code) for code in (0, 3, 6, 7)] == [
        "invisible",
        "inherited",
        "inherited",
        "invisible",
    ]
    lens = geometry.Camera(stage.GetPrimAtPath("/scene/camera")).GetCamera()
    assert lens.GetFieldOfView(lens.FOVHorizontal) == pytest.approx(2 * np.rad2deg(np.arctan(0.4)), rel=1e-5)
    assert lens.aspectRatio == pytest.approx(4 / 3)
    assert [path.name for path in tmp_path.iterdir()] == ["a.usd"]


def test_usd_skins_the_surface_as_the_body_does(tmp_path: Path) -> None:
    """UsdSkel's own skinning, of one frame, whose correctives are in the mesh at rest."""
    names = ("Gf", "Usd", "UsdGeom", "UsdSkel")
    numbers, usd, geometry, skel = (pytest.importorskip(f"pxr.{name}") for name in names)
    animation = make_animation(frames=1)
    write_usd(Scene(people=(animation,)), tmp_path / "a.usd")
    stage = usd.Stage.Open(str(tmp_path / "a.usd"))
    assert skel.BakeSkinning(skel.Root(stage.GetPrimAtPath("/scene/person_001")), numbers.Interval.GetFullInterval())
    points = geometry.Mesh(stage.GetPrimAtPath("/scene/person_001/mesh")).GetPointsAttr().Get(3)
    np.testing.assert_allclose(np.array(points), animation.compute_vertices()[0], atol=1e-5)
