from dataclasses import fields, replace
from pathlib import Path

from reference.tiny_recipe import TINY
from spsnet.training.objective import LossWeights
from spsnet.training.recipe import AblationRecipe, TrainingRecipe, load_recipe
from spsnet.training.variants import PAPER_SCORES, make_variants

RECIPES = Path(__file__).parents[2] / "recipes"


def list_changes(base: TrainingRecipe, variant: TrainingRecipe) -> dict[str, object]:
    """What of the network, the objective and the weights differs."""
    pairs = [
        (base.network, variant.network),
        (base.objective.weights, variant.objective.weights),
        (replace(base.objective, weights=LossWeights()), replace(variant.objective, weights=LossWeights())),
    ]
    return {
        field.name: getattr(theirs, field.name)
        for ours, theirs in pairs
        for field in fields(ours)
        if getattr(ours, field.name) != getattr(theirs, field.name)
    }


def test_each_variant_of_the_default_recipe_differs_in_one_choice() -> None:
    ablation = load_recipe(RECIPES / "ablation.py", AblationRecipe)
    changes = {name: list_changes(ablation.base, variant) for name, variant in ablation.variants.items()}
    assert changes == {
        "without L_camera": {"camera": 0},
        "without L_mask": {"mask": 0},
        "without L_param": {"param_pose": 0, "param_shape": 0, "param_camera": 0},
        "without L_adv": {"adversarial": 0},
        "without L_feature": {"forecast": 0},
        "without L_3D": {"joints": 0},
        "without L_2D": {"keypoints": 0},
        "without L_SMPL (pose)": {"pose": 0},
        "without L_SMPL (shape)": {"shape": 0},
        "without velocity (ours)": {"velocity": 0},
        "without forecasting F": {"use_forecasting": False, "forecast": 0},
        "without self-attention A": {"use_attention": False},
        "without A and F": {"use_attention": False, "use_forecasting": False, "forecast": 0},
        "attention as written": {"attention_scale": "none"},
        "L_mask as written": {"two_sided_mask": False},
        "joints teach β too": {"joints_teach_shape": True},
        "D as written": {"discriminator_root": "camera"},
        "errors as written": {"errors": "squared", "pose": 2, "shape": 0.1, "joints": 20, "keypoints": 5},
    }
    for name, variant in ablation.variants.items():
        assert variant.name == f"ablation, {name}"
        alike = replace(
            variant, name=ablation.base.name, network=ablation.base.network, objective=ablation.base.objective
        )
        assert alike == ablation.base


def test_every_loss_of_the_objective_is_switched_off_somewhere() -> None:
    everything = LossWeights(**{field.name: 1.0 for field in fields(LossWeights)})
    base = replace(TINY, objective=replace(TINY.objective, weights=everything))
    weights = [variant.objective.weights for variant in make_variants(base).values()]
    for field in fields(LossWeights):
        assert any(getattr(one, field.name) == 0 for one in weights), field.name


def test_what_the_base_does_not_have_is_not_taken_away() -> None:
    network = replace(TINY.network, use_attention=False, use_forecasting=False, attention_scale="none")
    objective = replace(TINY.objective, weights=LossWeights(pose=1.0, mask=1.0), two_sided_mask=False)
    assert list(make_variants(replace(TINY, network=network, objective=objective))) == [
        "without L_mask",
        "without L_SMPL (pose)",
    ]
    assert "attention as written" in make_variants(TINY)
    assert "L_mask as written" not in make_variants(TINY)


def test_the_papers_rows_are_those_of_the_method_that_we_have() -> None:
    ablation = load_recipe(RECIPES / "ablation.py", AblationRecipe)
    assert set(PAPER_SCORES) <= set(ablation.recipes)
    assert len(PAPER_SCORES) == 7
