"""Observed windows as training batches."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from reference.made_windows import make_windows
from spsnet.synthesis.batches import SILHOUETTES, TrainingWindows, join_batches, make_batch

CHANCE = torch.Generator()


def draw(count: int = 2, frames: int = 5, **changes: int) -> TrainingWindows:
    return make_batch(make_windows(count, frames, **changes), 5, CHANCE)


def test_longer_windows_are_cut_and_shorter_ones_padded() -> None:
    windows = make_windows(2, 7)
    cut = make_batch(windows, 5, CHANCE)
    np.testing.assert_allclose(cut.rotations, windows.rotations[:, :5])
    assert cut.seen.mask.all()
    short = make_batch(make_windows(2, 3), 5, CHANCE)
    assert short.seen.mask.tolist() == [[True] * 3 + [False] * 2] * 2
    torch.testing.assert_close(short.seen.landmarks_px[:, 4], short.seen.landmarks_px[:, 2])
    assert (short.silhouette_frame < 3).all()


def test_frames_without_a_person_are_bridged_inside_and_masked_at_the_ends() -> None:
    windows = make_windows(1, 5)
    present = np.array([[False, True, False, True, False]])
    batch = make_batch(replace(windows, seen=replace(windows.seen, present_mask=present)), 5, CHANCE)
    assert batch.seen.mask.tolist() == [[False, True, True, True, False]]
    seen = windows.seen.landmarks_px[0]
    np.testing.assert_allclose(batch.seen.landmarks_px[0, 2, :, :2], (seen[1] + seen[3])[:, :2] / 2, rtol=1e-5)
    assert not batch.seen.landmarks_px[0, 2, :, 2].any()
    assert not batch.seen.widths_px[0, 2].any()


def test_labels_of_films_come_along_and_others_have_none() -> None:
    windows = make_windows(2, 5)
    labels = windows.seen.landmarks_px + 1
    labelled = make_batch(replace(windows, keypoints_px=labels), 5, CHANCE)
    joined = join_batches([make_batch(windows, 5, CHANCE), labelled])
    assert not joined.keypoints_px[:2].any()
    np.testing.assert_array_equal(joined.keypoints_px[2:], labels)


def test_the_occluded_sight_counts_where_both_saw_a_person() -> None:
    windows = make_windows(1, 5)
    assert windows.occluded is not None
    clean, covered = np.array([[True, True, True, True, False]]), np.array([[False, True, True, True, True]])
    both = replace(
        windows,
        seen=replace(windows.seen, present_mask=clean),
        occluded=replace(windows.occluded, present_mask=covered),
    )
    assert make_batch(both, 5, CHANCE).occluded.mask.tolist() == [[False, True, True, True, False]]
    assert not make_batch(replace(windows, occluded=None), 5, CHANCE).occluded.mask.any()


@pytest.mark.parametrize("wanted", [True, False])
def test_silhouettes_are_of_the_frames_that_are_named(wanted: bool) -> None:
    windows = make_windows(3, 5, silhouettes=True)
    batch = make_batch(windows, 5, torch.Generator().manual_seed(2), silhouettes=wanted)
    assert batch.has_silhouette.tolist() == [[wanted] * SILHOUETTES] * 3
    for row in range(3):
        for column, frame in enumerate(batch.silhouette_frame[row].tolist()):
            np.testing.assert_array_equal(batch.silhouette[row, column], windows.silhouette[row, frame])
            np.testing.assert_array_equal(
                batch.silhouette_box_xys_px[row, column], windows.silhouette_box_xys_px[row, frame]
            )


def test_batches_are_laid_end_to_end_and_missing_vectors_are_zero() -> None:
    first, second = draw(2), draw(1, seed=3)
    without = second._replace(
        seen=second.seen._replace(feature=torch.zeros(1, 5, 0)),
        occluded=second.occluded._replace(feature=torch.zeros(1, 5, 0)),
    )
    joined = join_batches([first, without])
    torch.testing.assert_close(joined.shape, torch.cat([first.shape, second.shape]))
    torch.testing.assert_close(joined.seen.feature[:2], first.seen.feature)
    assert joined.seen.feature.shape == (3, 5, 6)
    assert not joined.seen.feature[2].any()
