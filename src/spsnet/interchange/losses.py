"""What a motion holds that a file of a format will not."""

from collections.abc import Sequence

import numpy as np

from spsnet.interchange.result_format import ResultFormat
from spsnet.records import PredictedMotion

FIELDS = {
    "translation_m": "the place in the camera",
    "focal_px": "the focal length",
    "center_px": "the picture's centre",
    "box_xys_px": "boxes",
    "vertices_m": "meshes",
    "fps": "frames per second",
    "time_s": "the frames' own times",
}
"""Fields of `PredictedMotion` that not every format has, in words."""
_SAME_LENS = 0.01


def list_losses(
    motions: Sequence[PredictedMotion], kind: ResultFormat, source: ResultFormat | None = None
) -> list[str]:
    """What is left out or changed when motions are written in a format, each in a few words.

    Args:
        motions: The people.
        kind: Format to write.
        source: Format that they were read from: then also what its reader leaves there, and meshes for which there is
            no room.
    """
    losses = [
        words
        for field, words in FIELDS.items()
        if field not in kind.keeps and any(getattr(motion, field) is not None for motion in motions)
    ]
    sets = {motion.joint_set for motion in motions if motion.joint_set is not None} - kind.joint_sets
    losses += [f"joints ({name})" for name in sorted(sets)]
    if kind.one_shape and any(np.ptp(motion.shape, axis=0).max(initial=0) > 0 for motion in motions if len(motion)):
        losses.append("how the shape changes: its mean over the frames is written")
    if not kind.numbered and any(not np.array_equal(m.frame_index, np.arange(len(m))) for m in motions):
        losses.append("frame numbers: the first frame becomes 0, and those that are missing between are interpolated")
    bodies = {motion.body for motion in motions} - {kind.body}
    if kind.body is not None:
        losses += [
            f"the body: shape and place hold for {body}, programs that read {kind.title} take them for {kind.body}'s: "
            "another build, and off by some decimetres"
            for body in sorted(bodies)
        ]
    losses += [*_list_lenses(motions, kind), *kind.remarks]
    if source is not None:
        has_meshes = "vertices_m" in source.keeps - kind.keeps and all(motion.vertices_m is None for motion in motions)
        losses += [*([FIELDS["vertices_m"]] if has_meshes else []), *source.unread]
    return losses


def _list_lenses(motions: Sequence[PredictedMotion], kind: ResultFormat) -> list[str]:
    if kind.find_lens is None:
        return []
    pairs = {
        (round(motion.focal_px), round(kind.find_lens(motion.center_px)))
        for motion in motions
        if motion.focal_px is not None and motion.center_px is not None
    }
    return [
        f"the lens: {kind.title} means {theirs} px where the results have {ours} px, depth is scaled along"
        for ours, theirs in sorted(pairs)
        if abs(ours - theirs) > _SAME_LENS * ours
    ]
