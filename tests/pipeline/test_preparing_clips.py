"""A made data set of made films: read, looked at through its own boxes, written film by film."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.walker import FRAMES, SIZE, SeeingEncoder, draw_walker, make_film
from reference.made_clips import make_bare_clip, make_clip, make_sighting
from spsnet.datasets.prepared import PreparedClip, PreparedClips, name_film
from spsnet.datasets.reader import DatasetInfo
from spsnet.pipeline import preparing_clips
from spsnet.pipeline.preparing_clips import find_boxes, look_at_clips, prepare_clips
from spsnet.records import Clip, Pictures, Pinhole, UserError

UNKNOWN = dict.fromkeys(("body", "joints_m", "joint_set", "box_xys_px", "camera", "keypoints_px", "keypoint_set"))


def make_walk(pictures: Pictures, *, first: int = 0, frames: int = FRAMES, **changes: object) -> Clip:
    """The walker of `make_film`, with keypoints at the corners of its 24 × 60 px."""
    left = 60.0 + 3 * np.arange(first, first + frames)
    keypoints = np.zeros((frames, 17, 3))
    for i, (x, y) in enumerate([(0, 100), (24, 100), (0, 160), (24, 160)]):
        keypoints[:, i] = np.stack([left + x, np.full(frames, y), np.ones(frames)], axis=-1)
    facts = {
        **UNKNOWN,
        "pictures": pictures,
        "frame_index": np.arange(first, first + frames),
        "valid_mask": np.ones(frames, bool),
        "keypoints_px": keypoints,
        "keypoint_set": "coco17",
        "fps": 30.0,
    }
    return make_clip(frames, **(facts | changes))


class MadeReader:
    info = DatasetInfo(
        name="made", title="Made", splits=("train", "test"), source="make it", licence="any", layout="films"
    )

    def __init__(self, clips: dict[str, list[Clip]]) -> None:
        self.clips = clips
        self.read: list[str] = []

    def list_sequences(self, raw: Path, split: str) -> list[str]:
        return sorted(self.clips)

    def read_sequence(self, raw: Path, split: str, sequence: str) -> list[Clip]:
        self.read.append(sequence)
        return self.clips[sequence]


@pytest.fixture
def eye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing_clips, "load_encoder", lambda *_, **__: SeeingEncoder())


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("film") / "walk.mp4")


def draw_pictures(folder: Path) -> tuple[str, ...]:
    names = tuple(f"image_{number:05d}.png" for number in range(FRAMES))
    folder.mkdir()
    for number, name in enumerate(names):
        cv2.imwrite(str(folder / name), draw_walker(number, *SIZE))
    return names


def test_a_film_and_its_pictures_are_seen_alike(film: Path, tmp_path: Path) -> None:
    names = draw_pictures(tmp_path / "pictures")
    (of_film,) = look_at_clips([make_walk(Pictures(path=film))], SeeingEncoder().encode)
    (of_pictures,) = look_at_clips(
        [make_walk(Pictures(path=tmp_path / "pictures", names=names))], SeeingEncoder().encode
    )
    for (seen,) in (of_film.sightings, of_pictures.sightings):
        np.testing.assert_array_equal(seen.frame_index, np.arange(FRAMES))
        np.testing.assert_allclose(seen.landmarks_px[:, :, 0].min(1), 60 + 3 * np.arange(FRAMES), atol=1.5)
    np.testing.assert_allclose(of_film.sightings[0].landmarks_px, of_pictures.sightings[0].landmarks_px, atol=1.5)


def test_frames_keep_the_data_sets_numbers_and_holes_split_a_person(tmp_path: Path) -> None:
    names = draw_pictures(tmp_path / "pictures")
    kept = np.array([3, 4, 5, 6, 10, 11, 12, 13])
    whole = make_walk(Pictures(path=tmp_path / "pictures", names=names))
    clip = make_clip(
        8,
        **{
            **UNKNOWN,
            "frame_index": kept + 100,
            "valid_mask": np.ones(8, bool),
            "pictures": Pictures(path=tmp_path / "pictures", names=tuple(names[i] for i in kept)),
            "keypoints_px": whole.keypoints_px[kept],
            "keypoint_set": "coco17",
        },
    )
    (prepared,) = look_at_clips([clip], SeeingEncoder().encode)
    first, second = prepared.sightings
    np.testing.assert_array_equal(first.frame_index, [103, 104, 105, 106])
    np.testing.assert_array_equal(second.frame_index, [110, 111, 112, 113])
    np.testing.assert_allclose(second.landmarks_px[:, :, 0].min(1), 60 + 3 * kept[4:], atol=1.5)


def test_boxes_are_about_keypoints_then_joints_then_the_data_sets_own() -> None:
    walk = make_walk(Pictures(path=Path("walk")), frames=2)
    np.testing.assert_allclose(find_boxes(walk)[0], [54, 94, 90, 166])  # a tenth of 60 px on each side
    joints = np.full((2, 24, 3), np.nan)
    joints[:, :3] = [[0, 0, 5], [1, 2, 5], [-1, 0, 5]]
    joints[1, 2, 2] = -1  # behind the camera
    camera = Pinhole(focal_px=100.0, center_px=(50.0, 50.0), width=100, height=100)
    boxes = np.array([[10.0, 20, 8], [10, 20, 8]])
    placed = make_clip(
        2, **{**UNKNOWN, "joints_m": joints, "joint_set": "smpl24", "camera": camera, "box_xys_px": boxes}
    )
    np.testing.assert_allclose(find_boxes(placed), [[26, 46, 74, 94], [6, 16, 14, 24]])
    assert np.isnan(find_boxes(make_bare_clip())).all()


def test_frames_without_a_box_between_others_are_filled_and_at_the_ends_left_out(film: Path) -> None:
    walk = make_walk(Pictures(path=film))
    assert walk.keypoints_px is not None
    walk.keypoints_px[[0, 10, 11, -1], :, 2] = 0
    (prepared,) = look_at_clips([walk], SeeingEncoder().encode)
    (seen,) = prepared.sightings
    np.testing.assert_array_equal(seen.frame_index, np.arange(1, FRAMES - 1))
    np.testing.assert_array_equal(np.flatnonzero(seen.filled_mask) + 1, [10, 11])
    assert (seen.confidence[[9, 10]] == 0).all()


@pytest.mark.usefixtures("eye")
def test_a_data_set_is_written_film_by_film_and_goes_on(film: Path, tmp_path: Path) -> None:
    walk = make_walk(Pictures(path=film))
    reader = MadeReader({"a": [walk], "b": [walk, make_walk(Pictures(path=film), first=4, frames=9, name="walk/1")]})
    done = prepare_clips(reader, tmp_path, tmp_path / "out", "test")
    assert next(done).seen_frames == FRAMES
    done.close()
    before = name_film(tmp_path / "out", 0).stat().st_mtime_ns
    with pytest.raises(UserError, match="lacks 1 of 2 films, first b"):
        PreparedClips(tmp_path / "out")
    films = list(prepare_clips(reader, tmp_path, tmp_path / "out", "test"))
    assert [(one.sequence, one.people, one.frames) for one in films] == [("a", 1, FRAMES), ("b", 2, FRAMES + 9)]
    assert [one.seen_frames for one in films] == [FRAMES, FRAMES + 9]
    assert reader.read == ["a", "b"]
    assert name_film(tmp_path / "out", 0).stat().st_mtime_ns == before
    clips = list(PreparedClips(tmp_path / "out"))
    assert [prepared.clip.name for prepared in clips] == ["walk/0", "walk/0", "walk/1"]
    assert PreparedClips(tmp_path / "out").index.encoder == "blazepose-heavy"


def test_annotation_alone_needs_no_pictures(tmp_path: Path) -> None:
    reader = MadeReader({"a": [make_bare_clip()]})
    (film,) = prepare_clips(reader, tmp_path, tmp_path / "out", "test", look=False)
    assert (film.people, film.seen_frames) == (1, None)
    (prepared,) = PreparedClips(tmp_path / "out")
    assert prepared.sightings == ()


@pytest.mark.usefixtures("eye")
def test_what_cannot_be_prepared_is_refused(tmp_path: Path) -> None:
    nowhere = make_walk(Pictures(path=tmp_path, names=tuple(f"{i}.png" for i in range(FRAMES))))
    reader = MadeReader({"a": [nowhere]})
    with pytest.raises(UserError, match="made has no split 'all'; it has train, test"):
        next(prepare_clips(reader, tmp_path, tmp_path / "out", "all"))
    with pytest.raises(
        UserError, match=r"lacks 24 of 24 pictures, first 0\.png; copy the pictures there, or prepare with"
    ):
        next(prepare_clips(reader, tmp_path, tmp_path / "out", "test"))
    with pytest.raises(UserError, match="holds no film of the test split of Made; make it"):
        next(prepare_clips(MadeReader({}), tmp_path, tmp_path / "other", "test"))
    with pytest.raises(UserError, match=r"walk: its pictures are not there; put them where .* with --annotation-only"):
        next(prepare_clips(MadeReader({"a": [make_bare_clip()]}), tmp_path, tmp_path / "third", "test"))


@pytest.mark.usefixtures("eye")
def test_people_whom_nothing_places_in_the_pictures_are_refused(film: Path, tmp_path: Path) -> None:
    """Joints without a camera say no place; boxes that are there and empty say that nobody is seen."""
    nowhere = make_clip(FRAMES, **(UNKNOWN | {"pictures": Pictures(path=film), "box_xys_px": None}))
    with pytest.raises(UserError, match=r"walk: neither 2D points nor boxes nor a camera say where .*; add the data"):
        next(prepare_clips(MadeReader({"a": [nowhere]}), tmp_path, tmp_path / "out", "test"))
    empty = make_walk(Pictures(path=film), keypoints_px=np.zeros((FRAMES, 17, 3)))
    (done,) = prepare_clips(MadeReader({"a": [empty]}), tmp_path, tmp_path / "other", "test")
    assert (done.frames, done.seen_frames) == (FRAMES, 0)


class SeenReaderOfOne(MadeReader):
    """Brings along what an encoder saw."""

    encoder = "other-eye"

    def read_seen(self, raw: Path, split: str, sequence: str) -> list[PreparedClip]:
        return [PreparedClip(clip=clip, sightings=(make_sighting(),)) for clip in self.clips[sequence]]


def test_a_data_set_that_was_seen_is_not_looked_at(tmp_path: Path) -> None:
    reader = SeenReaderOfOne({"a": [make_bare_clip()]})
    (film,) = prepare_clips(reader, tmp_path, tmp_path / "out", "test")
    assert film.seen_frames == 3  # of four, one was filled
    assert PreparedClips(tmp_path / "out").index.encoder == "other-eye"
    (prepared,) = PreparedClips(tmp_path / "out")
    np.testing.assert_array_equal(prepared.sightings[0].landmarks_px, make_sighting().landmarks_px)
    (film,) = prepare_clips(reader, tmp_path, tmp_path / "annotation", "test", look=False)
    assert film.seen_frames is None
    assert PreparedClips(tmp_path / "annotation").index.encoder is None
