import numpy as np
import pytest

from spsnet.refinement.banded import BandedNormalEquations


def draw_terms(frames: int, unknowns: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    inner = max(frames - 2, 0)
    return {
        "frame_jacobian": rng.normal(size=(frames, 5, unknowns)),
        "frame_residual": rng.normal(size=(frames, 5)),
        "weight": rng.uniform(0.1, 1, size=(1, unknowns)),
        "prior_residual": rng.normal(size=(frames, unknowns)),
        "jacobian": rng.normal(size=(frames, 4, unknowns)),
        "residual": rng.normal(size=(inner, 4)),
        "stencil": rng.normal(size=(inner, 3)),
    }


def solve_dense(terms: dict[str, np.ndarray], damping: float) -> np.ndarray:
    """Every residual one row over all the unknowns of the film."""
    frames, _, unknowns = terms["frame_jacobian"].shape
    rows, values = [], []
    for t in range(frames):
        for row, value in zip(terms["frame_jacobian"][t], terms["frame_residual"][t], strict=True):
            rows.append(np.zeros((frames, unknowns)))
            rows[-1][t] = row
            values.append(value)
        for u in range(unknowns):
            rows.append(np.zeros((frames, unknowns)))
            rows[-1][t, u] = np.sqrt(terms["weight"][0, u])
            values.append(np.sqrt(terms["weight"][0, u]) * terms["prior_residual"][t, u])
    for t in range(frames - 2):
        for r in range(4):
            rows.append(np.zeros((frames, unknowns)))
            for k in range(3):
                rows[-1][t + k] = terms["stencil"][t, k] * terms["jacobian"][t + k, r]
            values.append(terms["residual"][t, r])
    matrix = np.array(rows).reshape(len(rows), -1)
    normal = matrix.T @ matrix
    normal += damping * np.diag(np.diag(normal))
    return np.linalg.solve(normal, -matrix.T @ np.array(values)).reshape(frames, unknowns)


@pytest.mark.parametrize("damping", [0.0, 0.3])
@pytest.mark.parametrize(("frames", "unknowns"), [(1, 3), (2, 3), (3, 1), (3, 4), (8, 4)])
def test_agrees_with_a_dense_solution(frames: int, unknowns: int, damping: float) -> None:
    terms = draw_terms(frames, unknowns)
    equations = BandedNormalEquations(frames, unknowns)
    equations.add_frame_terms(terms["frame_jacobian"], terms["frame_residual"])
    equations.add_diagonal(terms["weight"], terms["prior_residual"])
    equations.add_accelerations(terms["jacobian"], terms["residual"], terms["stencil"])
    np.testing.assert_allclose(equations.solve(damping), solve_dense(terms, damping), atol=1e-9)


def test_one_unknown_by_hand() -> None:
    """(2 δ + 6)² + (δ − 1)²: 5 δ = −12 + 1."""
    equations = BandedNormalEquations(1, 1)
    equations.add_frame_terms(np.array([[[2.0]]]), np.array([[6.0]]))
    equations.add_diagonal(np.array([[1.0]]), np.array([[-1.0]]))
    assert equations.solve(0.0)[0, 0] == pytest.approx(-11 / 5)


def test_accelerations_alone_carry_on_in_a_straight_line() -> None:
    """The first two frames are held at 0 and 1, the rest by nothing but their second difference."""
    equations = BandedNormalEquations(6, 1)
    jacobian = np.zeros((6, 1, 1))
    jacobian[:2] = 1e3
    equations.add_frame_terms(jacobian, np.array([[0.0], [-1e3], [0], [0], [0], [0]]))
    equations.add_accelerations(np.ones((6, 1, 1)), np.zeros((4, 1)), np.tile([1.0, -2.0, 1.0], (4, 1)))
    np.testing.assert_allclose(equations.solve(0.0)[:, 0], np.arange(6), atol=1e-6)
