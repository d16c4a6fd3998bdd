"""Curves over time, as SVG in a page."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

_BINS = 160
"""Points of a curve at most; each is the mean of its stretch."""
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 320, 96, 30, 8, 16


class Curve(NamedTuple):
    """One line of a chart; frames that do not count are left out and leave a gap."""

    time_s: Float[np.ndarray, " time"]
    values: Float[np.ndarray, " time"]
    color: str


class Shade(NamedTuple):
    """A stretch of time to mark."""

    start_s: float
    stop_s: float
    kind: str
    """Class of the rectangle, for the page's style."""


def draw_chart(
    curves: Sequence[Curve],
    top: float,
    *,
    label: str,
    shades: Sequence[Shade] = (),
    span_s: tuple[float, float] | None = None,
    limit: float | None = None,
) -> str:
    """Values from 0 to `top` over seconds.

    Args:
        curves: To be compared.
        top: Where the chart ends; larger values run along its upper edge.
        label: What it shows, for those who do not see it.
        shades: Marked behind the curves.
        span_s: First and last second of the chart; those of the curves where None.
        limit: Value of a dashed line, left out above `top`.
    """
    known = [curve.time_s for curve in curves if len(curve.time_s)]
    start, stop = span_s or ((min(t[0] for t in known), max(t[-1] for t in known)) if known else (0.0, 1.0))
    width = max(stop - start, 1e-9)
    parts = [_draw_shade(shade, start, width) for shade in shades]
    parts.append(_draw_axes(start, stop, top))
    if limit is not None and limit <= top:
        y = _to_height(limit, top)
        parts.append(f'<line class="limit" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
    for curve in curves:
        places = np.minimum(((curve.time_s - start) / width * _BINS).astype(int), _BINS - 1)
        for stretch in _bin(places, np.clip(curve.values, 0, top)):
            points = " ".join(
                f"{_to_place((place + 0.5) / _BINS):.1f},{_to_height(value, top):.1f}" for place, value in stretch
            )
            parts.append(f'<polyline points="{points}" stroke="{curve.color}"/>')
    return (
        f'<svg class="curve" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _draw_axes(start_s: float, stop_s: float, top: float) -> str:
    lines = [
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{_to_height(value, top):.1f}" '
        f'y2="{_to_height(value, top):.1f}"/>'
        f'<text x="{_LEFT - 4}" y="{_to_height(value, top) + 3.5:.1f}" text-anchor="end">{value:.{digits}f}</text>'
        for value, digits in ((0.0, 0), (top / 2, 0 if top >= 2 else 1), (top, 0))
    ]
    lines.append(f'<text x="{_LEFT}" y="{_HEIGHT - 3}">{start_s:.1f} s</text>')
    lines.append(f'<text x="{_WIDTH}" y="{_HEIGHT - 3}" text-anchor="end">{stop_s:.1f} s</text>')
    return "".join(lines)


def _draw_shade(shade: Shade, start_s: float, width_s: float) -> str:
    left, right = (_to_place(min(max((t - start_s) / width_s, 0), 1)) for t in (shade.start_s, shade.stop_s))
    return (
        f'<rect class="shade {shade.kind}" x="{left:.1f}" y="{_TOP}" width="{max(right - left, 1.5):.1f}" '
        f'height="{_HEIGHT - _BOTTOM - _TOP}"/>'
    )


def _to_place(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT)


def _to_height(value: float, top: float) -> float:
    return float((_HEIGHT - _BOTTOM) - value / top * (_HEIGHT - _BOTTOM - _TOP))


def _bin(places: np.ndarray, values: Float[np.ndarray, " frames"]) -> list[list[tuple[int, float]]]:
    """Means of bins, in stretches without an empty bin between; short films have empty bins between all frames."""
    filled = np.unique(places)
    means = [(int(place), float(values[places == place].mean())) for place in filled]
    step = int(np.median(np.diff(filled))) if len(filled) > 1 else 1
    stretches: list[list[tuple[int, float]]] = []
    for place, value in means:
        if stretches and place - stretches[-1][-1][0] <= step + 1:
            stretches[-1].append((place, value))
        else:
            stretches.append([(place, value)])
    return stretches
