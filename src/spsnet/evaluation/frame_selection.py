"""Which frames of a sequence a protocol counts, and why it drops the others."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from spsnet.evaluation.measured_motion import LabelledMotion
from spsnet.evaluation.protocols import Protocol
from spsnet.records import UserError

LIMBS_SEEN = 6
SEEN_CONFIDENCE = 0.3

INVALID_ANNOTATION = "annotation not valid"
INVALID_CAMERA = "camera not valid"
LIMBS_HIDDEN = f"no more than {LIMBS_SEEN} of 12 limb joints seen"
JOINTS_OUTSIDE = "a joint outside the picture"
NO_TRUTH = "root or all other joints not labelled"
END = "first or last frame"


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameSelection:
    """Frames that count, and how many do not, by the first rule that they break."""

    mask: Bool[np.ndarray, " time"]
    dropped: Mapping[str, int]
    """By reason, in the rules' order; only reasons that met a frame."""


def select_frames(protocol: Protocol, truth: LabelledMotion) -> FrameSelection:
    """Apply a protocol's frame rules to a sequence.

    Convention:
        40 frames of which the first has no valid label: under `vibe`'s rules for 3DHP 39 are left, clips hold 32 of
        them, and 7 are a tail.

    Raises:
        UserError: If a rule needs 2D keypoints or the picture's size, and the sequence has none.
    """
    rules = protocol.get_frame_rules(truth.dataset)
    kept, dropped = np.ones(len(truth), bool), dict[str, int]()

    def keep(mask: Bool[np.ndarray, " time"], reason: str) -> None:
        nonlocal kept
        lost = int((kept & ~mask).sum())
        if lost:
            dropped[reason] = lost
        kept = kept & mask

    if rules.valid_annotation:
        keep(truth.valid_mask, INVALID_ANNOTATION)
    if rules.valid_camera and truth.camera_valid_mask is not None:
        keep(truth.camera_valid_mask, INVALID_CAMERA)
    if rules.limbs_seen:
        keep(_find_seen_limbs(protocol, truth), LIMBS_HIDDEN)
    if rules.joints_inside:
        keep(_find_inside(protocol, truth), JOINTS_OUTSIDE)
    keep(_find_labelled(protocol, truth), NO_TRUTH)
    if rules.ends_dropped:
        inner = np.zeros_like(kept)
        inner[np.flatnonzero(kept)[1:-1]] = True
        keep(inner, END)
    if rules.clip_length is not None:
        stretches = [np.flatnonzero(kept)] if rules.clips_bridge_gaps else _find_stretches(kept, truth)
        keep(_fill_clips(len(kept), stretches, rules.clip_length), f"tail that fills no clip of {rules.clip_length}")
    return FrameSelection(mask=kept, dropped=dropped)


def _find_seen_limbs(protocol: Protocol, truth: LabelledMotion) -> Bool[np.ndarray, " time"]:
    confidence = truth.get_limb_confidence()
    if confidence is None:
        raise UserError(
            f"{truth.dataset} {truth.name}: protocol {protocol.name!r} drops frames by the 2D confidence of 12 "
            "limb joints, which are not there; choose another protocol"
        )
    return np.asarray((confidence > SEEN_CONFIDENCE).sum(1) > LIMBS_SEEN)


def _find_inside(protocol: Protocol, truth: LabelledMotion) -> Bool[np.ndarray, " time"]:
    if truth.keypoints_px is None or truth.image_size_px is None:
        raise UserError(
            f"{truth.dataset} {truth.name}: protocol {protocol.name!r} drops frames with joints outside the "
            "picture, and 2D joints or the picture's size are not there; choose another protocol"
        )
    place = truth.keypoints_px[..., :2]
    return np.asarray(((place >= 0) & (place < np.array(truth.image_size_px))).all((1, 2)))


def _find_labelled(protocol: Protocol, truth: LabelledMotion) -> Bool[np.ndarray, " time"]:
    root = np.isfinite(truth.motion.compute_root(protocol.root)).all(1)
    return np.asarray(root & np.isfinite(truth.motion.joints_m).all(2).any(1))


def _find_stretches(kept: Bool[np.ndarray, " time"], truth: LabelledMotion) -> list[Int[np.ndarray, " _"]]:
    """Kept frames that follow one another."""
    places = np.flatnonzero(kept)
    breaks = (np.diff(places) > 1) | (np.diff(truth.frame_index[places]) > truth.frame_step)
    return np.split(places, np.flatnonzero(breaks) + 1)


def _fill_clips(frames: int, stretches: list[Int[np.ndarray, " _"]], length: int) -> Bool[np.ndarray, " time"]:
    mask = np.zeros(frames, bool)
    for stretch in stretches:
        mask[stretch[: len(stretch) // length * length]] = True
    return mask
