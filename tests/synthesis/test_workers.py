from pathlib import Path

import pytest

from reference.fixed_eye import load_broken, load_eye, load_nothing
from reference.tiny_training import write_mocap
from spsnet.body import load_body
from spsnet.records import UserError
from spsnet.synthesis.mocap import load_mocap
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.scenes import FrameConfig
from spsnet.synthesis.workers import LoadEncode, synthesize_windows

CONFIG = FrameConfig(windows=3, frames=1, windows_per_shard=1, picture_px=64, seed=4)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> MotionLibrary:
    return MotionLibrary(load_mocap(write_mocap(tmp_path_factory.mktemp("mocap"), ("train/walk/walk_1",))))


def make(library: MotionLibrary, folder: Path, workers: int, load: LoadEncode = load_eye) -> list[int]:
    run = synthesize_windows(library, load_body(), ("a", "b"), CONFIG, folder, workers=workers, load=load)
    return list(run)


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_two_workers_make_the_bytes_of_one_and_what_is_missing(library: MotionLibrary, tmp_path: Path) -> None:
    assert make(library, tmp_path / "one", 1) == [1, 2, 3]
    expected = read(tmp_path / "one")
    assert len(expected) == 3
    (tmp_path / "one" / "shard_00001.safetensors").rename(tmp_path / "kept")
    (tmp_path / "two").mkdir()
    (tmp_path / "kept").rename(tmp_path / "two" / "shard_00001.safetensors")
    assert make(library, tmp_path / "two", 2) == [1, 2, 3]
    assert read(tmp_path / "two") == expected
    # Nothing is missing now: no process is needed, and no encoder.
    assert make(library, tmp_path / "two", 2, load_nothing) == [1, 2, 3]


def test_what_stops_a_worker_is_said_here(library: MotionLibrary, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^a cannot be fetched$"):
        make(library, tmp_path, 2, load_nothing)
    with pytest.raises(RuntimeError, match=r"(?s)^ZeroDivisionError: of its own making\n.*load_broken") as caught:
        make(library, tmp_path, 2, load_broken)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert not list(tmp_path.iterdir())


def test_wrong_numbers_of_workers_are_refused(library: MotionLibrary, tmp_path: Path) -> None:
    for workers, show in ((0, None), (2, print)):
        run = synthesize_windows(library, load_body(), ("a",), CONFIG, tmp_path, workers=workers, show=show)
        with pytest.raises(ValueError, match=f"workers should be 1 or more, and 1 with show, got {workers}"):
            next(run)
