"""A progress bar for a person, silence for a pipe."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spsnet.pipeline.settings import Watch, watch_nothing

_FINISHED_BARS = 4
"""That stay on the screen: a data set has a bar for each of a thousand films."""


@contextmanager
def show_progress(title: str) -> Iterator[Watch]:
    """Give a watch that draws one bar a stage on stderr; when stderr is no terminal, one that draws nothing."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield watch_nothing
        return
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:

        def watch(items: Iterable[Any], doing: str, total: int | None) -> Iterable[Any]:
            task, done = progress.add_task(f"{title}: {doing}", total=total), 0
            for item in items:
                yield item
                done += 1
                progress.update(task, completed=done)
            progress.update(task, total=done)
            for old in [one for one in progress.tasks if one.finished][:-_FINISHED_BARS]:
                progress.remove_task(old.id)

        yield watch
