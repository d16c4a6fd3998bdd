"""Workers that do next to nothing, in processes of their own too."""

import os
import time
from collections.abc import Iterator

from spsnet.records import UserError


class Counter:
    """Counts up to each task's number; tells the process that does it."""

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __call__(self, task: int) -> Iterator[tuple[int, int]]:
        for number in range(1, task + 1):
            yield number * self.factor, os.getpid()
            time.sleep(0.05)


class Stumbler:
    """Fails as it is told to."""

    def __init__(self, how: str) -> None:
        if how == "at once":
            raise UserError("no such place")
        self.how = how

    def __call__(self, task: int) -> Iterator[int]:
        yield task
        if self.how == "by itself":
            raise ZeroDivisionError("of its own making")
        if self.how == "killed":
            os._exit(3)
        raise UserError("lost on the way")
