"""Films that are films, and a queue whose runs are small programs of the tests."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spsnet.video import VideoWriter

WORKER = """
import json, sys, time
from pathlib import Path
film, out = Path(sys.argv[1]), Path(sys.argv[2])
def tell(**words):
    print(json.dumps(words), flush=True)
{body}
"""


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Half a second of noise."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    pictures = np.random.default_rng(0).integers(0, 255, (15, 48, 64, 3), dtype=np.uint8)
    with VideoWriter(path, fps=30.0) as writer:
        for index, picture in enumerate(pictures):
            writer.write(picture, index / 30)
    return path.read_bytes()


@pytest.fixture
def make_worker(tmp_path: Path) -> Callable[[str], Callable[[Path, Path], list[str]]]:
    """From the body of a program to the command that a queue starts."""

    def make(body: str) -> Callable[[Path, Path], list[str]]:
        program = tmp_path / "worker.py"
        program.write_text(WORKER.format(body=body))
        return lambda film, out: [sys.executable, str(program), str(film), str(out)]

    return make
