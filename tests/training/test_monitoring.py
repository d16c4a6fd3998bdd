import json
from pathlib import Path

import cv2
import numpy as np

from spsnet.training.monitoring import Journal


def read_lines(folder: Path) -> list[dict[str, float | str]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_lines_of_both_kinds_are_told_apart(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "run", 0)
    journal.write("training", 50, {"loss": 1.5})
    journal.write("validation", 50, {"pa_mpjpe_mm": 60.25})
    journal.close()
    assert read_lines(tmp_path / "run") == [
        {"kind": "training", "step": 50, "loss": 1.5},
        {"kind": "validation", "step": 50, "pa_mpjpe_mm": 60.25},
    ]


def test_what_will_be_done_again_is_forgotten_and_a_broken_line_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 0)
    for step in (1, 2, 3):
        journal.write("training", step, {"loss": float(step)})
    journal.close()
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"kind": "training", "step": 1, "lo')
    Journal(tmp_path, 2).close()
    assert [line["step"] for line in read_lines(tmp_path)] == [1, 2]


def test_pictures_keep_their_colours(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 0)
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[0, 1] = (255, 128, 0)
    journal.write_picture(7, picture)
    journal.close()
    read = cv2.cvtColor(cv2.imread(str(tmp_path / "pictures" / "step_0000007.png")), cv2.COLOR_BGR2RGB)
    np.testing.assert_array_equal(read, picture)
