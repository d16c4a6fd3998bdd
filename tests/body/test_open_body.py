"""What the shipped body promises: `docs/body.md` says the same in words."""

from functools import cache
from importlib import resources

import numpy as np
import pytest
from scipy.spatial import cKDTree

from spsnet.body import BodyModel, compute_vertices, load_body
from spsnet.geometry import axis_angle_to_matrix
from spsnet.skeletons import get_joint_set

JOINTS = get_joint_set("smpl24")
FILE = resources.files("spsnet.body") / "data" / "open_body.npz"


@cache
def read_body() -> BodyModel:
    return load_body()


def pose(degrees: dict[str, tuple[float, float, float]], shape: np.ndarray | None = None) -> np.ndarray:
    rotation = np.zeros((24, 3))
    for name, value in degrees.items():
        rotation[JOINTS.index(name)] = np.radians(value)
    shape = np.zeros(10) if shape is None else shape
    return compute_vertices(read_body(), axis_angle_to_matrix(rotation[None]), shape, np.zeros((1, 3)))[0]


def measure_volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return float(np.einsum("fi,fi->", np.cross(a, b), c) / 6)


def measure_limb(vertices: np.ndarray, joint_names: set[str]) -> float:
    """Volume of the faces of some parts that end at one opening, which a fan to the middle of its rim closes."""
    body = read_body()
    in_limb = np.isin(body.part_labels, [JOINTS.index(name) for name in joint_names])
    faces = body.faces[in_limb[body.faces].all(axis=1)]
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    twins = set(map(tuple, edges))
    rim = np.array([(b, a, len(vertices)) for a, b in edges if (b, a) not in twins])
    middle = vertices[np.unique(rim[:, :2])].mean(axis=0)
    return measure_volume(np.vstack([vertices, middle]), np.concatenate([faces, rim]))


def mirror_vertices() -> np.ndarray:
    body = read_body()
    distance, index = cKDTree(body.template_m).query(body.template_m * [-1, 1, 1])
    assert distance.max() < 2e-4
    return index


def test_file_is_small_and_says_what_it_is() -> None:
    with resources.as_file(FILE) as path:
        assert path.stat().st_size <= 3_000_000
        with np.load(path, allow_pickle=False) as archive:
            assert str(archive["name"]) == "spsnet-open-body"
            assert str(archive["version"])
    assert len(read_body().template_m) <= 7000


def test_surface_is_closed_and_faces_outwards() -> None:
    body = read_body()
    edges = np.concatenate([body.faces[:, [0, 1]], body.faces[:, [1, 2]], body.faces[:, [2, 0]]])
    directed = set(map(tuple, edges))
    assert len(directed) == len(edges)
    assert all((b, a) in directed for a, b in directed)
    assert np.unique(body.faces).size == len(body.template_m)
    # 0.072 m³ are 72 kg: an adult.
    assert 0.055 < measure_volume(body.template_m.astype(float), body.faces) < 0.09


def test_weights_and_regressors_are_means() -> None:
    body = read_body()
    np.testing.assert_allclose(body.skinning_weights.sum(axis=1), 1, atol=1e-6)
    assert (body.skinning_weights > 0).sum(axis=1).max() <= 4
    assert {"coco17", "h36m17", "lsp14", "openpose25", "blazepose33"} <= set(body.regressors)
    for name, rows in [*body.regressors.items(), ("smpl24", body.joint_regressor)]:
        assert len(rows) == len(get_joint_set(name))
        assert rows.min() >= 0
        np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)


def test_left_and_right_are_mirror_images() -> None:
    body, mirror = read_body(), mirror_vertices()
    np.testing.assert_allclose(body.skinning_weights[mirror][:, JOINTS.mirror_index], body.skinning_weights, atol=2e-3)
    for name, rows in [*body.regressors.items(), ("smpl24", body.joint_regressor)]:
        places = rows @ body.template_m
        np.testing.assert_allclose(places[get_joint_set(name).mirror_index] * [-1, 1, 1], places, atol=2e-3)
    faces = {tuple(sorted(face)) for face in body.faces.tolist()}
    assert all(tuple(sorted(face)) in faces for face in mirror[body.faces].tolist())


def test_mirrored_pose_gives_the_mirrored_body() -> None:
    left = {"left_shoulder": (10.0, -40.0, -60.0), "left_elbow": (0.0, -80.0, 0.0), "left_hip": (-70.0, 10.0, 15.0)}
    right = {name.replace("left", "right"): (x, -y, -z) for name, (x, y, z) in left.items()}
    np.testing.assert_allclose(pose(right)[mirror_vertices()] * [-1, 1, 1], pose(left), atol=2e-3)


def test_stands_upright_in_a_t_pose_facing_z() -> None:
    body = read_body()
    joints = body.joint_regressor @ body.template_m

    def at(name: str) -> np.ndarray:
        return joints[JOINTS.index(name)]

    assert np.abs(at("pelvis")).max() < 1e-3
    assert at("left_wrist")[0] > 0.5
    assert np.ptp(joints[[JOINTS.index(f"left_{part}") for part in ("shoulder", "elbow", "wrist")], 1]) < 5e-3
    assert at("left_foot")[2] > at("left_ankle")[2] + 0.1
    nose = body.regressors["coco17"][0] @ body.template_m
    assert nose[2] > at("head")[2] + 0.05


@pytest.mark.parametrize(
    ("start", "end", "share"),
    [
        ("left_hip", "left_knee", 0.245),
        ("left_knee", "left_ankle", 0.246),
        ("left_shoulder", "left_elbow", 0.159),
        ("left_elbow", "left_wrist", 0.146),
        ("left_hip", "right_hip", 0.102),
        ("left_shoulder", "right_shoulder", 0.200),
    ],
)
def test_segments_are_as_long_as_people_have_them(start: str, end: str, share: float) -> None:
    """Shares of the stature between joint centres: Drillis and Contini 1966, de Leva 1996, Bell 1989."""
    body = read_body()
    joints = body.joint_regressor @ body.template_m
    length = np.linalg.norm(joints[JOINTS.index(start)] - joints[JOINTS.index(end)])
    assert length / np.ptp(body.template_m[:, 1]) == pytest.approx(share, abs=0.012)


def test_standard_normal_shapes_are_adults() -> None:
    body = read_body()
    shapes = np.random.default_rng(0).normal(size=(300, 10))
    bodies = body.template_m + np.einsum("vcs,ns->nvc", body.shape_directions, shapes)
    stature = np.ptp(bodies[:, :, 1], axis=1)
    assert stature.mean() == pytest.approx(1.685, abs=0.03)
    assert stature.std() == pytest.approx(0.095, abs=0.02)
    mass_index = [1000 * measure_volume(b, body.faces) / s**2 for b, s in zip(bodies[:50], stature[:50], strict=True)]
    assert 23 < np.mean(mass_index) < 28


ARM = {"left_shoulder", "left_elbow", "left_wrist", "left_hand"}
LEG = {"left_hip", "left_knee", "left_ankle", "left_foot"}


@pytest.mark.parametrize(
    ("bend", "limb"),
    [
        ({"left_elbow": (0.0, -120.0, 0.0)}, ARM),
        ({"left_elbow": (60.0, -90.0, 0.0)}, ARM),
        ({"left_wrist": (70.0, 0.0, 0.0)}, ARM),
        ({"left_shoulder": (0.0, 0.0, -80.0)}, ARM | {"left_collar"}),
        ({"left_shoulder": (0.0, 0.0, 60.0)}, ARM | {"left_collar"}),
        ({"left_shoulder": (80.0, 0.0, 0.0)}, ARM | {"left_collar"}),
        ({"left_knee": (110.0, 0.0, 0.0)}, LEG),
        ({"left_hip": (-100.0, 0.0, 0.0)}, LEG | {name.replace("left", "right") for name in LEG} | {"pelvis"}),
    ],
)
def test_bent_limbs_keep_their_volume(bend: dict[str, tuple[float, float, float]], limb: set[str]) -> None:
    assert measure_limb(pose(bend), limb) == pytest.approx(measure_limb(pose({}), limb), rel=0.12)


@pytest.mark.parametrize("direction", range(10))
def test_extreme_shapes_still_bend(direction: int) -> None:
    shape = 2.5 * np.eye(10)[direction]
    for sign in (-1, 1):
        still, bent = (pose(p, sign * shape) for p in ({}, {"left_shoulder": (0, 0, -80), "right_hip": (-90, 0, 0)}))
        faces = read_body().faces
        assert measure_volume(bent, faces) == pytest.approx(measure_volume(still, faces), rel=0.05)
