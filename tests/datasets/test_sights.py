from dataclasses import replace

import numpy as np
import pytest
import torch

from spsnet.datasets.shards import Sight
from spsnet.datasets.sights import build_sight_features, fill_missing, find_span
from spsnet.network.config import FeatureConfig
from spsnet.synthesis.batches import SightWindows

MOVING = np.arange(5, dtype=np.float32)[None, :, None, None]


def see(present: list[bool], *, width: int = 3) -> Sight:
    """One window whose every number is the number of its frame; the confidence is 1."""
    landmarks_px = np.broadcast_to(MOVING, (1, 5, 33, 3)).copy()
    landmarks_px[..., 2] = 1
    return Sight(
        landmarks_px=landmarks_px,
        world_m=np.broadcast_to(MOVING, (1, 5, 33, 3)).copy(),
        feature=np.broadcast_to(MOVING[..., 0], (1, 5, width)).copy(),
        present_mask=np.array([present]),
        widths_px=np.ones((1, 5, 12), np.float32),
    )


def damage(sight: Sight) -> Sight:
    """Nonsense where nobody was seen."""
    hidden = ~sight.present_mask
    changed = {name: getattr(sight, name).copy() for name in ("landmarks_px", "world_m", "feature", "widths_px")}
    for values in changed.values():
        values[hidden] = 777
    return replace(sight, **changed)


def test_a_gap_is_bridged_and_ends_stay() -> None:
    filled = fill_missing(damage(see([False, True, False, True, False])))
    expected = np.array([1, 1, 2, 3, 3])
    assert filled.landmarks_px[0, :, 5, 0] == pytest.approx(expected)
    assert filled.world_m[0, :, 32, 2] == pytest.approx(expected)
    assert filled.feature[0, :, 1] == pytest.approx(expected)
    assert filled.landmarks_px[0, :, 5, 2] == pytest.approx([0, 1, 0, 1, 0])
    assert filled.widths_px[0, :, 7] == pytest.approx([0, 1, 0, 1, 0])


def test_what_was_seen_is_left_alone() -> None:
    sight = see([True] * 5)
    filled = fill_missing(sight)
    assert np.array_equal(filled.landmarks_px, sight.landmarks_px)
    assert np.array_equal(filled.widths_px, sight.widths_px)


def test_a_window_without_anybody_keeps_its_places() -> None:
    sight = see([False] * 5, width=0)
    filled = fill_missing(sight)
    assert np.array_equal(filled.landmarks_px[..., :2], sight.landmarks_px[..., :2])
    assert not filled.landmarks_px[..., 2].any()


def test_filling_changes_nothing_of_its_argument() -> None:
    sight = damage(see([True, False, True, True, False]))
    before = sight.landmarks_px.copy()
    fill_missing(sight)
    assert np.array_equal(sight.landmarks_px, before)


def test_the_span_begins_and_ends_with_a_person() -> None:
    present = np.array([[False, True, False, True, False], [False] * 5, [True] * 5])
    assert find_span(present).tolist() == [[False, True, True, True, False], [False] * 5, [True] * 5]


@pytest.mark.parametrize("kind", ["landmarks", "world", "vector", "both"])
def test_features_of_a_film_and_of_tensors_are_the_same(kind: str) -> None:
    generator = np.random.default_rng(0)
    landmarks_px = generator.normal(size=(2, 4, 33, 3)).astype(np.float32) * 100
    sight = Sight(
        landmarks_px=landmarks_px,
        world_m=generator.normal(size=(2, 4, 33, 3)).astype(np.float32),
        feature=generator.normal(size=(2, 4, 1152)).astype(np.float32),
        present_mask=np.ones((2, 4), bool),
        widths_px=np.ones((2, 4, 12), np.float32),
    )
    config = FeatureConfig(kind=kind)  # type: ignore[arg-type]
    features = build_sight_features(config, sight)
    tensors = SightWindows(
        landmarks_px=torch.from_numpy(landmarks_px),
        box_xys_px=torch.zeros(2, 4, 3),
        world_m=torch.from_numpy(sight.world_m),
        widths_px=torch.from_numpy(sight.widths_px),
        feature=torch.from_numpy(sight.feature),
        mask=torch.ones(2, 4, dtype=torch.bool),
    )
    assert features.shape == (2, 4, config.width)
    assert build_sight_features(config, tensors).numpy() == pytest.approx(features, abs=1e-5)


def test_a_vector_that_nobody_made_is_missed() -> None:
    with pytest.raises(ValueError, match="vector should hold 1152 along axis -1, got 0"):
        build_sight_features(FeatureConfig(kind="vector"), see([True] * 5, width=0))
