"""Offsets that are planted in landmarks have to be found in them."""

from dataclasses import replace

import numpy as np
import pytest

from reference.made_windows import make_windows
from reference.tiny_training import replace_seen
from spsnet.body import compute_keypoints, load_body
from spsnet.body.landmarks import build_landmark_model, find_carriers
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows
from spsnet.geometry import axis_angle_to_matrix, project_points
from spsnet.records import UserError
from spsnet.skeletons import get_joint_set
from spsnet.synthesis import landmark_fit
from spsnet.synthesis.landmark_fit import find_usable, fit_landmarks

OFFSETS_M = 0.02 * np.random.default_rng(0).normal(size=(33, 3)).astype(np.float32)
MIRROR = get_joint_set("blazepose33").mirror_index


SHOULDERS, CHEST, ARMS = [11, 12], 9, [16, 17]


def see(joint: np.ndarray | None = None) -> ObservedWindows:
    """People seen from all around, whose landmarks lie off the body's own points, in the axes of these joints."""
    made = make_windows(60, 6)
    heading = np.random.default_rng(1).uniform(-np.pi, np.pi, (60, 1, 1))
    turn = axis_angle_to_matrix(heading * np.array([0.0, 1.0, 0.0])).astype(np.float32)
    rotations = made.rotations.copy()
    rotations[:, :, 0] = turn @ rotations[:, :, 0]
    points = compute_keypoints(
        build_landmark_model(load_body(), OFFSETS_M, joint),
        rotations.reshape(-1, 24, 3, 3),
        np.repeat(made.shape, 6, 0),
        made.translation_m.reshape(-1, 3),
    )
    seen = made.seen.landmarks_px.copy()
    seen[..., :2] = project_points(points[:, -33:], FOCAL_PX, np.zeros(2)).reshape(60, 6, 33, 2)
    return replace_seen(replace(made, rotations=rotations), landmarks_px=seen)


@pytest.fixture(scope="module")
def windows() -> ObservedWindows:
    return see()


def find_error_m(windows: ObservedWindows) -> np.ndarray:
    return np.linalg.norm(fit_landmarks(windows, load_body()).offset_m - OFFSETS_M, axis=1)


def test_offsets_are_found_to_a_millimetre_in_clean_landmarks(windows: ObservedWindows) -> None:
    fit = fit_landmarks(windows, load_body())
    assert np.linalg.norm(fit.offset_m - OFFSETS_M, axis=1).max() < 1e-3
    model = build_landmark_model(load_body())
    np.testing.assert_array_equal(fit.joint, model.pair_joint[find_carriers(model)])
    assert fit.residual_after.max() < 0.1 * fit.residual_before.min()
    # Half the box of a person 4 m away is about a metre: the median residual is the offset, foreshortened.
    assert np.median(fit.residual_before) == pytest.approx(0.02 * 1.3, rel=0.35)


def test_the_joint_that_an_offset_turns_with_is_found() -> None:
    model = build_landmark_model(load_body())
    joint = model.pair_joint[find_carriers(model)].copy()
    np.testing.assert_array_equal(joint[SHOULDERS], ARMS)
    joint[SHOULDERS] = CHEST
    fit = fit_landmarks(see(joint), load_body())
    np.testing.assert_array_equal(fit.joint, joint)
    assert np.linalg.norm(fit.offset_m - OFFSETS_M, axis=1).max() < 1e-3


def test_one_side_alone_does_not_change_the_joint() -> None:
    """The left shoulder's offset turns with the chest, the right one's as strongly with the arm."""
    model = build_landmark_model(load_body())
    joint = model.pair_joint[find_carriers(model)].copy()
    joint[11] = CHEST
    assert set(fit_landmarks(see(joint), load_body()).joint[SHOULDERS].tolist()) in ({CHEST}, set(ARMS))


def test_offsets_are_found_among_swaps_mistakes_and_noise(windows: ObservedWindows) -> None:
    random = np.random.default_rng(2)
    seen = windows.seen.landmarks_px.copy()
    seen[..., :2] += 4 * random.normal(size=(60, 6, 33, 2))
    seen[:12] = seen[:12][:, :, MIRROR]
    seen[20:30, :, [13, 15, 17, 19, 21], 0] += 150
    error = find_error_m(replace_seen(windows, landmarks_px=seen))
    assert np.median(error) < 0.005
    assert error.max() < 0.02


def test_frames_without_a_person_and_films_do_not_count(windows: ObservedWindows) -> None:
    seen, present = windows.seen.landmarks_px.copy(), windows.seen.present_mask.copy()
    seen[::2, 4:, :, :2], present[::2, 4:] = 30.0, False
    labelled, shape = windows.labelled.copy(), windows.shape.copy()
    labelled[:20], shape[:20] = False, np.nan
    changed = replace_seen(replace(windows, labelled=labelled, shape=shape), landmarks_px=seen, present_mask=present)
    assert find_error_m(changed).max() < 2e-3


def test_a_sample_of_the_frames_is_enough(windows: ObservedWindows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landmark_fit, "_FRAMES_FITTED", 100)
    assert find_error_m(windows).max() < 3e-3


def test_usable_windows_are_labelled_and_show_somebody_at_least_once(windows: ObservedWindows) -> None:
    present, labelled = windows.seen.present_mask.copy(), windows.labelled.copy()
    present[:10], present[4, 5], labelled[[4, 30]] = False, True, (True, False)
    changed = replace_seen(replace(windows, labelled=labelled), present_mask=present)
    assert find_usable(changed).tolist() == [4, *range(10, 30), *range(31, 60)]


def test_windows_that_show_nobody_are_refused(windows: ObservedWindows) -> None:
    with pytest.raises(UserError, match="show nobody whose pose is known; landmarks are measured on rendered people"):
        fit_landmarks(replace_seen(windows, present_mask=np.zeros((60, 6), bool)), load_body())
    with pytest.raises(UserError, match="show nobody"):
        fit_landmarks(replace(windows, labelled=np.zeros(60, bool)), load_body())
