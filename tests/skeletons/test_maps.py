import numpy as np
import pytest
import torch

from spsnet.skeletons import JOINT_SETS, get_joint_set, map_joints

ALL = sorted(JOINT_SETS)


def test_h36m_to_lsp_is_the_order_of_evaluation() -> None:
    joint_map = map_joints("h36m17", "lsp14")
    np.testing.assert_array_equal(joint_map.index, [6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10])
    assert joint_map.mask.all()
    assert joint_map.missing_names == ()


def test_spin_to_h36m_takes_the_14th_joint_from_slot_18() -> None:
    index = map_joints("spin49", "h36m17").index - 25
    lsp_order = index[[6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10, 0, 7, 9]]
    np.testing.assert_array_equal(lsp_order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 18, 14, 16, 17])


def test_mpi_28_to_17_is_the_list_of_the_data_set() -> None:
    joint_map = map_joints("mpi_inf_3dhp28", "mpi_inf_3dhp17")
    np.testing.assert_array_equal(joint_map.index, [7, 5, 14, 15, 16, 9, 10, 11, 23, 24, 25, 18, 19, 20, 4, 3, 6])
    assert joint_map.mask.all()


def test_missing_joints_are_flagged_and_filled() -> None:
    joint_map = map_joints("coco17", "lsp14")
    assert joint_map.missing_names == ("neck", "head_top")
    np.testing.assert_array_equal(joint_map.mask, [True] * 12 + [False] * 2)
    joints = np.random.default_rng(0).normal(size=(4, 17, 3))
    mapped = joint_map.apply(joints)
    np.testing.assert_array_equal(mapped[:, 0], joints[:, 16])
    assert not mapped[:, 12:].any()
    assert np.isnan(joint_map.apply(joints, fill=np.nan)[:, 12:]).all()


def test_blazepose_to_coco_by_hand() -> None:
    joint_map = map_joints("blazepose33", "coco17")
    np.testing.assert_array_equal(joint_map.index, [0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28])
    assert joint_map.mask.all()


def test_posetrack_has_every_joint_of_lsp() -> None:
    joint_map = map_joints("posetrack17", "lsp14")
    np.testing.assert_array_equal(joint_map.index, [16, 14, 12, 11, 13, 15, 10, 8, 6, 5, 7, 9, 1, 2])
    assert joint_map.mask.all()


def test_points_of_different_meaning_are_not_confused() -> None:
    missing = map_joints("smpl24", "coco17").missing_names
    assert missing == ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
    assert "head_top" in map_joints("smpl24", "lsp14").missing_names
    assert "openpose_left_heel" in map_joints("coco17", "openpose25").missing_names


def test_openpose_points_stand_in_for_coco_and_lose_to_exact_ones() -> None:
    assert map_joints("openpose25", "coco17").mask.all()
    assert map_joints("spin49", "coco17").index.min() >= 25
    np.testing.assert_array_equal(map_joints("spin49", "openpose25").index, np.arange(25))


@pytest.mark.parametrize("name", ALL)
def test_a_set_maps_to_itself_unchanged(name: str) -> None:
    joint_map = map_joints(name, name)
    np.testing.assert_array_equal(joint_map.index, np.arange(len(get_joint_set(name))))
    assert joint_map.mask.all()


@pytest.mark.parametrize("source", ALL)
@pytest.mark.parametrize("target", ALL)
def test_there_and_back_changes_no_joint_that_both_have(source: str, target: str) -> None:
    there, back = map_joints(source, target), map_joints(target, source)
    values = np.arange(len(get_joint_set(source)), dtype=float)[:, None]
    returned = back.apply(there.apply(values, fill=np.nan), fill=np.nan)[:, 0]
    kept = ~np.isnan(returned)
    names = np.array(get_joint_set(source).joint_names)
    both = np.isin(names, get_joint_set(target).joint_names)
    np.testing.assert_array_equal(returned[both], np.flatnonzero(both))
    assert there.mask.sum() >= both.sum()
    assert (kept | ~both).all()


@pytest.mark.parametrize("source", ALL)
@pytest.mark.parametrize("target", ALL)
def test_sides_are_kept(source: str, target: str) -> None:
    joint_map = map_joints(source, target)
    for i in np.flatnonzero(joint_map.mask):
        for side in ("left", "right"):
            taken = joint_map.source.joint_names[joint_map.index[i]]
            assert (side in taken) == (side in joint_map.target.joint_names[i])


def test_torch_keeps_type_and_gradient() -> None:
    joints = torch.ones((2, 17, 2), requires_grad=True)
    mapped = map_joints("coco17", "lsp14").apply(joints)
    mapped.sum().backward()
    assert mapped.dtype == torch.float32
    assert joints.grad is not None
    assert joints.grad.sum() == 2 * 12 * 2


def test_the_wrong_number_of_joints_is_refused() -> None:
    with pytest.raises(ValueError, match="coco17 has 17 joints, got 16"):
        map_joints("coco17", "lsp14").apply(np.zeros((16, 3)))
