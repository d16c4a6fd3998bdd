"""Why a part helps or does not: what attention, forecasting, fusion and discriminator do in a trained network."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.datasets.shards import ObservedWindows
from spsnet.datasets.sights import build_sight_features
from spsnet.network.attention import SelfAttention
from spsnet.network.config import FeatureConfig
from spsnet.network.discriminator import Discriminator
from spsnet.network.spsnet import NetworkOutput, SpsNet
from spsnet.synthesis.batches import make_batch
from spsnet.training.judging import Motion, RootMode, describe_motion


@dataclass(frozen=True, kw_only=True)
class AttentionFacts:
    """Of all frames' weights a_il over their windows."""

    entropy: float
    """−Σ_l a_il log a_il, mean over frames i: 0 where each looks at one frame alone, a saturated softmax."""
    uniform_entropy: float
    """log N, mean over the same frames: what looking at all frames alike would give."""
    weight_on_itself: float
    """a_ii; 1/N where all are looked at alike."""


@dataclass(frozen=True, kw_only=True)
class ForecastFacts:
    """Of all frames whose predecessor exists."""

    error: float
    """Mean squared difference of f'_{i+1} and f_{i+1}."""
    copying_error: float
    """The same of f_i and f_{i+1}: what a forecast that nothing changes would give."""
    weight_in_fusion: float
    """1 − α: how much of F_{i+1} is f'_{i+1}."""


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """D's mean over windows; 1 says real."""

    real: float
    fake: float


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What the parts do; None for those that a network lacks."""

    attention: AttentionFacts | None
    discriminator_attention: AttentionFacts | None
    """On the network's motions."""
    forecast: ForecastFacts | None
    verdicts: Verdicts | None

    @classmethod
    def from_dict(cls, values: Mapping[str, Mapping[str, float] | None]) -> "Diagnosis":
        """The inverse of `dataclasses.asdict`."""
        kinds = {
            "attention": AttentionFacts,
            "discriminator_attention": AttentionFacts,
            "forecast": ForecastFacts,
            "verdicts": Verdicts,
        }
        found = {name: values[name] for name in kinds}
        return cls(**{name: None if facts is None else kinds[name](**facts) for name, facts in found.items()})


@torch.no_grad()
def diagnose(
    network: SpsNet,
    features: FeatureConfig,
    windows: ObservedWindows,
    *,
    discriminator: Discriminator | None = None,
    real: Motion | None = None,
    root: RootMode = "heading",
) -> Diagnosis:
    """Look into a network at work.

    Args:
        network: In evaluation mode, on the CPU.
        features: What f_i is made of.
        windows: Any.
        discriminator: On the CPU too.
        real: What `discriminator` was told is real.
        root: How it sees the root.

    Raises:
        ValueError: If there is a discriminator and no real motion.
    """
    frames = min(network.config.window, windows.translation_m.shape[1])
    sight = make_batch(windows, frames, torch.Generator(), silhouettes=False).seen
    output = network(build_sight_features(features, sight), sight.mask)
    attention = verdicts = judged = None
    if network.attention is not None:
        attention = measure_attention(network.attention, output.features, sight.mask)
    if discriminator is not None:
        if real is None:
            raise ValueError("a discriminator should be shown real motions too")
        fake = describe_motion(output.rotations, output.shape, root)
        some = sight.mask.any(1)
        everything = torch.ones(real.pose.shape[:2], dtype=torch.bool)
        verdicts = Verdicts(
            real=float(discriminator(*real, everything).mean()),
            fake=float(discriminator(*fake, sight.mask)[some].mean()),
        )
        judged = measure_attention(discriminator.attention, discriminator.join(*fake, sight.mask), sight.mask)
    return Diagnosis(
        attention=attention,
        discriminator_attention=judged,
        forecast=_measure_forecast(network, output, sight.mask),
        verdicts=verdicts,
    )


@torch.no_grad()
def measure_attention(
    attention: SelfAttention, features: Float[Tensor, "batch time width"], mask: Bool[Tensor, "batch time"]
) -> AttentionFacts:
    """Entropy and own weight of the frames that exist.

    Convention:
        Four frames that all look at all alike: entropy log 4 = 1.386, weight on itself 0.25.
    """
    weights = attention.compute_weights(features, mask)
    counts = mask.sum(1, keepdim=True).expand_as(mask)[mask].to(weights.dtype)
    return AttentionFacts(
        entropy=float(torch.special.entr(weights).sum(-1)[mask].mean()),
        uniform_entropy=float(counts.log().mean()),
        weight_on_itself=float(weights.diagonal(dim1=1, dim2=2)[mask].mean()),
    )


def format_diagnosis(diagnosis: Diagnosis) -> str:
    """One line for people."""
    said = []
    for name, facts in (("A", diagnosis.attention), ("A_D", diagnosis.discriminator_attention)):
        if facts is not None:
            said.append(
                f"{name}: entropy {facts.entropy:.2f} of {facts.uniform_entropy:.2f}, "
                f"on itself {facts.weight_on_itself:.2f}"
            )
    if (forecast := diagnosis.forecast) is not None:
        said.append(
            f"F: error {forecast.error:.3g}, copying {forecast.copying_error:.3g}, "
            f"{forecast.weight_in_fusion:.2f} of the fusion"
        )
    if (verdicts := diagnosis.verdicts) is not None:
        said.append(f"D: real {verdicts.real:.2f}, fake {verdicts.fake:.2f}")
    return "; ".join(said) or "no part that could be looked into"


def _measure_forecast(network: SpsNet, output: NetworkOutput, mask: Bool[Tensor, "batch time"]) -> ForecastFacts | None:
    pairs = mask[:, 1:] & mask[:, :-1]
    if network.fusion is None or output.forecast is None or not pairs.any():
        return None
    features = output.features
    gathered = features if network.attention is None else network.attention(features, mask)
    weight = network.fusion.compute_weights(gathered, output.forecast, mask)[:, 1:, 1]
    following = features[:, 1:][pairs]
    return ForecastFacts(
        error=float((output.forecast[:, :-1][pairs] - following).square().mean()),
        copying_error=float((features[:, :-1][pairs] - following).square().mean()),
        weight_in_fusion=float(weight[pairs].mean()),
    )
