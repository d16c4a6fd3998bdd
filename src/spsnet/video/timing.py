"""When a frame is shown and which number it has in the file."""

import heapq
from collections.abc import Iterable
from fractions import Fraction


class Clock:
    """Turns presentation timestamps into seconds from the first frame, always rising.

    A frame without a timestamp, or with one that does not rise, is placed one nominal frame after the one before it,
    and the frames after it follow on from there.
    """

    def __init__(self, *, time_base: Fraction, fps: float) -> None:
        """Start before the first frame.

        Args:
            time_base: Seconds of one timestamp unit.
            fps: Nominal rate, for frames whose timestamp is missing or wrong.
        """
        self._time_base = time_base
        self._period_s = 1 / fps
        self._origin: Fraction | None = None
        self._last_s: float | None = None
        self.steps_back = 0
        """Timestamps that did not rise."""

    def read(self, pts: int | None) -> float:
        """Return the time of the next frame in seconds."""
        expected_s = 0.0 if self._last_s is None else self._last_s + self._period_s
        time_s = expected_s
        if pts is not None:
            stamp = pts * self._time_base
            if self._origin is not None:
                time_s = float(stamp - self._origin)
            if self._origin is None or (self._last_s is not None and time_s <= self._last_s):
                self.steps_back += self._origin is not None
                self._origin = stamp - Fraction(expected_s)
                time_s = expected_s
        self._last_s = time_s
        return time_s


class Numbering:
    """Numbers frames as the file does, undecodable ones included, from the timestamps of its packets.

    Every packet is announced before its frame comes out, and frames come out in order of presentation: an announced
    timestamp that is passed over belongs to a frame that was lost. Without announcements frames are simply counted.
    """

    def __init__(self) -> None:
        """Start at number 0."""
        self._announced: list[int] = []
        self._next_index = 0
        self.lost: list[int] = []
        """Numbers of the frames that did not come out."""

    def announce(self, pts: int) -> None:
        """Say that a packet with this timestamp goes to the decoder and should bring one frame."""
        heapq.heappush(self._announced, pts)

    def number(self, pts: int | None) -> int:
        """Return the number of the frame that came out."""
        if pts is not None:
            while self._announced and self._announced[0] < pts:
                self._lose_next()
            if self._announced and self._announced[0] == pts:
                heapq.heappop(self._announced)
        index = self._next_index
        self._next_index += 1
        return index

    def finish(self) -> None:
        """Count the frames that were announced and never came out."""
        while self._announced:
            self._lose_next()

    def _lose_next(self) -> None:
        """Give the next number to the frame of the earliest announcement, which is lost."""
        heapq.heappop(self._announced)
        self.lost.append(self._next_index)
        self._next_index += 1


def describe_frames(indices: Iterable[int], *, at_most: int = 5) -> str:
    """Name frames as ranges: `frame 3`, `frames 3 to 7 and 9`; the rest counted when there are too many.

    >>> describe_frames([3, 4, 5, 9])
    'frames 3 to 5 and 9'
    """
    ranges: list[list[int]] = []
    for index in indices:
        if ranges and index == ranges[-1][1] + 1:
            ranges[-1][1] = index
        else:
            ranges.append([index, index])
    parts = [f"{first}" if first == last else f"{first} to {last}" for first, last in ranges[:at_most]]
    rest = sum(last - first + 1 for first, last in ranges[at_most:])
    if rest:
        parts.append(f"{rest} more")
    several = len(ranges) > 1 or ranges[0][0] != ranges[0][1]
    listed = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return f"{'frames' if several else 'frame'} {listed}"
