"""A made data set of a made film to windows: labels where there are labels, and otherwise what the encoder says."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.test_preparing_clips import MadeReader, make_walk
from pipeline.walker import FRAMES, SeeingEncoder, make_film
from spsnet.datasets.films import FilmConfig
from spsnet.datasets.shards import FOCAL_PX, load_windows
from spsnet.pipeline import preparing, preparing_windows
from spsnet.pipeline.preparing_windows import find_landmarks, observe_clips, prepare_windows
from spsnet.records import Pictures, Pinhole, UserError
from spsnet.skeletons import get_joint_set

CONFIG = FilmConfig(frames=9, stride=4, fewest_seen=5)
SCALE = FOCAL_PX / 320


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("film") / "walk.mp4")


def test_known_points_of_frames_that_are_vouched_for_are_landmarks() -> None:
    walk = make_walk(Pictures(path=Path("walk")), first=7, frames=2, valid_mask=np.array([False, True]))
    (number,) = found = find_landmarks(walk)
    assert number == 8
    # The walker's corners are COCO's nose, eyes and left ear.
    names = get_joint_set("blazepose33").joint_names
    known = {names[i]: tuple(found[8][i]) for i in np.flatnonzero(found[8][:, 2])}
    assert known == {
        "nose": (84, 100, 1), "left_eye": (108, 100, 1), "right_eye": (84, 160, 1), "left_ear": (108, 160, 1)
    }  # fmt: skip
    assert find_landmarks(make_walk(Pictures(path=Path("w")), frames=2, keypoints_px=None, keypoint_set=None)) == {}


@pytest.mark.parametrize("keypoint_set", ["penn13", "coco17", "openpose18", "openpose25", "posetrack17", "h36m17"])
def test_limbs_of_every_data_set_are_limbs_of_the_landmarks(keypoint_set: str) -> None:
    points = np.ones((1, len(get_joint_set(keypoint_set)), 3))
    walk = make_walk(Pictures(path=Path("w")), frames=1, keypoints_px=points, keypoint_set=keypoint_set)
    assert find_landmarks(walk)[0][[11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28], 2].all()


def test_windows_have_labels_and_what_was_seen_through_the_clips_own_camera(film: Path) -> None:
    plain = make_walk(Pictures(path=film))
    camera = Pinhole(focal_px=500.0, center_px=(100.0, 100.0), width=320, height=240)
    known = make_walk(Pictures(path=film), camera=camera, name="walk/1")
    windows, others = observe_clips([plain, known], SeeingEncoder().encode, CONFIG)
    assert len(windows) == len(others) == 5  # from frames 0, 4, 8, 12 and 15
    assert windows.keypoints_px is not None
    left = 60 + 3 * (np.array([0, 4, 8, 12, 15])[:, None] + np.arange(9))
    np.testing.assert_allclose(windows.keypoints_px[:, :, 0, 0], (left - 160) * SCALE, rtol=1e-5)
    np.testing.assert_allclose(windows.seen.landmarks_px[..., 0].min(-1), (left - 160) * SCALE, atol=1.5 * SCALE)
    assert others.keypoints_px is not None
    np.testing.assert_allclose(others.keypoints_px[:, :, 0, 0], (left - 100) * 2, rtol=1e-5)
    assert windows.occluded is not None
    assert (windows.occluded.feature != windows.seen.feature).any()
    assert not windows.labelled.any()


def test_a_data_set_is_written_film_by_film_and_goes_on(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing_windows, "load_encoder", lambda *_, **__: SeeingEncoder())
    monkeypatch.setattr(preparing, "fetch", lambda _: Path(__file__))
    walk = make_walk(Pictures(path=film), frames=9)
    reader = MadeReader({"a": [walk], "b": [], "c": [walk]})
    done = prepare_windows(reader, tmp_path, tmp_path / "out", "train", CONFIG)
    assert next(done).windows == 1
    done.close()
    films = list(prepare_windows(reader, tmp_path, tmp_path / "out", "train", CONFIG))
    assert [(one.name, one.people, one.windows, one.first_shard) for one in films] == [
        ("a", 1, 1, 0), ("b", 0, 0, 1), ("c", 1, 1, 1)
    ]  # fmt: skip
    assert reader.read == ["a", "b", "c"]
    assert len(load_windows(tmp_path / "out")) == 2
    with pytest.raises(UserError, match="holds windows made another way"):
        next(prepare_windows(reader, tmp_path, tmp_path / "out", "test", CONFIG))
    assert FRAMES > 9
