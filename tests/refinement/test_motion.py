from dataclasses import dataclass, replace

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from spsnet.body import KeypointModel, build_keypoint_model, compute_keypoints, load_body
from spsnet.body.landmarks import build_landmark_model
from spsnet.geometry import axis_angle_to_matrix, geodesic_angle, project_points
from spsnet.metrics import average, compute_acceleration_error, compute_mpjpe
from spsnet.records import Pinhole
from spsnet.refinement import RefinementConfig, RefinementInput, refine_motion
from spsnet.refinement.articulation import Articulation, PosedPoints

CAMERA = Pinhole.from_size(1280, 720, 1000.0)
CENTER = np.array(CAMERA.center_px)
STILL = [10, 11, 22, 23]
"""Toes and hands, which are not fitted."""


@dataclass(frozen=True)
class Scene:
    """A person who moves all joints slowly, four to five metres away, and a network's wrong idea of it."""

    truth: RefinementInput
    network: RefinementInput
    points: KeypointModel

    def measure(self, motion: RefinementInput) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pixels off the clean landmarks; millimetres off the joints, root-aligned; acceleration error."""
        found, true = (place(self.points, person) for person in (motion, self.truth))
        pixels = np.linalg.norm(project(found) - project(true), axis=-1)
        joints = found[:, :24], true[:, :24]
        return pixels, compute_mpjpe(*joints, root=(0,)), compute_acceleration_error(*joints, time_s=motion.time_s)


def place(points: KeypointModel, motion: RefinementInput) -> np.ndarray:
    return compute_keypoints(points, motion.rotations, motion.shape, motion.translation_m)


def project(points_m: np.ndarray) -> np.ndarray:
    return project_points(points_m[:, 24:], CAMERA.focal_px, CENTER)


def make_scene(frames: int, seed: int = 0) -> Scene:
    rng = np.random.default_rng(seed)
    points = build_landmark_model(load_body())
    time_s = np.arange(frames) / 30
    wave = np.sin(2 * np.pi * (0.5 * time_s[:, None, None] + rng.random((24, 3))))
    pose = 0.2 * rng.normal(size=(24, 3)) + 0.25 * rng.normal(size=(24, 3)) * wave
    pose[:, STILL] = 0
    rotations = axis_angle_to_matrix(pose)
    rotations[:, 0] = np.diag([1.0, -1.0, -1.0]) @ rotations[:, 0]  # the body's y is up, the camera's down
    truth = RefinementInput(
        time_s=time_s,
        landmarks_px=np.ones((frames, 33, 3)),
        box_side_px=np.full(frames, 420.0),
        rotations=rotations,
        shape=0.5 * rng.normal(size=10),
        translation_m=np.array([0.2, 0.1, 5]) + time_s[:, None] * np.array([0.3, 0, -0.3]),
    )
    truth.landmarks_px[..., :2] = project(place(points, truth))
    error = 0.1 * rng.normal(size=(24, 3))
    error[STILL] = 0
    network = replace(
        truth,
        rotations=axis_angle_to_matrix(np.broadcast_to(error, (frames, 24, 3))) @ rotations,
        shape=np.zeros(10),
        translation_m=truth.translation_m * 1.2,
    )
    return Scene(truth, network, points)


@pytest.mark.parametrize("frames", [1, 2, 3, 24])
def test_a_wrong_motion_is_moved_onto_clean_landmarks(frames: int) -> None:
    scene = make_scene(frames)
    before_px, before_mm, _ = scene.measure(scene.network)
    refined = refine_motion(scene.network, CAMERA, scene.points)
    pixels, millimetres, _ = scene.measure(refined)
    assert np.median(before_px) > 10
    assert np.median(pixels) < 1
    assert pixels.max() < 6
    assert average(millimetres) < 0.5 * average(before_mm)
    assert np.abs(refined.translation_m - scene.truth.translation_m).max() < 0.4
    np.testing.assert_allclose(np.linalg.det(refined.rotations), 1, atol=1e-9)
    np.testing.assert_array_equal(refined.rotations[:, STILL], scene.network.rotations[:, STILL])


def test_the_truth_stays_where_it_is() -> None:
    scene = make_scene(24)
    refined = refine_motion(scene.truth, CAMERA, scene.points, RefinementConfig(acceleration_sigma_m_s2=1e6))
    np.testing.assert_allclose(refined.translation_m, scene.truth.translation_m, atol=1e-6)
    assert geodesic_angle(refined.rotations, scene.truth.rotations).max() < 1e-6
    np.testing.assert_allclose(refined.shape, scene.truth.shape, atol=1e-6)


@pytest.mark.parametrize("factor", [0.2, 3.0])
def test_a_network_that_is_far_off_in_depth_does_no_harm(factor: float) -> None:
    scene = make_scene(24)
    usual = refine_motion(scene.network, CAMERA, scene.points)
    astray = replace(scene.network, translation_m=scene.truth.translation_m * np.array([1, 1, factor]))
    refined = refine_motion(astray, CAMERA, scene.points)
    np.testing.assert_allclose(refined.translation_m, usual.translation_m, atol=0.03)


def test_frames_that_show_nothing_are_bridged() -> None:
    scene = make_scene(60)
    hidden = slice(20, 35)
    landmarks = scene.truth.landmarks_px.copy()
    landmarks[hidden, :, :2] = np.random.default_rng(1).uniform(-3000, 3000, (15, 33, 2))
    landmarks[hidden, :, 2] = 0
    refined = refine_motion(replace(scene.network, landmarks_px=landmarks), CAMERA, scene.points)
    wild = landmarks.copy()
    wild[hidden, :, :2] = 0
    same = refine_motion(replace(scene.network, landmarks_px=wild), CAMERA, scene.points)
    np.testing.assert_array_equal(refined.translation_m, same.translation_m)
    np.testing.assert_array_equal(refined.rotations, same.rotations)
    # The network stood a fifth too far away; the hidden frames follow their neighbours, not the network.
    assert np.abs(refined.translation_m - scene.truth.translation_m).max() < 0.3
    step = np.linalg.norm(np.diff(refined.translation_m, axis=0), axis=1)
    assert step.max() < 0.04


def test_nothing_seen_at_all_keeps_the_network() -> None:
    scene = make_scene(2)
    landmarks = scene.truth.landmarks_px * np.array([1.0, 1.0, 0.0])
    network = replace(scene.network, landmarks_px=landmarks)
    refined = refine_motion(network, CAMERA, scene.points)
    np.testing.assert_allclose(refined.translation_m, network.translation_m, atol=1e-9)
    assert geodesic_angle(refined.rotations, network.rotations).max() < 1e-9
    np.testing.assert_array_equal(refined.shape, network.shape)


def test_a_limb_thrown_off_for_a_moment_is_let_go() -> None:
    scene = make_scene(40)
    landmarks = scene.truth.landmarks_px.copy()
    landmarks[15:20, [15, 17, 19, 21], :2] += 150
    refined = refine_motion(replace(scene.network, landmarks_px=landmarks), CAMERA, scene.points)
    pixels, _, _ = scene.measure(refined)
    assert pixels[15:20, [15, 17, 19, 21]].max() < 15


def test_rotations_in_single_precision_come_out_exact() -> None:
    scene = make_scene(4)
    network = replace(scene.network, rotations=scene.network.rotations.astype(np.float32))
    refined = refine_motion(network, CAMERA, scene.points).rotations
    np.testing.assert_allclose(
        refined @ np.swapaxes(refined, -1, -2), np.broadcast_to(np.eye(3), refined.shape), atol=1e-9
    )


def test_noise_is_smoothed() -> None:
    scene = make_scene(40)
    rng = np.random.default_rng(2)
    shaking = axis_angle_to_matrix(0.05 * rng.normal(size=(40, 24, 3))) @ scene.network.rotations
    landmarks = scene.truth.landmarks_px.copy()
    landmarks[..., :2] += 2 * rng.normal(size=(40, 33, 2))
    network = replace(scene.network, rotations=shaking, landmarks_px=landmarks)
    _, before_mm, before = scene.measure(network)
    _, millimetres, after = scene.measure(refine_motion(network, CAMERA, scene.points))
    assert average(after) < 0.2 * average(before)
    assert average(millimetres) < 0.5 * average(before_mm)


def test_uneven_times_are_heeded() -> None:
    """Frames at uneven times give the motion that the same frames have among even ones."""
    scene = make_scene(60)
    kept = np.setdiff1d(np.arange(60), [7, 8, 20, 33, 34, 35, 50])
    refined = refine_motion(scene.network.take(kept), CAMERA, scene.points)
    whole = refine_motion(scene.network, CAMERA, scene.points)
    found, expected = place(scene.points, refined), place(scene.points, whole)[kept]
    assert average(compute_mpjpe(found[:, :24], expected[:, :24], root=(0,))) < 5


def test_a_film_in_pieces_is_the_film_away_from_the_seams() -> None:
    scene = make_scene(150)
    whole = refine_motion(scene.network, CAMERA, scene.points)
    config = RefinementConfig(chunk_frames=80, overlap_frames=20)
    pieces = refine_motion(scene.network, CAMERA, scene.points, config)
    np.testing.assert_array_equal(pieces.shape, whole.shape)
    away = [*range(35), *range(110, 150)]  # pieces are 0-80, 60-140, 120-150
    seam = np.arange(60, 80)
    angle = geodesic_angle(pieces.rotations, whole.rotations).max(1)
    assert angle[:35].max() < 0.01
    assert angle.max() < 0.05
    assert np.abs(pieces.translation_m - whole.translation_m)[away].max() < 0.02
    found = place(scene.points, pieces)[:, :24]
    jump = compute_acceleration_error(found, place(scene.points, whole)[:, :24])
    assert jump[seam].max() < 5


def test_every_frame_is_in_the_result_whatever_the_length() -> None:
    config = RefinementConfig(chunk_frames=10, overlap_frames=3, iterations=1)
    scene = make_scene(25)
    for frames in (9, 10, 11, 17, 18, 25):
        motion = scene.network.take(slice(0, frames))
        refined = refine_motion(motion, CAMERA, scene.points, config)
        assert len(refined) == frames
        pixels = np.linalg.norm(project(place(scene.points, refined)) - motion.landmarks_px[..., :2], axis=-1)
        assert np.median(pixels, axis=1).max() < 4


def test_shape_is_kept() -> None:
    scene = make_scene(3)
    refined = refine_motion(scene.network, CAMERA, scene.points)
    np.testing.assert_array_equal(refined.shape, scene.network.shape)


def test_wrong_number_of_points_is_refused() -> None:
    scene = make_scene(2)
    points = build_keypoint_model(load_body(), ("smpl24", "coco17"))
    with pytest.raises(ValueError, match="points should hold 24 joints and 33 landmarks, got 41 points"):
        refine_motion(scene.network, CAMERA, points)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("landmark_sigma", 0.0, "landmark_sigma should be positive, got 0.0"),
        ("limb_sigma_rad", -1.0, "limb_sigma_rad should be positive"),
        ("overlap_frames", 150, "overlap_frames should be positive and under half of chunk_frames"),
        ("overlap_frames", 0, "overlap_frames should be positive"),
    ],
)
def test_senseless_weights_are_refused(field: str, value: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RefinementConfig(**{field: value})


def test_products_are_done_on_one_thread_and_others_have_theirs_back() -> None:
    scene = make_scene(6)
    seen = []

    def count_threads() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        before = count_threads()
        with pytest.MonkeyPatch.context() as patch:
            real = Articulation.pose

            def pose(self: Articulation, *given: np.ndarray) -> PosedPoints:
                seen.append(count_threads())
                return real(self, *given)

            patch.setattr(Articulation, "pose", pose)
            refine_motion(scene.network, CAMERA, scene.points)
        assert count_threads() == before
    assert seen
    assert all(threads == {1} for threads in seen)
