import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reference.made_mpi_inf_3dhp import (
    FRAMES,
    make_calibration,
    make_matrix,
    make_test,
    make_train,
    write_test,
    write_train,
)
from spsnet.datasets.mpi_inf_3dhp import VIEWS, MpiInf3dhp
from spsnet.datasets.reader import DatasetReader
from spsnet.records import Clip, UserError

Arrays = dict[str, np.ndarray]


def read(raw: Path, sequence: str = "S1_Seq2_V4", universal: bool = False) -> Clip:
    split = "test" if sequence.startswith("TS") else "train"
    (clip,) = MpiInf3dhp(universal=universal).read_sequence(raw, split, sequence)
    return clip


def test_every_array_of_a_training_film_comes_back(tmp_path: Path) -> None:
    arrays = make_train()
    folder = write_train(tmp_path, arrays)
    reader: DatasetReader = MpiInf3dhp()
    assert reader.list_sequences(tmp_path, "train") == ["S1_Seq2_V0", "S1_Seq2_V4"]
    clip = read(tmp_path)
    assert (clip.dataset, clip.name, clip.sequence, clip.fps) == ("mpi-inf-3dhp", "S1_Seq2_V4", "S1_Seq2_V4", 50.0)
    np.testing.assert_array_equal(clip.frame_index, np.arange(FRAMES))
    assert clip.valid_mask.all()
    assert clip.pictures is not None
    assert clip.pictures.path == folder / "imageSequence" / "video_4.avi"
    assert clip.pictures.names is None
    assert clip.camera is not None
    assert (clip.camera.focal_px, clip.camera.center_px) == (1504.25, (1020.0, 1054.0))
    assert clip.joint_set == clip.keypoint_set == "mpi_inf_3dhp28"
    assert clip.joints_m is not None
    assert clip.keypoints_px is not None
    np.testing.assert_array_equal(clip.joints_m, arrays["annot3"][4, 0].reshape(FRAMES, 28, 3) / 1000)
    np.testing.assert_array_equal(clip.keypoints_px[..., :2], arrays["annot2"][4, 0].reshape(FRAMES, 28, 2))
    np.testing.assert_array_equal(clip.keypoints_px[..., 2], np.ones((FRAMES, 28)))
    assert clip.body is None


@pytest.mark.parametrize(("name", "size"), [("TS1", (2048, 2048)), ("TS6", (1920, 1080))])
def test_every_array_of_a_test_sequence_comes_back(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    arrays = make_test()
    path = write_test(tmp_path, arrays, name)
    assert MpiInf3dhp().list_sequences(tmp_path, "test") == [name]
    clip = read(tmp_path, name)
    assert (clip.name, clip.sequence, clip.fps) == (name, name, 25.0)
    np.testing.assert_array_equal(clip.frame_index, np.arange(FRAMES))
    np.testing.assert_array_equal(clip.valid_mask, arrays["valid_frame"][:, 0] == 1)
    assert clip.pictures is not None
    assert clip.pictures.path == path.parent / "imageSequence"
    assert clip.pictures.names == tuple(f"img_00000{number}.jpg" for number in range(1, FRAMES + 1))
    assert clip.joint_set == clip.keypoint_set == "mpi_inf_3dhp17"
    assert clip.joints_m is not None
    assert clip.keypoints_px is not None
    np.testing.assert_array_equal(clip.joints_m, arrays["annot3"][:, 0] / 1000)
    np.testing.assert_array_equal(clip.keypoints_px[..., :2], arrays["annot2"][:, 0])
    np.testing.assert_array_equal(clip.keypoints_px[..., 2], np.ones((FRAMES, 17)))
    assert clip.camera is not None  # of fx 1500 and fy 1500.5, found from the joints alone
    np.testing.assert_allclose(clip.camera.focal_px, 1500.25, atol=0.3)
    np.testing.assert_allclose(clip.camera.center_px, make_matrix(0)[:2, 2], atol=0.1)
    assert (clip.camera.width, clip.camera.height) == size


def test_a_joint_by_hand(tmp_path: Path) -> None:
    """(75, -150, 3000) mm under a focal length of 1500 px: 37.5 px right of the principal point and 75 px above."""
    arrays = make_test()
    arrays["annot3"][1, 0, 3] = (75, -150, 3000)
    arrays["annot2"][1, 0, 3] = (1020 + 37.5, 1050 - 75.025)
    write_test(tmp_path, arrays)
    clip = read(tmp_path, "TS1")
    assert clip.joints_m is not None
    assert clip.keypoints_px is not None
    np.testing.assert_allclose(clip.joints_m[1, 3], [0.075, -0.15, 3])
    np.testing.assert_allclose(clip.keypoints_px[1, 3], [1057.5, 974.975, 1])


def test_the_universal_skeleton_changes_joints_alone(tmp_path: Path) -> None:
    arrays, test = make_train(), make_test()
    write_train(tmp_path, arrays)
    write_test(tmp_path, test)
    clip, metric = read(tmp_path, universal=True), read(tmp_path)
    np.testing.assert_array_equal(clip.joints_m, arrays["univ_annot3"][4, 0].reshape(FRAMES, 28, 3) / 1000)
    np.testing.assert_array_equal(clip.keypoints_px, metric.keypoints_px)
    assert clip.camera == metric.camera
    clip = read(tmp_path, "TS1", universal=True)
    np.testing.assert_array_equal(clip.joints_m, test["univ_annot3"][:, 0] / 1000)
    assert clip.camera == read(tmp_path, "TS1").camera


def test_cells_are_found_by_their_cameras_number(tmp_path: Path) -> None:
    arrays = make_train()
    for key in ("annot2", "annot3", "univ_annot3"):
        arrays[key] = arrays[key][::-1]
    arrays["cameras"] = arrays["cameras"][:, ::-1]
    write_train(tmp_path, arrays)
    np.testing.assert_array_equal(read(tmp_path).joints_m, make_train()["annot3"][4, 0].reshape(FRAMES, 28, 3) / 1000)


def test_annotations_after_the_films_end_are_left_out(tmp_path: Path) -> None:
    """S1's second sequence has 12430 frames."""
    arrays = make_train()
    arrays["frames"] = np.arange(12427, 12427 + FRAMES)[:, None]
    write_train(tmp_path, arrays)
    clip = read(tmp_path)
    assert clip.frame_index.tolist() == [12427, 12428, 12429]
    np.testing.assert_array_equal(clip.joints_m, arrays["annot3"][4, 0][:3].reshape(3, 28, 3) / 1000)


def test_joints_that_no_camera_sees_are_not_known(tmp_path: Path) -> None:
    arrays = make_test()
    arrays["annot3"][0, 0, 2, 2] = -1e7
    arrays["annot3"][1, 0, 3] = np.nan
    arrays["annot2"][2, 0, 4] = np.inf
    write_test(tmp_path, arrays)
    clip = read(tmp_path, "TS1")
    assert clip.valid_mask.tolist() == [False, False, False, True, False]
    assert clip.joints_m is not None
    assert clip.keypoints_px is not None
    unknown = np.argwhere(np.isnan(clip.joints_m).all(-1))
    np.testing.assert_array_equal(unknown, [[0, 2], [1, 3], [2, 4]])
    np.testing.assert_array_equal(np.argwhere(clip.keypoints_px[..., 2] == 0), unknown)
    np.testing.assert_array_equal(clip.keypoints_px[2, 4], np.zeros(3))


def test_a_test_camera_that_the_points_do_not_tell_is_none(tmp_path: Path) -> None:
    arrays = make_test()
    arrays["valid_frame"][:] = 0
    write_test(tmp_path, arrays)
    assert read(tmp_path, "TS1").camera is None


def test_extracted_pictures_count_from_one(tmp_path: Path) -> None:
    folder = write_train(tmp_path, make_train())
    for number in range(1, FRAMES + 1):
        (folder / "imageSequence" / f"img_4_{number:06d}.jpg").touch()
    pictures = read(tmp_path).pictures
    assert pictures is not None
    assert pictures.path == folder / "imageSequence"
    assert pictures.names == tuple(f"img_4_00000{number}.jpg" for number in range(1, FRAMES + 1))
    frames = folder / "imageFrames" / "video_4"
    frames.mkdir(parents=True)
    for number in range(1, FRAMES + 1):
        (frames / f"frame_{number:06d}.jpg").touch()
    pictures = read(tmp_path).pictures
    assert pictures is not None
    assert (pictures.path, pictures.names) == (frames, tuple(f"frame_00000{n}.jpg" for n in range(1, FRAMES + 1)))
    (frames / "frame_000002.jpg").unlink()
    with pytest.raises(UserError, match=r"frame_000002.jpg: no such picture, 1 of 5 are missing; extract or download"):
        read(tmp_path)


def test_pictures_are_not_needed(tmp_path: Path) -> None:
    folder = write_train(tmp_path, make_train())
    for path in (folder / "imageSequence").iterdir():
        path.unlink()
    assert MpiInf3dhp().list_sequences(tmp_path, "train") == [f"S1_Seq2_V{view}" for view in VIEWS]
    assert read(tmp_path).pictures is None
    write_test(tmp_path, make_test(), pictures=False)
    assert read(tmp_path, "TS1").pictures is None


def test_the_film_that_is_too_short_is_not_listed(tmp_path: Path) -> None:
    folder = tmp_path / "S6" / "Seq2" / "imageSequence"
    folder.mkdir(parents=True)
    for view in range(14):
        (folder / f"video_{view}.avi").touch()
    names = MpiInf3dhp().list_sequences(tmp_path, "train")
    assert names == [f"S6_Seq2_V{view}" for view in (0, 1, 4, 5, 6, 7, 8)]


def test_folders_that_hold_no_sequences(tmp_path: Path) -> None:
    reader = MpiInf3dhp()
    with pytest.raises(UserError, match=r"holds neither S1/Seq1/annot.mat .*; run the data set's get_dataset.sh there"):
        reader.list_sequences(tmp_path, "train")
    with pytest.raises(UserError, match=r"mpi_inf_3dhp_test_set holds no folder TS1 to TS6; run .*get_testset.sh"):
        reader.list_sequences(tmp_path, "test")
    with pytest.raises(ValueError, match="mpi-inf-3dhp has the splits train, test, not 'val'"):
        reader.list_sequences(tmp_path, "val")
    with pytest.raises(ValueError, match="has films S1_Seq1_V0 to S8_Seq2_V8, not 'S9_Seq1_V0'"):
        reader.read_sequence(tmp_path, "train", "S9_Seq1_V0")
    with pytest.raises(ValueError, match="has test sequences TS1 to TS6, not 'TS7'"):
        reader.read_sequence(tmp_path, "test", "TS7")
    with pytest.raises(UserError, match=r"annot.mat: no such file; run the data set's get_dataset.sh"):
        read(tmp_path)
    with pytest.raises(UserError, match=r"annot_data.mat: no such file; run the data set's get_testset.sh"):
        read(tmp_path, "TS1")


def drop(key: str) -> Callable[[Arrays], object]:
    return lambda arrays: arrays.pop(key)


def put(key: str, value: np.ndarray) -> Callable[[Arrays], object]:
    return lambda arrays: arrays.update({key: value})


def put_cell(key: str, value: object) -> Callable[[Arrays], object]:
    return lambda arrays: arrays[key].__setitem__((4, 0), value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("annot2"), "has no 'annot2', so it is no annotation of MPI-INF-3DHP; download the file again"),
        (put("annot3", np.zeros((FRAMES, 84))), r"'annot3' should have a cell for each camera, its shape is \(5, 84\)"),
        (put_cell("annot2", np.zeros((FRAMES, 34))), r"'annot2', cell 4, should have shape \(5, 56\), it is \(5, 34\)"),
        (put_cell("annot3", np.zeros((3, 84))), r"'annot3', cell 4, should have shape \(5, 84\), it is \(3, 84\)"),
        (put_cell("univ_annot3", "words"), r"'univ_annot3', cell 4, should be numbers, it is <U5"),
        (put("cameras", np.arange(3)[None]), r"'cameras' lists \[0, 1, 2\], not 4"),
        (put("cameras", np.arange(14)[None] + 0.5), "'cameras' should be whole numbers"),
        (put("frames", np.zeros((FRAMES, 1))), "'frames' should be numbers that rise from 0 or more"),
        (put("frames", np.zeros((0, 1))), "'frames' should be numbers that rise from 0 or more"),
    ],
)
def test_broken_training_annotations_are_refused(
    tmp_path: Path, change: Callable[[Arrays], object], message: str
) -> None:
    arrays = make_train()
    change(arrays)
    path = write_train(tmp_path, arrays) / "annot.mat"
    with pytest.raises(UserError, match=message) as caught:
        read(tmp_path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("annot3"), "has no 'annot3', so it is no annotation of MPI-INF-3DHP; download the file again"),
        (put("annot2", np.zeros((2, 17, 1, FRAMES))), r"'annot2' should have shape \(5, 1, 17, 2\), it is \(2, 17, 1"),
        (put("annot3", np.zeros((FRAMES, 1, 28, 3))), r"'annot3' should have shape \(5, 1, 17, 3\), it is \(5, 1, 28"),
        (put("valid_frame", np.zeros(FRAMES)), r"'valid_frame' should have shape \(any, 1\), it is \(5,\)"),
        (put("valid_frame", np.zeros((0, 1))), "'valid_frame' has no frames"),
        (put("univ_annot3", np.array([b"x"] * FRAMES)), r"'univ_annot3' should be numbers, it is \|S1"),
    ],
)
def test_broken_test_annotations_are_refused(tmp_path: Path, change: Callable[[Arrays], object], message: str) -> None:
    arrays = make_test()
    change(arrays)
    path = write_test(tmp_path, arrays)
    with pytest.raises(UserError, match=message) as caught:
        read(tmp_path, "TS1")
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kept", [0, 60, 200, 5000])
def test_damaged_files_are_refused(tmp_path: Path, kept: int) -> None:
    path = write_train(tmp_path, make_train()) / "annot.mat"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(
        UserError, match=r"annot.mat (is no whole MATLAB file|has no 'annot).*; download the file again"
    ):
        read(tmp_path)
    path = write_test(tmp_path, make_test())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"annot_data.mat is no whole HDF5 file .*; download the file again"):
        read(tmp_path, "TS1")


def test_an_hdf5_file_in_the_place_of_cells_is_refused(tmp_path: Path) -> None:
    path = write_train(tmp_path, make_train()) / "annot.mat"
    path.write_bytes(write_test(tmp_path, make_test()).read_bytes())
    with pytest.raises(UserError, match=r"annot.mat is no whole MATLAB file .*; download the file again"):
        read(tmp_path)


def test_a_calibration_of_another_sequence_is_refused(tmp_path: Path) -> None:
    write_train(tmp_path, make_train(), make_calibration().replace(" 1054 0 0 0 1", " 1154 0 0 0 1"))
    with pytest.raises(
        UserError, match=r"camera.calibration: under camera 4 'annot3' falls 100 px beside 'annot2' .* both files again"
    ):
        read(tmp_path)
    write_train(tmp_path, make_train(), make_calibration().replace("name          4", "name          40"))
    with pytest.raises(UserError, match=r"camera.calibration has no camera of 'name' 4; download the file again"):
        read(tmp_path)


def test_without_h5py_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_test(tmp_path, make_test())
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(UserError, match=r"annot_data.mat takes h5py; pip install 'spsnet\[datasets\]'"):
        read(tmp_path, "TS1")
