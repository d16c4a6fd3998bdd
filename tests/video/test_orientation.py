import numpy as np
import pytest

from spsnet.video.orientation import Orientation

IMAGE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
MATRICES = {
    "identity": (1, 0, 0, 1),
    "quarter": (0, 1, -1, 0),
    "half": (-1, 0, 0, -1),
    "three quarters": (0, -1, 1, 0),
    "mirrored": (-1, 0, 0, 1),
    "upside down mirrored": (1, 0, 0, -1),
    "transposed": (0, 1, 1, 0),
    "transposed the other way": (0, -1, -1, 0),
}


def make_matrix(a: int, b: int, c: int, d: int) -> np.ndarray:
    return np.array([a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30], np.int32)


@pytest.mark.parametrize("name", MATRICES)
def test_applies_the_matrix_pixel_by_pixel(name: str) -> None:
    a, b, c, d = MATRICES[name]
    orientation = Orientation.from_display_matrix(make_matrix(a, b, c, d))
    upright = orientation.apply(IMAGE)
    height, width = IMAGE.shape[:2]
    corners = [(a * p + c * q, b * p + d * q) for p in (0, width - 1) for q in (0, height - 1)]
    left, top = min(p for p, _ in corners), min(q for _, q in corners)
    for q in range(height):
        for p in range(width):
            assert np.array_equal(upright[b * p + d * q - top, a * p + c * q - left], IMAGE[q, p])
    assert orientation.compute_size(width, height) == (upright.shape[1], upright.shape[0])


def test_phone_held_upright_turns_a_quarter_clockwise() -> None:
    orientation = Orientation.from_display_matrix(make_matrix(0, 1, -1, 0))
    assert orientation == Orientation(turn_deg=90)
    assert np.array_equal(orientation.apply(IMAGE), np.rot90(IMAGE, -1))


def test_rounds_to_the_nearest_quarter() -> None:
    tilted = np.array([60_000, 20_000, 0, -20_000, 60_000, 0, 0, 0, 1 << 30], np.int32)
    assert Orientation.from_display_matrix(tilted) == Orientation()


def test_nothing_to_do_returns_the_same_array() -> None:
    assert Orientation().apply(IMAGE) is IMAGE


def test_refuses_other_turns() -> None:
    with pytest.raises(ValueError, match="0, 90, 180 or 270, got 45"):
        Orientation(turn_deg=45)
