import pytest
import torch

from spsnet.geometry import axis_angle_to_matrix
from spsnet.skeletons import get_joint_set
from spsnet.synthesis.views import MIRROR, PART_OF, PARTS, exchange_sides, mirror_points, view_landmarks

NAMES = get_joint_set("blazepose33").joint_names


def make_points(middle: tuple[float, float, float], offset: tuple[float, float, float]) -> torch.Tensor:
    """Everything at the hips' middle but the nose."""
    points = torch.tensor(middle).expand(1, 1, 33, 3).clone()
    points[..., 0, :] += torch.tensor(offset)
    return points


def test_a_point_behind_the_hips_lies_on_the_line_of_sight() -> None:
    view = view_landmarks(make_points((3.0, 0.0, 4.0), (3.0, 0.0, 4.0)))
    torch.testing.assert_close(view.turned_m[0, 0, 0], torch.tensor([0.0, 0.0, 5.0]), atol=1e-5, rtol=0)
    torch.testing.assert_close(view.clean_px[0, 0, 0], torch.tensor([750.0, 0.0]))


def test_bodies_are_seen_alike_wherever_they_stand() -> None:
    """Turned about the camera together with its place, a body shows the same in its crop."""
    body = torch.randn(1, 1, 33, 3, generator=torch.Generator().manual_seed(0))
    ahead = body + torch.tensor([0.0, 0.0, 9.0]) - body[:, :, [23, 24]].mean(2, keepdim=True)
    turn = axis_angle_to_matrix(torch.tensor([0.3, 0.4, 0.0]))
    torch.testing.assert_close(
        view_landmarks(ahead @ turn.T).turned_m, view_landmarks(ahead).turned_m, atol=1e-5, rtol=0
    )


def test_half_the_network_box_is_five_eighths_of_the_figure() -> None:
    view = view_landmarks(make_points((0.0, 0.0, 10.0), (0.0, -1.0, 0.0)))
    assert view.half_px.item() == pytest.approx(100 * 0.625)


def test_parts_are_head_trunk_with_arms_and_legs() -> None:
    for name, part in zip(NAMES, PART_OF, strict=True):
        is_leg = any(word in name for word in ("knee", "ankle", "heel", "foot"))
        is_head = any(word in name for word in ("nose", "eye", "ear", "mouth"))
        assert PARTS[part] == ("legs" if is_leg else "head" if is_head else "trunk and arms"), name


def test_sides_are_exchanged_in_the_parts_that_are_swapped() -> None:
    values = torch.arange(33.0).expand(1, 3, 33)[..., None]
    swapped = torch.tensor([[[False, False, True], [True, True, True], [False, False, False]]])
    legs, everything, nothing = exchange_sides(values, swapped)[0, ..., 0].long()
    assert torch.equal(legs[:25], torch.arange(25))
    assert [NAMES[k] for k in legs[25:27]] == ["right_knee", "left_knee"]
    assert torch.equal(everything, MIRROR)
    assert torch.equal(nothing, torch.arange(33))


def test_a_mirror_is_its_own_inverse_and_keeps_the_nose_on_its_height() -> None:
    points = torch.randn(4, 33, 3, generator=torch.Generator().manual_seed(1))
    mirrored = mirror_points(points, MIRROR)
    torch.testing.assert_close(mirror_points(mirrored, MIRROR), points)
    torch.testing.assert_close(mirrored[:, 0], points[:, 0] * torch.tensor([-1.0, 1.0, 1.0]))
    left, right = NAMES.index("left_wrist"), NAMES.index("right_wrist")
    torch.testing.assert_close(mirrored[:, left, 0], -points[:, right, 0])


def test_looks_leave_out_face_hands_and_feet_and_most_of_the_depth() -> None:
    look = view_landmarks(make_points((0.0, 0.0, 3.0), (0.0, 1.0, 2.0))).look_m
    assert look.shape == (1, 1, 13, 3)
    torch.testing.assert_close(look[0, 0, 0], torch.tensor([0.0, 1.0, 0.5]))
    assert look[0, 0, 1:].abs().max() < 1e-6
