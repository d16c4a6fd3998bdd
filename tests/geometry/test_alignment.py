import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.transform import Rotation

from reference.rotations_slow import convert_to_matrices
from spsnet.geometry import Similarity, apply_similarity, fit_similarity


def draw(seed: int, batch: int, points: int) -> tuple[np.ndarray, Similarity]:
    rng = np.random.default_rng(seed)
    similarity = Similarity(
        rng.uniform(0.3, 3, batch), convert_to_matrices(rng.normal(size=(batch, 3)) * 2), rng.normal(size=(batch, 3))
    )
    return rng.normal(size=(batch, points, 3)), similarity


def test_moves_points_by_hand() -> None:
    turn = convert_to_matrices(np.array([0, 0, np.pi / 2]))
    similarity = Similarity(np.array(2.0), turn, np.array([1.0, 0, 0]))
    np.testing.assert_allclose(apply_similarity(similarity, np.array([[1.0, 0, 0]])), [[1, 2, 0]], atol=1e-15)


@pytest.mark.parametrize("points", [3, 14, 100])
def test_a_known_similarity_is_found_again(points: int) -> None:
    source, similarity = draw(0, 20, points)
    target = apply_similarity(similarity, source)
    for got, expected in zip(fit_similarity(source, target), similarity, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-9)


def test_without_scale_a_rigid_motion_is_found_and_size_is_kept() -> None:
    source, similarity = draw(1, 5, 10)
    rigid = similarity._replace(scale=np.ones(5))
    fitted = fit_similarity(source, apply_similarity(rigid, source), with_scale=False)
    np.testing.assert_allclose(fitted.rotation, rigid.rotation, atol=1e-9)
    bigger = fit_similarity(source, apply_similarity(similarity, source), with_scale=False)
    np.testing.assert_array_equal(bigger.scale, 1)


def test_reflections_are_refused() -> None:
    source, _ = draw(2, 50, 14)
    fitted = fit_similarity(source, source * np.array([-1.0, 1, 1]))
    np.testing.assert_allclose(np.linalg.det(fitted.rotation), 1, atol=1e-12)
    error = np.abs(apply_similarity(fitted, source) - source * np.array([-1.0, 1, 1])).max((1, 2))
    assert (error > 0.1).all()


@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_scipys_rotations_agree_and_its_orthogonal_matrices_where_they_are_rotations(mirror: float) -> None:
    rng = np.random.default_rng(8)
    source = rng.normal(size=(40, 14, 3))
    target = source * np.array([mirror, 1, 1]) + 0.3 * rng.normal(size=(40, 14, 3))
    fitted = fit_similarity(source, target)
    reflected = 0
    for frame in range(40):
        x, y = (points[frame] - points[frame].mean(0) for points in (source, target))
        np.testing.assert_allclose(fitted.rotation[frame], Rotation.align_vectors(y, x)[0].as_matrix(), atol=1e-7)
        orthogonal, spread = orthogonal_procrustes(x, y)
        if np.linalg.det(orthogonal) > 0:
            np.testing.assert_allclose(fitted.rotation[frame], orthogonal.T, atol=1e-9)
            assert fitted.scale[frame] == pytest.approx(spread / (x**2).sum())
        else:
            reflected += 1
    assert reflected == (0 if mirror > 0 else 40)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    scale=st.floats(1e-3, 1e3),
    near_identity=st.booleans(),
    flat=st.booleans(),
    points=st.integers(3, 8),
)
def test_any_similarity_is_found_again(seed: int, scale: float, near_identity: bool, flat: bool, points: int) -> None:
    """Of points in a plane too, whose mirror images fit as well."""
    rng = np.random.default_rng(seed)
    source = rng.normal(size=(points, 3)) * np.array([1, 1, 0 if flat else 1])
    turn = convert_to_matrices(rng.normal(size=3) * (1e-6 if near_identity else 2))
    similarity = Similarity(np.array(scale), turn, rng.normal(size=3))
    target = apply_similarity(similarity, source)
    fitted = fit_similarity(source, target)
    np.testing.assert_allclose(np.linalg.det(fitted.rotation), 1, atol=1e-12)
    np.testing.assert_allclose(apply_similarity(fitted, source), target, atol=1e-9 * max(scale, 1))


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_a_motion_and_the_one_back_have_one_rotation(seed: int) -> None:
    """Least squares either way turn alike; the scales do not undo each other unless the fit is perfect."""
    source, target = np.random.default_rng(seed).normal(size=(2, 6, 3))
    there, back = fit_similarity(source, target), fit_similarity(target, source)
    np.testing.assert_allclose(back.rotation, there.rotation.T, atol=1e-6)
    assert there.scale * back.scale < 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_points_that_are_none_are_refused(bad: float) -> None:
    points = np.random.default_rng(9).normal(size=(2, 14, 3))
    broken = points.copy()
    broken[1, 5, 2] = bad
    for source, target in ((points, broken), (broken, points)):
        with pytest.raises(ValueError, match="points to align should be finite"):
            fit_similarity(source, target)


def test_nothing_nearby_fits_better() -> None:
    rng = np.random.default_rng(3)
    source, target = rng.normal(size=(2, 14, 3))

    def measure(similarity: Similarity) -> float:
        return float(np.sum((apply_similarity(similarity, source) - target) ** 2))

    best = fit_similarity(source, target)
    for _ in range(200):
        turn = convert_to_matrices(rng.normal(size=3) * 0.05)
        moved = Similarity(
            best.scale * rng.uniform(0.95, 1.05), turn @ best.rotation, best.translation + rng.normal(size=3) * 0.02
        )
        assert measure(moved) > measure(best)


def test_aligning_forgets_how_the_source_was_moved() -> None:
    source, similarity = draw(4, 8, 14)
    target = np.random.default_rng(5).normal(size=(8, 14, 3))
    moved = apply_similarity(similarity, source)
    np.testing.assert_allclose(
        apply_similarity(fit_similarity(source, target), source),
        apply_similarity(fit_similarity(moved, target), moved),
        atol=1e-9,
    )


def test_flat_and_single_points_give_proper_rotations() -> None:
    flat = np.random.default_rng(6).normal(size=(4, 10, 3)) * np.array([1.0, 1, 0])
    one = np.ones((1, 5, 3))
    for points in (flat, one):
        fitted = fit_similarity(points, points)
        np.testing.assert_allclose(np.linalg.det(fitted.rotation), 1, atol=1e-9)
        np.testing.assert_allclose(apply_similarity(fitted, points), points, atol=1e-9)


def test_single_precision_input_is_computed_in_double() -> None:
    source, similarity = draw(7, 3, 14)
    target = apply_similarity(similarity, source)
    fitted = fit_similarity(source.astype(np.float32), target.astype(np.float32))
    assert fitted.rotation.dtype == np.float64
    np.testing.assert_allclose(fitted.rotation, similarity.rotation, atol=1e-6)


def test_an_empty_batch_stays_empty() -> None:
    fitted = fit_similarity(np.zeros((0, 14, 3)), np.zeros((0, 14, 3)))
    assert fitted.rotation.shape == (0, 3, 3)
