import numpy as np
import pytest

from interchange.made_results import FRAMES, make_motion
from spsnet.interchange import FORMATS, list_losses

JOINTS = np.zeros((FRAMES, 24, 3))


def test_a_format_that_holds_everything_loses_nothing() -> None:
    motion = make_motion(joints_m=JOINTS, joint_set="smpl24")
    assert list_losses([motion], FORMATS["spsnet"]) == []
    bare = make_motion(fps=None)
    assert list_losses([bare], FORMATS["vibe"]) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vibe", ["frames per second", "joints (smpl24)"]),
        ("wham", ["the focal length", "the picture's centre", "boxes", "frames per second", "joints (smpl24)"]),
        ("phalp", ["frames per second", "joints (smpl24)"]),
        ("romp", ["the focal length", "the picture's centre", "boxes", "frames per second", "joints (smpl24)"]),
        ("gvhmr", ["boxes", "frames per second", "joints (smpl24)"]),
        ("amass", ["the focal length", "the picture's centre", "boxes", "joints (smpl24)"]),
    ],
)
def test_fields_that_a_format_has_no_room_for(name: str, expected: list[str]) -> None:
    motion = make_motion(joints_m=JOINTS, joint_set="smpl24", body=FORMATS[name].body)
    assert list_losses([motion], FORMATS[name])[: len(expected)] == expected


def test_the_format_s_own_remarks_come_always() -> None:
    assert "turns of the hands" in list_losses([make_motion(body="smplx")], FORMATS["gvhmr"])
    assert any("pose_world" in words for words in list_losses([make_motion()], FORMATS["wham"]))


def test_what_a_body_of_another_kind_means_for_readers() -> None:
    (words,) = list_losses([make_motion(body="spsnet-open-body", fps=None)], FORMATS["vibe"])
    assert words == (
        "the body: shape and place hold for spsnet-open-body, programs that read VIBE take them for smpl's: another "
        "build, and off by some decimetres"
    )


def test_the_lens_that_a_format_means() -> None:
    telephoto = [make_motion(focal_px=2000.0, fps=None), make_motion("2", fps=None)]
    words = "the lens: VIBE means 1280 px where the results have 2000 px, depth is scaled along"
    assert list_losses(telephoto, FORMATS["vibe"]) == [words]
    assert list_losses([make_motion(focal_px=1285.0, fps=None)], FORMATS["vibe"]) == []
    (words,) = list_losses([make_motion(fps=None)], FORMATS["phalp"])
    assert "PHALP and 4D-Humans means 25000 px where the results have 1280 px" in words


def test_frame_numbers_and_shapes_that_change() -> None:
    late = make_motion(frame_index=np.array([4, 5, 9]), body="smplh")
    assert any(words.startswith("frame numbers: the first frame") for words in list_losses([late], FORMATS["amass"]))
    assert not any(words.startswith("frame numbers") for words in list_losses([late], FORMATS["wham"]))
    shape = np.arange(30.0).reshape(3, 10)
    growing = make_motion(shape=shape)
    assert list_losses([growing], FORMATS["spsnet"]) == ["how the shape changes: its mean over the frames is written"]


def test_what_the_reader_left_there_is_lost_too() -> None:
    losses = list_losses([make_motion(fps=None)], FORMATS["spsnet"], FORMATS["vibe"])
    assert losses == ["meshes", "what the tracker saw ('joints2d')"]
    assert "meshes" not in list_losses([make_motion(fps=None)], FORMATS["wham"], FORMATS["vibe"])
    ours = list_losses([make_motion(fps=None)], FORMATS["vibe"], FORMATS["spsnet"])
    assert ours[:2] == ["confidence and filled frames", "COCO's joints"]
