from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from spsnet.body import compute_vertices, load_body
from spsnet.geometry import axis_angle_to_matrix
from spsnet.viewer.scene import Scene, make_scene, quantize_quaternions, quantize_vertices
from viewer.made_run import CENTER_PX, FOCAL_PX, FPS, make_person

SUMMARY: dict[str, Any] = {
    "input": {"fps": FPS, "width": 320, "height": 240},
    "camera": {"focal_px": FOCAL_PX, "center_px": CENTER_PX.tolist()},
}


def read(scene: Scene, place: dict[str, Any], *shape: int) -> np.ndarray:
    """An array out of the block, as the page's script reads it."""
    return np.frombuffer(scene.content, place["type"], place["length"], place["offset"]).reshape(shape or -1)


def skin(scene: Scene, number: int, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and joints of a person by what the page is told alone: bone by bone, with scipy's rotations."""
    told, body = scene.header["people"][number], scene.header["body"]
    turns = Rotation.from_quat(read(scene, told["quaternions"], -1, 24, 4)[row]).as_matrix()
    rest, place = read(scene, told["joints_m"], 24, 3), read(scene, told["translation_m"], -1, 3)[row]
    total, joints = [turns[0]], [rest[0] + place]
    for joint, parent in list(enumerate(body["parents"]))[1:]:
        total.append(total[parent] @ turns[joint])
        joints.append(joints[parent] + total[parent] @ (rest[joint] - rest[parent]))
    vertices = read(scene, told["vertices"], -1, 3) / 16384
    bones, weights = read(scene, body["bones"], -1, 4), read(scene, body["weights"], -1, 4)
    moved = np.zeros_like(vertices)
    for bone, weight in zip(bones.T, weights.T, strict=True):
        turned = np.einsum("vij,vj->vi", np.array(total)[bone], vertices - rest[bone])
        moved += weight[:, None] * (turned + np.array(joints)[bone])
    return moved, np.array(joints)


def test_what_the_page_is_told_gives_the_runs_bodies() -> None:
    person = make_person()
    scene = make_scene([person], SUMMARY, load_body())
    vertices, joints = skin(scene, 0, 17)
    assert joints == pytest.approx(person.joints_m[17], abs=2e-4)
    rigid = replace(load_body(), pose_directions=None)
    rotations = axis_angle_to_matrix(person.body.pose_rad[17:18].reshape(1, 24, 3))
    expected = compute_vertices(rigid, rotations, person.body.shape, person.body.translation_m[17:18])[0]
    assert vertices == pytest.approx(expected, abs=5e-4)


def test_times_marks_and_colours_come_along() -> None:
    person = make_person(2, np.array([3, 4, 9]))
    filled = replace(person, filled_mask=np.array([False, True, False]), confidence=np.array([0.5, 0.0, 0.25]))
    scene = make_scene([filled], SUMMARY, load_body())
    told = scene.header["people"][0]
    assert (told["id"], told["color"]) == (2, "#e69f00")
    assert read(scene, told["time_s"]) == pytest.approx([0.12, 0.16, 0.36])
    assert read(scene, told["frame"]).tolist() == [3, 4, 9]
    assert read(scene, told["filled"]).tolist() == [0, 1, 0]
    assert read(scene, told["confidence"]).tolist() == [0.5, 0, 0.25]
    assert scene.header["camera"] == {
        "focal_px": 320, "center_x": 160, "center_y": 120, "width": 320, "height": 240,
    }  # fmt: skip


def test_results_of_another_program_are_drawn_by_the_average_body_and_say_so() -> None:
    person = replace(
        make_person(),
        joints_m=np.zeros((40, 0, 3)),
        joints_px=np.zeros((40, 0, 2)),
        joint_names=(),
        time_s=np.full(40, np.nan),
    )
    body = load_body()
    scene = make_scene([person], {"body": "smpl", "camera": None}, body)
    assert scene.notes == (f"The run's body is smpl: drawn as the average {body.name} instead.",)
    assert scene.header["camera"] is None
    assert scene.header["fps"] == 30
    told = scene.header["people"][0]
    assert read(scene, told["time_s"]) == pytest.approx(np.arange(40) / 30)
    assert read(scene, told["vertices"], -1, 3) / 16384 == pytest.approx(body.template_m, abs=1e-4)


def test_the_ground_lies_under_the_feet_and_nobody_needs_to_be_there() -> None:
    person = make_person()
    header = make_scene([person], SUMMARY, load_body()).header
    assert header["ground_m"] == pytest.approx(person.joints_m[..., 1].max() + 0.05, abs=0.02)
    assert np.array(header["level"]) == pytest.approx(np.eye(3), abs=0.05)
    assert make_scene([], SUMMARY, load_body()).header["people"] == []


def test_quaternions_by_hand() -> None:
    turns = np.zeros((1, 24, 3))
    turns[0, 1] = [np.pi, 0, 0]
    turns[0, 2] = [0, 0, np.pi / 2]
    packed = quantize_quaternions(axis_angle_to_matrix(turns))[0]
    assert packed[0].tolist() == [0, 0, 0, 32767]
    assert np.abs(packed[1]).tolist() == [32767, 0, 0, 0]
    assert packed[2].tolist() == [0, 0, 23170, 23170]


@given(st.integers(0, 10_000))
def test_packed_rotations_are_within_four_thousandths_of_a_degree(seed: int) -> None:
    rotations = Rotation.random(24, rng=np.random.default_rng(seed))
    packed = quantize_quaternions(rotations.as_matrix()[None])[0]
    assert np.rad2deg((rotations.inv() * Rotation.from_quat(packed)).magnitude()).max() < 0.004


def test_vertices_by_hand() -> None:
    assert quantize_vertices(np.array([[1.0, -0.5, 3.0]])).tolist() == [[16384, -8192, 32767]]
