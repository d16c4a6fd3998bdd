"""What a report draws, as SVG: errors over time, and worst frames as skeletons and over their pictures."""

import base64
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from spsnet.evaluation.measurement import ErrorCurve, WorstFrame
from spsnet.geometry import project_points
from spsnet.records import UserError
from spsnet.skeletons import get_joint_set
from spsnet.video import open_film

COLORS = ("#e8590c", "#1c7ed6", "#9c36b5", "#2f9e44")
"""Of predictors, in their order, again from the first where there are more."""
_BINS = 160
"""Points of a curve at most; each is the mean of its stretch."""
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 320, 96, 30, 16
_CROP = 320
"""Side of a picture, pixels."""
_MARGIN = 1.25
"""Of the square around the person."""
_QUALITY = 80


class Line(NamedTuple):
    """One curve of a chart."""

    curve: ErrorCurve
    color: str


def draw_curves(lines: Sequence[Line], top_mm: float) -> str:
    """MPJPE over the film's time, a gap where no frame counts.

    Args:
        lines: Of one clip.
        top_mm: Where the chart ends; larger errors run along its upper edge.
    """
    times = [line.curve.frame_index / line.curve.fps for line in lines]
    known = [time for time in times if len(time)]
    start, stop = (min(t[0] for t in known), max(t[-1] for t in known)) if known else (0.0, 1.0)
    width = max(stop - start, 1e-9)
    parts = [_draw_axes(start, stop, top_mm)]
    for line, time in zip(lines, times, strict=True):
        places = np.minimum(((time - start) / width * _BINS).astype(int), _BINS - 1)
        for stretch in _bin(places, np.minimum(line.curve.mpjpe_mm, top_mm)):
            points = " ".join(
                f"{_LEFT + (place + 0.5) / _BINS * (_WIDTH - _LEFT):.1f},{_to_height(value, top_mm):.1f}"
                for place, value in stretch
            )
            parts.append(f'<polyline points="{points}" stroke="{line.color}"/>')
    label = escape(f"MPJPE of {lines[0].curve.name} over time" if lines else "nothing")
    return f'<svg class="curve" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def draw_skeletons(frame: WorstFrame, color: str) -> str:
    """True and predicted joints as the camera sees them, and from the side."""
    shown = np.concatenate([frame.true_m, frame.predicted_m])
    shown = shown[np.isfinite(shown).all(-1)]
    low, high = shown.min(0), shown.max(0)
    scale = 180 / max(float((high - low).max()), 1e-6)
    views = []
    for axes, name in (((0, 1), "as the camera sees it"), ((2, 1), "from the side")):
        center = ((low + high) / 2)[list(axes)]
        true, predicted = ((joints[:, axes] - center) * scale + 100 for joints in (frame.true_m, frame.predicted_m))
        bones = _draw_bones(true, frame.joint_set, "truth") + _draw_bones(predicted, frame.joint_set, color)
        views.append(f'<svg class="skeleton" viewBox="0 0 200 200" role="img" aria-label="{name}">{bones}</svg>')
    return "".join(views)


def draw_picture(frame: WorstFrame, color: str) -> str | None:
    """The person in the picture, with the data set's box and both skeletons; None where there is no picture."""
    if frame.camera is None or frame.picture is None:
        return None
    image = load_picture(frame)
    in_front = np.all(np.nan_to_num(frame.predicted_m[:, 2], nan=-1.0) > 0)
    if image is None or not in_front:
        return None
    center = np.array(frame.camera.center_px)
    points = [project_points(joints, frame.camera.focal_px, center) for joints in (frame.true_m, frame.predicted_m)]
    shown = np.concatenate(points)
    shown = shown[np.isfinite(shown).all(-1)]
    corner, side = _find_square(shown)
    crop = _cut(image, corner, side)
    true, predicted = ((seen - corner) * (_CROP / side) for seen in points)
    encoded = cv2.imencode(".jpg", crop[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    data = base64.b64encode(encoded.tobytes()).decode("ascii")
    parts = [f'<image href="data:image/jpeg;base64,{data}" width="{_CROP}" height="{_CROP}"/>']
    if frame.box_xys_px is not None:
        x, y, box = frame.box_xys_px
        left, top = ((np.array((x, y)) - box / 2) - corner) * (_CROP / side)
        size = box * _CROP / side
        parts.append(f'<rect class="box" x="{left:.1f}" y="{top:.1f}" width="{size:.1f}" height="{size:.1f}"/>')
    parts += [_draw_bones(true, frame.joint_set, "halo"), _draw_bones(true, frame.joint_set, "white")]
    parts.append(_draw_bones(predicted, frame.joint_set, color))
    label = escape(f"frame {frame.frame_index} of {frame.name}")
    inside = "".join(parts)
    return f'<svg class="picture" viewBox="0 0 {_CROP} {_CROP}" role="img" aria-label="{label}">{inside}</svg>'


def load_picture(frame: WorstFrame) -> UInt8[np.ndarray, "height width 3"] | None:
    """The frame's picture; None where it is not there any more or cannot be read."""
    if frame.picture is None:
        return None
    path, name = frame.picture
    try:
        for shown in open_film(path if name is None else path / name).frames():
            if name is not None or shown.index == frame.frame_index:
                return shown.image_rgb
            if shown.index > frame.frame_index:
                break
    except UserError:
        return None
    return None


def _draw_axes(start_s: float, stop_s: float, top_mm: float) -> str:
    lines = [
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{_to_height(value, top_mm):.1f}" '
        f'y2="{_to_height(value, top_mm):.1f}"/>'
        f'<text x="{_LEFT - 4}" y="{_to_height(value, top_mm) + 3.5:.1f}" text-anchor="end">{value:.0f}</text>'
        for value in (0.0, top_mm / 2, top_mm)
    ]
    lines.append(f'<text x="{_LEFT}" y="{_HEIGHT - 3}">{start_s:.1f} s</text>')
    lines.append(f'<text x="{_WIDTH}" y="{_HEIGHT - 3}" text-anchor="end">{stop_s:.1f} s</text>')
    return "".join(lines)


def _to_height(value_mm: float, top_mm: float) -> float:
    return float((_HEIGHT - _BOTTOM) - value_mm / top_mm * (_HEIGHT - _BOTTOM - 8))


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


def _draw_bones(points: Float[np.ndarray, "joints 2"], joint_set: str, color: str) -> str:
    """Lines of a skeleton; those of the right side are paler."""
    joints = get_joint_set(joint_set)
    lines = []
    for parent, child in joints.edges:
        ends = points[[parent, child]]
        if np.isfinite(ends).all():
            (x1, y1), (x2, y2) = ends.tolist()
            pale = ' opacity="0.55"' if "right" in joints.joint_names[child] else ""
            lines.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"{pale}/>')
    kind = f'class="{color}"' if not color.startswith("#") else f'stroke="{color}"'
    return f'<g {kind} stroke-width="3" stroke-linecap="round">{"".join(lines)}</g>'


def _find_square(points: Float[np.ndarray, "points 2"]) -> tuple[Float[np.ndarray, "2"], float]:
    """Upper left corner and side of the square around points."""
    low, high = points.min(0), points.max(0)
    side = _MARGIN * max(float((high - low).max()), 16.0)
    return (low + high) / 2 - side / 2, side


def _cut(
    image: UInt8[np.ndarray, "height width 3"], corner: Float[np.ndarray, "2"], side: float
) -> UInt8[np.ndarray, "side side 3"]:
    scale = _CROP / side
    matrix = np.array([[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]])
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.warpAffine(image, matrix, (_CROP, _CROP), flags=kind, borderValue=(128, 128, 128)), np.uint8)
