"""Which features should the network see? Each kind, with the temporal modules and without, on the same people."""

from dataclasses import replace
from pathlib import Path

from spsnet.network.config import FeatureConfig
from spsnet.training.recipe import AblationRecipe, TrainingRecipe, load_recipe

STEPS, WINDOWS, STILLS = 800, 8, 16
"""Of each run; stills beside each step's windows."""
KINDS = {
    "landmarks": FeatureConfig(kind="landmarks"),
    "landmarks and widths": FeatureConfig(kind="landmarks", use_widths=True),
    "vector": FeatureConfig(kind="vector"),
    "both": FeatureConfig(kind="both", use_widths=True),
}


def make_recipe() -> AblationRecipe:
    """Nothing is simulated, since vectors cannot be."""
    default = load_recipe(Path(__file__).with_name("default.py"), TrainingRecipe)
    loop = replace(
        default.loop,
        steps=STEPS,
        batch=WINDOWS,
        lead_steps=0,
        average=0.99,
        epoch_steps=STEPS // 2,
        keep="last",
    )
    batch = replace(default.batch, rendered_share=1.0, stills=STILLS, simulated_stills=0)
    base = replace(default, name="inputs", loop=loop, batch=batch)
    kinds = {name: _take_features(base, name, features) for name, features in KINDS.items()}
    alone = {f"{name}, frame by frame": _see_frames_alone(recipe) for name, recipe in {"full": base, **kinds}.items()}
    return AblationRecipe(name="inputs", base=base, variants=kinds | alone, seeds=(0,))


def _take_features(base: TrainingRecipe, name: str, features: FeatureConfig) -> TrainingRecipe:
    network = replace(base.network, feature_width=features.width)
    return replace(base, name=f"inputs, {name}", features=features, network=network)


def _see_frames_alone(recipe: TrainingRecipe) -> TrainingRecipe:
    network = replace(recipe.network, use_attention=False, use_forecasting=False)
    return replace(recipe, name=f"{recipe.name}, frame by frame", network=network)
