import json
from pathlib import Path

import numpy as np
import pytest
import torch

from reference.made_noise import make_bank, make_noise
from spsnet.synthesis.landmark_fit import LandmarkFit
from spsnet.synthesis.noise_bank import SightNoise
from spsnet.synthesis.noise_figures import describe_noise, save_figures


@pytest.fixture
def noise() -> SightNoise:
    """Two windows of five frames; a frame that shows nobody, legs swapped for two frames and for one."""
    residual = torch.zeros(2, 5, 33, 2)
    residual[0, :, 15, 0] = 0.5  # the left wrist is somewhere else
    residual[1, :, 0, 1] = torch.tensor([0.0, 0.1, 0.0, 0.1, 0.0])
    confidence = torch.full((2, 5, 33), 0.875)
    confidence[0, :, 15] = 0.25
    swapped, present = torch.zeros(2, 5, 3, dtype=torch.bool), torch.ones(2, 5, dtype=torch.bool)
    swapped[0, 1:3, 2] = swapped[1, 4] = True
    present[0, 4] = False
    world = torch.zeros(2, 5, 33, 3)
    world[..., 2] = 0.25
    return make_noise(
        2, 5, residual=residual, confidence=confidence, swapped=swapped, present_mask=present, world_residual_m=world
    )


def test_figures_by_hand(noise: SightNoise) -> None:
    figures = describe_noise(noise)
    assert (figures.windows, figures.frames) == (2, 9)
    assert figures.missing_frames == pytest.approx(1 / 10)
    assert figures.swapped_frames == pytest.approx(
        {"head": 1 / 9, "trunk and arms": 1 / 9, "legs": 3 / 9, "everything": 1 / 9}
    )
    assert figures.swap_stretch_frames == pytest.approx(1.5)
    assert figures.mistakes == pytest.approx(4 / (9 * 33))
    assert figures.median["nose"] == 0
    assert figures.median["left_wrist"] == 0  # in five of nine frames
    assert figures.jitter == 0
    assert figures.confidence_near == 0.875
    assert figures.confidence_far == 0.25
    assert figures.world_median_m == 0.25


def test_nothing_swapped_and_nothing_mistaken_is_zero() -> None:
    figures = describe_noise(make_noise(2, 1))
    assert (figures.swap_stretch_frames, figures.confidence_far, figures.jitter) == (0, 0, 0)
    assert figures.confidence_near == 0.75


def test_figures_are_written_for_people_to_read(tmp_path: Path) -> None:
    fit = LandmarkFit(
        offset_m=np.zeros((33, 3)),
        joint=np.zeros(33, int),
        residual_before=np.full(33, 0.06),
        residual_after=np.full(33, 0.04),
    )
    save_figures(tmp_path, fit, make_bank(world_scale=torch.tensor([0.91234567, 1.0, 1.0])))
    values = json.loads((tmp_path / "noise.json").read_text())
    assert values["median_without_offsets"] == 0.06
    assert values["world_scale"] == [0.9123, 1.0, 1.0]
    assert values["seen"]["frames"] == 15
    assert values["occluded"] is None
    save_figures(tmp_path, fit, make_bank(occluded={"confidence": torch.tensor(0.25)}))
    assert json.loads((tmp_path / "noise.json").read_text())["occluded"]["confidence_near"] == 0.25
