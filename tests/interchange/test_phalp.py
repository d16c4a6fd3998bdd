from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from interchange.made_results import HEIGHT, WIDTH, dump, make_motion, make_phalp, rewrite
from spsnet.geometry import project_points
from spsnet.interchange import read_results, write_results
from spsnet.records import UserError

LENS = 5000 * WIDTH / 256


def find_rows(content: dict[str, dict[str, Any]], person: int) -> list[tuple[int, int]]:
    """Frame and place in its lists wherever the person was seen."""
    rows = []
    for frame in content.values():
        if person in frame["tracked_ids"]:
            rows.append((frame["time"], frame["tid"].index(person)))
    return rows


@pytest.mark.parametrize("compress", [0, 3])
def test_every_array_comes_back(tmp_path: Path, compress: int) -> None:
    content = make_phalp()
    people = read_results(dump(tmp_path / "demo_walk.pkl", content, compress), "phalp")
    assert {person.person: person.frame_index.tolist() for person in people} == {"1": [1, 2, 3], "2": [1, 3]}
    frames = list(content.values())
    for person in people:
        for row, (time, place) in enumerate(find_rows(content, int(person.person))):
            frame = frames[time]
            body = frame["smpl"][place]
            rotations = Rotation.from_rotvec(person.pose_rad[row].reshape(24, 3)).as_matrix()
            np.testing.assert_allclose(rotations[:1], body["global_orient"], atol=1e-5)
            np.testing.assert_allclose(rotations[1:], body["body_pose"], atol=1e-5)
            np.testing.assert_array_equal(person.shape[row], body["betas"])
            left, top, width, height = frame["bbox"][place]
            assert person.box_xys_px is not None
            assert person.translation_m is not None
            assert person.joints_m is not None
            np.testing.assert_allclose(
                person.box_xys_px[row], [left + width / 2, top + height / 2, max(width, height)], rtol=1e-6
            )
            np.testing.assert_array_equal(person.translation_m[row], frame["camera"][place])
            expected = frame["3d_joints"][place][:25] + frame["camera"][place]
            np.testing.assert_array_equal(person.joints_m[row], expected)
        assert (person.focal_px, person.center_px) == (LENS, (WIDTH / 2, HEIGHT / 2))
        assert (person.body, person.joint_set, person.fps) == ("smpl", "openpose25", None)


def test_people_are_seen_where_phalp_s_own_camera_puts_them(tmp_path: Path) -> None:
    """5000 px on the picture padded to a square and shrunk to 256 px."""
    content = make_phalp()
    person = read_results(dump(tmp_path / "a.pkl", content), "phalp")[0]
    place = list(content.values())[1]["camera"][0]
    point = np.array([0.2, 0.4, 0.1]) + place
    shrunk = 5000 * point[:2] / point[2] + 128
    expected = shrunk * WIDTH / 256 - (0, (WIDTH - HEIGHT) / 2)
    assert person.focal_px is not None
    seen = project_points(point[None], person.focal_px, np.array(person.center_px))
    np.testing.assert_allclose(seen[0], expected, atol=1e-3)


def test_what_is_written_is_read_by_joblib_and_by_us(tmp_path: Path) -> None:
    motions = [make_motion("4"), make_motion("12", frame_index=np.array([1, 2, 6]))]
    path = tmp_path / "b.pkl"
    write_results(motions, path, "phalp")
    written = joblib.load(path)
    assert [(frame["time"], frame["tid"]) for frame in written.values()] == [
        (0, [4]), (1, [4, 12]), (2, [4, 12]), (6, [12])
    ]  # fmt: skip
    truth = list(make_phalp().values())[1]
    for frame in written.values():
        assert frame.keys() <= truth.keys()
        assert frame["tracked_ids"] == frame["tid"]
        assert frame["size"][0] == [HEIGHT, WIDTH]
        assert {key: value.shape for key, value in frame["smpl"][0].items()} == {
            key: value.shape for key, value in truth["smpl"][0].items()
        }
        assert frame["camera"][0].shape == frame["camera"][0].shape
    for read, motion in zip(read_results(path, "phalp"), motions, strict=True):
        assert read.person == motion.person
        assert read.translation_m is not None
        assert motion.translation_m is not None
        np.testing.assert_allclose(read.pose_rad, motion.pose_rad, atol=2e-6)
        np.testing.assert_array_equal(read.shape, motion.shape)
        np.testing.assert_array_equal(read.frame_index, motion.frame_index)
        np.testing.assert_allclose(read.box_xys_px, motion.box_xys_px, rtol=1e-6)
        farther = motion.translation_m * (1, 1, LENS / WIDTH)
        np.testing.assert_allclose(read.translation_m, farther, rtol=1e-6)


def test_a_person_listed_twice_in_a_frame_is_taken_once(tmp_path: Path) -> None:
    content = make_phalp()
    frame = list(content.values())[3]
    frame["tid"][1] = 1
    people = read_results(dump(tmp_path / "a.pkl", content), "phalp")
    assert people[0].translation_m is not None
    np.testing.assert_array_equal(people[0].translation_m[-1], frame["camera"][0])


def first(content: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return list(content.values())[1]


def replace_first(key: str, value: Any) -> Callable[[dict[str, dict[str, Any]]], object]:
    return lambda content: first(content)[key].__setitem__(0, value)


def change_body(key: str, value: Any) -> Callable[[dict[str, dict[str, Any]]], object]:
    return lambda content: first(content)["smpl"][0].update({key: value})


BROKEN: list[tuple[Callable[[dict[str, dict[str, Any]]], object], str]] = [
    (lambda content: first(content).pop("camera"), r"has no 'camera'"),
    (lambda content: first(content).pop("time"), r"has no 'time'"),
    (lambda content: first(content)["bbox"].pop(), r"'bbox' should list something for each of 2 people of 'tid'"),
    (lambda content: first(content).update(tid=3), r"'tid' should list something for each of 0 people"),
    (lambda content: first(content).update(tracked_time=["a", "b"]), r"'tracked_time' should be numbers of shape"),
    (lambda content: first(content).update(tracked_time=[0, [0]]), r"'tracked_time' holds arrays of unequal shapes"),
    (replace_first("camera", np.zeros(2)), r"'camera' should be numbers of shape \(3\)"),
    (replace_first("smpl", None), r"'smpl', should be a table of arrays, is NoneType"),
    (replace_first("size", [0, 0]), r"'size' should hold positive scales"),
    (replace_first("3d_joints", np.zeros((44, 3))), r"'3d_joints' should be numbers of shape \(45, 3\)"),
    (lambda content: first(content)["smpl"][0].pop("betas"), r"'smpl', has no 'betas'"),
    (change_body("body_pose", np.zeros((23, 3, 3))), r"'body_pose' or 'global_orient' holds matrices that are no"),
    (change_body("body_pose", np.zeros((23, 3))), r"'body_pose' should be numbers of shape \(23, 3, 3\)"),
    (lambda content: content.update({list(content)[1]: []}), r"should be a table of lists, is list of 0"),
]


@pytest.mark.parametrize(("damage", "message"), BROKEN)
def test_broken_files_are_refused(tmp_path: Path, damage: Callable[[Any], object], message: str) -> None:
    content = make_phalp()
    damage(content)
    path = dump(tmp_path / "demo_walk.pkl", content)
    with pytest.raises(UserError, match=message) as caught:
        read_results(path, "phalp")
    assert str(caught.value).startswith(f"{path}: frame outputs//_DEMO/walk/img/000002.jpg, ")
    assert str(caught.value).endswith("; give the pickle of its results folder that PHALP or 4D-Humans wrote")


def test_a_film_in_which_nobody_was_seen_is_refused(tmp_path: Path) -> None:
    nobody = {name: frame for name, frame in make_phalp().items() if not frame["tid"]}
    with pytest.raises(UserError, match=r"a\.pkl: holds nobody; check that PHALP and 4D-Humans found somebody"):
        read_results(dump(tmp_path / "a.pkl", nobody), "phalp")


def test_the_body_of_each_person_is_noted_where_one_is_not_smpl(tmp_path: Path) -> None:
    path = tmp_path / "b.pkl"
    write_results([make_motion("1"), make_motion("2", body="spsnet-open-body")], path, "phalp")
    assert [person.body for person in read_results(path, "phalp")] == ["smpl", "spsnet-open-body"]
    rewrite(make_motion("1"), path, "phalp", overwrite=True)
    assert "body_name" not in joblib.load(path)["000001.jpg"]
