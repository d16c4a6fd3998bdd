import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import mean as average_labels

from spsnet.metrics import average, average_by_frame, average_by_joint, average_by_sequence

VALUES = np.array([[1.0, 3.0], [5.0, np.nan]])
VALID = np.array([[True, True], [True, False]])


def test_means_by_hand() -> None:
    assert average(VALUES, VALID) == 3
    np.testing.assert_array_equal(average_by_joint(VALUES, VALID), [3, 3])
    np.testing.assert_array_equal(average_by_frame(VALUES, VALID), [2, 5])


def test_everything_counts_without_a_mask() -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    assert average(values) == values.mean()
    np.testing.assert_allclose(average_by_joint(values), values.mean((0, 1)))
    np.testing.assert_allclose(average_by_frame(values), values.mean(-1))


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), valid=st.floats(0.1, 1))
def test_masked_arrays_and_groups_agree(seed: int, valid: float) -> None:
    """Numpy's masked arrays have the means of joints and frames, scipy's labels those of sequences."""
    rng = np.random.default_rng(seed)
    values, mask, sequence = rng.normal(size=(12, 5)), rng.random((12, 5)) < valid, rng.integers(0, 4, 12)
    mask[3, 1] = True
    masked = np.ma.masked_array(values, ~mask)
    assert average(values, mask) == pytest.approx(masked.mean())
    np.testing.assert_allclose(average_by_joint(values, mask), masked.mean(0).filled(np.nan))
    np.testing.assert_allclose(average_by_frame(values, mask), masked.mean(1).filled(np.nan))
    label = np.broadcast_to(sequence[:, None], mask.shape)[mask]
    by_sequence, present = average_by_sequence(values, sequence, mask), np.unique(label)
    np.testing.assert_allclose(by_sequence[present], average_labels(values[mask], label, present))
    np.testing.assert_array_equal(np.flatnonzero(np.isfinite(by_sequence)), present)


def test_nothing_valid_gives_nan_and_no_warning() -> None:
    nothing = np.zeros((2, 2), bool)
    assert np.isnan(average(VALUES, nothing))
    assert np.isnan(average(np.zeros((0, 14))))
    assert np.isnan(average_by_joint(VALUES, nothing)).all()
    assert np.isnan(average_by_joint(np.zeros((0, 14)))).all()


@pytest.mark.parametrize("reduce", [average, average_by_joint, average_by_frame])
def test_valid_values_that_are_none_are_refused(reduce) -> None:
    with pytest.raises(ValueError, match="1 of 4 are not; leave them out of the mask"):
        reduce(VALUES)
