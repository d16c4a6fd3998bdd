"""What a writer needs of a motion: where which body stands before which lens, and a number for each person."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from spsnet.interchange.fields import BODY_KEY
from spsnet.records import PredictedMotion


class Placement(NamedTuple):
    """A body's place and the camera that it holds for."""

    translation_m: Float[np.ndarray, "time 3"]
    focal_px: float
    center_px: Float[np.ndarray, "2"]


def require_translation(motion: PredictedMotion) -> Float[np.ndarray, "time 3"]:
    """The body's place in double precision.

    Raises:
        ValueError: If it is not known.
    """
    if motion.translation_m is None:
        raise ValueError(f"person {motion.person} should have a translation_m")
    return motion.translation_m.astype(np.float64)


def require_placement(motion: PredictedMotion) -> Placement:
    """The body's place and its camera.

    Raises:
        ValueError: If any of them is not known.
    """
    if motion.focal_px is None or motion.center_px is None:
        raise ValueError(f"person {motion.person} should have a focal_px and a center_px")
    return Placement(require_translation(motion), motion.focal_px, np.array(motion.center_px))


def require_boxes(motion: PredictedMotion) -> Float[np.ndarray, "time 3"]:
    """The boxes in double precision.

    Raises:
        ValueError: If they are not known.
    """
    if motion.box_xys_px is None:
        raise ValueError(f"person {motion.person} should have a box_xys_px")
    return motion.box_xys_px.astype(np.float64)


def number_people(motions: Sequence[PredictedMotion]) -> list[int]:
    """The people's own numbers where all are called by one, else 1, 2 and so on."""
    if all(motion.person.isdecimal() for motion in motions):
        numbers = [int(motion.person) for motion in motions]
        if len(set(numbers)) == len(numbers):
            return numbers
    return list(range(1, len(motions) + 1))


def note_body(motion: PredictedMotion, meant: str) -> dict[str, str]:
    """What a file says of the body where the shape is not of the one that its format means; no other program asks."""
    return {} if motion.body == meant else {BODY_KEY: motion.body}
