from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reference.made_windows import make_windows
from spsnet.body import build_keypoint_model, compute_keypoints, compute_vertices, load_body
from spsnet.datasets.shards import ObservedWindows
from spsnet.network.config import FeatureConfig, NetworkConfig
from spsnet.network.spsnet import NetworkOutput, SpsNet
from spsnet.training.validation import validate_network

FEATURES = FeatureConfig()


class KnowingNet(SpsNet):
    """Says the truth of windows on the first call, and the truth with a turned elbow on the second."""

    def __init__(self, windows: ObservedWindows, *, frames: int = 4, elbow_rad: float = 0.0) -> None:
        nn.Module.__init__(self)
        self.config = NetworkConfig(feature_width=FEATURES.width, window=frames)
        self.weight = nn.Parameter(torch.zeros(1))
        self.windows, self.frames, self.elbow_rad = windows, frames, elbow_rad
        self.seen: list[tuple[Tensor, Tensor]] = []

    def forward(self, features: Tensor, mask: Tensor) -> NetworkOutput:
        self.seen.append((features, mask))
        rotations = torch.from_numpy(self.windows.rotations[:, : self.frames]).clone()
        if len(self.seen) > 1:
            turn = torch.eye(3)
            c, s = np.cos(self.elbow_rad), np.sin(self.elbow_rad)
            turn[0, 0], turn[0, 2], turn[2, 0], turn[2, 2] = c, s, -s, c
            rotations[:, :, 18] = rotations[:, :, 18] @ turn
        return NetworkOutput(
            rotations=rotations,
            six_d=rotations[..., :2].flatten(-2),
            shape=torch.from_numpy(self.windows.shape),
            camera=torch.ones(*mask.shape, 3),
            features=features,
            forecast=None,
        )


def test_the_truth_scores_nothing_and_a_wrong_elbow_under_occlusion_does() -> None:
    windows = make_windows(3, 5)
    network = KnowingNet(windows, elbow_rad=0.5)
    scores = validate_network(network, FEATURES, windows, load_body())
    assert set(scores) == {
        "pa_mpjpe_mm",
        "mpjpe_mm",
        "acceleration_mm_frame2",
        "shape_error",
        "average_adult_shape_error",
        "occluded_pa_mpjpe_mm",
    }
    assert max(scores["pa_mpjpe_mm"], scores["mpjpe_mm"], scores["acceleration_mm_frame2"]) < 0.05
    assert scores["shape_error"] == pytest.approx(0)
    assert scores["average_adult_shape_error"] == pytest.approx(float((windows.shape**2).mean()))
    assert (
        2 < scores["occluded_pa_mpjpe_mm"] < 20
    )  # the wrist is off by a forearm of 23 cm times 0.5 / 14, less its fit
    (features, mask), (hidden, _) = network.seen
    assert features.shape == (3, 4, FEATURES.width)
    assert mask.all()
    assert not torch.equal(features, hidden)


def test_the_surface_is_measured_about_the_hips_where_it_is_asked_for() -> None:
    windows = make_windows(2, 4)
    present = windows.seen.present_mask.copy()
    present[0, 2:] = False
    windows = replace(windows, seen=replace(windows.seen, present_mask=present))
    assert "pve_mm" not in validate_network(KnowingNet(windows), FEATURES, windows, load_body())
    assert validate_network(KnowingNet(windows), FEATURES, windows, load_body(), surface=True)["pve_mm"] < 0.05
    wrong = windows.rotations.copy()
    wrong[0, 2:] = np.eye(3)  # nobody was seen there
    shape = windows.shape.copy()
    shape[1, 0] += 2
    network = KnowingNet(replace(windows, rotations=wrong, shape=shape))
    measured = validate_network(network, FEATURES, windows, load_body(), surface=True)["pve_mm"]
    body, errors = load_body(), []
    joints = build_keypoint_model(body, ("lsp14",))
    still = np.zeros((1, 3))
    for frame in range(4):
        posed = windows.rotations[1, frame : frame + 1].astype(np.float64)
        placed = []
        for beta in (shape[1:].astype(np.float64), windows.shape[1:].astype(np.float64)):
            hips = compute_keypoints(joints, posed, beta, still)[0, [2, 3]].mean(0)
            placed.append(compute_vertices(body, posed, beta, still)[0] - hips)
        errors.append(1000 * np.linalg.norm(placed[0] - placed[1], axis=-1).mean())
    assert np.mean(errors) > 5
    # Four frames that are wrong by that much, and two of the other window that are right.
    assert measured == pytest.approx(np.mean(errors) * 4 / 6, rel=1e-3)


def test_frames_without_a_person_do_not_count() -> None:
    windows = make_windows(2, 4)
    present = windows.seen.present_mask.copy()
    present[0, 2:] = False
    seen = replace(windows.seen, present_mask=present)
    wrong = windows.rotations.copy()
    wrong[0, 2:] = np.eye(3)
    network = KnowingNet(replace(windows, rotations=wrong))
    scores = validate_network(network, FEATURES, replace(windows, seen=seen, occluded=None), load_body())
    assert "occluded_pa_mpjpe_mm" not in scores
    assert scores["pa_mpjpe_mm"] < 0.05
    assert network.seen[0][1].tolist() == [[True, True, False, False], [True] * 4]


def test_the_networks_mode_and_gradients_are_left_alone() -> None:
    windows = make_windows(2, 4)
    network = KnowingNet(windows).train()
    validate_network(network, FEATURES, windows, load_body())
    assert network.training
    assert network.weight.grad is None


def test_windows_of_unknown_truth_are_refused() -> None:
    windows = replace(make_windows(2, 4), labelled=np.array([True, False]))
    with pytest.raises(ValueError, match="should all be labelled"):
        validate_network(KnowingNet(windows), FEATURES, windows, load_body())
