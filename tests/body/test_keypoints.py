from pathlib import Path

import numpy as np
import pytest
import torch

from reference.body_loops import make_body_arrays, make_regressor
from spsnet.body import (
    BodyModel,
    attach_points,
    build_body,
    build_keypoint_model,
    compute_joints,
    compute_keypoints,
    compute_pose_feature,
    compute_vertices,
    forward_kinematics,
    load_body,
)
from spsnet.geometry import axis_angle_to_matrix
from spsnet.skeletons import get_joint_set


def make_body(*, with_pose: bool = True) -> BodyModel:
    arrays = make_body_arrays(0, with_pose=with_pose)
    arrays["regressor_coco17"] = make_regressor(1, 17)
    arrays["regressor_blazepose33"] = make_regressor(2, 33)
    return build_body(arrays, Path("random.npz"))


def draw_arguments(seed: int, batch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rotations = axis_angle_to_matrix(rng.normal(size=(batch, 24, 3)) * 0.6)
    return rotations, rng.normal(size=(batch, 10)), rng.normal(size=(batch, 3))


@pytest.mark.parametrize("with_pose", [True, False])
def test_equal_regressors_on_vertices(with_pose: bool) -> None:
    body = make_body(with_pose=with_pose)
    model = build_keypoint_model(body, ("smpl24", "coco17", "blazepose33"))
    arguments = draw_arguments(3, 4)
    keypoints = compute_keypoints(model, *arguments)
    vertices = compute_vertices(body, *arguments)
    np.testing.assert_allclose(keypoints[:, :24], compute_joints(body, *arguments), atol=1e-6)
    np.testing.assert_allclose(keypoints[:, 24:41], body.regressors["coco17"] @ vertices, atol=3e-6)
    np.testing.assert_allclose(keypoints[:, 41:], body.regressors["blazepose33"] @ vertices, atol=3e-6)
    assert (model.pair_pose is not None) == with_pose


def test_of_the_open_body_equal_its_regressors_on_vertices() -> None:
    body = load_body()
    sets = tuple(body.regressors)
    arguments = draw_arguments(12, 2)
    keypoints = compute_keypoints(build_keypoint_model(body, sets), *arguments)
    vertices = compute_vertices(body, *arguments)
    expected = np.concatenate([body.regressors[name] @ vertices for name in sets], axis=1)
    np.testing.assert_allclose(keypoints, expected, atol=1e-5)


def test_equal_the_sum_over_pairs_that_the_fields_say() -> None:
    model = build_keypoint_model(make_body())
    assert model.pair_pose is not None
    rotations, shape, translation = draw_arguments(4, 1)
    rest = model.rest_joints_m + model.rest_joint_shape @ shape[0]
    turned, placed = forward_kinematics(model.parents, rest[None], rotations)
    expected = np.tile(translation, (len(model), 1))
    for pair, (k, j) in enumerate(zip(model.pair_keypoint, model.pair_joint, strict=True)):
        offset = model.pair_template_m[pair] + model.pair_shape[pair] @ shape[0]
        offset = offset + model.pair_pose[pair] @ compute_pose_feature(rotations)[0]
        expected[k] += turned[0, j] @ offset + model.pair_weight[pair] * placed[0, j]
    np.testing.assert_allclose(compute_keypoints(model, rotations, shape, translation)[0], expected, atol=1e-12)


def test_names_follow_the_joint_sets_and_weights_sum_to_one() -> None:
    model = build_keypoint_model(make_body(), ("coco17", "smpl24"))
    assert model.names == get_joint_set("coco17").joint_names + get_joint_set("smpl24").joint_names
    totals = np.bincount(model.pair_keypoint, model.pair_weight)
    np.testing.assert_allclose(totals, 1, atol=1e-5)


def test_pairs_that_matter_to_nothing_are_dropped() -> None:
    model = build_keypoint_model(make_body())
    assert len(model.pair_keypoint) < 24 + 17 * 8
    rough = build_keypoint_model(make_body(), threshold=0.3)
    assert len(rough.pair_keypoint) < len(model.pair_keypoint)


def test_negative_weights_that_cancel_are_kept_for_their_offset() -> None:
    arrays = make_body_arrays(0, with_pose=False)
    arrays["weights"] = np.eye(24)[np.arange(120) % 24]
    row = np.zeros((17, 120))
    row[:, [0, 5, 29]] = 1.0, 0.5, -0.5  # vertices 5 and 29 hang on joint 5: weights cancel, places do not
    body = build_body({**arrays, "regressor_coco17": row}, Path("random.npz"))
    arguments = draw_arguments(5, 2)
    keypoints = compute_keypoints(build_keypoint_model(body, ("coco17",)), *arguments)
    np.testing.assert_allclose(keypoints, row @ compute_vertices(body, *arguments), atol=2e-6)


def test_one_shape_serves_the_whole_batch() -> None:
    model = build_keypoint_model(make_body())
    rotations, shape, translation = draw_arguments(6, 3)
    np.testing.assert_allclose(
        compute_keypoints(model, rotations, shape[0], translation),
        compute_keypoints(model, rotations, np.tile(shape[:1], (3, 1)), translation),
    )


def test_attached_points_ride_on_their_joint() -> None:
    body = make_body()
    model = attach_points(
        build_keypoint_model(body, ("smpl24",)),
        ["watch", "hat"],
        np.array([20, 15]),
        np.array([[0, 0, 0.1], [0, 0.2, 0]]),
    )
    assert model.names[-2:] == ("watch", "hat")
    rotations, shape, translation = draw_arguments(7, 2)
    keypoints = compute_keypoints(model, rotations, shape, translation)
    turned, _ = forward_kinematics(body.parents, body.rest_joints_m[None], rotations)
    np.testing.assert_allclose(keypoints[:, 24] - keypoints[:, 20], 0.1 * turned[:, 20, :, 2], atol=1e-7)
    np.testing.assert_allclose(keypoints[:, 25] - keypoints[:, 15], 0.2 * turned[:, 15, :, 1], atol=1e-7)


def test_attaching_to_no_joint_or_with_unequal_lengths_is_refused() -> None:
    model = build_keypoint_model(make_body(), ("smpl24",))
    with pytest.raises(ValueError, match="joint_index should be 0 to 23"):
        attach_points(model, ["x"], np.array([24]), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="should be as many, got 2, 1, 1"):
        attach_points(model, ["x", "y"], np.array([1]), np.zeros((1, 3)))


def test_a_set_the_body_has_no_regressor_for_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no regressor for 'lsp14'; it has smpl24, blazepose33, coco17"):
        build_keypoint_model(make_body(), ("lsp14",))


def test_numpy_and_torch_give_the_same_in_float32() -> None:
    model = build_keypoint_model(make_body())
    arguments = [x.astype(np.float32) for x in draw_arguments(8, 5)]
    result = compute_keypoints(model, *(torch.from_numpy(x) for x in arguments))
    assert result.dtype == torch.float32
    np.testing.assert_allclose(result.numpy(), compute_keypoints(model, *arguments), atol=2e-6)


def test_gradients() -> None:
    model = build_keypoint_model(make_body())
    rng = np.random.default_rng(9)
    inputs = tuple(torch.from_numpy(rng.normal(size=s)).requires_grad_() for s in ((1, 24, 3), (1, 10), (1, 3)))
    weights = torch.from_numpy(rng.normal(size=(41, 3)))

    def weigh(pose: torch.Tensor, shape: torch.Tensor, translation: torch.Tensor) -> torch.Tensor:
        return (compute_keypoints(model, axis_angle_to_matrix(pose), shape, translation) * weights).sum((1, 2))

    assert torch.autograd.gradcheck(weigh, inputs)
    at_rest = (torch.zeros((1, 24, 3), dtype=torch.float64, requires_grad=True), *inputs[1:])
    assert torch.autograd.gradcheck(weigh, at_rest)
