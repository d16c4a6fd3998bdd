import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spsnet.geometry import axis_angle_to_matrix
from spsnet.records import UserError
from spsnet.synthesis.bvh import parse_bvh

TEXT = """HIERARCHY
ROOT hip
{
    OFFSET 0.0 90.0 0.0
    CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
    JOINT left knee
    {
        OFFSET 10 -40 0
        CHANNELS 3 Yrotation Xrotation Zrotation
        End Site
        {
            OFFSET 0 -45 5
        }
    }
    JOINT spine
    {
        OFFSET 0 20 -1e-1
        CHANNELS 3 Zrotation Yrotation Xrotation
        JOINT tip
        {
            OFFSET 0 5 0
        }
    }
}
MOTION
Frames: 2
Frame Time: 0.0416667
1 2 3   90 0 0   0 0 0   0 90 0
4 5 6   30 40 50   10 20 30   0 0 0
"""


def turn(axis: int, degrees: float) -> np.ndarray:
    return axis_angle_to_matrix(np.deg2rad(degrees) * np.eye(3)[axis])


def test_reads_the_tree() -> None:
    motion = parse_bvh(TEXT, "walk.bvh")
    assert motion.names == ("hip", "left knee", "spine", "tip")
    assert motion.parents == (-1, 0, 0, 2)
    np.testing.assert_array_equal(motion.offsets, [[0, 90, 0], [10, -40, 0], [0, 20, -0.1], [0, 5, 0]])
    assert motion.frame_time_s == 0.0416667


def test_rotations_multiply_in_the_order_of_the_channels() -> None:
    motion = parse_bvh(TEXT, "walk.bvh")
    np.testing.assert_array_equal(motion.root, [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_allclose(motion.rotations[0, 0] @ [1, 0, 0], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(motion.rotations[0, 2] @ [1, 0, 0], [0, 0, -1], atol=1e-12)
    np.testing.assert_allclose(motion.rotations[1, 0], turn(2, 30) @ turn(1, 40) @ turn(0, 50), atol=1e-12)
    np.testing.assert_allclose(motion.rotations[1, 1], turn(1, 10) @ turn(0, 20) @ turn(2, 30), atol=1e-12)
    np.testing.assert_array_equal(motion.rotations[:, 3], np.tile(np.eye(3), (2, 1, 1)))  # it has no channels


def test_position_channels_below_the_root_are_skipped() -> None:
    text = (
        TEXT.replace(
            "CHANNELS 3 Yrotation Xrotation Zrotation",
            "CHANNELS 6 Xposition Yposition Zposition Yrotation Xrotation Zrotation",
        )
        .replace("10 20 30", "7 8 9 10 20 30")
        .replace("0 0 0   0 90 0", "7 8 9 0 0 0   0 90 0")
    )
    motion, plain = parse_bvh(text, "walk.bvh"), parse_bvh(TEXT, "walk.bvh")
    np.testing.assert_array_equal(motion.rotations, plain.rotations)
    np.testing.assert_array_equal(motion.root, plain.root)


def test_no_frames_and_windows_line_ends() -> None:
    head, _, _ = TEXT.partition("Frames")
    motion = parse_bvh((head + "Frames: 0\nFrame Time: .04\n").replace("\n", "\r\n"), "still.bvh")
    assert motion.rotations.shape == (0, 4, 3, 3)
    assert motion.root.shape == (0, 3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("MOTION", "", "is not a BVH file: it has no HIERARCHY and MOTION part"),
        ("HIERARCHY", "", "is not a BVH file"),
        ("Frames: 2", "Frames: two", "does not state 'Frames' and a positive 'Frame Time'"),
        ("0.0416667", "0", "does not state 'Frames' and a positive 'Frame Time'"),
        ("0.0416667", "1e+-4", "does not state 'Frames' and a positive 'Frame Time'"),
        ("Frames: 2", "Frames: 3", "states 3 frames of 12 channels but holds 24 numbers"),
        ("30 40 50", "30 40", "states 2 frames of 12 channels but holds 23 numbers"),
        ("30 40 50", "30 x 50", "holds something else than numbers in its motion: .*'x'"),
        ("ROOT hip\n{", "", "has 'OFFSET' outside of a joint"),
        ("10 -40 0", "10 -40 O", "has an offset that is no number: 10 -40 O"),
        ("Xrotation\n", "Wrotation\n", "has channels that are none: .*Wrotation"),
        ("6 Xposition Yposition Zposition", "3", "one ROOT with three position channels, it has 1 roots"),
    ],
)
def test_broken_files_are_named_with_what_is_missing(old: str, new: str, message: str) -> None:
    with pytest.raises(UserError, match=rf"walk\.bvh .*{message}"):
        parse_bvh(TEXT.replace(old, new, 1), "walk.bvh")


@given(data=st.data())
def test_damaged_files_are_read_or_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TEXT)))
    text = TEXT[:start] + data.draw(st.sampled_from(["", "}", "{", " 1 ", "ROOT b", "nan", "-"])) + TEXT[start:]
    cut = data.draw(st.integers(0, 40))
    text = text[: start + 5] + text[start + 5 + cut :]
    try:
        parse_bvh(text, "walk.bvh")
    except UserError as error:
        assert "walk.bvh" in str(error)  # noqa: PT017 - either outcome is right
