"""Problems of a result, each in one sentence, with one that says what to do about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from spsnet.metrics import average
from spsnet.quality.exchanges import Exchange, find_exchanges, find_jumps
from spsnet.quality.measures import LIMBS, WHOLE, PersonMeasures
from spsnet.quality.remedies import REMEDIES
from spsnet.quality.sides import AGAINST, find_side_swaps
from spsnet.quality.stillness import find_frozen, find_repeats
from spsnet.quality.stretches import Stretch, compute_running_median, find_stretches
from spsnet.quality.thresholds import Thresholds
from spsnet.records import PersonMotion

_TOLD = 3
"""Stretches that a sentence names; the others are counted."""


class When(NamedTuple):
    """A stretch of a problem, its first and last frame."""

    start_s: float
    stop_s: float
    frames: tuple[int, int]
    """Numbers in the film."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One problem of one person, or of two, and every stretch of it."""

    kind: str
    """A key of `REMEDIES`."""
    person_ids: tuple[int, ...]
    says: str
    """What is wrong, to come after the person's name; of the longest stretch."""
    stretches: tuple[When, ...]
    """By time; at least one."""

    @property
    def what(self) -> str:
        """Who, what and when.

        Convention:
            "Person 1 has a right arm that shakes, at up to 60 m/s²: from 1.0 to 2.0 s, at 3.1 s and 2 times more."
        """
        several = len(self.person_ids) > 1
        who = f"{'Persons' if several else 'Person'} {' and '.join(map(str, self.person_ids))}"
        told = [_tell_time(when) for when in self.stretches[:_TOLD]]
        if len(self.stretches) > _TOLD:
            rest = len(self.stretches) - _TOLD
            told.append(f"{rest} {'time' if rest == 1 else 'times'} more")
        times = f"{', '.join(told[:-1])} and {told[-1]}" if len(told) > 1 else told[0]
        return f"{who} {self.says}: {times}."

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REMEDIES[self.kind]


class _Sign(NamedTuple):
    """One stretch of something wrong, before those of one kind are put together."""

    kind: str
    person_ids: tuple[int, ...]
    subject: str
    """Signs of one kind and one subject are one problem: the limb that shakes."""
    says: str
    when: When


def find_problems(
    people: Sequence[PersonMotion], measures: Sequence[PersonMeasures], thresholds: Thresholds | None = None
) -> list[Finding]:
    """Everything that is worth a look, by person and time.

    Args:
        people: Of one film.
        measures: Of the same people, in their order.
        thresholds: The measured ones where None.
    """
    thresholds = thresholds or Thresholds()
    exchanges = find_exchanges(people, thresholds)
    signs = [_tell_exchange(exchange) for exchange in exchanges]
    for person, measured in zip(people, measures, strict=True):
        signs += [*_judge_measures(measured, thresholds), *_judge_person(person, thresholds, exchanges)]
    groups: dict[tuple[object, ...], list[_Sign]] = {}
    for sign in signs:
        groups.setdefault((sign.person_ids, sign.kind, sign.subject), []).append(sign)
    found = [_put_together(group) for group in groups.values()]
    return sorted(found, key=lambda one: (one.person_ids, one.stretches[0], one.kind))


def _put_together(signs: Sequence[_Sign]) -> Finding:
    longest = max(signs, key=lambda sign: sign.when.stop_s - sign.when.start_s)
    return Finding(
        kind=longest.kind,
        person_ids=longest.person_ids,
        says=longest.says,
        stretches=tuple(sorted(sign.when for sign in signs)),
    )


def _tell_time(when: When) -> str:
    first, last = f"{when.start_s:.1f}", f"{when.stop_s:.1f}"
    return f"at {first} s" if first == last else f"from {first} to {last} s"


def _judge_measures(measured: PersonMeasures, limits: Thresholds) -> Iterator[_Sign]:
    time_s = measured.time_s
    unsure = compute_running_median(measured.landmark_confidence, time_s, 0.2) < limits.landmark_confidence
    for stretch in find_stretches(unsure, time_s, shortest_s=limits.unsure_s):
        value = average(measured.landmark_confidence[slice(*stretch)][~measured.filled_mask[slice(*stretch)]])
        yield _tell("unsure", measured, stretch, f"is hardly seen: landmarks of confidence {value:.2f} on average")
    off = compute_running_median(measured.off_percent, time_s, 0.1)
    for stretch in find_stretches(off > limits.off_percent, time_s, shortest_s=limits.off_s):
        worst = np.nanmax(off[slice(*stretch)])
        yield _tell(
            "off", measured, stretch, f"has a body that lies beside the landmarks, by up to {worst:.0f} % of the box"
        )
    yield from _judge_jitter(measured, limits)
    bones = compute_running_median(measured.bone_percent, time_s, limits.bone_s)
    for stretch in find_stretches(np.abs(bones) > limits.bone_percent, time_s, shortest_s=limits.bone_s):
        value = float(np.nanmedian(measured.bone_percent[slice(*stretch)]))
        word = "longer" if value > 0 else "shorter"
        yield _tell("bones", measured, stretch, f"has limbs {abs(value):.0f} % {word} in the picture than on the body")
    whole = Stretch(0, len(measured))
    if measured.bone_change_percent > limits.bone_change_percent:
        change = f"has bones that change their length by {measured.bone_change_percent:.0f} %"
        yield _tell("bones", measured, whole, change)
    stands = np.isfinite(measured.skate_mm_s)
    if stands.sum() >= limits.skate_steps and average(measured.skate_mm_s, stands) > limits.skate_mm_s:
        skate = average(measured.skate_mm_s, stands)
        yield _tell("skate", measured, whole, f"has standing feet that slide at {skate:.0f} mm/s on average")
    yield from _judge_gaps(measured, limits)


def _judge_jitter(measured: PersonMeasures, limits: Thresholds) -> Iterator[_Sign]:
    shakes = {limb: values > limits.shake_m_s2 for limb, values in measured.shake_m_s2.items()}
    everything = np.sum([shakes[limb] for limb in LIMBS], axis=0) >= len(LIMBS) - 1
    stretches = [
        (limb, stretch) for limb in (*LIMBS, WHOLE) for stretch in _find(shakes[limb] & ~everything, measured, limits)
    ]
    for stretch in _find(everything, measured, limits):
        stretches.append((WHOLE, stretch))
    for limb, stretch in stretches:
        value = max(np.nanmax(v[slice(*stretch)]) for part, v in measured.shake_m_s2.items() if limb in (part, WHOLE))
        whose = "a body that shakes" if limb == WHOLE else f"a {limb} that shakes"
        yield _tell("jitter", measured, stretch, f"has {whose}, at up to {value:.0f} m/s²", limb)


def _find(mask: np.ndarray, measured: PersonMeasures, limits: Thresholds) -> list[Stretch]:
    return find_stretches(mask, measured.time_s, shortest_s=limits.shake_s / 2)


def _judge_gaps(measured: PersonMeasures, limits: Thresholds) -> Iterator[_Sign]:
    long = find_stretches(measured.filled_mask, measured.time_s, shortest_s=limits.gap_s)
    for stretch in long:
        yield _tell("gap", measured, stretch, "was not seen, and is filled in")
    share = 100 * float(measured.filled_mask.mean())
    if not long and share > limits.filled_percent:
        yield _tell("gap", measured, Stretch(0, len(measured)), f"was not seen in {share:.0f} % of the frames")
    for i in np.flatnonzero((np.diff(measured.frame_index) > 1) & (np.diff(measured.time_s) >= limits.gap_s)).tolist():
        missing = int(measured.frame_index[i + 1] - measured.frame_index[i] - 1)
        yield _tell("missing", measured, Stretch(i, i + 2), f"lacks {missing} frames, which the film lacks")


def _judge_person(person: PersonMotion, limits: Thresholds, exchanges: Sequence[Exchange]) -> Iterator[_Sign]:
    for stretch in find_frozen(person, limits):
        yield _tell("frozen", person, stretch, "has a pose that stands still while the landmarks move")
    for stretch in find_repeats(person, limits):
        yield _tell("repeated", person, stretch, "is exactly the same in every frame")
    for swap in find_side_swaps(person, limits):
        parts = ", ".join(sorted(swap.parts))
        where = "between body and landmarks" if AGAINST in swap.sources else f"in {' and '.join(sorted(swap.sources))}"
        yield _tell("sides", person, swap.stretch, f"seems to have left and right of {parts} exchanged {where}")
    told = {exchange.frame_index for exchange in exchanges if person.track_id in exchange.track_ids}
    for jump in find_jumps(person, limits):
        if int(person.frame_index[jump.frame]) not in told:
            where = f"jumps by {jump.boxes:.1f} times its box, and may be somebody else afterwards"
            yield _tell("jump", person, Stretch(jump.frame, jump.frame + 1), where)


def _tell_exchange(exchange: Exchange) -> _Sign:
    when = When(exchange.time_s, exchange.time_s, (exchange.frame_index, exchange.frame_index))
    return _Sign("exchange", exchange.track_ids, "", "seem to be exchanged", when)


def _tell(kind: str, person: PersonMotion | PersonMeasures, stretch: Stretch, says: str, subject: str = "") -> _Sign:
    first, last = stretch.start, stretch.stop - 1
    frames = (int(person.frame_index[first]), int(person.frame_index[last]))
    when = When(float(person.time_s[first]), float(person.time_s[last]), frames)
    return _Sign(kind, (person.track_id,), subject, says, when)
