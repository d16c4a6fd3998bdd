import numpy as np
import pytest
import torch

from spsnet.geometry import (
    crop_camera_to_translation,
    project_points,
    project_weak_perspective,
    translation_to_crop_camera,
)

CENTER = np.array([500.0, 500.0])


def test_a_point_by_hand() -> None:
    pixels = project_points(np.array([[1.0, 0, 10]]), 1000.0, CENTER)
    np.testing.assert_allclose(pixels, [[600, 500]])


def test_points_on_one_ray_share_a_pixel() -> None:
    points = np.random.default_rng(0).uniform(1, 5, (20, 3))
    np.testing.assert_allclose(project_points(points, 800.0, CENTER), project_points(3 * points, 800.0, CENTER))


def test_focal_length_may_differ_in_the_batch() -> None:
    points = np.random.default_rng(1).uniform(1, 5, (2, 4, 3))
    pixels = project_points(points, np.array([500.0, 900.0]), CENTER[None])
    np.testing.assert_allclose(pixels[1], project_points(points[1], 900.0, CENTER))


def test_points_behind_the_camera_stay_finite() -> None:
    points = np.array([[1.0, 1, 0], [1, 1, -5], [0, 0, 1e-9]])
    assert np.isfinite(project_points(points, 1000.0, CENTER)).all()
    tensor = torch.tensor(points, requires_grad=True)
    project_points(tensor, 1000.0, torch.tensor(CENTER)).sum().backward()
    assert tensor.grad is not None
    assert torch.isfinite(tensor.grad).all()


def test_weak_perspective_by_hand() -> None:
    crop = project_weak_perspective(np.array([[0.5, -0.25, 7.0]]), np.array([2.0, 0.1, 0.2]))
    np.testing.assert_allclose(crop, [[1.1, -0.3]])


def test_a_box_of_200_px_stands_at_10_m() -> None:
    crop_camera, box = np.array([1.0, 0, 0]), np.array([500.0, 500, 200])
    np.testing.assert_allclose(crop_camera_to_translation(crop_camera, box, 1000.0, CENTER), [0, 0, 10])
    # The box 100 px to the right: 1 m to the right at 10 m.
    moved = np.array([600.0, 500, 200])
    np.testing.assert_allclose(crop_camera_to_translation(crop_camera, moved, 1000.0, CENTER), [1, 0, 10])


def test_lift_and_its_inverse() -> None:
    rng = np.random.default_rng(2)
    crop_camera = np.concatenate([rng.uniform(0.3, 2, (50, 1)), rng.normal(size=(50, 2)) * 0.3], -1)
    box = np.concatenate([rng.uniform(0, 1000, (50, 2)), rng.uniform(50, 500, (50, 1))], -1)
    focal = rng.uniform(500, 2000, 50)
    translation = crop_camera_to_translation(crop_camera, box, focal, CENTER[None])
    np.testing.assert_allclose(
        translation_to_crop_camera(translation, box, focal, CENTER[None]), crop_camera, atol=1e-12
    )


def test_both_cameras_put_the_origin_on_the_same_pixel() -> None:
    crop_camera, box = np.array([0.8, 0.2, -0.1]), np.array([700.0, 300, 240])
    translation = crop_camera_to_translation(crop_camera, box, 1200.0, CENTER)
    pixel = project_points(translation[None], 1200.0, CENTER)[0]
    in_crop = project_weak_perspective(np.zeros((1, 3)), crop_camera)[0]
    np.testing.assert_allclose(pixel, box[:2] + in_crop * box[2] / 2)


def test_scales_and_depths_that_are_not_positive_are_refused() -> None:
    box = np.array([500.0, 500, 200])
    with pytest.raises(ValueError, match="crop_camera should have positive scales s"):
        crop_camera_to_translation(np.array([0.0, 0, 0]), box, 1000.0, CENTER)
    with pytest.raises(ValueError, match="translation_m should have positive depths"):
        translation_to_crop_camera(np.array([0.0, 0, -1]), box, 1000.0, CENTER)


def test_numpy_and_torch_give_the_same_with_gradients() -> None:
    rng = np.random.default_rng(3)
    points, crop_camera = rng.uniform(1, 3, (2, 5, 3)), rng.uniform(0.5, 1, (2, 3))
    box, center = np.array([[500.0, 400, 200]] * 2), CENTER[None]
    tensors = [torch.from_numpy(x).requires_grad_() for x in (points, crop_camera)]
    constants = [torch.from_numpy(x) for x in (box, center)]
    pairs = [
        (project_points(points, 900.0, center), project_points(tensors[0], 900.0, constants[1])),
        (project_weak_perspective(points, crop_camera), project_weak_perspective(*tensors)),
        (
            crop_camera_to_translation(crop_camera, box, 900.0, center),
            crop_camera_to_translation(tensors[1], constants[0], 900.0, constants[1]),
        ),
    ]
    for expected, got in pairs:
        np.testing.assert_allclose(got.detach().numpy(), expected)
    assert torch.autograd.gradcheck(lambda p: project_points(p, 900.0, constants[1]), tensors[:1])
    assert torch.autograd.gradcheck(
        lambda c: crop_camera_to_translation(c, constants[0], 900.0, constants[1]), tensors[1:]
    )
