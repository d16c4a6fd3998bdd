from spsnet.evaluation.cells import align_cells, format_estimate, format_number, mark_cells
from spsnet.metrics import Estimate

NAN = float("nan")


def test_numbers_as_people_read_them() -> None:
    assert format_estimate(Estimate(value=50.42, low=48.2, high=52.0)) == "50.4 ± 1.9"
    assert format_estimate(Estimate(value=5493.4, low=4000.0, high=6000.0)) == "5493 ± 1000"
    assert format_estimate(Estimate(value=50.42, low=50.42, high=50.42)) == "50.4"
    assert format_estimate(Estimate(value=NAN, low=NAN, high=NAN)) == format_estimate(None) == "-"
    assert [format_number(value) for value in (4.25, -0.04, None, NAN)] == ["4.2", "0.0", "-", "-"]
    assert [format_number(value, signed=True) for value in (-4.25, 0.04)] == ["−4.2", "+0.0"]


def test_rows_become_lines() -> None:
    rows = [["", "mm"], ["ours", "1.0"], ["a", "10.0"]]
    assert align_cells(rows) == ["        mm", "ours   1.0", "a     10.0"]
    assert mark_cells(rows) == ["|  | mm |", "| --- | ---: |", "| ours | 1.0 |", "| a | 10.0 |"]
