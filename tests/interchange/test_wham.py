from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from interchange.made_results import FRAMES, dump, make_motion, make_wham, rewrite
from spsnet.interchange import read_results
from spsnet.records import UserError


@pytest.mark.parametrize("compress", [0, 3])
def test_every_array_comes_back(tmp_path: Path, compress: int) -> None:
    content = make_wham()
    people = read_results(dump(tmp_path / "wham_output.pkl", content, compress), "wham", vertices=True)
    assert [person.person for person in people] == ["0", "3"]
    for person, truth in zip(people, content.values(), strict=True):
        np.testing.assert_array_equal(person.pose_rad, truth["pose"])
        np.testing.assert_array_equal(person.shape, truth["betas"])
        np.testing.assert_array_equal(person.frame_index, truth["frame_ids"])
        assert person.translation_m is not None
        assert person.vertices_m is not None
        np.testing.assert_array_equal(person.translation_m, truth["trans"])
        np.testing.assert_array_equal(person.vertices_m, truth["verts"])
        assert person.body == "smpl"
        assert (person.focal_px, person.center_px, person.joints_m, person.fps) == (None, None, None, None)
    assert read_results(tmp_path / "wham_output.pkl", "wham")[0].vertices_m is None


def test_what_is_written_is_read_by_joblib_and_by_us(tmp_path: Path) -> None:
    mesh = read_results(dump(tmp_path / "a.pkl", make_wham()), "wham", vertices=True)[0].vertices_m
    motion = make_motion("5", vertices_m=mesh)
    path = rewrite(motion, tmp_path / "b.pkl", "wham")
    ((number, written),) = joblib.load(path).items()
    assert number == 5
    truth = make_wham()[0]
    assert written.keys() == truth.keys() - {"pose_world", "trans_world"}
    assert all(written[key].shape == truth[key].shape for key in written)
    (read,) = read_results(path, "wham", vertices=True)
    for field in ("pose_rad", "shape", "translation_m", "vertices_m", "frame_index"):
        np.testing.assert_array_equal(getattr(read, field), getattr(motion, field), err_msg=field)


def change(key: str, value: Any) -> Callable[[dict[int, Any]], object]:
    return lambda content: content[3].update({key: value})


BROKEN: list[tuple[Callable[[dict[int, Any]], object], str]] = [
    (lambda content: content[3].pop("trans"), r"person 3, has no 'trans'"),
    (change("pose", np.zeros((FRAMES, 144))), r"person 3, 'pose' should be numbers of shape \(any, 72\)"),
    (change("pose", np.zeros((0, 72))), r"person 3, 'pose' holds no frame"),
    (change("trans", np.full((FRAMES, 3), np.inf)), r"person 3, 'trans' is not finite in 9 of 9 elements"),
    (change("betas", np.zeros(10)), r"person 3, 'betas' should be numbers of shape \(3, 10\), is float64 of"),
    (change("frame_ids", np.arange(2)), r"person 3, 'frame_ids' should be numbers of shape \(3\)"),
    (lambda content: content.update({3: None}), r"person 3, should be a table of arrays, is NoneType"),
]


@pytest.mark.parametrize(("damage", "message"), BROKEN)
def test_broken_files_are_refused(tmp_path: Path, damage: Callable[[dict[int, Any]], object], message: str) -> None:
    content = make_wham()
    damage(content)
    path = dump(tmp_path / "wham_output.pkl", content)
    with pytest.raises(UserError, match=message) as caught:
        read_results(path, "wham", vertices=True)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).endswith("; give the wham_output.pkl that WHAM's demo wrote with --save_pkl")
