from pathlib import Path

import pytest

from reference.made_mpi_inf_3dhp import make_calibration
from spsnet.datasets.skeletool import read_calibration
from spsnet.records import UserError


def write(folder: Path, text: str) -> Path:
    path = folder / "camera.calibration"
    path.write_text(text)
    return path


def test_every_camera_comes_back(tmp_path: Path) -> None:
    cameras = read_calibration(write(tmp_path, make_calibration()))
    assert list(cameras) == list(range(14))
    for name, camera in cameras.items():
        assert camera.focal_px == 1500.25 + name  # the mean of 1500 and 1500.5, and one more a camera
        assert camera.center_px == (1020.0, 1050.0 + name)
        assert (camera.width, camera.height) == (2048, 2048)


def test_lines_may_end_as_on_windows_and_stand_apart(tmp_path: Path) -> None:
    text = make_calibration().replace("\n", "\r\n\r\n")
    path = tmp_path / "camera.calibration"
    path.write_bytes(text.encode())
    assert read_calibration(path)[13].focal_px == 1513.25


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Skeletool", "Skelett", "does not begin with 'Skeletool Camera Calibration File'; download the file again"),
        ("name          3", "name          2", "there are two cameras of 'name' 2"),
        ("name          3", "name          drei", "'name' should be numbers, it is 'drei'"),
        ("name", "  nom ", "'nom' stands before the first 'name'"),
        ("  size        2048 2048", "", "a camera has no 'size', only name, sensor, animated, intrinsic"),
        ("size        2048 2048", "size        2048", "'size' should be 2 finite numbers, it is '2048'"),
        ("size        2048 2048", "size        0 2048", "'size' of camera 0 should be positive, it is 0 2048"),
        ("intrinsic   1500 0", "intrinsic   1500 7", "'intrinsic' of camera 0 is no camera matrix without skew"),
        ("intrinsic   1500 0", "intrinsic   -1500 0", "'intrinsic' of camera 0 is no camera matrix"),
        ("intrinsic   1500 0", "intrinsic   nan 0", "'intrinsic' should be 16 finite numbers, it is 'nan 0"),
    ],
)
def test_broken_calibrations_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = write(tmp_path, make_calibration().replace(old, new))
    with pytest.raises(UserError, match=message) as caught:
        read_calibration(path)
    assert str(path) in str(caught.value)


def test_missing_and_empty_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"camera.calibration: cannot be read \(No such file"):
        read_calibration(tmp_path / "camera.calibration")
    with pytest.raises(UserError, match="does not begin with"):
        read_calibration(write(tmp_path, ""))
    with pytest.raises(UserError, match="has no camera, no line begins with 'name'"):
        read_calibration(write(tmp_path, "Skeletool Camera Calibration File V1.0\n"))
