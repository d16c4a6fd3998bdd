import threading
import time
from collections.abc import Iterator

import pytest

from spsnet.pipeline.prefetching import prefetch


def count_threads() -> int:
    return len([thread for thread in threading.enumerate() if thread.name.startswith("prefetch")])


@pytest.mark.parametrize("ahead", [1, 2, 5])
def test_items_come_in_order_and_once(ahead: int) -> None:
    assert list(prefetch(range(20), ahead)) == list(range(20))
    assert list(prefetch([], ahead)) == []
    assert list(prefetch([None, None], ahead)) == [None, None]
    assert count_threads() == 0


def test_the_next_item_is_made_while_one_is_used() -> None:
    begun = [threading.Event() for _ in range(3)]

    def make() -> Iterator[int]:
        for number, event in enumerate(begun):
            event.set()
            yield number

    items = prefetch(make())
    assert next(items) == 0
    assert begun[1].wait(10)
    time.sleep(0.05)
    assert not begun[2].is_set(), "no more than one ahead"
    assert list(items) == [1, 2]


def test_an_error_comes_out_at_its_place() -> None:
    def make() -> Iterator[int]:
        yield 1
        raise KeyError("broken")

    items = prefetch(make())
    assert next(items) == 1
    with pytest.raises(KeyError, match="broken"):
        next(items)
    assert list(items) == []
    assert count_threads() == 0


def test_whoever_stops_early_stops_the_thread() -> None:
    made = []

    def make() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    for item in prefetch(make()):
        if item == 3:
            break
    assert count_threads() == 0
    assert len(made) <= 6


def test_one_behind_the_other() -> None:
    doubled = prefetch(2 * item for item in prefetch(range(10)))
    assert list(doubled) == list(range(0, 20, 2))


def test_refuses_to_hold_nothing() -> None:
    with pytest.raises(ValueError, match="ahead should be at least 1, got 0"):
        prefetch([], 0)
