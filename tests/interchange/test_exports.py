"""Results as animations and meshes, through the registry and the command."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from interchange.made_results import MADE
from reference.command_line import assert_refused, call
from reference.made_animations import make_motion
from spsnet.body import load_body
from spsnet.export import extras
from spsnet.interchange import FORMATS, RUN_FORMATS, detect_format, read_results, write_exports, write_results
from spsnet.interchange.exports import make_scene, select_frame
from spsnet.records import PredictedMotion, UserError
from spsnet.rendering.palette import get_track_color

EXPORTS = [name for name, kind in FORMATS.items() if kind.read is None]


def make_people() -> list[PredictedMotion]:
    """Frames 3 to 6, and 5 to 9."""
    return [make_motion("1"), make_motion("12", frames=5, first=5, seed=1)]


@pytest.fixture
def smpl(tmp_path: Path) -> Path:
    """The open body as a file of SMPL's layout."""
    body = load_body()
    path = tmp_path / "SMPL_NEUTRAL.npz"
    np.savez(
        path,
        v_template=body.template_m,
        shapedirs=body.shape_directions,
        J_regressor=body.joint_regressor,
        weights=body.skinning_weights,
        f=body.faces,
        kintree_table=np.array([body.parents, range(24)]),
    )
    return path


def test_seven_formats_are_written_only() -> None:
    assert EXPORTS == ["glb", "bvh", "usd", "obj", "ply", "c3d", "trc"]
    assert ("amass", *EXPORTS) == RUN_FORMATS


@pytest.mark.parametrize("name", EXPORTS)
def test_a_run_becomes_a_file_or_a_file_a_person(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    run, kind = tmp_path / "clip", FORMATS[name]
    write_results(make_people(), run, "spsnet")
    out = tmp_path / (f"a{kind.suffix}" if not kind.single else "a")
    assert call("convert", run, "-o", out, "--to", name) == 0
    assert capsys.readouterr().out.startswith(f"{out}: 2 people in 7 frames, from spsnet to {kind.title}\n")
    if kind.single:
        files = [entry.name for entry in sorted(out.iterdir())]
        assert files == [f"person_001{kind.suffix}", f"person_012{kind.suffix}"]
    else:
        assert out.stat().st_size > 1000
    if kind.together:
        assert call("convert", run, "-o", tmp_path / "b", "--to", name) == 0
        files = [entry.name for entry in sorted((tmp_path / "b").iterdir())]
        assert files == [f"person_001{kind.suffix}", f"person_012{kind.suffix}", f"scene{kind.suffix}"]
        assert call("convert", run, "-o", tmp_path / "b", "--to", name, "--force") == 0
    capsys.readouterr()
    assert_refused(capsys, f"{out}: is there already", "convert", run, "-o", out, "--to", name)


@pytest.mark.parametrize("name", RUN_FORMATS)
def test_a_run_leaves_files_beside_its_own(tmp_path: Path, name: str) -> None:
    write_exports(make_people(), tmp_path, name)
    suffix = FORMATS[name].suffix
    persons = [f"person_001{suffix}", f"person_012{suffix}"]
    expected = {
        "amass": ["amass_001.npz", "amass_012.npz"],
        "glb": [*persons, "scene.glb"],
        "usd": [*persons, "scene.usd"],
        "obj": ["scene.obj"],
        "ply": ["scene.ply"],
    }.get(name, persons)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == expected


def test_of_nobody_nothing_is_left(tmp_path: Path) -> None:
    write_exports([], tmp_path, "glb")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="'vibe' is none of amass, glb"):
        write_exports(make_people(), tmp_path, "vibe")


def test_people_have_the_colours_of_the_overlay_and_the_camera_of_the_film() -> None:
    scene = make_scene(make_people(), None)
    assert [person.name for person in scene.people] == ["person_001", "person_012"]
    assert [person.color_rgb for person in scene.people] == [tuple(get_track_color(1)), tuple(get_track_color(12))]
    assert scene.camera is not None
    assert (scene.camera.width, scene.camera.height, scene.camera.focal_px) == (800, 600, 1000)
    assert make_scene([make_motion(focal_px=None)], None).camera is None


def test_the_frame_that_shows_most_people_is_taken() -> None:
    """Frames 5 and 6 show both: of two the second is called the middle."""
    people = make_people()
    assert [motion.frame_index.tolist() for motion in select_frame(people, None)] == [[6], [6]]
    (only,) = select_frame(people, 9)
    assert (only.person, only.frame_index.tolist()) == ("12", [9])
    assert only.translation_m is not None
    assert people[1].translation_m is not None
    np.testing.assert_array_equal(only.translation_m[0], people[1].translation_m[4])
    with pytest.raises(UserError, match="--frame 10: nobody is there; people are between 3 and 9"):
        select_frame(people, 10)


def test_a_frame_is_chosen_by_its_number(tmp_path: Path) -> None:
    write_results(make_people(), tmp_path / "clip", "spsnet")
    words = ("convert", tmp_path / "clip", "-o", tmp_path / "a.obj", "--to", "obj", "--frame", 9)
    assert call(*words) == 0
    assert "frame 9 of the film, 0.360000 s" in (tmp_path / "a.obj").read_text()


@pytest.mark.parametrize(("name", "extra"), [("usd", "usd"), ("c3d", "c3d")])
def test_a_library_that_is_missing_is_named_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, extra: str
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    with pytest.raises(UserError, match=rf"not installed: pip install 'spsnet\[{extra}\]'"):
        write_results(make_people(), tmp_path / "a", name)
    assert list(tmp_path.iterdir()) == []


def convert_vibe(tmp_path: Path, *words: str | Path) -> int:
    return call("convert", MADE["vibe"](tmp_path), "-o", tmp_path / "a.glb", "--to", "glb", "--fps", "25", *words)


def test_other_programs_results_need_the_body_that_they_are_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], smpl: Path
) -> None:
    message = "has a shape of smpl, whose body does not come with spsnet; give its file with --body"
    assert convert_vibe(tmp_path) == 1
    assert message in capsys.readouterr().err
    assert convert_vibe(tmp_path, "--body", smpl) == 0
    file = (tmp_path / "a.glb").read_bytes()
    nodes = json.loads(file[20 : 20 + int.from_bytes(file[12:16], "little")])["nodes"]
    assert {"person_001", "person_002", "camera"} <= {node["name"] for node in nodes}


def test_bodies_that_cannot_be_drawn_are_named(tmp_path: Path, smpl: Path) -> None:
    with pytest.raises(UserError, match="has a shape of smplx, of which no body can be read here"):
        write_results([make_motion(body="smplx")], tmp_path / "a.glb", "glb", body=smpl)


@pytest.mark.parametrize(
    ("field", "message"), [("translation_m", "glTF needs the place in the camera"), ("fps", "give --fps")]
)
def test_what_an_animation_cannot_do_without_is_named(tmp_path: Path, field: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        write_results([make_motion(**{field: None})], tmp_path / "a.glb", "glb")


def test_files_of_animations_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.glb"
    write_results(make_people(), path, "glb")
    with pytest.raises(UserError, match=r"a\.glb: files of glTF are written only; give the result that it was made"):
        detect_format(path)
    with pytest.raises(ValueError, match="'glb' is written only, it cannot be read"):
        read_results(path, "glb")


@pytest.mark.parametrize("make_path", [lambda folder: folder / "a.gltf", lambda folder: folder / "a.obj"])
def test_the_end_of_the_name_is_the_format_s(tmp_path: Path, make_path: Callable[[Path], Path]) -> None:
    path = make_path(tmp_path)
    name = "ply" if path.suffix == ".obj" else "glb"
    with pytest.raises(UserError, match=rf"ends in \.{name}; give -o {path.name}\.{name}"):
        write_results(make_people(), path, name)
