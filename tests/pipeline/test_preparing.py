"""Made films to windows: a bright rectangle walks, a detector and an encoder that need no network see it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.walker import SIZE, SeeingEncoder, make_film
from reference.made_films import encode_film
from spsnet.assets import find_asset
from spsnet.datasets.films import FilmConfig
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows, load_windows
from spsnet.pipeline import preparing
from spsnet.pipeline.preparing import observe_windows, prepare_films
from spsnet.records import Detections, UserError
from spsnet.synthesis.batches import make_batch
from spsnet.video import compute_sha256, open_film

CONFIG = FilmConfig(frames=9, stride=4, fewest_seen=5)
SHA256 = 64 * "5"


class BrightDetector:
    def detect(self, image_rgb: np.ndarray) -> Detections:
        columns = np.flatnonzero((image_rgb[..., 0] > 128).any(0))
        boxes = [[columns[0], 100, columns[-1] + 1, 160]] if len(columns) else np.zeros((0, 4))
        return Detections(boxes_xyxy_px=np.array(boxes, np.float64).reshape(-1, 4), confidence=np.full(len(boxes), 0.9))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("film") / "walk.mp4")


def observe(film: Path, config: FilmConfig = CONFIG, sha256: str = SHA256) -> list[ObservedWindows]:
    return list(observe_windows(open_film(film), BrightDetector(), SeeingEncoder().encode, config, sha256))


def test_a_walker_comes_in_windows_with_masks(film: Path) -> None:
    (windows,) = observe(film)
    assert len(windows) == 5  # from frames 0, 4, 8, 12 and 15
    assert windows.seen.present_mask.all()
    left = windows.seen.landmarks_px[:, :, :, 0].min(-1)
    scale = FOCAL_PX / 320
    expected = (60 + 3 * (np.array([0, 4, 8, 12, 15])[:, None] + np.arange(9)) - 160) * scale
    np.testing.assert_allclose(left, expected, atol=1.5 * scale)
    # Of the square about the landmarks, 75 px, the walker fills 24 × 60.
    np.testing.assert_allclose(windows.silhouette.mean((2, 3)), 24 * 60 / 75**2, atol=0.03)
    np.testing.assert_allclose(windows.silhouette_box_xys_px[..., 2], 75 * scale, atol=2 * scale)
    np.testing.assert_allclose(windows.seen.widths_px[0, 0, 1], 24 * scale, atol=2 * scale)


def test_the_occluded_picture_is_seen_through_the_same_crop_and_is_another(film: Path) -> None:
    (windows,) = observe(film)
    assert windows.occluded is not None
    less = windows.occluded.feature.mean((1, 2)) / windows.seen.feature.mean((1, 2))
    assert (less < 0.9).all()  # regions of the bright walker took the dark picture's colour
    assert (windows.occluded.landmarks_px != windows.seen.landmarks_px).any()


def test_chance_hangs_on_seed_and_film_alone(film: Path) -> None:
    (first,), (again,) = observe(film), observe(film)
    np.testing.assert_array_equal(first.occluded.feature, again.occluded.feature)
    for other in (observe(film, sha256=64 * "6"), observe(film, FilmConfig(frames=9, stride=4, fewest_seen=5, seed=1))):
        np.testing.assert_array_equal(first.seen.feature, other[0].seen.feature)
        assert (first.occluded.feature != other[0].occluded.feature).any()


def test_the_windows_make_a_batch_of_unknown_people(film: Path) -> None:
    (windows,) = observe(film)
    import torch

    batch = make_batch(windows, 8, torch.Generator().manual_seed(0))
    assert not batch.labelled.any()
    assert batch.has_silhouette.all()
    assert batch.seen.mask.all()
    assert batch.occluded.mask.any()


# Folders.


@dataclass
class Loaded:
    """How often networks were loaded."""

    count: int = 0


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """Prepares with the networks of this module."""
    count = Loaded()

    def load_encoder(name: str, *, feature: bool, mask: bool, streams: int) -> SeeingEncoder:
        assert (name, feature, mask) == ("blazepose-heavy", True, True)
        count.count += 1
        return SeeingEncoder()

    monkeypatch.setattr(preparing, "load_encoder", load_encoder)
    monkeypatch.setattr(preparing, "load_detector", BrightDetector)
    monkeypatch.setattr(preparing, "fetch", lambda name: Path(__file__))
    return count


def test_a_film_is_written_and_read_again(film: Path, tmp_path: Path, loaded: Loaded) -> None:
    folder = tmp_path / "new" / "films"
    (done,) = prepare_films([film], folder, CONFIG)
    assert (done.name, done.people, done.windows, done.seen_frames, done.silhouettes) == ("walk.mp4", 1, 5, 45, 45)
    windows = load_windows(folder, "blazepose-heavy")
    (expected,) = observe(film, sha256=compute_sha256(film))
    np.testing.assert_array_equal(windows.seen.landmarks_px, expected.seen.landmarks_px)
    np.testing.assert_array_equal(windows.silhouette, expected.silhouette)
    assert not windows.labelled.any()
    index = json.loads((folder / "index.json").read_text())
    assert index["dataset"] == "films"
    assert index["films"] == [vars(done)]


def test_films_are_added_and_none_is_done_twice(film: Path, tmp_path: Path, loaded: Loaded) -> None:
    folder = tmp_path / "films"
    (first,) = prepare_films([film], folder, CONFIG)
    written = (folder / "shard_00000.safetensors").stat().st_mtime_ns
    other = make_film(tmp_path / "other.mp4", frames=18, crf="5")
    again, second = prepare_films([film, other], folder, CONFIG)
    assert again == first
    assert (second.name, second.first_shard, second.shards) == ("other.mp4", 1, 1)
    assert (folder / "shard_00000.safetensors").stat().st_mtime_ns == written
    assert len(load_windows(folder)) == first.windows + second.windows


def test_what_an_interrupted_run_left_is_made_anew(film: Path, tmp_path: Path, loaded: Loaded) -> None:
    run = prepare_films([film], tmp_path, FilmConfig(frames=9, stride=4, fewest_seen=5, windows_per_shard=1))
    next(run)
    index = json.loads((tmp_path / "index.json").read_text())
    (tmp_path / "index.json").write_text(json.dumps(index | {"films": []}))
    (tmp_path / "shard_00007.safetensors").write_bytes(b"half")
    config = FilmConfig(frames=9, stride=4, fewest_seen=5, windows_per_shard=1)
    (done,) = prepare_films([film], tmp_path, config)
    assert [path.name for path in sorted(tmp_path.glob("shard*"))] == ["shard_00000.safetensors"]
    assert len(load_windows(tmp_path)) == done.windows


def test_a_film_without_people_gives_no_shard(tmp_path: Path, loaded: Loaded) -> None:
    path = encode_film(
        tmp_path / "empty.mp4", size=SIZE, draw=lambda number, *size: np.zeros((*size[::-1], 3), np.uint8)
    )
    (done,) = prepare_films([path], tmp_path / "films", CONFIG)
    assert (done.people, done.windows, done.shards) == (0, 0, 0)
    assert [path.name for path in (tmp_path / "films").iterdir()] == ["index.json"]


def test_another_config_is_refused(film: Path, tmp_path: Path, loaded: Loaded) -> None:
    list(prepare_films([film], tmp_path, CONFIG))
    other = FilmConfig(frames=9, stride=3, fewest_seen=5)
    with pytest.raises(UserError, match="holds windows made another way; delete it, or take another folder"):
        next(prepare_films([film], tmp_path, other))


def test_the_folder_of_another_command_is_refused(film: Path, tmp_path: Path, loaded: Loaded) -> None:
    (tmp_path / "index.json").write_text('{"recipe": {}}')
    with pytest.raises(UserError, match=r"index\.json is no index of films; take another folder"):
        next(prepare_films([film], tmp_path, CONFIG))
    (tmp_path / "index.json").unlink()
    (tmp_path / "shard_00000.safetensors").write_bytes(b"somebody's")
    with pytest.raises(UserError, match="holds windows of something else; take another folder"):
        next(prepare_films([film], tmp_path, CONFIG))
    assert (tmp_path / "shard_00000.safetensors").read_bytes() == b"somebody's"


def test_a_film_for_looking_is_refused_before_anything_is_done(film: Path, tmp_path: Path, loaded: Loaded) -> None:
    renamed = tmp_path / find_asset("footage-pose2sim-single-cam01").filename
    renamed.write_bytes(film.read_bytes())
    with pytest.raises(
        UserError, match=r"pose2sim_single_cam01\.mp4: footage-pose2sim-single-cam01 is for looking only"
    ):
        next(prepare_films([film, renamed], tmp_path / "films", CONFIG))
    assert not (tmp_path / "films").exists()
    assert loaded.count == 0


def test_films_that_cannot_be_read_are_left_out_where_somebody_is_told(
    film: Path, tmp_path: Path, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that cannot be opened, and one that fails when a shard of it is written already."""
    (tmp_path / "empty.mp4").touch()
    fragile = make_film(tmp_path / "fragile.mp4", crf="5")
    config = FilmConfig(frames=9, stride=4, fewest_seen=5, windows_per_shard=1)
    wanted, watched = compute_sha256(fragile), preparing.observe_windows

    def observe_some(*arguments: Any, **options: Any) -> Iterator[ObservedWindows]:
        yield from watched(*arguments, **options)
        if wanted in arguments:
            raise UserError(f"{fragile}: it ends in the middle")

    monkeypatch.setattr(preparing, "observe_windows", observe_some)
    told: list[str] = []
    sources = [tmp_path / "empty.mp4", fragile, film]
    (done,) = prepare_films(sources, tmp_path / "films", config, warn=told.append)
    assert (done.name, done.first_shard) == ("walk.mp4", 0)
    assert [words.split(": ")[0] for words in told] == [str(tmp_path / "empty.mp4"), str(fragile)]
    assert all(words.endswith("; it was left out") for words in told)
    assert len(load_windows(tmp_path / "films")) == done.windows
    with pytest.raises(UserError, match="it ends in the middle"):
        list(prepare_films([film, fragile], tmp_path / "films", config))
    assert len(load_windows(tmp_path / "films")) == done.windows


def test_a_film_that_is_not_there_is_named(film: Path, tmp_path: Path, loaded: Loaded) -> None:
    with pytest.raises(UserError, match=r"nowhere\.mp4: there is no such file or folder; check the spelling"):
        next(prepare_films([film, tmp_path / "nowhere.mp4"], tmp_path / "films", CONFIG))
    assert not (tmp_path / "films").exists()
