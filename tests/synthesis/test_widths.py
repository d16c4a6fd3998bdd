from dataclasses import replace

import numpy as np
import pytest
import torch

from reference.made_windows import POINTS, make_windows
from spsnet.crops import WIDTH_NAMES
from spsnet.geometry import axis_angle_to_matrix
from spsnet.synthesis.noise_fit import gather_seen
from spsnet.synthesis.widths import WIDTH_MIRROR, describe_widths, fit_width_map, measure_pixels_per_metre

YAW, BONE, HALF = 11, 13, 12
"""Places of the conditions after 1 and the shape."""


def describe(turn: tuple[float, float, float] = (0.0, 0.0, 0.0), depth_m: float = 4.0) -> torch.Tensor:
    """One upright person at rest, arms to the sides, turned and placed."""
    windows = make_windows(1, 1)
    rotations = np.tile(np.eye(3, dtype=np.float32), (1, 1, 24, 1, 1))
    rotations[:, :, 0] = np.diag([1.0, -1.0, -1.0]) @ axis_angle_to_matrix(np.array(turn))
    place = np.array([[[0.0, 0.0, depth_m]]], np.float32)
    still = replace(windows, rotations=rotations, translation_m=place)
    people = gather_seen(still, POINTS)
    return describe_widths(people.view, people.shape)[0, 0]


def test_conditions_are_one_the_shape_and_the_view() -> None:
    conditions = describe()
    assert conditions.shape == (12, 14)
    assert (conditions[:, 0] == 1).all()
    torch.testing.assert_close(conditions[:, 1:11], torch.from_numpy(make_windows(1, 1).shape).expand(12, 10))
    assert (conditions[:, YAW] < 0.01).all()  # frontal
    assert (conditions[:, HALF] - 1).abs().max() < 0.3  # half the box of an adult is about a metre


@pytest.mark.parametrize(("degrees", "expected"), [(30, 0.25), (90, 1.0), (180, 0.0)])
def test_turning_sideways_is_the_square_of_the_sine(degrees: float, expected: float) -> None:
    assert describe((0.0, np.deg2rad(degrees), 0.0))[0, YAW] == pytest.approx(expected, abs=0.02)


def test_bones_towards_the_camera_are_told_one_by_one() -> None:
    lying = describe((np.pi / 2, 0.0, 0.0), depth_m=9.0)[:, BONE]
    assert lying[WIDTH_NAMES.index("waist")] > 0.9
    assert lying[WIDTH_NAMES.index("left_thigh")] > 0.9
    assert lying[WIDTH_NAMES.index("right_upper_arm")] < 0.6
    assert describe()[:4, BONE].max() < 0.05


def test_the_half_box_is_in_metres_wherever_somebody_stands() -> None:
    assert describe(depth_m=20.0)[0, HALF] == pytest.approx(float(describe(depth_m=10.0)[0, HALF]), rel=0.05)


def test_pixels_per_metre_fall_with_depth() -> None:
    people = gather_seen(make_windows(3, 2), POINTS)
    depth = people.view.points_m[..., 2]
    measured = measure_pixels_per_metre(people.view)
    shin = WIDTH_NAMES.index("left_shin")
    torch.testing.assert_close(measured[..., shin], 2000 / (depth[:, :, 25] + depth[:, :, 27]))
    torch.testing.assert_close(measured[..., 0], 1000 / depth[:, :, [11, 12, 23, 24]].mean(-1))


def test_left_and_right_widths_are_each_others_mirror() -> None:
    mirrored = [WIDTH_NAMES[i] for i in WIDTH_MIRROR]
    assert mirrored[:4] == ["chest", "waist", "belly", "hips"]
    assert [name.replace("left", "?").replace("right", "left").replace("?", "right") for name in mirrored] == list(
        WIDTH_NAMES
    )


def test_a_map_is_found_in_spite_of_runs_that_end_elsewhere() -> None:
    random = torch.Generator().manual_seed(0)
    conditions = torch.cat([torch.ones(600, 10, 12, 1), torch.randn(600, 10, 12, 13, generator=random)], dim=-1)
    planted = 0.1 * torch.randn(12, 14, generator=random)
    log_width = (conditions * planted).sum(-1) + 0.02 * torch.randn(600, 10, 12, generator=random)
    known = torch.rand(600, 10, 12, generator=random) < 0.8
    log_width[::6] += 1.2
    log_width[~known] = 0
    torch.testing.assert_close(fit_width_map(log_width, known, conditions), planted, atol=0.01, rtol=0)


def test_a_width_that_is_never_known_maps_to_nothing() -> None:
    conditions = torch.ones(4, 3, 12, 14)
    width_map = fit_width_map(torch.zeros(4, 3, 12), torch.zeros(4, 3, 12, dtype=torch.bool), conditions)
    assert not width_map.any()


def test_a_few_windows_do_not_say_what_shape_does() -> None:
    random = torch.Generator().manual_seed(0)
    one, rest = torch.ones(5, 10, 12, 1), torch.randn(5, 1, 12, 13, generator=random).expand(5, 10, 12, 13)
    log_width = 0.2 * torch.randn(5, 1, 12, generator=random).expand(5, 10, 12) - 2
    width_map = fit_width_map(log_width, torch.ones(5, 10, 12, dtype=torch.bool), torch.cat([one, rest], dim=-1))
    assert width_map[:, 1:11].abs().max() < 0.1
    assert (width_map[:, 0] + 2).abs().max() < 0.3
