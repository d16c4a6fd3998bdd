"""Which mixture, motions and weights should the default recipe have? Judged by motions that these trainings spare."""

from dataclasses import replace
from pathlib import Path

from spsnet.training.batching import BatchConfig
from spsnet.training.recipe import AblationRecipe, TrainingRecipe, load_recipe

STEPS, WINDOWS = 800, 12
"""Of each run."""


def make_recipe() -> AblationRecipe:
    """The default recipe made shorter, on simulated people alone: rendered ones show the validation's motions."""
    default = load_recipe(Path(__file__).with_name("default.py"), TrainingRecipe)
    loop = replace(
        default.loop,
        steps=STEPS,
        batch=WINDOWS,
        warmup_steps=STEPS // 8,
        average=0.99,
        epoch_steps=STEPS // 4,
        keep="last",
    )
    weights = replace(default.objective.weights, mask=0.0, adversarial=0.0, camera=0.0)
    base = replace(
        default,
        name="choices",
        loop=loop,
        batch=BatchConfig(rendered_share=0.0, covered_share=0.2, simulated_stills=512),
        objective=replace(default.objective, weights=weights, again_share=0.2),
        spare_validation=True,
    )

    def move(**changes: float) -> TrainingRecipe:
        return replace(base, motion=replace(base.motion, **changes))

    def weigh(**changes: float) -> TrainingRecipe:
        return replace(base, objective=replace(base.objective, weights=replace(weights, **changes)))

    variants = {
        "windows alone": replace(base, batch=replace(base.batch, simulated_stills=0)),
        "velocity 25": weigh(velocity=25.0),
        "limbs of other clips": move(limb_share=0.5),
        "bent twice as much": move(limb_share=0.5, offset_rad=0.24),
        "keypoints 4": weigh(keypoints=4.0),
        "dropout": replace(base, network=replace(base.network, regressor_dropout=0.2)),
    }
    return AblationRecipe(name="choices", base=base, variants=variants, seeds=(0,))
