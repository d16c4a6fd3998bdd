"""Whatever is wrong with a film or the disk: a message and exit code 1, or what could be done and a warning."""

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from end_to_end.conftest import Encode, Outcome, Run
from reference.made_films import encode_film, encode_sound, set_display_matrix, zero_bytes
from spsnet.cli.main import main
from spsnet.detection import NanoDetDetector
from spsnet.pipeline import drawing, lifting, recover, running
from spsnet.pipeline.reporting import REPORT_DATA_FILE, REPORT_FILE
from spsnet.pipeline.results import OVERLAY_FILE, SUMMARY_FILE
from spsnet.video import VideoWriter, open_film
from spsnet.video.writer import name_partial

FASTSTART = {"movflags": "+faststart"}


def assert_refused(outcome: Outcome, message: str) -> None:
    """One line that fits, exit code 1, and not even an empty folder."""
    assert outcome.code == 1
    line = outcome.said.removeprefix("spsnet: ").removesuffix("\n")
    assert re.fullmatch(message, line), line
    assert not outcome.out.exists()


# What is no film at all.


def test_missing_file(run: Run, tmp_path: Path) -> None:
    assert_refused(run(tmp_path / "gone.mp4"), r".*gone\.mp4: there is no such file or folder; check the spelling")


def test_a_glob_that_fits_nothing(run: Run, tmp_path: Path) -> None:
    assert_refused(run(tmp_path / "*.mp4"), r".*\*\.mp4: no file fits this pattern")


def test_zero_bytes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").touch()
    assert_refused(run(tmp_path / "film.mp4"), r".*film\.mp4: the file is empty \(0 bytes\); copy or download it again")


def test_text_renamed_mp4(run: Run, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_text("Dear diary,\n" * 1000)
    assert_refused(run(tmp_path / "film.mp4"), r".*film\.mp4: this is not a video file that can be read; convert .*")


def test_sound_only(run: Run, tmp_path: Path) -> None:
    outcome = run(encode_sound(tmp_path / "voice.m4a"))
    assert_refused(outcome, r".*voice\.m4a: the file holds sound only; give a film with pictures")


def test_empty_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    assert_refused(run(tmp_path / "frames"), r".*frames: the folder holds no files; put \.jpg or \.png pictures .*")


def test_a_picture_that_is_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    assert_refused(run(tmp_path / "a.png"), r".*a\.png: this is not a picture that can be decoded; .*")


def test_a_camera_that_is_not_there(run: Run) -> None:
    assert_refused(run("97"), r"recording 97; Ctrl-C ends the recording\nspsnet: camera 97: gives no picture; .*")


def test_a_stream_that_cannot_be_reached(run: Run) -> None:
    outcome = run("rtsp://me:secret@127.0.0.1:9/live")
    recording = r"recording rtsp://127.0.0.1:9/live; Ctrl-C ends the recording"
    assert_refused(outcome, recording + r"\nspsnet: .*127.0.0.1:9/live: cannot be reached \(.*\); check the address .*")


def test_a_model_that_is_none(run: Run, encode: Encode, tmp_path: Path) -> None:
    outcome = run(encode(tmp_path / "film.mp4"), "--model", tmp_path)
    assert_refused(outcome, r".*config\.json cannot be read; give --model a folder that `spsnet train` wrote")


# Damaged films: what could be read, and a warning.


def test_a_film_cut_off_in_the_middle(run: Run, encode: Encode, tmp_path: Path) -> None:
    path = encode(tmp_path / "film.mp4", 16, container_options=FASTSTART)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2])
    outcome = run(path, overlay=True)
    assert outcome.code == 0
    assert any(
        re.fullmatch(r"the film is cut off or damaged: its header says 16 frames, \d+ could be read", warning)
        for warning in outcome.summary["warnings"]
    )
    assert "warning: the film is cut off" in outcome.told
    frames = outcome.summary["input"]["frames"]
    assert 4 <= frames <= 12
    assert outcome.load()["frame_index"][-1] <= frames
    assert len(list(open_film(outcome.out / "film" / OVERLAY_FILE).frames())) == frames


def test_a_film_cut_off_before_its_index(run: Run, encode: Encode, tmp_path: Path) -> None:
    path = encode(tmp_path / "film.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert_refused(
        run(path), r".*film\.mp4: the film was cut off before its index was written and cannot be played; .*"
    )


def test_a_film_damaged_in_the_middle(run: Run, encode: Encode, tmp_path: Path) -> None:
    outcome = run(zero_bytes(encode(tmp_path / "film.mp4", 12, container_options=FASTSTART), 0.3, 0.5), overlay=True)
    assert outcome.code == 0
    assert outcome.summary["warnings"]


def test_a_folder_with_one_broken_picture(run: Run, pictures: list[np.ndarray], tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(8):
        cv2.imwrite(str(folder / f"{number}.png"), pictures[number][..., ::-1])
    (folder / "3.png").write_bytes((folder / "3.png").read_bytes()[:100])
    outcome = run(folder, "--fps", "25")
    assert outcome.code == 0
    assert outcome.summary["warnings"] == ["3.png could not be decoded and was left out"]
    person = outcome.load()
    assert person["frame_index"].tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert person["time_s"] == pytest.approx(person["frame_index"] / 25)


def test_a_folder_of_two_sizes(run: Run, pictures: list[np.ndarray], tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), pictures[0])
    cv2.imwrite(str(tmp_path / "2.png"), pictures[1][:100])
    assert_refused(run(tmp_path), r".*2\.png: the picture is 480×100, 1\.png is 480×270; .*")


# Films that are whole but unusual.


def test_one_frame(run: Run, encode: Encode, tmp_path: Path) -> None:
    outcome = run(encode(tmp_path / "film.mp4", 1), overlay=True)
    assert outcome.code == 0
    assert outcome.load()["joints_m"].shape == (1, 41, 3)
    assert len(list(open_film(outcome.out / "film" / OVERLAY_FILE).frames())) == 1


def test_nobody_in_it(run: Run, tmp_path: Path) -> None:
    outcome = run(encode_film(tmp_path / "film.mp4", times_s=np.arange(8) / 30), overlay=True)
    assert outcome.code == 0
    assert outcome.summary["warnings"] == ["nobody was found in this film"]
    assert outcome.summary["people"] == []
    names = sorted(path.name for path in (outcome.out / "film").iterdir())
    assert names == [OVERLAY_FILE, REPORT_FILE, REPORT_DATA_FILE, SUMMARY_FILE]


def test_portrait_with_a_rotation_flag(run: Run, pictures: list[np.ndarray], tmp_path: Path) -> None:
    def draw_lying(number: int, width: int, height: int) -> np.ndarray:
        upright = cv2.resize(pictures[number + 5][:, 200:351], (height, width))
        return np.ascontiguousarray(cv2.rotate(upright, cv2.ROTATE_90_COUNTERCLOCKWISE))

    path = encode_film(tmp_path / "film.mp4", times_s=np.arange(8) / 30, size=(480, 270), draw=draw_lying)
    outcome = run(set_display_matrix(path, 0, 1, -1, 0), overlay=True)
    assert outcome.code == 0
    told = outcome.summary["input"]
    assert (told["width"], told["height"], told["rotation_deg"]) == (270, 480, 90)
    person = outcome.load()
    names = person["joint_names"].tolist()
    above = person["joints_px"][:, names.index("head")] - person["joints_px"][:, names.index("left_ankle")]
    assert (above[:, 1] < -100).all()
    assert open_film(outcome.out / "film" / OVERLAY_FILE).info.height == 480


def test_variable_frame_rate(run: Run, encode: Encode, tmp_path: Path) -> None:
    times = [0, 0.0333, 0.05, 0.2, 0.2001, 0.25, 0.4, 0.5]
    outcome = run(encode(tmp_path / "film.mp4", times_s=times), overlay=True)
    assert outcome.code == 0
    assert outcome.load()["time_s"] == pytest.approx(times, abs=1e-4)
    drawn = open_film(outcome.out / "film" / OVERLAY_FILE).frames()
    assert [frame.time_s for frame in drawn] == pytest.approx(times, abs=1e-4)


def test_8k(run: Run, encode: Encode, tmp_path: Path) -> None:
    outcome = run(encode(tmp_path / "film.mp4", 2, size=(7680, 4320)), overlay=True)
    assert outcome.code == 0
    assert outcome.summary["input"]["width"] == 7680
    assert len(outcome.summary["people"]) >= 1
    info = open_film(outcome.out / "film" / OVERLAY_FILE).info
    assert info.width <= 1920
    assert info.height <= 1080


@pytest.mark.parametrize("size", [(479, 269), (1000, 31), (1, 1)])
def test_odd_sizes(size: tuple[int, int], run: Run, encode: Encode, tmp_path: Path) -> None:
    outcome = run(encode(tmp_path / "film.mkv", 3, size=size, codec="ffv1", pix_fmt="bgr0", options={}), overlay=True)
    assert outcome.code == 0
    assert (outcome.summary["input"]["width"], outcome.summary["input"]["height"]) == size
    info = open_film(outcome.out / "film" / OVERLAY_FILE).info
    assert info.width % 2 == info.height % 2 == 0
    if min(size) > 200:
        assert outcome.summary["people"]


# The disk is full while writing, or Ctrl-C: nothing new, and what was there before stays.


def read_tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(params=["new", "replacing"])
def result_before(request: pytest.FixtureRequest, finished: Path, tmp_path: Path) -> dict[str, bytes]:
    """Files of an earlier result of `tmp_path/film.mp4`, where the test wants one."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    if request.param == "new":
        shutil.rmtree(tmp_path / "out")
    return read_tree(tmp_path / "out")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("file", ["person_001.npz", OVERLAY_FILE, REPORT_FILE, SUMMARY_FILE])
def test_the_disk_is_full(
    file: str, run: Run, result_before: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recover_film = running.recover

    def recover_and_fill_disk(*arguments: object, **options: object) -> object:
        (part,) = (tmp_path / "out").glob(".film.part-*")
        (name_partial(part / file) if file == OVERLAY_FILE else part / file).symlink_to("/dev/full")
        return recover_film(*arguments, **options)

    monkeypatch.setattr(running, "recover", recover_and_fill_disk)
    outcome = run(tmp_path / "film.mp4", "--force", overlay=True)
    assert outcome.code == 1
    assert re.fullmatch(
        rf"spsnet: .*/out/film/{file}.*(disk is full|No space left).*; free some space or .*\n", outcome.said
    )
    assert read_tree(tmp_path / "out") == result_before
    assert (tmp_path / "out").exists() == bool(result_before)


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files")
@pytest.mark.parametrize("limit_bytes", [1_000, 30_000])
def test_no_file_may_grow_further(limit_bytes: int, run: Run, result_before: dict[str, bytes], tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        outcome = run(tmp_path / "film.mp4", "--force", overlay=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert outcome.code == 1
    assert re.fullmatch(r"spsnet: .*/out/film/.*File too large.*; .*\n", outcome.said)
    assert read_tree(tmp_path / "out") == result_before


@pytest.mark.parametrize("where", ["detect", "lift", "compose", "write"])
def test_ctrl_c(
    where: str, run: Run, result_before: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = {
        "detect": NanoDetDetector, "lift": lifting.Lifter, "compose": drawing.OverlayScene, "write": VideoWriter,
    }[where]  # fmt: skip
    go_on = getattr(owner, where)

    def press_ctrl_c(*arguments: object, **options: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return go_on(*arguments, **options)

    monkeypatch.setattr(owner, where, press_ctrl_c)
    outcome = run(tmp_path / "film.mp4", "--force", overlay=True)
    assert (outcome.code, outcome.said) == (1, "spsnet: stopped by Ctrl-C\n")
    assert read_tree(tmp_path / "out") == result_before
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("prefetch")]


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_from_outside(tmp_path: Path) -> None:
    path = encode_film(tmp_path / "film.mp4", times_s=np.arange(600) / 30)
    program = "import sys; from spsnet.cli.main import main; sys.exit(main())"
    words = ["run", str(path), "-o", str(tmp_path / "out"), "--model", str(recover.find_default_model())]
    process = subprocess.Popen([sys.executable, "-c", program, *words], stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "out").exists():
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, "spsnet: stopped by Ctrl-C\n")
    assert not (tmp_path / "out").exists()


def test_a_film_that_is_none_any_more_keeps_its_result(
    run: Run, result_before: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "film.mp4").write_bytes(b"no film any more")
    assert run(tmp_path / "film.mp4", "--force").code == 1
    assert read_tree(tmp_path / "out") == result_before


def test_a_result_that_cannot_be_moved_into_place_gives_way(
    run: Run, result_before: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def refuse_parts(path: Path, target: Path) -> Path:
        if ".part-" in path.name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse_parts)
    outcome = run(tmp_path / "film.mp4", "--force")
    assert outcome.code == 1
    assert re.fullmatch(r"spsnet: .*film: you may not write here; choose another output folder\n", outcome.said)
    assert read_tree(tmp_path / "out") == result_before


@pytest.mark.parametrize("content", [None, "[]", "{}", "half a su"])
def test_a_folder_that_is_no_result_is_never_replaced(
    content: str | None, encode: Encode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "out" / "film"
    mine.mkdir(parents=True)
    (mine / "diary.txt").write_text("mine")
    if content is not None:
        (mine / SUMMARY_FILE).write_text(content)
    for force in ([], ["--force"]):
        assert main(["run", str(encode(tmp_path / "film.mp4", 1)), "-o", str(tmp_path / "out"), *force]) == 1
        assert re.fullmatch(r"spsnet: .*film.*; choose another folder with -o\n", capsys.readouterr().err)
        assert (mine / "diary.txt").read_text() == "mine"


def test_a_place_that_cannot_be_written(encode: Encode, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("a file")
    path = encode(tmp_path / "film.mp4", 1)
    for out in ("out", "out/deeper"):
        assert main(["run", str(path), "-o", str(tmp_path / out)]) == 1
        said = capsys.readouterr().err
        assert re.fullmatch(r"spsnet: .*film: .*; .*choose another.*\n", said), said
    assert (tmp_path / "out").read_text() == "a file"
