"""The joined losses: a network that says the truth pays nothing, and each weight reaches its loss."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Literal

import pytest
import torch
from torch import Tensor

from reference import losses_loops
from reference.made_windows import POINTS, draw_batch
from spsnet.body import compute_keypoints, load_body
from spsnet.datasets.shards import FOCAL_PX
from spsnet.datasets.sights import build_sight_features
from spsnet.geometry import matrix_to_six_d, translation_to_crop_camera
from spsnet.losses import TotalLoss
from spsnet.network.config import FeatureConfig, NetworkConfig
from spsnet.network.discriminator import Discriminator
from spsnet.network.spsnet import NetworkOutput, SpsNet
from spsnet.synthesis.batches import SightWindows, TrainingWindows
from spsnet.training.batching import TrainingBatch
from spsnet.training.judging import describe_motion
from spsnet.training.objective import LossWeights, ObjectiveConfig, SpsObjective
from spsnet.training.outlines import OutlineLoss

FEATURES = FeatureConfig()
SUPERVISED = LossWeights(pose=1.0, shape=1.0, joints=1.0, keypoints=1.0, velocity=1.0)
EVERYTHING = LossWeights(**{field.name: 1.0 for field in fields(LossWeights)})
CHANCE = torch.Generator()


def make_network(window: int = 4, seed: int = 0) -> SpsNet:
    torch.manual_seed(seed)
    config = NetworkConfig(
        feature_width=FEATURES.width, stem_width=8, hidden=8, regressor_activation="leaky_relu", window=window
    )
    return SpsNet(config).eval()


class Oracle(SpsNet):
    """Says the truth of a batch, whatever it sees, frame k of the run being frame `start + k` of the batch."""

    def __init__(self, windows: TrainingWindows, window: int = 4) -> None:
        super().__init__(replace(make_network().config, window=window))
        self.windows = windows
        self.runs = 0

    def forward(self, features: Tensor, mask: Tensor) -> NetworkOutput:
        start = 1 if self.runs == 1 else 0
        self.runs += 1
        kept = slice(start, start + mask.shape[1])
        box = (self.windows.occluded if self.runs == 3 else self.windows.seen).box_xys_px[:, kept]
        rotations = self.windows.rotations[:, kept]
        camera = translation_to_crop_camera(self.windows.translation_m[:, kept], box, FOCAL_PX, torch.zeros(2))
        return NetworkOutput(
            rotations=rotations,
            six_d=matrix_to_six_d(rotations),
            shape=self.windows.shape,
            camera=camera,
            features=torch.ones(*mask.shape, 3),
            forecast=torch.ones(*mask.shape, 3),
        )


def batch_of(windows: TrainingWindows) -> TrainingBatch:
    return TrainingBatch(windows, None, describe_motion(windows.rotations[:, :4], windows.shape, "heading"))


@pytest.mark.parametrize(
    ("error", "loop"), [("squared", losses_loops.mean_joints), ("distance", losses_loops.mean_distance)]
)
def test_l3d_is_squared_or_the_distance(error: Literal["squared", "distance"], loop: Callable[..., float]) -> None:
    windows, network = draw_batch(), make_network()
    objective = SpsObjective(POINTS, FEATURES, ObjectiveConfig(weights=LossWeights(joints=1.0), errors=error))
    loss, _ = objective.compute_generator_loss(network, None, batch_of(windows), CHANCE)
    seen = SightWindows(*(part[:, :4] for part in windows.seen))
    said = network(build_sight_features(FEATURES, seen), seen.mask)
    points = [
        compute_keypoints(
            POINTS, rotations.flatten(0, 1), shape.repeat_interleave(4, 0), torch.zeros(4 * len(shape), 3)
        ).unflatten(0, (-1, 4))
        for rotations, shape in ((said.rotations, said.shape), (windows.rotations[:, :4], windows.shape))
    ]
    valid = seen.mask[..., None].expand(points[0].shape[:-1])
    expected = loop(*(part.detach().numpy() for part in points), valid.numpy(), (0,))
    assert loss.terms["joints"] == pytest.approx(float(expected), rel=1e-4)


def test_the_truth_costs_nothing_but_the_outline_and_the_verdict() -> None:
    windows = draw_batch(silhouettes=True)
    objective = SpsObjective(POINTS, FEATURES, ObjectiveConfig(weights=EVERYTHING), outlines=OutlineLoss(load_body()))
    loss, _ = objective.compute_generator_loss(Oracle(windows), Discriminator(), batch_of(windows), CHANCE)
    assert set(loss.terms) == {field.name for field in fields(LossWeights)}
    for name, value in loss.terms.items():
        if name == "mask":
            # A soft edge costs something; a body in the wrong place more than twice as much (test_outlines).
            assert 0 < value < 0.25
        elif name == "adversarial":
            assert 0 < value < 1
        else:
            assert value == pytest.approx(0, abs=1e-6), name


def test_without_a_weight_nothing_is_computed() -> None:
    windows = draw_batch()
    oracle = Oracle(windows)
    objective = SpsObjective(POINTS, FEATURES, ObjectiveConfig(weights=SUPERVISED))
    loss, fakes = objective.compute_generator_loss(oracle, None, TrainingBatch(windows, None, None), CHANCE)
    assert oracle.runs == 1
    assert set(loss.terms) == {"pose", "shape", "joints", "keypoints", "velocity"}
    assert fakes.motion.pose.shape == (2, 4, 72)


@pytest.mark.parametrize("name", [field.name for field in fields(LossWeights)])
def test_each_weight_alone_reaches_the_network(name: str) -> None:
    windows = draw_batch(silhouettes=name == "mask")
    network = make_network()
    weights = LossWeights(**{name: 2.0})
    objective = SpsObjective(POINTS, FEATURES, ObjectiveConfig(weights=weights), outlines=OutlineLoss(load_body()))
    loss, _ = objective.compute_generator_loss(network, Discriminator(), batch_of(windows), CHANCE)
    assert list(loss.terms) == [name]
    assert loss.total.item() == pytest.approx(2 * loss.terms[name].item())
    assert loss.total > 0
    loss.total.backward()
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize("loss", ["joints", "keypoints", "velocity"])
def test_beta_is_taught_by_itself_alone_where_joints_shall_not_teach_it(loss: str) -> None:
    weights = LossWeights(shape=1.0, **{loss: 1.0})
    windows = draw_batch()
    film = windows._replace(labelled=torch.zeros_like(windows.labelled))

    def find_slope(config: ObjectiveConfig, drawn: TrainingWindows) -> Tensor:
        oracle = Oracle(windows)
        wrong = (windows.shape + 0.5).requires_grad_()
        oracle.windows = windows._replace(shape=wrong)
        total, _ = SpsObjective(POINTS, FEATURES, config).compute_generator_loss(oracle, None, batch_of(drawn), CHANCE)
        (slope,) = torch.autograd.grad(total.total, wrong)
        return slope

    of_itself = find_slope(ObjectiveConfig(weights=LossWeights(shape=1.0)), windows)
    apart = ObjectiveConfig(weights=weights, joints_teach_shape=False)
    assert torch.equal(find_slope(apart, windows), of_itself)
    assert not torch.allclose(find_slope(ObjectiveConfig(weights=weights), windows), of_itself)
    alone = replace(apart, weights=replace(weights, shape=0.0))
    assert find_slope(alone, windows).abs().sum() > 0, "nothing else would teach β"
    if loss == "keypoints":
        assert find_slope(apart, film).abs().sum() > 0, "a film's β is not known"


def test_films_have_their_landmarks_alone() -> None:
    windows = draw_batch()
    film = windows._replace(
        labelled=torch.zeros(2, dtype=torch.bool),
        rotations=torch.full_like(windows.rotations, torch.nan),
        shape=torch.full_like(windows.shape, torch.nan),
        translation_m=torch.full_like(windows.translation_m, torch.nan),
    )
    objective = SpsObjective(POINTS, FEATURES, ObjectiveConfig(weights=SUPERVISED))
    network = make_network()
    loss, _ = objective.compute_generator_loss(network, None, TrainingBatch(film, None, None), CHANCE)
    assert loss.terms["keypoints"] > 0
    for name in ("pose", "shape", "joints", "velocity"):
        assert loss.terms[name] == 0
    loss.total.backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_the_truth_of_a_film_costs_its_landmarks_nothing() -> None:
    windows = draw_batch()
    film = windows._replace(labelled=torch.zeros(2, dtype=torch.bool))
    for projection in ("perspective", "weak"):
        objective = SpsObjective(
            POINTS, FEATURES, ObjectiveConfig(weights=LossWeights(keypoints=1.0), projection=projection)
        )
        loss, _ = objective.compute_generator_loss(Oracle(windows), None, TrainingBatch(film, None, None), CHANCE)
        # Weak perspective is off by the depth of the body over its distance.
        assert loss.total.item() == pytest.approx(0, abs=1e-8 if projection == "perspective" else 5e-3)


def test_a_label_is_what_a_film_has_to_meet_where_there_is_one() -> None:
    """The truth, and a left wrist labelled half a crop to the right of it: one of 2 · 4 · 33 · 2 elements is 1."""
    windows = draw_batch()
    labels = torch.zeros_like(windows.seen.landmarks_px)
    labels[0, 1, 15, :2] = windows.seen.landmarks_px[0, 1, 15, :2]
    labels[0, 1, 15, 0] += windows.seen.box_xys_px[0, 1, 2] / 2
    labels[0, 1, 15, 2] = 0.5
    film = windows._replace(labelled=torch.zeros(2, dtype=torch.bool), keypoints_px=labels)
    objective = SpsObjective(POINTS, FEATURES, ObjectiveConfig(weights=LossWeights(keypoints=1.0)))

    def price(batch: TrainingWindows) -> float:
        return objective.compute_generator_loss(Oracle(windows), None, TrainingBatch(batch, None, None), CHANCE)[
            0
        ].total

    assert price(film) == pytest.approx(0.5 / 528, rel=1e-4)
    unseen = windows.seen._replace(landmarks_px=windows.seen.landmarks_px * torch.tensor([1.0, 1, 0]))
    assert price(film._replace(seen=unseen)) == pytest.approx(0.5 / 2, rel=1e-4)  # the label alone counts
    assert price(windows._replace(keypoints_px=labels)) == pytest.approx(0, abs=1e-8)  # the truth is known


def test_windows_and_stills_count_by_their_elements() -> None:
    weights = ObjectiveConfig(weights=LossWeights(pose=1.0))
    objective = SpsObjective(POINTS, FEATURES, weights)
    network = make_network()
    windows, stills = draw_batch(2, 5), draw_batch(3, 1, seed=4)

    def price(batch: TrainingBatch) -> float:
        return objective.compute_generator_loss(network, None, batch, CHANCE)[0].total.item()

    alone = price(TrainingBatch(windows, None, None)), price(TrainingBatch(stills, None, None))
    both = price(TrainingBatch(windows, stills, None))
    assert both == pytest.approx((8 * alone[0] + 3 * alone[1]) / 11, rel=1e-5)


def test_a_share_of_the_windows_is_seen_again() -> None:
    windows, network = draw_batch(5), make_network()
    config = ObjectiveConfig(weights=LossWeights(camera=1.0, param_pose=1.0), again_share=0.4)

    def price(again_share: float, seed: int) -> TotalLoss:
        objective = SpsObjective(POINTS, FEATURES, replace(config, again_share=again_share))
        chance = torch.Generator().manual_seed(seed)
        return objective.compute_generator_loss(network, None, TrainingBatch(windows, None, None), chance)[0]

    some = [price(0.4, seed).terms["param_pose"].item() for seed in range(4)]
    assert some[0] == price(0.4, 0).terms["param_pose"].item()
    assert len(set(some)) > 1
    each = [
        SpsObjective(POINTS, FEATURES, replace(config, again_share=1.0))
        .compute_generator_loss(network, None, TrainingBatch(pick(windows, i), None, None), CHANCE)[0]
        .terms["param_pose"]
        .item()
        for i in range(5)
    ]
    pairs = {round((each[i] + each[j]) / 2, 9) for i in range(5) for j in range(i)}
    assert all(min(abs(value - pair) for pair in pairs) < 1e-7 for value in some)
    with pytest.raises(ValueError, match="again_share should be over 0"):
        replace(config, again_share=0.0)


def pick(windows: TrainingWindows, row: int) -> TrainingWindows:
    def take(part: Tensor) -> Tensor:
        return part[row : row + 1]

    seen, occluded = (type(sight)(*map(take, sight)) for sight in windows[:2])
    return TrainingWindows(seen, occluded, *map(take, windows[2:]))


def test_the_discriminator_learns_to_tell() -> None:
    windows = draw_batch(4)
    objective = SpsObjective(POINTS, FEATURES, ObjectiveConfig(weights=EVERYTHING), outlines=OutlineLoss(load_body()))
    batch, network = batch_of(windows), make_network()
    torch.manual_seed(0)
    judge = Discriminator()
    optimizer = torch.optim.Adam(judge.parameters(), lr=1e-2)
    losses = []
    _, fakes = objective.compute_generator_loss(network, judge, batch, CHANCE)
    assert not fakes.motion.pose.requires_grad
    for _ in range(30):
        loss = objective.compute_discriminator_loss(judge, fakes, batch, CHANCE)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        losses.append(loss.total.item())
    assert losses[-1] < 0.5 * losses[0]


def test_missing_parts_are_named() -> None:
    with pytest.raises(ValueError, match="L_mask needs outlines"):
        SpsObjective(POINTS, FEATURES, ObjectiveConfig(weights=LossWeights(mask=1.0)))
    with pytest.raises(ValueError, match=r"LossWeights\.pose should not be negative, got -1"):
        LossWeights(pose=-1.0)
    objective = SpsObjective(POINTS, FEATURES, ObjectiveConfig(weights=LossWeights(adversarial=1.0)))
    windows = draw_batch()
    batch = TrainingBatch(windows, None, None)
    _, fakes = objective.compute_generator_loss(make_network(), Discriminator(), batch, CHANCE)
    with pytest.raises(ValueError, match="needs real motions"):
        objective.compute_discriminator_loss(Discriminator(), fakes, batch, CHANCE)
