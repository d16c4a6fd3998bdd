"""What a report draws, as SVG: errors over time, and worst frames as skeletons and over their pictures."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from spsnet.evaluation.measurement import ErrorCurve, WorstFrame
from spsnet.geometry import project_points
from spsnet.pages.charts import Curve, draw_chart
from spsnet.pages.pictures import cut_square, encode_picture, find_square
from spsnet.records import UserError
from spsnet.skeletons import get_joint_set
from spsnet.video import open_film

COLORS = ("#e8590c", "#1c7ed6", "#9c36b5", "#2f9e44")
"""Of predictors, in their order, again from the first where there are more."""
_CROP = 320
"""Side of a picture, pixels."""


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
    curves = [Curve(line.curve.frame_index / line.curve.fps, line.curve.mpjpe_mm, line.color) for line in lines]
    label = f"MPJPE of {lines[0].curve.name} over time" if lines else "nothing"
    return draw_chart(curves, top_mm, label=label)


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
    corner, side = find_square(shown)
    picture = encode_picture(cut_square(image, corner, side, _CROP))
    true, predicted = ((seen - corner) * (_CROP / side) for seen in points)
    parts = [f'<image href="{picture}" width="{_CROP}" height="{_CROP}"/>']
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
