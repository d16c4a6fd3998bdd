from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interchange.made_results import (
    FRAMES,
    HEIGHT,
    WIDTH,
    make_motion,
    make_romp_film,
    make_romp_picture,
    rewrite,
    save_npz,
)
from spsnet.geometry import project_points
from spsnet.interchange import read_results
from spsnet.records import PredictedMotion, UserError


def assert_same(person: PredictedMotion, rows: list[dict[str, Any]]) -> None:
    """A person is as in these tables of one row each."""
    truth = {key: np.stack([row[key] for row in rows]) for key in rows[0]}
    np.testing.assert_array_equal(person.pose_rad, truth["smpl_thetas"])
    np.testing.assert_array_equal(person.shape, truth["smpl_betas"])
    scale, inside = truth["cam"][:, :1], truth["cam"][:, 1:]
    place = np.concatenate([inside / scale, 2 / scale], 1)
    assert person.translation_m is not None
    assert person.joints_m is not None
    assert person.vertices_m is not None
    np.testing.assert_allclose(person.translation_m, place, rtol=1e-6)
    np.testing.assert_allclose(person.joints_m, truth["joints"][:, :24] + place[:, None], atol=1e-5)
    np.testing.assert_allclose(person.vertices_m, truth["verts"] + place[:, None], atol=1e-5)
    assert (person.body, person.joint_set, person.box_xys_px) == ("smpl", "smpl24", None)
    assert person.focal_px == pytest.approx(WIDTH, rel=1e-5)
    assert person.center_px == pytest.approx((WIDTH / 2, HEIGHT / 2), rel=1e-5)


def test_people_of_a_picture(tmp_path: Path) -> None:
    results = make_romp_picture(people=3)
    people = read_results(save_npz(tmp_path / "a.npz", {"results": results}), "romp", vertices=True)
    assert [(person.person, person.frame_index.tolist()) for person in people] == [("1", [0]), ("2", [0]), ("3", [0])]
    for row, person in enumerate(people):
        assert_same(person, [{key: values[row] for key, values in results.items()}])


def test_people_who_were_followed_through_a_film(tmp_path: Path) -> None:
    film = make_romp_film()
    people = read_results(save_npz(tmp_path / "video_results.npz", film), "romp", vertices=True)
    assert [(person.person, person.frame_index.tolist()) for person in people] == [("1", [0, 1, 2]), ("2", [0, 1, 2])]
    for row, person in enumerate(people):
        frames = film["results"].values()
        assert_same(person, [{key: values[row] for key, values in frame.items()} for frame in frames])


def test_one_person_need_not_be_followed(tmp_path: Path) -> None:
    film = make_romp_film(people=1, tracked=False)
    (person,) = read_results(save_npz(tmp_path / "video_results.npz", film), "romp", vertices=True)
    assert person.frame_index.tolist() == [0, 1, 2]
    assert_same(person, [{key: values[0] for key, values in frame.items()} for frame in film["results"].values()])


def test_joints_are_seen_at_pj2d_org_at_their_own_depth(tmp_path: Path) -> None:
    results = make_romp_picture(people=1)
    results["joints"][..., 2] = 0
    (person,) = read_results(save_npz(tmp_path / "a.npz", {"results": results}), "romp")
    assert person.joints_m is not None
    assert person.focal_px is not None
    seen = project_points(person.joints_m, person.focal_px, np.array(person.center_px))
    np.testing.assert_allclose(seen, results["pj2d_org"][:, :24], atol=1e-2)


def test_a_place_by_hand(tmp_path: Path) -> None:
    """s = 0.2, tx = 0.1: 10 m away, 0.5 m to the right. Without joints the picture is not known."""
    picture = make_romp_picture(people=1)
    results = {key: picture[key] for key in ("smpl_thetas", "smpl_betas")}
    results["cam"] = np.array([[0.2, 0.1, 0.0]], np.float32)
    (person,) = read_results(save_npz(tmp_path / "a.npz", {"results": results}), "romp")
    assert person.translation_m is not None
    np.testing.assert_allclose(person.translation_m, [[0.5, 0, 10]], rtol=1e-6)
    assert (person.focal_px, person.center_px, person.joints_m) == (None, None, None)


def test_what_is_written_is_read_by_numpy_and_by_us(tmp_path: Path) -> None:
    mesh = np.random.default_rng(0).normal(size=(FRAMES, 6890, 3)).astype(np.float32)
    motion = make_motion("3", vertices_m=mesh, frame_index=np.array([0, 2, 5]))
    path = rewrite(motion, tmp_path / "b.npz", "romp")
    with np.load(path, allow_pickle=True) as written:
        results, sequences = written["results"][()], written["sequence_results"][()]
    assert list(results) == ["00000000.jpg", "00000002.jpg", "00000005.jpg"]
    truth = make_romp_picture(people=1)
    shapes = {key: value.shape for key, value in truth.items()} | {"track_ids": (1,)}
    for frame in results.values():
        assert {key: value.shape for key, value in frame.items()}.items() <= shapes.items()
    assert sequences[3]["frame_id"] == [0, 2, 5]
    assert [value.shape for value in sequences[3]["smpl_thetas"]] == [(72,)] * 3
    (read,) = read_results(path, "romp", vertices=True)
    for field in ("pose_rad", "shape", "translation_m", "vertices_m", "frame_index"):
        np.testing.assert_allclose(getattr(read, field), getattr(motion, field), atol=2e-6, rtol=1e-6, err_msg=field)
    assert read.person == "3"


def test_a_film_of_several_who_were_not_followed_is_refused(tmp_path: Path) -> None:
    path = save_npz(tmp_path / "video_results.npz", make_romp_film(tracked=False))
    with pytest.raises(UserError, match=r"video_results\.npz: frame 00000000\.png, 2 people and no 'sequence_results'"):
        read_results(path, "romp")


def change(key: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda results: results.update({key: value})


BROKEN: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda results: results.pop("cam"), r"'results', has no 'cam'"),
    (change("smpl_thetas", np.zeros((2, 66))), r"'results', 'smpl_thetas' should be numbers of shape \(any, 72\)"),
    (change("smpl_betas", np.zeros((2, 11))), r"'smpl_betas' should be numbers of shape \(1, 10\), is float64 of"),
    (change("smpl_betas", np.zeros((3, 10))), r"'smpl_betas' should hold 2 rows, is float64 of shape \(3, 10\)"),
    (change("smpl_betas", 3), r"'smpl_betas' should hold 2 rows, is int"),
    (change("cam", np.zeros((2, 3))), r"'cam' should hold positive scales, the smallest is 0"),
    (change("cam", np.full((2, 3), np.nan)), r"'cam' is not finite in 3 of 3 elements"),
    (change("joints", np.zeros((2, 17, 3))), r"'joints' should begin with SMPL's 24 joints, there are 17"),
    (change("joints", np.zeros((2, 71, 3))), r"'joints' should hold positive scales"),
    (change("pj2d_org", np.zeros((2, 71, 2))), r"'pj2d_org' should hold positive scales"),
]


@pytest.mark.parametrize(("damage", "message"), BROKEN)
def test_broken_files_are_refused(tmp_path: Path, damage: Callable[[dict[str, Any]], object], message: str) -> None:
    results = make_romp_picture()
    damage(results)
    path = save_npz(tmp_path / "a.npz", {"results": results})
    with pytest.raises(UserError, match=message) as caught:
        read_results(path, "romp")
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).endswith("; give the .npz that ROMP wrote for a picture, or its video_results.npz")


def test_archives_of_other_things_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a\.npz: has no 'results'; give the \.npz that ROMP wrote"):
        read_results(save_npz(tmp_path / "a.npz", {"poses": np.zeros(3)}), "romp")
    with pytest.raises(UserError, match=r"a\.npz: 'results', should be a table, is float64 of shape \(3,\)"):
        read_results(save_npz(tmp_path / "a.npz", {"results": np.zeros(3)}), "romp")
    path = tmp_path / "a.npz"
    path.write_bytes(b"hello")
    with pytest.raises(UserError, match=r"a\.npz: not a whole \.npz of arrays"):
        read_results(path, "romp")
