"""A person whose landmarks are projected from a known body, and a network that knows nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reference.tiny_training import make_network
from spsnet.body import build_keypoint_model, compute_keypoints, load_body
from spsnet.body.landmarks import LandmarkOffsets, build_landmark_model
from spsnet.crops import WIDTH_NAMES, compute_network_box
from spsnet.geometry import axis_angle_to_matrix, crop_camera_to_translation, interpolate_rotations, project_points
from spsnet.network.config import WIDTH_COUNT, FeatureConfig, ModelConfig
from spsnet.network.weights import save_model
from spsnet.pipeline.lifting import Lifter
from spsnet.pipeline.settings import RunSettings, Stopwatch
from spsnet.records import PersonMotion, PersonObservations, Pinhole, UserError

CAMERA = Pinhole.from_size(1280, 720, 900.0)
CENTER = np.array(CAMERA.center_px)
FEATURES = FeatureConfig(use_confidence=False)
FRAMES = 12
PLAIN = RunSettings(refine=False, smooth_s=0.0)


def write_model(folder: Path, body: str) -> Path:
    network = make_network(width=FEATURES.width)
    config = ModelConfig(network=network.config, features=FEATURES, encoder="blazepose-heavy", body=body)
    save_model(folder, network, config, card="A network that knows nothing.")
    LandmarkOffsets(encoder="blazepose-heavy", body=body, offset_m=np.zeros((33, 3), np.float32)).save(folder)
    return folder


@pytest.fixture(scope="module")
def lifter(tmp_path_factory: pytest.TempPathFactory) -> Lifter:
    return Lifter(write_model(tmp_path_factory.mktemp("model"), load_body().name), load_body())


def make_person() -> PersonObservations:
    """Somebody who lifts the arms and walks to the right, five metres away, facing the camera."""
    pose = np.zeros((FRAMES, 24, 3))
    pose[:, 16, 2] = np.linspace(-0.8, 0, FRAMES)
    pose[:, 17, 2] = -pose[:, 16, 2]
    rotations = axis_angle_to_matrix(pose)
    rotations[:, 0] = np.diag([1.0, -1.0, -1.0])
    places = np.stack([np.linspace(0.5, 0.9, FRAMES), np.full(FRAMES, 0.2), np.full(FRAMES, 5.0)], axis=1)
    points = compute_keypoints(build_landmark_model(load_body()), rotations, np.zeros(10), places)[:, 24:]
    pixels = project_points(points, CAMERA.focal_px, CENTER)
    landmarks_px = np.concatenate([pixels, np.full((FRAMES, 33, 1), 0.9)], axis=2)
    return PersonObservations(
        track_id=3,
        frame_index=np.arange(10, 10 + FRAMES),
        time_s=np.arange(10, 10 + FRAMES) / 25,
        confidence=np.full(FRAMES, 0.8),
        filled_mask=np.arange(FRAMES) == 5,
        box_xys_px=compute_network_box(landmarks_px),
        landmarks_px=landmarks_px,
        world_m=np.zeros((FRAMES, 33, 3)),
        feature=None,
    )


def lift(lifter: Lifter, settings: RunSettings, person: PersonObservations | None = None) -> PersonMotion:
    return lifter.lift(person or make_person(), CAMERA, settings, Stopwatch())


@pytest.mark.parametrize("settings", [PLAIN, RunSettings(), RunSettings(refine=False)])
def test_everything_that_is_said_of_a_person_is_of_one_body(lifter: Lifter, settings: RunSettings) -> None:
    person, motion = make_person(), lift(lifter, settings)
    np.testing.assert_allclose(motion.joints_px, project_points(motion.joints_m, CAMERA.focal_px, CENTER))
    rotations = axis_angle_to_matrix(motion.body.pose_rad.reshape(FRAMES, 24, 3))
    model = build_keypoint_model(load_body(), ("smpl24", "coco17"))
    joints = compute_keypoints(model, rotations, motion.body.shape, motion.body.translation_m)
    np.testing.assert_allclose(motion.joints_m, joints, atol=1e-5)
    np.testing.assert_allclose(
        crop_camera_to_translation(motion.crop_camera, motion.box_xys_px, motion.focal_px, CENTER),
        motion.body.translation_m,
        rtol=1e-6,
    )
    assert (motion.track_id, motion.focal_px) == (3, 900.0)
    assert motion.joint_names == model.names
    assert len(motion.joint_names) == 41
    for name in ("frame_index", "time_s", "box_xys_px", "confidence", "filled_mask"):
        np.testing.assert_array_equal(getattr(motion, name), getattr(person, name))
    np.testing.assert_array_equal(motion.keypoints_px, person.landmarks_px)


def test_a_new_network_says_the_upright_rest_pose(lifter: Lifter) -> None:
    motion = lift(lifter, PLAIN)
    pose = motion.body.pose_rad.reshape(FRAMES, 24, 3)
    np.testing.assert_allclose(np.linalg.norm(pose[:, 0], axis=1), np.pi, atol=0.1)
    assert np.abs(pose[:, 1:]).max() < 0.1
    assert (motion.body.translation_m[:, 2] > 3).all()


def test_refinement_puts_the_body_on_its_landmarks(lifter: Lifter) -> None:
    person = make_person()

    def measure(settings: RunSettings) -> float:
        found = lift(lifter, settings).joints_px[:, 24 + 5 :]  # COCO's limbs
        landmarks = [11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]
        return float(np.median(np.linalg.norm(found - person.landmarks_px[:, landmarks, :2], axis=-1)))

    assert measure(RunSettings()) < 8 < measure(PLAIN)


def test_the_filter_over_time_is_there_without_refinement(lifter: Lifter) -> None:
    person = make_person()
    shaking = person.landmarks_px.copy()
    shaking[..., 0] += 8 * (-1.0) ** np.arange(FRAMES)[:, None]
    person = replace(person, landmarks_px=shaking, box_xys_px=compute_network_box(shaking))

    def measure(settings: RunSettings) -> float:
        return float(np.abs(np.diff(lift(lifter, settings, person).joints_m[:, 0, 0], n=2)).mean())

    assert measure(RunSettings(refine=False)) < 0.3 * measure(PLAIN)


def test_frames_that_showed_nobody_lie_on_the_arc_between_their_neighbours(lifter: Lifter) -> None:
    person = make_person()
    landmarks_px = person.landmarks_px.copy()
    landmarks_px[4:7, :, 2] = 0
    landmarks_px[4:7, :, :2] += 40  # that nobody saw
    motion = lift(lifter, RunSettings(smooth_s=0.0), replace(person, landmarks_px=landmarks_px))
    rotations = axis_angle_to_matrix(motion.body.pose_rad.reshape(FRAMES, 24, 3))
    for frame in (4, 5, 6):
        weight = np.full(24, (frame - 3) / 4)
        between = interpolate_rotations(rotations[3], rotations[7], weight)
        np.testing.assert_allclose(rotations[frame], between, atol=1e-9)
        place = motion.body.translation_m[3] + weight[0] * (motion.body.translation_m[7] - motion.body.translation_m[3])
        np.testing.assert_allclose(motion.body.translation_m[frame], place, atol=1e-9)
    assert np.linalg.norm(rotations[7] - rotations[3]) > 0.01


def test_one_frame_is_enough(lifter: Lifter) -> None:
    person = make_person()
    one = PersonObservations(
        track_id=1,
        **{
            name: getattr(person, name)[:1]
            for name in ("frame_index", "time_s", "confidence", "filled_mask", "box_xys_px", "landmarks_px", "world_m")
        },
        feature=None,
    )
    motion = lift(lifter, RunSettings(), one)
    assert motion.joints_m.shape == (1, 41, 3)
    assert np.isfinite(motion.joints_m).all()


def test_stages_are_timed(lifter: Lifter) -> None:
    stopwatch = Stopwatch()
    lifter.lift(make_person(), CAMERA, RunSettings(), stopwatch)
    assert set(stopwatch.seconds) == {"network", "refine"}
    assert not lifter.needs_feature


def test_a_model_for_another_body_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path, "smpl-neutral")
    with pytest.raises(UserError, match=f"was trained on the body 'smpl-neutral', not on '{load_body().name}'"):
        Lifter(tmp_path, load_body())


def test_a_folder_that_is_no_model_is_named(tmp_path: Path, lifter: Lifter) -> None:
    with pytest.raises(UserError, match=r"config\.json cannot be read"):
        Lifter(tmp_path, load_body())
    write_model(tmp_path, load_body().name)
    (tmp_path / "landmarks.json").unlink()
    with pytest.raises(UserError, match=r"landmarks\.json cannot be read"):
        Lifter(tmp_path, load_body())


def test_the_network_and_the_crops_speak_of_the_same_widths() -> None:
    assert len(WIDTH_NAMES) == WIDTH_COUNT
