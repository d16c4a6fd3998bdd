import pytest

from spsnet.pipeline.settings import RunSettings, Stopwatch, watch_nothing


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"people": 0}, "people should be at least 1, got 0"),
        ({"focal_px": 0.0}, "focal_px should be positive, got 0"),
        ({"focal_px": float("nan")}, "focal_px should be positive, got nan"),
        ({"smooth_s": -0.1}, "smooth_s should not be negative, got -0.1"),
        ({"fps": 0.0}, "fps should be positive, got 0"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RunSettings(**wrong)


def test_the_filter_works_by_itself_only_without_refinement() -> None:
    assert RunSettings().effective_smooth_s == 0
    assert RunSettings(refine=False).effective_smooth_s == 0.05
    assert RunSettings(refine=False, smooth_s=0.0).effective_smooth_s == 0
    assert RunSettings(smooth_s=0.2).effective_smooth_s == 0.2


def test_stopwatch_adds_up_and_survives_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 1.0, 5.0, 7.0, 10.0, 10.5])
    monkeypatch.setattr("spsnet.pipeline.settings.perf_counter", lambda: next(ticks))
    stopwatch = Stopwatch()
    with stopwatch.time("draw"):
        pass
    with pytest.raises(KeyError), stopwatch.time("draw"):
        raise KeyError
    with stopwatch.time("write"):
        pass
    assert stopwatch.seconds == {"draw": 3.0, "write": 0.5}


def test_stopwatch_passes_items_on() -> None:
    stopwatch = Stopwatch()
    assert list(stopwatch.time_each(iter("abc"), "read")) == ["a", "b", "c"]
    assert stopwatch.seconds["read"] >= 0
    assert list(watch_nothing("abc", "reading", None)) == ["a", "b", "c"]
