"""A walking woman in small films of every kind, and `spsnet run` on them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from reference.made_films import encode_film
from spsnet.assets import default_models, fetch, fetch_all
from spsnet.cli.main import main
from spsnet.pipeline.results import load_summary
from spsnet.video import open_film

FIRST_FRAME, FRAMES = 92, 30
SIZE = (480, 270)


@pytest.fixture(scope="session")
def pictures() -> list[np.ndarray]:
    """A second of the `sports2d` demo, small: a woman walks from right to left, a man above swings his arms."""
    film = open_film(fetch("footage-sports2d"))
    frames = islice(film.frames(), FIRST_FRAME, FIRST_FRAME + FRAMES)
    return [cv2.resize(frame.image_rgb, SIZE, interpolation=cv2.INTER_AREA) for frame in frames]


@pytest.fixture(scope="session", autouse=True)
def _fetch_models() -> None:
    """Some tests run with the network cut off."""
    fetch_all(default_models())


Encode = Callable[..., Path]


@pytest.fixture(scope="session")
def encode(pictures: list[np.ndarray]) -> Encode:
    """`encode_film` with the woman's pictures, of any size, the first ones of which are shown at `times_s`."""

    def encode(
        path: Path, frames: int = 8, *, times_s: Sequence[float] | None = None, size: tuple[int, int] = SIZE, **options
    ) -> Path:
        times = [number / 30 for number in range(frames)] if times_s is None else times_s
        usual = {
            "options": {"crf": "18", "preset": "ultrafast", "g": "10"},
            "draw": lambda number, *size: np.ascontiguousarray(cv2.resize(pictures[number % FRAMES], size)),
        }
        return encode_film(path, times_s=times, size=size, **(usual | options))

    return encode


@pytest.fixture(scope="session")
def finished(encode: Encode, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a short film, `film.mp4`, and its result, `out/film`: to be copied, not changed."""
    folder = tmp_path_factory.mktemp("finished")
    path = encode(folder / "film.mp4", 4)
    assert main(["run", str(path), "-o", str(folder / "out")]) == 0
    return folder


@dataclass(frozen=True)
class Outcome:
    """What one command did."""

    code: int
    said: str
    """On stderr."""
    told: str
    """On stdout."""
    out: Path

    @property
    def results(self) -> list[str]:
        """Names of everything in the output folder, hidden things too; none where there is no folder."""
        return sorted(path.name for path in self.out.iterdir()) if self.out.exists() else []

    @property
    def summary(self) -> dict:
        """Of the only result."""
        (name,) = self.results
        return load_summary(self.out / name)

    def load(self, number: int = 1) -> dict[str, np.ndarray]:
        """The arrays of a person of the only result."""
        (name,) = self.results
        with np.load(self.out / name / f"person_{number:03d}.npz", allow_pickle=False) as data:
            return dict(data)


Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """`spsnet run` into `tmp_path/out`; whatever comes, there is no traceback and nothing half done."""

    def run(*words: str | Path, overlay: bool = False) -> Outcome:
        out = tmp_path / "out"
        capfd.readouterr()
        code = main(["run", *map(str, words), "-o", str(out), *([] if overlay else ["--no-overlay"])])
        told, said = capfd.readouterr()
        assert "Traceback" not in said
        outcome = Outcome(code, said, told, out)
        assert not [name for name in outcome.results if name.startswith(".")]
        for name in outcome.results:
            load_summary(out / name)
        return outcome

    return run
