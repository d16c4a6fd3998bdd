import json
import math
from dataclasses import replace

import pytest

from reference.tiny_recipe import TINY
from spsnet.training.ablation import Trial, TrialResult
from spsnet.training.comparison import Cost, format_markdown, format_text, make_tables, to_plain
from spsnet.training.diagnosis import Diagnosis, Verdicts
from spsnet.training.recipe import AblationRecipe

RECIPE = AblationRecipe(
    name="a", base=TINY, variants={"without L_mask": replace(TINY, name="b"), "mine": replace(TINY, name="c")}
)
VERDICTS = Diagnosis(
    attention=None, discriminator_attention=None, forecast=None, verdicts=Verdicts(real=0.9, fake=0.125)
)


def make_result(name: str, seed: int, pa_mpjpe_mm: float, *, looked_into: bool = False) -> TrialResult:
    scores = {
        "pa_mpjpe_mm": pa_mpjpe_mm,
        "mpjpe_mm": 100.0 + seed,
        "pve_mm": 110.0,
        "acceleration_mm_frame2": 10.0,
        "shape_error": 0.875,
        "average_adult_shape_error": 1.0,
    }
    return TrialResult(
        trial=Trial(name, seed), scores={"held_out": scores}, diagnosis=VERDICTS if looked_into else None
    )


def make_results() -> dict[Trial, TrialResult]:
    """The full recipe with all seeds; one variant too, 1, 2 and 3 mm worse; the other with one seed, and diverged."""
    found = [make_result("full", seed, 60.0 + 5 * seed, looked_into=seed == 0) for seed in range(3)]
    found += [make_result("without L_mask", seed, 60.0 + 5 * seed + 1 + seed) for seed in range(3)]
    found += [make_result("mine", 0, 59.0)]
    found += [TrialResult(trial=Trial("mine", 1), scores={}, failure="no number at step 7")]
    return {result.trial: result for result in found}


def test_a_cost_is_what_the_seeds_agree_on() -> None:
    cost = Cost(by_seed=(1.0, 2.0, 3.0))
    assert cost.mean == 2
    assert cost.margin == pytest.approx(4.302653 / math.sqrt(3))
    assert not cost.is_beyond_noise
    assert Cost(by_seed=(1.9, 2.0, 2.1)).is_beyond_noise
    assert Cost(by_seed=(-1.9, -2.0, -2.1)).is_beyond_noise
    alone = Cost(by_seed=(2.0,))
    assert math.isnan(alone.margin)
    assert not alone.is_beyond_noise


def test_costs_are_taken_seed_by_seed_and_failures_are_kept() -> None:
    (table,) = make_tables(RECIPE, make_results())
    assert table.data == "held_out"
    full, masked, mine = table.rows
    assert [row.name for row in table.rows] == ["full", "without L_mask", "mine"]
    assert full.scores["pa_mpjpe_mm"] == (60, 65, 70)
    assert full.costs == {}
    assert "occluded_pa_mpjpe_mm" not in full.scores
    assert masked.costs["pa_mpjpe_mm"].by_seed == (1, 2, 3)
    assert masked.costs["mpjpe_mm"].by_seed == (0, 0, 0)
    assert mine.costs["pa_mpjpe_mm"].by_seed == (-1,)
    assert mine.failures == ("no number at step 7",)
    assert full.diagnosis == "D: real 0.90, fake 0.12"


def test_a_diagnosis_is_told_once() -> None:
    twice = {
        trial: replace(result, scores={"held_out": scores, "hard": scores})
        for trial, result in make_results().items()
        if (scores := result.scores.get("held_out"))
    }
    first, second = make_tables(RECIPE, twice)
    assert (first.data, second.data) == ("held_out", "hard")
    assert [row.diagnosis is None for row in first.rows] == [False, True, True]
    assert all(row.diagnosis is None for row in second.rows)
    assert [row.scores for row in first.rows] == [row.scores for row in second.rows]


def test_the_text_shows_means_costs_and_the_paper() -> None:
    (table,) = make_tables(RECIPE, make_results())
    lines = format_text(table).splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "held_out: means", "", "full", "without L_mask", "mine", "always the average adult", "",
        "held_out: costs", "", "full", "without L_mask", "mine", "",
        "full: D: real 0.90, fake 0.12", "mine: diverged: no number at step 7",
    ]  # fmt: skip
    assert lines[1].split() == ["PA-MPJPE", "MPJPE", "PVE", "accel.", "β", "occluded", "PA", "seeds"]
    assert " ".join(lines[2].split()) == "full 65.0 ± 5.0 101.0 ± 1.0 110.0 ± 0.0 10.0 ± 0.0 0.875 ± 0.000 - 3"
    assert " ".join(lines[4].split()) == "mine 59.0 100.0 110.0 10.0 0.875 - 1"
    assert " ".join(lines[5].split()) == "always the average adult - - - - 1.000 - -"
    assert lines[9].split() == ["full", *"-" * 7]
    assert " ".join(lines[10].split()).startswith("without L_mask +2.0 ± 2.5 +0.0 ± 0.0 +0.0 ± 0.0")
    assert lines[10].endswith("+5.9 / +4.2 / +7.0")
    assert " ".join(lines[11].split()) == "mine -1.0 +0.0 +0.0 +0.0 +0.000 - -"
    assert len({len(line) for line in lines[1:6]}) == 1
    assert len({len(line) for line in lines[8:12]}) == 1


def test_markdown_holds_the_same_cells() -> None:
    certain = {
        trial: replace(
            result,
            scores={
                "held_out": {
                    **result.scores["held_out"],
                    "pa_mpjpe_mm": 60.0 + trial.seed + (2 if "mask" in trial.variant else 0),
                }
            },
        )
        for trial, result in make_results().items()
        if result.scores
    }
    text = format_markdown(make_tables(RECIPE, certain))
    assert (
        "**held_out: means**\n\n|  | PA-MPJPE | MPJPE | PVE | accel. | β | occluded PA | seeds |\n| --- | ---: |"
        in text
    )
    assert r"| without L_mask | +2.0 ± 0.0 \* | +0.0 ± 0.0 |" in text
    assert "- full: D: real 0.90, fake 0.12\n" in text


def test_json_holds_every_seed() -> None:
    (plain,) = json.loads(json.dumps(to_plain(make_tables(RECIPE, make_results()))))
    masked = plain["rows"][1]
    assert masked["name"] == "without L_mask"
    assert masked["scores"]["pa_mpjpe_mm"] == [61, 67, 73]
    assert masked["costs"]["pa_mpjpe_mm"] == {"by_seed": [1, 2, 3]}


def test_before_anything_is_done_there_is_no_table() -> None:
    assert make_tables(RECIPE, {}) == []
    # The full recipe may be missing: then there are means and no costs.
    only = {trial: result for trial, result in make_results().items() if trial.variant == "mine"}
    (table,) = make_tables(RECIPE, only)
    assert [row.name for row in table.rows] == ["mine"]
    assert table.rows[0].costs == {}
