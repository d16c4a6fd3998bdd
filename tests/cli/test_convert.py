from pathlib import Path

import joblib
import numpy as np
import pytest

from interchange.made_results import MADE, READABLE, Trap, dump, make_vibe, save_run
from reference.command_line import assert_refused, call
from spsnet.body import load_body
from spsnet.export import load_person
from spsnet.interchange import FORMATS, read_results


def test_a_run_becomes_a_file_of_vibe_and_says_what_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "clip.pkl"
    assert call("convert", MADE["spsnet"](tmp_path), "-o", out, "--to", "vibe") == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.splitlines() == [
        f"{out}: 2 people in 3 frames, from spsnet to VIBE",
        "  lost: frames per second",
        "  lost: the frames' own times",
        "  lost: joints (smpl24)",
        "  lost: the body: shape and place hold for spsnet-open-body, programs that read VIBE take them for smpl's: "
        "another build, and off by some decimetres",
        "  lost: confidence and filled frames",
        "  lost: COCO's joints",
        "  lost: the encoder's own keypoints",
    ]
    assert joblib.load(out).keys() == {1, 2}
    assert {person.body for person in read_results(out, "vibe")} == {load_body().name}


@pytest.mark.parametrize("name", [name for name in READABLE if name != "spsnet"])
def test_every_format_becomes_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    source, out = MADE[name](tmp_path), tmp_path / "out"
    assert call("convert", source, "-o", out) == 0
    said = capsys.readouterr().out.splitlines()
    people = read_results(source, name)
    frames = len({int(number) for person in people for number in person.frame_index})
    count = "1 person" if len(people) == 1 else f"{len(people)} people"
    assert said[0] == f"{out}: {count} in {frames} frames, from {FORMATS[name].title} to spsnet"
    assert len(list(out.glob("person_*.npz"))) == len(people)
    assert ("  unknown: frames per second; --fps says them" in said) == (people[0].fps is None)


def test_frames_per_second_are_said_by_the_user(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = MADE["vibe"](tmp_path)
    assert_refused(capsys, "AMASS needs frames per second", "convert", source, "-o", tmp_path / "a", "--to", "amass")
    assert call("convert", source, "-o", tmp_path / "a", "--to", "amass", "--fps", 24) == 0
    assert read_results(tmp_path / "a", "amass")[0].fps == 24
    assert call("convert", source, "-o", tmp_path / "b", "--to", "npz", "--fps", 50) == 0
    assert "unknown" not in capsys.readouterr().out
    np.testing.assert_allclose(load_person(tmp_path / "b" / "person_001.npz").time_s, [0.08, 0.1, 0.16])


def test_meshes_go_along_where_there_is_room(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = MADE["vibe"](tmp_path)
    assert call("convert", source, "-o", tmp_path / "a.pkl", "--to", "wham") == 0
    assert "lost: meshes" not in capsys.readouterr().out
    assert read_results(tmp_path / "a.pkl", "wham", vertices=True)[0].vertices_m is not None
    assert call("convert", source, "-o", tmp_path / "b") == 0
    assert "  lost: meshes" in capsys.readouterr().out.splitlines()


def test_the_format_is_told_by_the_content_or_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = dump(tmp_path / "a.pkl", {1: {"pose": np.zeros((1, 72))}})
    assert_refused(capsys, "a.pkl: of no format that is known here", "convert", source, "-o", tmp_path / "b")
    words = ("convert", source, "-o", tmp_path / "b", "--from", "wham")
    assert_refused(capsys, "a.pkl: person 1, has no 'frame_ids'; give the wham_output.pkl", *words)


def test_nothing_is_replaced_without_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("convert", MADE["vibe"](tmp_path), "-o", tmp_path / "b", "--fps", 30)
    assert call(*words) == 0
    capsys.readouterr()
    assert_refused(capsys, f"{tmp_path / 'b'}: is there already; give --force to replace it", *words)
    assert call(*words, "--force") == 0


def test_what_is_converted_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = MADE["vibe"](tmp_path)
    before = source.read_bytes()
    for out in (source, tmp_path):
        words = ("convert", source, "-o", out, "--to", "wham", "--force")
        assert_refused(capsys, f"{out}: holds what is to be converted; give another -o", *words)
    assert source.read_bytes() == before


def test_ours_need_no_conversion_into_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = save_run(tmp_path / "clip")
    assert_refused(capsys, f"{run}: is a result of spsnet already; say with --to", "convert", run, "-o", tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_file_that_runs_something_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sprung = tmp_path / "sprung"
    source = dump(tmp_path / "a.pkl", {**make_vibe(), 3: Trap(sprung)})
    assert_refused(capsys, "a.pkl: refused, nothing in it was run", "convert", source, "-o", tmp_path / "b")
    assert not sprung.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--to", "fbx"), "'fbx' is none of npz, spsnet, vibe"),
        (("--from", "fbx"), "'fbx' is none of npz, spsnet, vibe"),
        (("--from", "glb"), "'glb' is written only, it cannot be read"),
        (("--to", "glb", "--frame", "3"), "glb holds every frame; obj and ply show one"),
        (("--fps", "0"), "should be positive"),
    ],
)
def test_wrong_words_end_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert call("convert", tmp_path, "-o", tmp_path / "b", *words) == 2
    assert message in capsys.readouterr().err


def test_help_shows_an_example_and_names_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("convert", "--help") == 0
    said = capsys.readouterr().out
    assert "Example: spsnet convert out/walk -o walk.glb --to glb" in said
    assert all(name in said for name in (*FORMATS, "npz"))
