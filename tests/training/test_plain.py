import math
from collections.abc import Callable
from dataclasses import astuple, fields

import pytest
import torch
from torch import Tensor

from reference.tiny_training import make_network, simulate_windows
from spsnet.body import load_body
from spsnet.body.landmarks import build_landmark_model
from spsnet.datasets.shards import FOCAL_PX
from spsnet.geometry import axis_angle_to_matrix, matrix_to_six_d, translation_to_crop_camera
from spsnet.losses import TotalLoss
from spsnet.network.config import FeatureConfig, NetworkConfig
from spsnet.network.spsnet import NetworkOutput, SpsNet
from spsnet.synthesis.windows import TrainingWindows
from spsnet.training.plain import LossWeights, PlainObjective

FEATURES = FeatureConfig(use_confidence=False)
OBJECTIVE = PlainObjective(build_landmark_model(load_body()), FEATURES, LossWeights())
Change = Callable[[NetworkOutput], NetworkOutput]


class Oracle(SpsNet):
    """Says the truth, or what `change` makes of it."""

    def __init__(self, windows: TrainingWindows, change: Change) -> None:
        super().__init__(NetworkConfig(feature_width=1, hidden=1))
        self.windows, self.change = windows, change

    def forward(self, features: Tensor, mask: Tensor) -> NetworkOutput:
        windows = self.windows
        camera = translation_to_crop_camera(windows.translation_m, windows.box_xys_px, FOCAL_PX, torch.zeros(2))
        truth = NetworkOutput(
            rotations=windows.rotations,
            six_d=matrix_to_six_d(windows.rotations),
            shape=windows.shape,
            camera=camera,
            features=features,
            forecast=torch.cat([features[:, 1:], features[:, :1]], dim=1),
        )
        return self.change(truth)


def measure(change: Change, windows: TrainingWindows | None = None) -> TotalLoss:
    windows = simulate_windows() if windows is None else windows
    return OBJECTIVE(Oracle(windows, change), windows)


def assert_only(loss: TotalLoss, *names: str) -> None:
    assert {name for name, value in loss.terms.items() if value > 1e-7} == set(names)


def turn_elbow(output: NetworkOutput) -> NetworkOutput:
    rotations = output.rotations.clone()
    rotations[:, :, 18] = axis_angle_to_matrix(torch.tensor([0.0, 0.5, 0.0])) @ rotations[:, :, 18]
    return output._replace(rotations=rotations)


def test_the_truth_costs_nothing() -> None:
    loss = measure(lambda output: output)
    assert_only(loss)
    assert loss.total < 1e-6


def test_a_wrong_elbow_costs_pose_joints_and_keypoints_by_its_angle() -> None:
    loss = measure(turn_elbow)
    assert loss.terms["pose"] == pytest.approx(4 * (1 - math.cos(0.5)) / (24 * 9), rel=1e-4)
    assert loss.terms["shape"] == 0
    assert loss.terms["joints"] > 1e-5
    assert loss.terms["keypoints"] > 1e-5
    assert loss.terms["velocity"] < 0.1 * loss.terms["joints"]  # it is as wrong in every frame


def test_a_wrong_shape_costs_shape_and_what_it_moves() -> None:
    loss = measure(lambda output: output._replace(shape=output.shape + torch.eye(10)[0]))
    assert loss.terms["shape"] == pytest.approx(0.1, rel=1e-5)
    assert loss.terms["pose"] == 0
    assert loss.terms["joints"] > 1e-5


def test_a_wrong_camera_costs_keypoints_alone() -> None:
    further = measure(lambda output: output._replace(camera=output.camera * torch.tensor([0.9, 1.0, 1.0])))
    aside = measure(lambda output: output._replace(camera=output.camera + torch.tensor([0.0, 0.1, 0.0])))
    assert_only(further, "keypoints")
    assert_only(aside, "keypoints")
    # A twentieth of the box to the right, for those in the plane through the body's origin; x is half the numbers.
    assert aside.terms["keypoints"] == pytest.approx(0.1**2 / 2, rel=0.2)


def test_one_frame_that_jumps_costs_velocity() -> None:
    def jump(output: NetworkOutput) -> NetworkOutput:
        rotations = output.rotations.clone()
        rotations[:, 1] = turn_elbow(output).rotations[:, 1]
        return output._replace(rotations=rotations)

    jumping, steady = measure(jump), measure(turn_elbow)
    assert jumping.terms["joints"] == pytest.approx(float(steady.terms["joints"]) / 4, rel=0.2)
    # Two of three intervals are off by what one of four frames is.
    assert jumping.terms["velocity"] == pytest.approx(8 / 3 * float(jumping.terms["joints"]), rel=0.05)


def test_a_wrong_forecast_costs_itself() -> None:
    loss = measure(lambda output: output._replace(forecast=None if output.forecast is None else output.forecast + 2))
    assert_only(loss, "forecast")
    assert loss.terms["forecast"] == pytest.approx(4, rel=1e-4)


def test_frames_that_do_not_exist_cost_nothing() -> None:
    windows = simulate_windows()
    mask = windows.mask.clone()
    mask[:, 2:] = False

    def spoil(output: NetworkOutput) -> NetworkOutput:
        rotations, camera = output.rotations.clone(), output.camera.clone()
        rotations[:, 2:], camera[:, 2:] = torch.eye(3), 3.0
        return output._replace(rotations=rotations, camera=camera)

    assert_only(measure(spoil, windows._replace(mask=mask)))
    assert measure(spoil, windows).total > 0.1
    nobody = measure(spoil, windows._replace(mask=torch.zeros_like(mask)))
    assert nobody.total == 0


def test_a_body_behind_the_camera_is_finite() -> None:
    loss = measure(lambda output: output._replace(camera=output.camera * torch.tensor([1e4, 1.0, 1.0])))
    assert torch.isfinite(loss.total)


def test_the_total_is_the_weighted_sum() -> None:
    loss = measure(turn_elbow)
    expected = sum(
        weight * float(loss.terms[field.name])
        for field, weight in zip(fields(LossWeights), astuple(LossWeights()), strict=True)
    )
    assert float(loss.total) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("temporal", [True, False])
def test_every_weight_that_counts_gets_a_gradient(temporal: bool) -> None:
    network = make_network(width=FEATURES.width, dropout=0.0, temporal=temporal)
    loss = OBJECTIVE(network, simulate_windows(short_share=1.0, batch=4))
    loss.total.backward()
    still = [name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert still == (["fusion.score.bias"] if temporal else [])  # which cancels, see `Fusion`
    assert ("forecast" in loss.terms) == temporal
