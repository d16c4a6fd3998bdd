"""What an ablation takes away from a recipe, and what the paper says of the same."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from spsnet.training.recipe import BASE_NAME, TrainingRecipe


class PaperScores(NamedTuple):
    """On 3DPW, millimetres."""

    pa_mpjpe_mm: float
    mpjpe_mm: float
    pve_mm: float


PAPER_SCORES = {
    BASE_NAME: PaperScores(50.4, 85.8, 100.6),
    "without L_camera": PaperScores(52.1, 88.2, 104.1),
    "without L_mask": PaperScores(56.3, 90.0, 107.6),
    "without L_param": PaperScores(55.8, 89.4, 105.2),
    "without L_adv": PaperScores(56.2, 93.4, 112.5),
    "without forecasting F": PaperScores(54.2, 91.9, 104.3),
    "without self-attention A": PaperScores(57.6, 96.6, 104.7),
}
"""The paper's tables 2 and 3, by our names. Other people in other pictures: only directions can be compared."""
_LOSSES = {
    "without L_camera": ("camera",),
    "without L_mask": ("mask",),
    "without L_param": ("param_pose", "param_shape", "param_camera"),
    "without L_adv": ("adversarial",),
    "without L_feature": ("forecast",),
    "without L_3D": ("joints",),
    "without L_2D": ("keypoints",),
    "without L_SMPL (pose)": ("pose",),
    "without L_SMPL (shape)": ("shape",),
    "without velocity (ours)": ("velocity",),
}


def make_variants(base: TrainingRecipe) -> dict[str, TrainingRecipe]:
    """Each loss and module switched off in turn, and the paper's choices where the base makes others.

    What the base does not have is left out.
    """
    return {name: replace(variant, name=f"{base.name}, {name}") for name, variant in _list_variants(base)}


def _list_variants(base: TrainingRecipe) -> Iterator[tuple[str, TrainingRecipe]]:
    weights, network, objective = base.objective.weights, base.network, base.objective
    for name, parts in _LOSSES.items():
        if any(getattr(weights, part) for part in parts):
            yield name, _switch_off(base, parts)
    if network.use_forecasting:
        yield "without forecasting F", _leave_forecasting_out(base)
    if network.use_attention:
        yield "without self-attention A", replace(base, network=replace(network, use_attention=False))
    if network.use_forecasting and network.use_attention:
        frame_by_frame = _leave_forecasting_out(base)
        network_alone = replace(frame_by_frame.network, use_attention=False)
        yield "without A and F", replace(frame_by_frame, network=network_alone)
    if network.use_attention and network.attention_scale != "none":
        yield "attention as written", replace(base, network=replace(network, attention_scale="none"))
    if weights.mask and objective.two_sided_mask:
        yield "L_mask as written", replace(base, objective=replace(objective, two_sided_mask=False))
    if weights.shape and not objective.joints_teach_shape:
        yield "joints teach β too", replace(base, objective=replace(objective, joints_teach_shape=True))
    if weights.adversarial and objective.discriminator_root != "camera":
        yield "D as written", replace(base, objective=replace(objective, discriminator_root="camera"))


def _leave_forecasting_out(recipe: TrainingRecipe) -> TrainingRecipe:
    """Without F there is nothing for L_feature to compare either."""
    changed = replace(recipe, network=replace(recipe.network, use_forecasting=False))
    return _switch_off(changed, ("forecast",))


def _switch_off(recipe: TrainingRecipe, losses: Sequence[str]) -> TrainingRecipe:
    weights = replace(recipe.objective.weights, **dict.fromkeys(losses, 0.0))
    return replace(recipe, objective=replace(recipe.objective, weights=weights))
