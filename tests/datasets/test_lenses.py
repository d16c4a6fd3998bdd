import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spsnet.datasets.lenses import fit_pinhole, measure_projection
from spsnet.records import Pinhole

SIZE = (2048, 2048)


def test_two_rays_by_hand() -> None:
    joints = np.array([[[0.0, 0.0, 2000.0], [200.0, 0.0, 2000.0]]])
    camera = fit_pinhole(joints, np.array([[[1024.0, 1000.0], [1174.0, 1000.0]]]), SIZE)
    assert camera is not None
    np.testing.assert_allclose([camera.focal_px, *camera.center_px], [1500, 1024, 1000])
    assert (camera.width, camera.height) == SIZE


@given(
    st.floats(300, 5000),
    st.floats(0, 2000),
    st.floats(0, 2000),
    st.sampled_from([1.0, 1000.0]),
    st.integers(0, 2**32 - 1),
)
def test_a_projection_gives_its_camera_back(focal: float, x: float, y: float, unit: float, seed: int) -> None:
    joints = np.random.default_rng(seed).normal((0, 0, 4), 0.5, (3, 17, 3)).clip((-9, -9, 1), 9) * unit
    points = focal * joints[..., :2] / joints[..., 2:] + (x, y)
    camera = fit_pinhole(joints, points, SIZE)
    assert camera is not None
    np.testing.assert_allclose([camera.focal_px, *camera.center_px], [focal, x, y], rtol=1e-8, atol=1e-6)
    assert measure_projection(camera, joints, points) < 1e-5


def test_points_that_are_no_numbers_or_behind_do_not_count() -> None:
    joints = np.random.default_rng(0).normal((0, 0, 4), 0.5, (4, 17, 3))
    points = 1500 * joints[..., :2] / joints[..., 2:] + 1000
    joints[0, 0], joints[1, 1], joints[2] = np.nan, (0, 0, -1), 0
    points[3, 3] = np.inf
    camera = fit_pinhole(joints, points, SIZE)
    assert camera is not None
    np.testing.assert_allclose([camera.focal_px, *camera.center_px], [1500, 1000, 1000])
    assert measure_projection(camera, joints, points) < 1e-6


def test_points_that_tell_no_camera_give_none() -> None:
    joints = np.random.default_rng(0).normal((0, 0, 4), 0.5, (4, 17, 3))
    mirrored = 1000 - 1500 * joints[..., :2] / joints[..., 2:]
    elsewhere = np.random.default_rng(1).uniform(0, 2000, (4, 17, 2))
    none = np.full((4, 17, 2), np.nan)
    for points in (mirrored, elsewhere, none):
        assert fit_pinhole(joints, points, SIZE) is None
    assert fit_pinhole(joints[:1, :1], mirrored[:1, :1], SIZE) is None
    assert fit_pinhole(joints[:0], mirrored[:0], SIZE) is None


def test_how_far_points_are_beside_a_projection() -> None:
    camera = Pinhole(focal_px=1000.0, center_px=(500.0, 500.0), width=1000, height=1000)
    joints = np.array([[[1.0, 0, 10], [0, 0, 5], [0, 0, 5], [np.nan, 0, 1], [0, 0, -1]]])
    points = np.array([[[603.0, 504], [500, 500], [500, 512], [0, 0], [0, 0]]])
    assert measure_projection(camera, joints, points) == 5
    assert measure_projection(camera, joints[:, 3:], points[:, 3:]) == 0
