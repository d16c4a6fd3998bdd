"""What a model is shown of windows: as they are, covered, and with failures of the encoder made by hand."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from spsnet.datasets.shards import ObservedWindows, Sight
from spsnet.datasets.sights import fill_missing, find_span
from spsnet.evaluation.corruptions import lose_parts, swap_sides

CLEAN = "clean"


@dataclass(frozen=True, kw_only=True)
class Bodies:
    """Posed bodies of windows."""

    rotations: Float[np.ndarray, "windows time 24 3 3"]
    shape: Float[np.ndarray, "windows 10"]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One sight of windows whose truth is known."""

    name: str
    sight: Sight
    """Without gaps."""
    truth: Bodies
    span_mask: Bool[np.ndarray, "windows time"]
    """From the first to the last frame of a window in which the encoder saw a person: what a film would hold."""
    seen_mask: Bool[np.ndarray, "windows time"]
    """Where it saw one in the clean picture."""
    bridged_mask: Bool[np.ndarray, "windows time"]
    """Where it saw none in this one."""

    @property
    def scored_mask(self) -> Bool[np.ndarray, "windows time"]:
        """Frames that count."""
        return self.span_mask & self.seen_mask

    def describe_frames(self) -> str:
        """How many frames count, and why the others do not.

        Convention:
            "48 windows, 1484 of 1536 frames scored, 90 of them bridged from the frames around; 40 left out: nobody seen
            in the clean picture; 12 left out: before the first or after the last sight of the person".
        """
        scored, total = self.scored_mask, self.scored_mask.size
        text = f"{len(scored)} windows, {int(scored.sum())} of {total} frames scored"
        bridged = int((scored & self.bridged_mask).sum())
        if bridged:
            text += f", {bridged} of them bridged from the frames around"
        unseen, outside = int((~self.seen_mask).sum()), int((self.seen_mask & ~self.span_mask).sum())
        if unseen:
            text += f"; {unseen} left out: nobody seen in the clean picture"
        if outside:
            text += f"; {outside} left out: before the first or after the last sight of the person"
        return text


def make_conditions(windows: ObservedWindows, seed: int = 0) -> list[Condition]:
    """Clean, "occluded" where somebody looked, "swapped" and "lost" (`swap_sides`, `lose_parts`).

    Args:
        windows: Whose truth is known.
        seed: Of the failures made by hand.
    """
    sights = {CLEAN: windows.seen}
    if windows.occluded is not None:
        sights["occluded"] = windows.occluded
    sights |= {"swapped": swap_sides(windows.seen, seed), "lost": lose_parts(windows.seen, seed)}
    return [_make_condition(name, windows, sight) for name, sight in sights.items()]


def make_condition(name: str, windows: ObservedWindows) -> Condition:
    """Windows as they are, under a name of their own."""
    return _make_condition(name, windows, windows.seen)


def _make_condition(name: str, windows: ObservedWindows, sight: Sight) -> Condition:
    return Condition(
        name=name,
        sight=fill_missing(sight),
        truth=Bodies(rotations=windows.rotations, shape=windows.shape),
        span_mask=find_span(sight.present_mask),
        seen_mask=windows.seen.present_mask,
        bridged_mask=~sight.present_mask,
    )
