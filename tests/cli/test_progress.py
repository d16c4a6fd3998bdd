import io
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress

from spsnet.cli import progress
from spsnet.cli.progress import show_progress


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[Progress]:
    """What is drawn on a terminal, which there is not."""
    made: list[Progress] = []

    class KeptProgress(Progress):
        def __init__(self, *columns: Any, **options: Any) -> None:
            super().__init__(*columns, **options)
            made.append(self)

    monkeypatch.setattr(progress, "Console", lambda **_: Console(file=io.StringIO(), force_terminal=True))
    monkeypatch.setattr(progress, "Progress", KeptProgress)
    return made


def test_bars_of_a_thousand_films_do_not_fill_the_screen(bars: list[Progress]) -> None:
    with show_progress("3dpw") as watch:
        for film in watch(range(9), "films", 9):
            assert list(watch(iter("abc"), f"film {film}", None)) == list("abc")
        (shown,) = bars
        assert [task.description for task in shown.tasks] == [f"3dpw: film {number}" for number in (5, 6, 7, 8)]
        assert all(task.finished and task.completed == task.total == 3 for task in shown.tasks)


def test_a_bar_that_is_not_full_stays(bars: list[Progress]) -> None:
    with show_progress("3dpw") as watch:
        for film in watch(range(9), "films", 9):
            list(watch(iter("abc"), f"film {film}", None))
            (shown,) = bars
            assert (shown.tasks[0].description, shown.tasks[0].completed) == ("3dpw: films", film)
            assert len(shown.tasks) <= 5


def test_a_pipe_gets_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress("3dpw") as watch:
        assert list(watch([1, 2], "films", 2)) == [1, 2]
    assert capsys.readouterr() == ("", "")
