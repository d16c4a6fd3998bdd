import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reference.made_animations import make_animation, make_motion
from spsnet.assets.cache import lock
from spsnet.body import load_body
from spsnet.export import Scene, animate, encode_person, encode_scene
from spsnet.export.animation import JOINT_NAMES
from spsnet.records import Pinhole
from spsnet.rendering.palette import get_track_color

CAMERA = Pinhole(focal_px=1000.0, center_px=(400.0, 300.0), width=800, height=600)
HERE = Path(__file__).parent / "gltf_validator"
CACHE = Path(__file__).parents[2] / ".cache" / "gltf_validator"


def make_scene() -> Scene:
    second = animate(make_motion("2", frames=2, first=60, seed=5), load_body(), name="person_002",
                     color_rgb=get_track_color(2).tolist())  # fmt: skip
    return Scene(people=(make_animation(), second), camera=CAMERA)


def unpack(content: bytes) -> dict[str, Any]:
    """The description in a file, by the bytes of the specification."""
    assert (content[:4], int.from_bytes(content[8:12], "little")) == (b"glTF", len(content))
    size = int.from_bytes(content[12:16], "little")
    assert content[16:20] == b"JSON"
    return json.loads(content[20 : 20 + size])


@pytest.mark.skipif(shutil.which("npm") is None, reason="Khronos' validator needs node and npm, which are not here")
def test_khronos_validator_has_nothing_to_say(tmp_path: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    with lock(CACHE / "install.lock"):
        for name in ("package.json", "validate.mjs"):
            shutil.copy(HERE / name, CACHE / name)
        if not (CACHE / "node_modules" / "gltf-validator").is_dir():
            words = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
            subprocess.run(words, cwd=CACHE, check=True, timeout=300)
    hole = make_animation(frames=3, time_s=np.array([0.0, 0.04, 9.0]))
    files = {
        "scene": encode_scene(make_scene()),
        "no_camera": encode_scene(Scene(people=(hole,))),
        "person": encode_person(make_animation()),
        "one_frame": encode_person(make_animation(frames=1)),
    }
    for name, content in files.items():
        (tmp_path / f"{name}.glb").write_bytes(content)
    words = ["node", "validate.mjs", *(str(tmp_path / f"{name}.glb") for name in files)]
    said = subprocess.run(words, cwd=CACHE, check=True, capture_output=True, text=True, timeout=120).stdout
    for name, issues in zip(files, json.loads(said), strict=True):
        assert issues["messages"] == [], name
        assert issues["numErrors"] + issues["numWarnings"] + issues["numInfos"] + issues["numHints"] == 0


def test_nodes_and_the_animation_have_the_promised_names() -> None:
    file = unpack(encode_scene(make_scene()))
    names = [node["name"] for node in file["nodes"]]
    assert len(set(names)) == len(names) == 2 * 26 + 1
    top = [names[number] for number in file["scenes"][0]["nodes"]]
    assert top == ["person_001", "person_001_mesh", "person_002", "person_002_mesh", "camera"]
    group = file["nodes"][names.index("person_001")]
    assert [names[child] for child in group["children"]] == ["person_001_pelvis"]
    assert group["extras"] == {"first_frame": 3, "last_frame": 6}
    assert [names[joint] for joint in file["skins"][0]["joints"]] == [f"person_001_{name}" for name in JOINT_NAMES]
    assert [animation["name"] for animation in file["animations"]] == ["motion"]
    alone = unpack(encode_person(make_animation()))
    assert {node["name"] for node in alone["nodes"]} == {*JOINT_NAMES, "person_001", "person_001_mesh"}
    assert "cameras" not in alone


def test_the_file_says_its_axes_unit_and_rate() -> None:
    asset = unpack(encode_person(make_animation()))["asset"]
    assert asset["extras"] == {
        "up_axis": "+Y",
        "unit": "metre",
        "frames_per_second": 25,
        "time": "seconds from the beginning of the film",
    }
    assert asset["generator"].startswith("spsnet ")


def test_the_camera_sees_what_the_film_shows() -> None:
    """300 px above the middle at 1000 px: half the view is atan 0.3."""
    (camera,) = unpack(encode_scene(make_scene()))["cameras"]
    lens = camera["perspective"]
    assert lens["yfov"] == pytest.approx(2 * np.arctan(0.3))
    assert lens["aspectRatio"] == pytest.approx(4 / 3)
    assert "zfar" not in lens


def test_materials_are_no_metal_and_in_the_person_s_colour() -> None:
    file = unpack(encode_scene(make_scene()))
    surface = file["materials"][0]["pbrMetallicRoughness"]
    assert surface["metallicFactor"] == 0
    np.testing.assert_allclose(surface["baseColorFactor"], [0, 0.2140, 1, 1], atol=1e-4)
    colors = [material["pbrMetallicRoughness"]["baseColorFactor"] for material in file["materials"]]
    assert colors[0] != colors[1]
    assert [mesh["primitives"][0]["material"] for mesh in file["meshes"]] == [0, 1]


def test_people_are_hidden_while_they_are_not_there() -> None:
    file = unpack(encode_scene(make_scene()))
    (animation,) = file["animations"]
    steps = [channel for channel in animation["channels"] if channel["target"]["path"] == "scale"]
    assert [file["nodes"][channel["target"]["node"]]["name"] for channel in steps] == ["person_001", "person_002"]
    for channel in steps:
        assert animation["samplers"][channel["sampler"]]["interpolation"] == "STEP"
    times = [file["accessors"][animation["samplers"][channel["sampler"]]["input"]] for channel in steps]
    np.testing.assert_allclose([time["max"][0] for time in times], [0.28, 2.48], atol=1e-6)
    assert [time["min"][0] for time in times] == [0, 0]


def test_people_of_one_body_share_faces_and_weights() -> None:
    first, second = (mesh["primitives"][0] for mesh in unpack(encode_scene(make_scene()))["meshes"])
    assert first["indices"] == second["indices"]
    for name, is_shared in {"JOINTS_0": True, "WEIGHTS_0": True, "POSITION": False, "NORMAL": False}.items():
        assert (first["attributes"][name] == second["attributes"][name]) == is_shared


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
def test_skinning_by_the_file_gives_the_surface(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sum over joints of weight × joint × inverse bind, as a graphics card forms it. Of one frame the mean
    corrective is that frame's own, so the surface is exact."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    from export_readers import Gltf

    animation = make_animation(frames=1)
    (tmp_path / "a.glb").write_bytes(encode_person(animation))
    read = Gltf(tmp_path / "a.glb")
    skin, surface = read.file.skins[0], read.file.meshes[0].primitives[0]
    inverse = read.get_array(skin.inverseBindMatrices).reshape(24, 4, 4).transpose(0, 2, 1)
    bones = np.stack([read.place(node, animation.time_s)[0] for node in skin.joints]) @ inverse
    joints = read.get_array(surface.attributes.JOINTS_0).astype(int)
    weights = read.get_array(surface.attributes.WEIGHTS_0)
    rest = np.concatenate([read.get_array(surface.attributes.POSITION), np.ones((6400, 1))], axis=1)
    moved = np.einsum("vk,vkij,vj->vi", weights, bones[joints], rest)[:, :3]
    np.testing.assert_allclose(moved, animation.compute_vertices()[0], atol=1e-5)


def test_the_root_stands_where_the_person_is_first_seen() -> None:
    animation = make_animation()
    file = unpack(encode_person(animation))
    (root,) = (node for node in file["nodes"] if node["name"] == "pelvis")
    np.testing.assert_allclose(root["translation"], animation.root_m[0], atol=1e-6)


def test_two_writings_give_the_same_bytes() -> None:
    assert encode_scene(make_scene()) == encode_scene(make_scene())
