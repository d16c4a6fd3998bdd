import numpy as np
import pytest

from reference.body_loops import SMPL_PARENTS
from spsnet.skeletons import JOINT_SETS, JointSet, get_joint_set, get_meaning

ALL = sorted(JOINT_SETS)
SIZES = {
    "smpl24": 24,
    "h36m17": 17,
    "lsp14": 14,
    "coco17": 17,
    "openpose18": 18,
    "openpose25": 25,
    "spin49": 49,
    "blazepose33": 33,
    "mpi_inf_3dhp17": 17,
    "mpi_inf_3dhp28": 28,
    "penn13": 13,
    "posetrack17": 17,
}


def test_every_set_is_there_with_its_size() -> None:
    assert {name: len(joint_set) for name, joint_set in JOINT_SETS.items()} == SIZES


@pytest.mark.parametrize("name", ALL)
def test_every_sided_joint_has_its_partner(name: str) -> None:
    joint_set = get_joint_set(name)
    sided = {i for i, joint in enumerate(joint_set.joint_names) if "left" in joint or "right" in joint}
    assert {i for pair in joint_set.pairs for i in pair} == sided
    assert len(sided) == 2 * len(joint_set.pairs)
    for left, right in joint_set.pairs:
        assert joint_set.joint_names[left].replace("left", "right") == joint_set.joint_names[right]


@pytest.mark.parametrize("name", ALL)
def test_mirroring_twice_changes_nothing(name: str) -> None:
    mirror = get_joint_set(name).mirror_index
    np.testing.assert_array_equal(mirror[mirror], np.arange(SIZES[name]))


@pytest.mark.parametrize("name", ALL)
def test_lines_are_as_many_left_as_right_and_reach_every_joint(name: str) -> None:
    joint_set = get_joint_set(name)
    edges = {frozenset(edge) for edge in joint_set.edges}
    assert len(edges) == len(joint_set.edges)
    assert all(len(edge) == 2 for edge in edges)
    reached = set().union(*edges)
    assert reached == set(range(len(joint_set)))
    mirrored = {frozenset(int(joint_set.mirror_index[i]) for i in edge) for edge in edges}
    assert edges == mirrored


def test_lines_of_smpl_are_its_tree() -> None:
    parents = {child: parent for parent, child in get_joint_set("smpl24").edges}
    assert tuple(parents.get(joint, -1) for joint in range(24)) == SMPL_PARENTS


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("smpl24", {"pelvis": 0, "left_knee": 4, "right_ankle": 8, "neck": 12, "head": 15, "left_wrist": 20}),
        ("h36m17", {"pelvis": 0, "left_hip": 1, "right_hip": 4, "neck": 8, "h36m_head": 10, "left_shoulder": 11}),
        ("lsp14", {"right_ankle": 0, "left_hip": 3, "right_wrist": 6, "left_shoulder": 9, "neck": 12, "head_top": 13}),
        (
            "coco17",
            {"nose": 0, "left_eye": 1, "left_shoulder": 5, "right_wrist": 10, "left_hip": 11, "right_ankle": 16},
        ),
        (
            "openpose18",
            {"openpose_neck": 1, "openpose_right_hip": 8, "openpose_left_ankle": 13, "openpose_left_ear": 17},
        ),
        (
            "openpose25",
            {"openpose_neck": 1, "openpose_mid_hip": 8, "openpose_left_heel": 21, "openpose_right_heel": 24},
        ),
        (
            "spin49",
            {"openpose_nose": 0, "right_ankle": 25, "head_top": 38, "h36m_head": 43, "nose": 44, "right_ear": 48},
        ),
        ("blazepose33", {"nose": 0, "left_ear": 7, "left_shoulder": 11, "left_hip": 23, "right_foot_index": 32}),
        (
            "mpi_inf_3dhp17",
            {"head_top": 0, "right_wrist": 4, "right_hip": 8, "left_ankle": 13, "pelvis": 14, "mpi_head": 16},
        ),
        ("mpi_inf_3dhp28", {"pelvis": 4, "head_top": 7, "left_shoulder": 9, "right_shoulder": 14, "right_hip": 23}),
        ("penn13", {"penn_head": 0, "left_shoulder": 1, "right_elbow": 4, "left_hip": 7, "right_ankle": 12}),
        (
            "posetrack17",
            {"nose": 0, "head_bottom": 1, "head_top": 2, "right_ear": 4, "left_shoulder": 5, "right_ankle": 16},
        ),
    ],
)
def test_joints_stand_where_the_data_sets_put_them(name: str, places: dict[str, int]) -> None:
    joint_set = get_joint_set(name)
    assert {joint: joint_set.index(joint) for joint in places} == places


def test_spin_begins_with_openpose_and_goes_on_with_lsp() -> None:
    names = get_joint_set("spin49").joint_names
    assert names[:25] == get_joint_set("openpose25").joint_names
    assert names[25:39] == get_joint_set("lsp14").joint_names


def test_openposes_smaller_set_is_the_larger_one_without_mid_hip_and_feet() -> None:
    larger = get_joint_set("openpose25").joint_names
    assert get_joint_set("openpose18").joint_names == larger[:8] + larger[9:19]


def test_what_a_point_may_stand_for() -> None:
    assert get_meaning("h36m_head") == get_meaning("head_top") == "head_top"
    assert get_meaning("openpose_nose") == "nose"
    assert get_meaning("head_bottom") == "neck"
    assert get_meaning("mpi_left_foot") == "mpi_left_foot"
    assert get_meaning("head") == "head"


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match=r"no joint set 'smpl'; known are smpl24, h36m17"):
        get_joint_set("smpl")
    with pytest.raises(ValueError, match=r"joint set lsp14 has no 'nose'; it has right_ankle"):
        get_joint_set("lsp14").index("nose")


def test_sets_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValueError, match="joint names of x should be unique"):
        JointSet(name="x", joint_names=("a", "a"), pairs=(), edges=())
    with pytest.raises(ValueError, match="should point to its 2 joints"):
        JointSet(name="x", joint_names=("a", "b"), pairs=((0, 2),), edges=())
