from pathlib import Path

import numpy as np
import pytest

from spsnet.datasets.motion_clips import MotionClip
from spsnet.network.config import FeatureConfig, NetworkConfig
from spsnet.records import UserError
from spsnet.training.loop import LoopConfig
from spsnet.training.recipe import SynthesisRecipe, TrainingRecipe, load_recipe, split_clips

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.py")), ids=lambda path: path.stem)
def test_every_recipe_of_the_project_loads(path: Path) -> None:
    makes_windows = path.stem.startswith(("frames", "windows", "held_out", "validation"))
    kind = SynthesisRecipe if makes_windows else TrainingRecipe
    recipe = load_recipe(path, kind)
    assert recipe.name == path.stem
    encoder = recipe.encoders[0] if isinstance(recipe, SynthesisRecipe) else recipe.encoder
    assert encoder == "blazepose-heavy"
    if isinstance(recipe, TrainingRecipe):
        assert recipe.network.feature_width == recipe.features.width
        assert recipe.network.window == recipe.windows.frames


def test_the_ablation_differs_in_its_modules_alone() -> None:
    default = load_recipe(RECIPES / "default.py", TrainingRecipe)
    frame_only = load_recipe(RECIPES / "frame_only.py", TrainingRecipe)
    assert (frame_only.network.use_attention, frame_only.network.use_forecasting) == (False, False)
    assert (frame_only.loop, frame_only.losses) == (default.loop, default.losses)
    assert (frame_only.motion, frame_only.cameras, frame_only.windows) == (
        default.motion,
        default.cameras,
        default.windows,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"own\.py is no recipe file; the folder recipes/ has some"),
        ("def make_recipe(:", r"own\.py failed: SyntaxError: "),
        ("recipe = 1", r"own\.py failed: AttributeError: module 'recipe' has no attribute 'make_recipe'"),
        ("def make_recipe():\n    return 1 / 0", r"own\.py failed: ZeroDivisionError: division by zero"),
        ("def make_recipe():\n    return 3", r"own\.py: make_recipe should return a TrainingRecipe, it returned int"),
    ],
)
def test_a_file_that_makes_no_recipe_is_named(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "own.py").write_text(text)
    with pytest.raises(UserError, match=message):
        load_recipe(tmp_path / "own.py", TrainingRecipe)


def test_a_folder_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no recipe file"):
        load_recipe(tmp_path, TrainingRecipe)


def test_the_other_kind_of_recipe_is_refused() -> None:
    with pytest.raises(UserError, match="should return a TrainingRecipe, it returned SynthesisRecipe"):
        load_recipe(RECIPES / "frames.py", TrainingRecipe)


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_of_rendered_windows_is_one(share: float) -> None:
    with pytest.raises(ValueError, match="rendered_share should be from 0 to 1"):
        TrainingRecipe(
            name="n",
            version="0",
            encoder="e",
            network=NetworkConfig(feature_width=FeatureConfig().width),
            loop=LoopConfig(steps=1),
            rendered_share=share,
        )


def make_clips(*names: str) -> list[MotionClip]:
    still = np.tile(np.eye(3, dtype=np.float32), (30, 24, 1, 1))
    return [MotionClip(name=name, rotations=still, root_m=np.zeros((30, 3), np.float32)) for name in names]


def get_names(clips: list[MotionClip]) -> set[str]:
    return {clip.name for clip in clips}


def test_a_clip_is_on_one_side_and_one_in_eight_is_held_out() -> None:
    clips = make_clips(*(f"cmu_expmap/train/walking/walking_{i}" for i in range(800)))
    training, held_out = split_clips(clips)
    assert len(training) + len(held_out) == 800
    assert get_names(training).isdisjoint(get_names(held_out))
    assert 70 < len(held_out) < 130


def test_pieces_of_one_file_stay_together() -> None:
    names = [f"acrnn_cmu/train_data_bvh/salsa/{i:02d}" for i in range(40)]
    training, held_out = split_clips(make_clips(*names, *names, *names))
    assert get_names(training).isdisjoint(get_names(held_out))
    assert len(training) == 3 * len(get_names(training))
    assert len(held_out) == 3 * len(get_names(held_out)) > 0


def test_a_place_depends_on_the_name_alone() -> None:
    names = [f"reactidle/genuine/{i:03d}_genuine" for i in range(60)]
    _, held_out = split_clips(make_clips(*names))
    _, few = split_clips(make_clips(*reversed(names[::3]), "cmu_expmap/train/run/run_1"))
    assert get_names(few) - {"cmu_expmap/train/run/run_1"} == get_names(held_out) & set(names[::3])
    # By hand, so that no change of the rule lets a model be measured on what an older one was trained on.
    assert get_names(held_out) == {f"reactidle/genuine/{i:03d}_genuine" for i in (2, 10, 18, 21, 29, 33, 44, 56)}


def test_the_archives_own_test_folders_are_held_out() -> None:
    training, held_out = split_clips(make_clips("cmu_expmap/test/walking/walking_1"))
    assert (len(training), len(held_out)) == (0, 1)
