"""Who of the predicted people is whose: by how their boxes lie over each other in the picture."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment

from spsnet.datasets.prepared import PreparedClip
from spsnet.geometry import box_to_square, compute_iou, project_points, square_to_box
from spsnet.pipeline.preparing_clips import find_boxes
from spsnet.records import PredictedMotion, UserError

LEAST_IOU = 0.3
"""Mean over the frames that two people share, of squares about them: less is another person."""
_TALL_M = 1.8
"""Side of the square about somebody of whom only the place is known."""


def match_people(film: Sequence[PreparedClip], people: Sequence[PredictedMotion]) -> list[list[PredictedMotion]]:
    """Tracks of each true person, those that tell most first.

    First every person gets one track, so that the sum of IoU over all frames is largest; tracks that are left fill in
    for the person over whom they lie best, who may have been lost and found again under another number. Where the film
    and the results hold one person, it needs no boxes.

    Convention:
        Boxes are compared as squares about their centres, since some programs give squares, others tight boxes. Of a
        program that gives neither boxes nor joints (WHAM) a square of 1.8 m about the body's place is seen through the
        file's lens, or where it has none through one as long as the picture's diagonal, which is WHAM's.

    Raises:
        UserError: If there are several people, and nothing says where in the picture one of them is.
    """
    if len(film) == 1 and len(people) == 1:
        return [[people[0]]]
    sums, means = np.zeros((len(film), len(people))), np.zeros((len(film), len(people)))
    known = [_square(find_boxes(prepared.clip)) for prepared in film]
    for i, person in enumerate(people):
        boxes = _square(_find_predicted_boxes(person, _find_size(film)))
        for j, prepared in enumerate(film):
            sums[j, i], means[j, i] = _compare(known[j], prepared.clip.frame_index, boxes, person.frame_index)
    sums[means < LEAST_IOU] = 0
    chosen: list[list[int]] = [[] for _ in film]
    for j, i in zip(*linear_sum_assignment(-sums), strict=True):
        if sums[j, i] > 0:
            chosen[j].append(int(i))
    taken = {i for tracks in chosen for i in tracks}
    rest = (i for i in np.argsort(-sums.max(0, initial=0), kind="stable").tolist() if i not in taken)
    for i in rest:
        if len(film) and sums[:, i].max() > 0:
            chosen[int(sums[:, i].argmax())].append(i)
    return [[people[i] for i in tracks] for tracks in chosen]


def _find_predicted_boxes(person: PredictedMotion, size_px: tuple[int, int] | None) -> Float[np.ndarray, "time 4"]:
    if person.box_xys_px is not None:
        return square_to_box(person.box_xys_px.astype(np.float64))
    focal_px, center_px = person.focal_px, person.center_px
    if size_px is not None:
        focal_px = focal_px or math.hypot(*size_px)
        center_px = center_px or (size_px[0] / 2, size_px[1] / 2)
    if person.translation_m is None or focal_px is None or center_px is None:
        raise UserError(
            f"person {person.person} of the results has neither boxes nor a place before a camera, so nobody can say "
            "who of the film it is; give results of one person, of a film of one person"
        )
    if person.joints_m is not None:
        seen = project_points(person.joints_m.astype(np.float64), focal_px, np.array(center_px))
        return np.concatenate([seen.min(1), seen.max(1)], axis=-1)
    place = person.translation_m.astype(np.float64)
    place = np.where(place[:, 2:] > 0, place, np.nan)
    side_px = _TALL_M * focal_px / place[:, 2:]
    return square_to_box(np.concatenate([project_points(place, focal_px, np.array(center_px)), side_px], axis=-1))


def _find_size(film: Sequence[PreparedClip]) -> tuple[int, int] | None:
    """Width and height of the film's pictures, where something says them."""
    for prepared in film:
        if prepared.size_px is not None:
            return prepared.size_px
        if prepared.clip.camera is not None:
            return prepared.clip.camera.width, prepared.clip.camera.height
    return None


def _square(boxes_xyxy_px: Float[np.ndarray, "time 4"]) -> Float[np.ndarray, "time 4"]:
    return square_to_box(box_to_square(boxes_xyxy_px, 1.0))


def _compare(
    known_px: Float[np.ndarray, "time 4"],
    known_index: np.ndarray,
    boxes_px: Float[np.ndarray, "frames 4"],
    index: np.ndarray,
) -> tuple[float, float]:
    """Sum and mean of the IoU over the frames in which both are known."""
    _, own, theirs = np.intersect1d(known_index, index, return_indices=True)
    usable = np.isfinite(known_px[own]).all(-1) & np.isfinite(boxes_px[theirs]).all(-1)
    pairs = zip(known_px[own][usable], boxes_px[theirs][usable], strict=True)
    values = [float(compute_iou(a[None], b[None])[0, 0]) for a, b in pairs]
    return (sum(values), sum(values) / len(values)) if values else (0.0, 0.0)
