import errno
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spsnet.export import load_person, save_person
from spsnet.records import BodyParameters, PersonMotion, UserError

NAMES = ("pelvis", "left_hip", "nose")
KEYS = {
    "box_xys_px", "body", "confidence", "crop_camera", "filled_mask", "focal_px", "fps", "frame_index", "joint_names",
    "joints_m", "joints_px", "keypoints_px", "model", "pose_rad", "shape", "time_s", "track_id", "translation_m",
}  # fmt: skip


def make_person(frames: int = 4) -> PersonMotion:
    rng = np.random.default_rng(0)
    return PersonMotion(
        track_id=3,
        frame_index=np.arange(10, 10 + frames),
        time_s=np.arange(frames) / 29.97,
        box_xys_px=rng.uniform(10, 500, (frames, 3)),
        confidence=rng.uniform(0, 1, frames),
        filled_mask=np.arange(frames) % 2 == 1,
        body=BodyParameters(
            pose_rad=rng.normal(size=(frames, 72)),
            shape=rng.normal(size=10),
            translation_m=rng.normal(size=(frames, 3)),
        ),
        crop_camera=rng.normal(size=(frames, 3)),
        focal_px=1234.5,
        joints_m=rng.normal(size=(frames, 3, 3)),
        joints_px=rng.uniform(0, 1000, (frames, 3, 2)),
        joint_names=NAMES,
        keypoints_px=rng.uniform(0, 1000, (frames, 33, 3)),
    )


def save(path: Path, person: PersonMotion) -> Path:
    save_person(path, person, body="open_body", model="default 1", fps=29.97)
    return path


def rewrite(path: Path, *, without: str = "", **changed: Any) -> Path:
    """The same archive with a key left out or another value in it."""
    with np.load(path) as data:
        arrays = {key: data[key] for key in data.files if key != without}
    np.savez(path, **{**arrays, **changed})
    return path


@pytest.mark.parametrize("frames", [1, 4])
def test_what_was_written_is_read(tmp_path: Path, frames: int) -> None:
    person = make_person(frames)
    read = load_person(save(tmp_path / "person_003.npz", person))
    for field in fields(PersonMotion):
        if field.name not in ("body", "joint_names"):
            np.testing.assert_allclose(getattr(read, field.name), getattr(person, field.name), rtol=1e-6)
    for field in fields(BodyParameters):
        np.testing.assert_allclose(getattr(read.body, field.name), getattr(person.body, field.name), rtol=1e-6)
    assert read.joint_names == NAMES
    assert read.frame_index.dtype == person.frame_index.dtype
    np.testing.assert_array_equal(read.time_s, person.time_s)  # not rounded: files are compared by time


def test_the_archive_holds_the_promised_keys_without_pickle(tmp_path: Path) -> None:
    with np.load(save(tmp_path / "a.npz", make_person()), allow_pickle=False) as data:
        assert set(data.files) == KEYS
        assert data["pose_rad"].shape == (4, 72)
        assert str(data["body"]) == "open_body"
        assert str(data["model"]) == "default 1"
        assert float(data["fps"]) == 29.97
        assert data["focal_px"].shape == ()
        assert all(data[key].dtype.kind in "fibU" for key in data.files)


def test_written_where_it_was_said_whatever_the_suffix(tmp_path: Path) -> None:
    save(tmp_path / "person.part", make_person())
    assert [path.name for path in tmp_path.iterdir()] == ["person.part"]


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"\x80\x04N."])
def test_foreign_files_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.npz is not a whole person of spsnet"):
        load_person(tmp_path / "a.npz")


def test_cut_and_damaged_files_are_named(tmp_path: Path) -> None:
    content = save(tmp_path / "a.npz", make_person()).read_bytes()
    for damaged in (content[: len(content) // 2], content[:-30], content[:200] + bytes(100) + content[300:]):
        (tmp_path / "a.npz").write_bytes(damaged)
        with pytest.raises(UserError, match=r"a\.npz is not a whole person of spsnet"):
            load_person(tmp_path / "a.npz")


def test_a_single_array_is_no_person(tmp_path: Path) -> None:
    with (tmp_path / "a.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(UserError, match=r"a\.npz is not a whole person of spsnet"):
        load_person(tmp_path / "a.npz")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.npz: no such file; give one that `spsnet run` wrote"):
        load_person(tmp_path / "gone.npz")


@pytest.mark.parametrize("key", sorted(KEYS - {"body", "model", "fps"}))
def test_missing_keys_are_named(tmp_path: Path, key: str) -> None:
    path = rewrite(save(tmp_path / "a.npz", make_person()), without=key)
    with pytest.raises(
        UserError, match=rf"a\.npz is not a whole person of spsnet \(.*{key}.*\); do the run again with --force"
    ):
        load_person(path)


def test_wrong_shapes_are_named(tmp_path: Path) -> None:
    path = rewrite(save(tmp_path / "a.npz", make_person()), time_s=np.arange(5.0))
    with pytest.raises(UserError, match=r"a\.npz is not a whole person of spsnet"):
        load_person(path)


def test_numbers_that_are_none_are_named(tmp_path: Path) -> None:
    joints = make_person().joints_m
    joints[0, 0, 0] = np.nan
    path = rewrite(save(tmp_path / "a.npz", make_person()), joints_m=joints)
    with pytest.raises(UserError, match=r"joints_m should be finite, 1 of 36 elements are not"):
        load_person(path)


def test_pickled_arrays_are_not_opened(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", make_person())
    rewrite(path, joint_names=np.array(list(NAMES), dtype=object))
    with pytest.raises(UserError, match="Object arrays cannot be loaded"):
        load_person(path)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone.person\.npz cannot be written: No such file or directory"):
        save(tmp_path / "gone" / "person.npz", make_person())


def test_a_full_disk_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", fill)
    with pytest.raises(UserError, match=r"a\.npz cannot be written: No space left on device; free some space"):
        save(tmp_path / "a.npz", make_person())
