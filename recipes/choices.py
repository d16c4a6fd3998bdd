"""Which mixture, motions, weights and sizes should the default recipe have? Judged by motions that these spare."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from spsnet.training.batching import BatchConfig
from spsnet.training.recipe import AblationRecipe, TrainingRecipe, load_recipe

STEPS, LEAD, WINDOWS = 600, 400, 8
"""Of each run."""


def make_recipe() -> AblationRecipe:
    """The default recipe made shorter, on simulated people alone: rendered ones show the validation's motions."""
    default = load_recipe(Path(__file__).with_name("default.py"), TrainingRecipe)
    loop = replace(
        default.loop,
        steps=STEPS,
        batch=WINDOWS,
        lead_steps=LEAD,
        warmup_steps=50,
        average=0.98,
        epoch_steps=STEPS // 2,
    )
    weights = replace(default.objective.weights, mask=0.0, adversarial=0.0, camera=0.0)
    base = replace(
        default,
        name="choices",
        loop=loop,
        batch=replace(default.batch, rendered_share=0.0, stills=0),
        objective=replace(default.objective, weights=weights),
        spare_validation=True,
    )
    at_once = replace(base, loop=replace(loop, lead_steps=0))

    def move(**changes: float) -> TrainingRecipe:
        return replace(base, motion=replace(base.motion, **changes))

    def weigh(**changes: float) -> TrainingRecipe:
        return replace(base, objective=replace(base.objective, weights=replace(weights, **changes)))

    def build(**changes: Any) -> TrainingRecipe:
        return replace(base, network=replace(base.network, **changes))

    variants = {
        "without the lead": at_once,
        "windows alone": replace(at_once, batch=BatchConfig(rendered_share=0.0)),
        "velocity 100": weigh(velocity=100.0),
        "limbs as captured": move(limb_share=0.0),
        "bent twice as much": move(offset_rad=0.24),
        "keypoints 4": weigh(keypoints=4.0),
        "joints teach β too": replace(base, objective=replace(base.objective, joints_teach_shape=True)),
        "dropout": build(regressor_dropout=0.2),
        "1 iteration": build(iterations=1),
        "6 iterations": build(iterations=6),
        "width 128": build(stem_width=128),
        "width 512": build(stem_width=512),
        "trunk of 1024": build(hidden=1024),
    }
    return AblationRecipe(name="choices", base=base, variants=variants, seeds=(0,))
