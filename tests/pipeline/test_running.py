from pathlib import Path

import pytest

from spsnet.pipeline.running import hide_password, list_needed_assets, name_result
from spsnet.pipeline.settings import RunSettings
from spsnet.records import UserError


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("films/walk.mp4", "walk"),
        ("walk.final.mov", "walk.final"),
        ("0", "camera0"),
        ("rtsp://me:secret@door.example:554/live/1?x=2", "door_example_554_live_1_x_2"),
        ("http://" + "a" * 300, "a" * 80),
        ("udp://@", "stream"),
    ],
)
def test_names_of_results(source: str, name: str) -> None:
    assert name_result(source) == name


def test_folders_name_their_results_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "walk.d").mkdir()
    monkeypatch.chdir(tmp_path / "walk.d")
    assert name_result(str(tmp_path / "walk.d")) == name_result(".") == name_result("../walk.d/") == "walk.d"


def test_passwords_are_not_written_down() -> None:
    assert hide_password("rtsp://me:se@cret@door/live") == "rtsp://door/live"
    assert hide_password("rtsp://door/live@2") == "rtsp://door/live@2"
    assert hide_password("mine@home.mp4") == "mine@home.mp4"
    assert hide_password("--model") == "--model"


def test_what_a_run_needs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"config\.json cannot be read"):
        list_needed_assets(RunSettings(model=tmp_path))
