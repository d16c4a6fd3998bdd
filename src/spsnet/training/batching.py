"""What a step learns from: simulated, rendered and filmed windows in set shares, and single frames beside them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch

from spsnet.datasets.shards import WindowSet
from spsnet.synthesis.batches import SightWindows, TrainingWindows, join_batches, make_batch
from spsnet.training.judging import Motion, RealMotions

Simulate = Callable[[torch.Generator, int], TrainingWindows]
"""(generator, windows) → simulated windows, of the batch's number of frames."""


@dataclass(frozen=True, kw_only=True)
class BatchConfig:
    """The mixture. Windows that are neither rendered nor filmed are simulated."""

    rendered_share: float = 0.4
    """Of a batch's windows, rendered and put through the encoder."""
    film_share: float = 0.0
    """Of real films, labelled in 2D alone; the paper's batches have 9 of 16."""
    stills: int = 0
    """Single rendered frames beside a batch's windows."""
    simulated_stills: int = 0
    """Single simulated frames beside them: 512 of these show more of bodies and views than 32 windows do, and cost half
    as much."""
    covered_share: float = 0.2
    """Windows whose sight is taken from the occluded pictures, so that the other losses are met there too."""
    blind_share: float = 0.1
    """Windows whose widths are withheld, as where the encoder's mask is poor."""

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        for name in ("rendered_share", "film_share", "covered_share", "blind_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"BatchConfig.{name} should be from 0 to 1, got {getattr(self, name)}")
        if self.rendered_share + self.film_share > 1:
            raise ValueError(f"rendered and filmed windows should be at most all, got {self}")
        for name in ("stills", "simulated_stills"):
            if getattr(self, name) < 0:
                raise ValueError(f"BatchConfig.{name} should not be negative, got {getattr(self, name)}")

    def count_windows(self, batch: int) -> tuple[int, int, int]:
        """Simulated, rendered and filmed windows of a batch."""
        rendered, filmed = round(batch * self.rendered_share), round(batch * self.film_share)
        rendered = min(rendered, batch - filmed)
        return batch - rendered - filmed, rendered, filmed


class TrainingBatch(NamedTuple):
    """All that a step needs, the chance in it included."""

    windows: TrainingWindows
    stills: TrainingWindows | None
    """Windows of one frame, simulated ones first."""
    real: Motion | None
    """Motion capture for the discriminator, as many windows and frames as the network gives."""


class BatchSampler:
    """Draws batches; the same generator gives the same batch."""

    def __init__(
        self,
        config: BatchConfig,
        frames: int,
        *,
        simulate: Simulate | None = None,
        simulate_stills: Simulate | None = None,
        rendered: WindowSet | None = None,
        films: WindowSet | None = None,
        stills: WindowSet | None = None,
        real_motions: RealMotions | None = None,
    ) -> None:
        """Keep the sources.

        Args:
            config: The mixture.
            frames: Of a batch's windows; the network sees one less at a time.
            simulate: Makes windows without pictures.
            simulate_stills: The same of one frame each.
            rendered: Windows of rendered people.
            films: Windows of real films.
            stills: Windows of one rendered frame each.
            real_motions: For the discriminator, where there is one.
        """
        self._config = config
        self._frames = frames
        self._simulate = simulate
        self._simulate_stills = simulate_stills
        self._rendered = rendered
        self._films = films
        self._stills = stills
        self._real_motions = real_motions

    def __call__(self, generator: torch.Generator, batch: int) -> TrainingBatch:
        """Draw a batch of so many windows.

        Raises:
            ValueError: If a source that has a share was not given.
        """
        simulated, rendered, filmed = self._config.count_windows(batch)
        parts = _simulate("windows", self._simulate, generator, simulated)
        for name, source, count in (("rendered", self._rendered, rendered), ("filmed", self._films, filmed)):
            parts += _draw(name, source, generator, count, self._frames)
        windows = self._disturb(generator, join_batches(parts))
        parts = _simulate("stills", self._simulate_stills, generator, self._config.simulated_stills)
        parts += _draw("still", self._stills, generator, self._config.stills, 1)
        stills = self._disturb(generator, join_batches(parts)) if parts else None
        real = None
        if self._real_motions is not None:
            real = self._real_motions.sample(generator, batch, self._frames - 1)
        return TrainingBatch(windows, stills, real)

    def _disturb(self, generator: torch.Generator, windows: TrainingWindows) -> TrainingWindows:
        """Let some windows be seen as if covered, and some without widths."""
        batch = len(windows.labelled)
        covered = torch.rand(batch, generator=generator) < self._config.covered_share
        covered &= windows.occluded.mask.any(1)
        blind = torch.rand(batch, generator=generator) < self._config.blind_share
        seen = SightWindows(
            *(
                torch.where(covered.reshape(-1, *[1] * (whole.ndim - 1)), hidden, whole)
                for whole, hidden in zip(windows.seen, windows.occluded, strict=True)
            )
        )
        return windows._replace(seen=seen._replace(widths_px=seen.widths_px * ~blind[:, None, None]))


def _simulate(name: str, simulate: Simulate | None, generator: torch.Generator, count: int) -> list[TrainingWindows]:
    if not count:
        return []
    if simulate is None:
        raise ValueError(f"the mixture has simulated {name} but nothing to simulate them")
    return [simulate(generator, count)]


def _draw(
    name: str, source: WindowSet | None, generator: torch.Generator, count: int, frames: int
) -> list[TrainingWindows]:
    if not count:
        return []
    if source is None:
        raise ValueError(f"the mixture has {name} windows but no source of them")
    chosen = torch.randint(len(source), (count,), generator=generator)
    return [make_batch(source.take(chosen.numpy()), frames, generator)]
