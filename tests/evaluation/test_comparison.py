from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation.knowing import KnowingContestant
from reference.made_windows import make_windows
from spsnet.body import load_body
from spsnet.datasets.shards import save_shard
from spsnet.evaluation.comparison import Row, Table, compare
from spsnet.records import UserError

BODY = load_body()


def compare_all(*folders: Path, window_limit: int | None = None) -> dict[str, Table]:
    contestants = [KnowingContestant("good", 0.1), KnowingContestant("bad", 0.4)]
    tables = list(compare(folders, contestants, BODY, window_limit=window_limit))
    return {table.condition: table for table in tables}


def get_row(table: Table, name: str) -> Row:
    return next(row for row in table.rows if row.name == name)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("windows") / "data"
    save_shard(folder, 0, {"blazepose-heavy": make_windows(3, 6), "blazepose-full": make_windows(3, 6)})
    return folder


@pytest.fixture(scope="module")
def tables(data: Path) -> dict[str, Table]:
    return compare_all(data)


def test_everybody_under_every_condition(tables: dict[str, Table]) -> None:
    assert list(tables) == ["clean", "occluded", "swapped", "lost"]
    for table in tables.values():
        assert [row.name for row in table.rows] == ["good", "bad"]
        assert table.data == "data"
        assert table.paired
        assert list(table.frames) == ["blazepose-heavy"]
        assert table.average_adult.error == pytest.approx((make_windows(3, 6).shape ** 2).mean())
    good, bad = (get_row(tables["clean"], name).scores for name in ("good", "bad"))
    assert good is not None
    assert bad is not None
    assert bad.mpjpe_mm == pytest.approx(4 * good.mpjpe_mm, rel=0.05)
    assert good.shape is not None
    assert good.shape.stature_mm == 0


def test_the_loss_is_what_the_same_frames_lose(tables: dict[str, Table]) -> None:
    clean, covered = get_row(tables["clean"], "bad"), get_row(tables["occluded"], "bad")
    assert clean.mpjpe_loss_mm is None
    assert clean.pa_mpjpe_loss_mm is None
    assert clean.scores is not None
    assert covered.scores is not None
    assert covered.mpjpe_loss_mm is not None
    assert covered.mpjpe_loss_mm.value == pytest.approx(covered.scores.mpjpe_mm - clean.scores.mpjpe_mm)
    assert covered.pa_mpjpe_loss_mm is not None
    assert covered.pa_mpjpe_loss_mm.value > 0
    assert get_row(tables["lost"], "bad") == Row(name="bad", scores=None, mpjpe_loss_mm=None, pa_mpjpe_loss_mm=None)


def test_other_windows_are_a_condition_by_themselves(data: Path, tmp_path: Path) -> None:
    save_shard(tmp_path / "hard", 0, {"blazepose-heavy": make_windows(2, 4, seed=5)})
    hard = compare_all(data, tmp_path / "hard")["hard"]
    assert not hard.paired
    assert hard.frames == {"blazepose-heavy": "2 windows, 8 of 8 frames scored"}
    row = get_row(hard, "good")
    assert row.mpjpe_loss_mm is not None
    assert row.mpjpe_loss_mm.low < row.mpjpe_loss_mm.value < row.mpjpe_loss_mm.high


def test_models_of_two_encoders_are_each_shown_their_own_sight(data: Path) -> None:
    other = KnowingContestant("other", 0.2)
    other.encoder = "blazepose-full"
    first = KnowingContestant("first", 0.2)
    table = next(compare([data], [other, first], BODY))
    assert [row.name for row in table.rows] == ["other", "first"]
    assert list(table.frames) == ["blazepose-full", "blazepose-heavy"]


def test_a_few_windows_and_none_of_unknown_truth(tmp_path: Path) -> None:
    windows = replace(make_windows(4, 1), labelled=np.array([True, False, True, True]))
    save_shard(tmp_path, 0, {"blazepose-heavy": windows})
    assert compare_all(tmp_path)["clean"].frames["blazepose-heavy"].startswith("3 windows, 3 of 3")
    assert compare_all(tmp_path, window_limit=3)["clean"].frames["blazepose-heavy"].startswith("2 windows, 2 of 2")


def test_what_cannot_be_compared_is_said(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="two models are called 'a'; give them names: --model NAME=DIR"):
        next(compare([data], [KnowingContestant("a", 0.1), KnowingContestant("a", 0.2)], BODY))
    films = replace(make_windows(2, 3), labelled=np.zeros(2, bool))
    save_shard(tmp_path / "films", 0, {"blazepose-heavy": films})
    with pytest.raises(UserError, match="films holds real footage, whose truth is not known"):
        compare_all(tmp_path / "films")
    blind = KnowingContestant("blind", 0.1)
    blind.encoder = "resnet"
    with pytest.raises(UserError, match="was seen by blazepose-heavy and blazepose-full, not by resnet"):
        next(compare([data], [blind], BODY))
