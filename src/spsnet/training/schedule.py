"""What a run's step number alone decides: its learning rate and its chance. And how long the rest will take."""

import math
from collections import deque
from typing import Literal

import numpy as np

Schedule = Literal["cosine", "constant"]
Purpose = Literal["batch", "network", "objective"]
_PURPOSES: tuple[Purpose, ...] = ("batch", "network", "objective")


def compute_rate_factor(schedule: Schedule, step: int, *, steps: int, warmup_steps: int) -> float:
    """What the highest learning rate is multiplied by.

    Convention:
        Steps count from 0. A line up to 1 over the warm-up; "cosine" falls to zero along half a wave over all steps:
        half-way it is 0.5. "constant" stays.
    """
    warm = min(1.0, (step + 1) / max(warmup_steps, 1))
    return warm if schedule == "constant" else warm * 0.5 * (1 + math.cos(math.pi * step / steps))


def compute_seed(seed: int, step: int, purpose: Purpose, process: int = 0) -> int:
    """A seed for one step's draws of one kind in one process; torch's generator on the CPU takes 32 bits of it."""
    sequence = np.random.SeedSequence([seed, step, _PURPOSES.index(purpose), process])
    return int(sequence.generate_state(1)[0])


class Pace:
    """How long steps and the pauses between epochs have taken of late.

    The first step of a process, in which everything is made that later steps use again, counts only while it is alone.
    """

    def __init__(self) -> None:
        self._first_s = 0.0
        self._steps_s: deque[float] = deque(maxlen=200)
        self._pauses_s: deque[float] = deque(maxlen=10)
        self._is_begun = False

    def add_step(self, seconds: float) -> None:
        """One more step is done."""
        if self._is_begun:
            self._steps_s.append(seconds)
        else:
            self._first_s, self._is_begun = seconds, True

    def add_pause(self, seconds: float) -> None:
        """One more epoch was validated and kept."""
        self._pauses_s.append(seconds)

    def estimate_left(self, steps: int, epochs: int) -> float:
        """Seconds that so many steps, and the ends of so many epochs, will take."""
        step_s = sum(self._steps_s) / len(self._steps_s) if self._steps_s else self._first_s
        pause_s = sum(self._pauses_s) / len(self._pauses_s) if self._pauses_s else 0.0
        return steps * step_s + epochs * pause_s
