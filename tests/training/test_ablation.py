import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reference.made_windows import make_windows
from reference.tiny_recipe import ENCODER, TINY, write_sources, write_windows
from spsnet.datasets.shards import save_shard
from spsnet.network.weights import load_model
from spsnet.records import UserError
from spsnet.training.ablation import AblationReport, Trial, TrialResult, load_results, run_ablation
from spsnet.training.loop import DivergedError, Report
from spsnet.training.model_runs import ModelRun
from spsnet.training.recipe import AblationRecipe
from spsnet.training.sources import TrainingSources
from spsnet.training.variants import make_variants

BASE = replace(TINY, loop=replace(TINY.loop, steps=2, epoch_steps=2))
RECIPE = AblationRecipe(
    name="tiny", base=BASE, variants={"without A and F": make_variants(BASE)["without A and F"]}, seeds=(3, 4)
)
ONE = replace(RECIPE, seeds=(3,))
METRICS = {
    "pa_mpjpe_mm",
    "mpjpe_mm",
    "pve_mm",
    "acceleration_mm_frame2",
    "shape_error",
    "average_adult_shape_error",
    "occluded_pa_mpjpe_mm",
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> TrainingSources:
    return write_sources(tmp_path_factory.mktemp("sources"), validation=False)


@pytest.fixture(scope="module")
def held_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_windows(tmp_path_factory.mktemp("data") / "held_out", seed=7)


def list_trials(reports: Sequence[AblationReport]) -> list[tuple[str, int]]:
    return [report.trial for report in reports if isinstance(report.said, TrialResult)]


def test_every_variant_is_trained_and_measured_with_every_seed(
    sources: TrainingSources, held_out: Path, tmp_path: Path
) -> None:
    reports = list(run_ablation(RECIPE, sources, [held_out], tmp_path))
    trials = [("full", 3), ("without A and F", 3), ("full", 4), ("without A and F", 4)]
    assert list_trials(reports) == trials
    assert [report.done for report in reports if isinstance(report.said, TrialResult)] == [1, 2, 3, 4]
    steps = [report.said.step for report in reports if isinstance(report.said, Report)]
    assert steps == [1, 2] * 4
    assert reports[0].seconds_left is None
    assert reports[1].seconds_left is not None
    assert reports[1].seconds_left > 0
    assert reports[-1].seconds_left == 0
    results = load_results(tmp_path)
    assert list(results) == trials
    for trial, result in results.items():
        assert set(result.scores["held_out"]) == METRICS
        assert all(math.isfinite(value) for value in result.scores["held_out"].values())
        assert (result.diagnosis is not None) == (trial.seed == 3)
    full, bare = (results[Trial(name, 3)] for name in RECIPE.recipes)
    assert full.diagnosis is not None
    assert bare.diagnosis is not None
    assert full.diagnosis.attention is not None
    assert full.diagnosis.forecast is not None
    assert full.diagnosis.verdicts is not None
    assert (bare.diagnosis.attention, bare.diagnosis.forecast) == (None, None)
    network, config = load_model(tmp_path / "without_A_and_F" / "4" / "model")
    assert config.name == "tiny, without A and F"
    assert network.attention is None
    assert results[Trial("full", 3)].scores != results[Trial("full", 4)].scores

    # Nothing is missing now; a further seed is, and then another folder of windows for all of them.
    assert list(run_ablation(RECIPE, sources, [held_out], tmp_path)) == []
    more = replace(RECIPE, seeds=(3, 4, 5), variants={})
    assert list_trials(list(run_ablation(more, sources, [held_out], tmp_path))) == [("full", 5)]
    save_shard(tmp_path / "others", 0, {ENCODER: make_windows(2, 5, seed=8)})
    both = list(run_ablation(ONE, sources, [held_out, tmp_path / "others"], tmp_path))
    assert list_trials(both) == trials[:2]
    assert not any(isinstance(report.said, Report) for report in both)  # they were trained before
    again = load_results(tmp_path)[Trial("full", 3)]
    assert again.scores["held_out"] == results[Trial("full", 3)].scores["held_out"]
    assert set(again.scores) == {"held_out", "others"}


def test_what_was_cut_off_goes_on_and_two_workers_find_the_same(
    sources: TrainingSources, held_out: Path, tmp_path: Path
) -> None:
    recipe = replace(ONE, base=TINY, variants={"without L_adv": make_variants(TINY)["without L_adv"]})
    whole = list(run_ablation(recipe, sources, [held_out], tmp_path / "whole"))
    cut = run_ablation(recipe, sources, [held_out], tmp_path / "cut")
    for _ in range(3):
        report = next(cut)
    cut.close()  # type: ignore[attr-defined]
    assert isinstance(report.said, Report)
    assert report.said.step == 3
    assert load_results(tmp_path / "cut") == {}
    rest = list(run_ablation(recipe, sources, [held_out], tmp_path / "cut", workers=2))
    steps = [(r.trial.variant, r.said.step) for r in rest if isinstance(r.said, Report)]
    assert [step for name, step in steps if name == "full"] == [3, 4]
    assert [step for name, step in steps if name == "without L_adv"] == [1, 2, 3, 4]
    assert rest[-1].done == 2
    for trial, result in load_results(tmp_path / "whole").items():
        other = load_results(tmp_path / "cut")[trial]
        for name, value in result.scores["held_out"].items():
            assert other.scores["held_out"][name] == pytest.approx(value, rel=1e-4), name
    assert list_trials(whole) == [("full", 3), ("without L_adv", 3)]


def test_a_training_that_diverges_is_a_result(
    sources: TrainingSources, held_out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverge(self: ModelRun, folder: Path, *, resume: bool) -> Iterator[Report]:
        if self.network.attention is None:
            raise DivergedError("no number at step 1")
        yield from ()

    monkeypatch.setattr(ModelRun, "train", diverge)
    reports = list(run_ablation(ONE, sources, [held_out], tmp_path))
    assert list_trials(reports) == [("full", 3), ("without A and F", 3)]
    result = load_results(tmp_path)[Trial("without A and F", 3)]
    assert result == TrialResult(trial=result.trial, scores={}, failure="no number at step 1")
    assert list(run_ablation(ONE, sources, [held_out], tmp_path)) == []


def change_steps(recipe: AblationRecipe) -> AblationRecipe:
    def change(one: Any) -> Any:
        return replace(one, loop=replace(one.loop, steps=4))

    variants = {name: change(variant) for name, variant in recipe.variants.items()}
    return replace(recipe, base=change(recipe.base), variants=variants)


def test_a_folder_holds_one_ablation_on_one_set_of_windows(
    sources: TrainingSources, held_out: Path, tmp_path: Path
) -> None:
    next(run_ablation(ONE, sources, [held_out], tmp_path))
    message = r"holds trainings of 'full' with other choices; take another folder"
    with pytest.raises(UserError, match=message):
        next(run_ablation(change_steps(ONE), sources, [held_out], tmp_path))
    more = replace(sources, stills=write_windows(tmp_path / "stills", frames=1))
    with pytest.raises(
        UserError, match="holds trainings on 3 windows, now there are 3 windows, 3 stills; take another"
    ):
        next(run_ablation(ONE, more, [held_out], tmp_path))


def test_held_out_folders_are_told_apart_and_labelled(sources: TrainingSources, held_out: Path, tmp_path: Path) -> None:
    for data in ([], [held_out, tmp_path / "held_out"]):
        with pytest.raises(UserError, match="held-out folders should be one or more of different names, got"):
            next(run_ablation(ONE, sources, data, tmp_path / "out"))
    windows = make_windows(2, 5)
    save_shard(tmp_path / "films", 0, {ENCODER: replace(windows, labelled=windows.labelled & False)})
    with pytest.raises(UserError, match="films holds real footage, whose truth is not known; give --data rendered"):
        next(run_ablation(ONE, sources, [tmp_path / "films"], tmp_path / "out"))


def test_a_line_that_is_no_result_is_named(tmp_path: Path) -> None:
    assert load_results(tmp_path) == {}
    good = {"variant": "full", "seed": 1, "scores": {}, "diagnosis": None, "failure": None}
    for line in ("{", "3", "{}", json.dumps(good | {"mood": 1})):
        (tmp_path / "results.jsonl").write_text(f"{json.dumps(good)}\n{line}\n")
        with pytest.raises(UserError, match=r"results\.jsonl, line 2 cannot be read \(.*\); delete it"):
            load_results(tmp_path)


def test_variants_have_plain_folders() -> None:
    assert Trial("without L_SMPL (pose)", 2).find_folder(Path("a")) == Path("a/without_L_SMPL_pose/2")
