"""What a user can choose of a run."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

from spsnet.assets import DEFAULT_DETECTOR

T = TypeVar("T")

Watch = Callable[[Iterable[Any], str, int | None], Iterable[Any]]
"""(items, what is being done, how many are expected or None) → the same items, watched: a progress bar."""


def watch_nothing(items: Iterable[T], _doing: str, _total: int | None) -> Iterable[T]:
    """The watch of a program without a person in front of it."""
    return items


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """Choices of `spsnet run`, with the defaults it has."""

    model: Path | None = None
    """Model folder; None is the one that ships."""
    detector: str = DEFAULT_DETECTOR
    encoder: str | None = None
    """"heavy" or "full"; None takes the one that the model was trained on."""
    people: int | None = None
    """Keep this many, the most visible; None keeps all."""
    focal_px: float | None = None
    """Of the full image; None takes max(width, height)."""
    refine: bool = True
    """Move each body onto its landmarks through the real lens."""
    smooth_s: float | None = None
    """Standard deviation of the filter over time; None: 0.05 without refinement, which smooths by itself, else 0."""
    fps: float = 30.0
    """Of a folder of pictures."""

    def __post_init__(self) -> None:
        """Refuse numbers that make no sense."""
        if self.people is not None and self.people < 1:
            raise ValueError(f"people should be at least 1, got {self.people}")
        if self.focal_px is not None and not self.focal_px > 0:
            raise ValueError(f"focal_px should be positive, got {self.focal_px}")
        if self.smooth_s is not None and self.smooth_s < 0:
            raise ValueError(f"smooth_s should not be negative, got {self.smooth_s}")
        if not self.fps > 0:
            raise ValueError(f"fps should be positive, got {self.fps}")

    @property
    def effective_smooth_s(self) -> float:
        """The filter's width once `None` is decided."""
        if self.smooth_s is not None:
            return self.smooth_s
        return 0.0 if self.refine else 0.05


@dataclass
class Stopwatch:
    """Adds up the time of each stage, whichever order they run in."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Count the time of a block for a stage."""
        start = perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + perf_counter() - start

    def time_each(self, items: Iterable[T], stage: str) -> Iterator[T]:
        """Count the time it takes to get each item for a stage."""
        iterator = iter(items)
        while True:
            with self.time(stage):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item
