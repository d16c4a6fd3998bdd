import numpy as np
import pytest

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
