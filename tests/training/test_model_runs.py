import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from reference.tiny_recipe import TINY, write_sources, write_windows
from reference.tiny_training import write_mocap
from spsnet.body import load_body
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.network.weights import load_model
from spsnet.pipeline.lifting import Lifter
from spsnet.records import UserError
from spsnet.training.model_runs import ModelRun, train_recipe
from spsnet.training.objective import LossWeights
from spsnet.training.recipe import TrainingRecipe, split_clips
from spsnet.training.sources import LoadedSources, TrainingSources, load_sources


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> TrainingSources:
    return write_sources(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="module")
def loaded(sources: TrainingSources) -> LoadedSources:
    return load_sources(TINY, sources)


def change_batch(recipe: TrainingRecipe, **changes: float) -> TrainingRecipe:
    return replace(recipe, batch=replace(recipe.batch, **changes))


def change_weights(recipe: TrainingRecipe, **changes: float) -> TrainingRecipe:
    weights = replace(recipe.objective.weights, **changes)
    return replace(recipe, objective=replace(recipe.objective, weights=weights))


def test_a_run_that_was_cut_off_goes_on_to_the_same_model(sources: TrainingSources, tmp_path: Path) -> None:
    whole = list(train_recipe(TINY, sources, tmp_path / "whole"))
    assert [report.step for report in whole] == [1, 2, 3, 4]
    assert all(math.isfinite(report.loss) for report in whole)
    assert set(whole[0].terms) >= {"pose", "forecast", "adversarial", "discriminator_real"}
    assert set(whole[1].validation) == {
        "pa_mpjpe_mm",
        "mpjpe_mm",
        "acceleration_mm_frame2",
        "shape_error",
        "average_adult_shape_error",
        "occluded_pa_mpjpe_mm",
    }
    cut = train_recipe(TINY, sources, tmp_path / "cut")
    assert [next(cut).step for _ in range(3)] == [1, 2, 3]
    cut.close()  # type: ignore[attr-defined]
    assert not (tmp_path / "cut" / "model").exists()
    rest = list(train_recipe(TINY, sources, tmp_path / "cut", resume=True))
    assert [(report.step, report.loss) for report in rest] == [(report.step, report.loss) for report in whole[2:]]
    ours, theirs = ((tmp_path / name / "model" / "model.safetensors").read_bytes() for name in ("whole", "cut"))
    assert ours == theirs


def test_the_model_folder_is_whole_and_its_card_says_what_it_learnt_from(loaded: LoadedSources, tmp_path: Path) -> None:
    recipe = replace(TINY, loop=replace(TINY.loop, steps=1))
    run = ModelRun(recipe, loaded)
    list(run.train(tmp_path))
    model = tmp_path / "model"
    network, config = load_model(model)
    assert (config.name, config.version, config.encoder, config.body) == (
        "tiny",
        "0.1",
        "blazepose-heavy",
        load_body().name,
    )
    assert LandmarkOffsets.load(model).encoder == "blazepose-heavy"
    torch.testing.assert_close(network.state_dict(), run.network.state_dict(), atol=1e-3, rtol=1e-3)
    Lifter(model, load_body())
    card = (model / "card.md").read_text()
    assert "# tiny 0.1" in card
    assert "1 steps of 3 windows of 4 frames: 2 simulated,\n  1 rendered; seed 0." in card
    assert "rendered by spsnet; no photograph of a person was used" in card
    assert (
        "- Losses: pose 1, shape 0.1, joints 1, keypoints 1, forecast 0.1, camera 0.1, adversarial 0.1, param_pose 0.1."
        in card
    )


def test_films_and_stills_are_learnt_from_and_named_in_the_card(sources: TrainingSources, tmp_path: Path) -> None:
    recipe = change_batch(TINY, film_share=1 / 3, stills=2, simulated_stills=3)
    films, stills = write_windows(tmp_path / "films", seed=2), write_windows(tmp_path / "stills", frames=1, seed=3)
    more = replace(sources, films=films, stills=stills, validation=None)
    reports = list(train_recipe(recipe, more, tmp_path / "run"))
    assert not any(report.validation for report in reports)
    card = (tmp_path / "run" / "model" / "card.md").read_text()
    assert "1 simulated,\n  1 rendered, 1 of real films (labelled in 2D alone); single frames: 2 rendered, " in card
    assert "rendered, 3 simulated; seed 0." in card
    assert "rendered by spsnet, and films of the catalogue" in card


def test_the_iterations_start_from_the_mean_of_the_motion_facing_the_camera(loaded: LoadedSources) -> None:
    mean = ModelRun(TINY, loaded).network.regressors.mean_state
    torch.testing.assert_close(mean[:6], torch.tensor([1.0, 0, 0, 0, -1, 0]))
    assert (mean[6:144] != torch.tensor([1.0, 0, 0, 0, 1, 0]).repeat(23)).any()


def test_runs_of_one_recipe_begin_alike_and_seeds_differ(loaded: LoadedSources) -> None:
    one, same = ModelRun(TINY, loaded), ModelRun(TINY, loaded)
    other = ModelRun(replace(TINY, loop=replace(TINY.loop, seed=1)), loaded)
    assert one.discriminator is not None
    assert same.discriminator is not None
    torch.testing.assert_close(one.network.state_dict(), same.network.state_dict(), atol=0, rtol=0)
    torch.testing.assert_close(one.discriminator.state_dict(), same.discriminator.state_dict(), atol=0, rtol=0)
    assert (one.network.regressors.pose.weight != other.network.regressors.pose.weight).any()


def test_the_discriminator_is_there_where_it_has_a_weight_and_as_wide_as_the_poses_it_sees(
    loaded: LoadedSources,
) -> None:
    without = ModelRun(change_weights(TINY, adversarial=0.0), loaded)
    assert without.discriminator is None
    assert without.real_motions is None
    rootless = ModelRun(replace(TINY, objective=replace(TINY.objective, discriminator_root="none")), loaded)
    assert rootless.discriminator is not None
    assert rootless.discriminator.judge.in_features == 69 + 10


def test_other_losses_share_what_was_opened(loaded: LoadedSources, tmp_path: Path) -> None:
    recipe = replace(TINY, loop=replace(TINY.loop, steps=1))
    only_pose = replace(recipe, objective=replace(recipe.objective, weights=LossWeights(pose=1.0, mask=1.0)))
    (report,) = ModelRun(only_pose, loaded).train(tmp_path)
    assert set(report.terms) == {"pose", "mask"}


def test_missing_sources_are_named_before_anything_is_trained(sources: TrainingSources, tmp_path: Path) -> None:
    run = tmp_path / "run"
    for recipe, message in (
        (change_batch(TINY, film_share=1 / 3), "tiny learns from films too; say where they are with --films"),
        (change_batch(TINY, stills=2), "tiny learns from stills too; say where they are with --stills"),
    ):
        with pytest.raises(UserError, match=message):
            next(train_recipe(recipe, sources, run))
    for changed, message in (
        ({"windows": tmp_path}, r"landmarks\.json cannot be read"),
        ({"mocap": tmp_path}, "holds none of"),
        ({"validation": tmp_path}, "holds no shards"),
    ):
        with pytest.raises(UserError, match=message):
            next(train_recipe(TINY, replace(sources, **changed), run))  # type: ignore[arg-type]
    assert not run.exists()


def test_windows_of_another_encoder_are_refused(sources: TrainingSources, tmp_path: Path) -> None:
    recipe = replace(TINY, encoder="blazepose-full")
    with pytest.raises(UserError, match="was measured on blazepose-heavy, tiny wants blazepose-full"):
        load_sources(recipe, sources)
    seen_by_another = write_windows(tmp_path, encoder="blazepose-full")
    with pytest.raises(UserError, match="was seen by blazepose-full, not by blazepose-heavy"):
        load_sources(TINY, replace(sources, validation=seen_by_another))


def test_windows_that_are_too_short_are_refused(sources: TrainingSources) -> None:
    longer = replace(TINY, network=replace(TINY.network, window=5), windows=replace(TINY.windows, frames=6))
    with pytest.raises(UserError, match="windows holds windows of 5 frames, tiny wants 6"):
        load_sources(longer, sources)


def test_motions_that_are_all_held_out_are_too_few(sources: TrainingSources, tmp_path: Path) -> None:
    mocap = write_mocap(tmp_path, ("test/walk/walk_1",))
    with pytest.raises(UserError, match="holds no motion to train on; add archives"):
        load_sources(TINY, replace(sources, mocap=mocap))


def test_motions_for_validation_are_spared_where_the_recipe_says_so(sources: TrainingSources, tmp_path: Path) -> None:
    mocap = write_mocap(tmp_path, tuple(f"train/walking/walking_{number}" for number in (15, 16, 17, 18)))
    every = load_sources(TINY, replace(sources, mocap=mocap)).clips
    sparing = replace(change_batch(TINY, rendered_share=0.0, stills=0), spare_validation=True)
    most = load_sources(sparing, replace(sources, mocap=mocap)).clips
    spared = {clip.name for clip in every} - {clip.name for clip in most}
    assert spared == {clip.name for clip in split_clips(every).validation}
    assert (len(spared), len(most)) == (1, 3)
