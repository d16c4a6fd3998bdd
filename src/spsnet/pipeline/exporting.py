"""A run's people in formats of other programs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spsnet.interchange import write_exports
from spsnet.records import PredictedMotion, Recovery
from spsnet.skeletons import get_joint_set

_SKELETON = get_joint_set("smpl24")


def save_exports(folder: Path, recovery: Recovery, formats: Sequence[str]) -> None:
    """Write everybody in each format, beside what else the folder holds; see `interchange.write_exports`.

    Raises:
        UserError: If a library is missing, or a file cannot be written.
        ValueError: If a run does not leave such a format.
    """
    motions = list_motions(recovery)
    for name in formats:
        write_exports(motions, folder, name)


def list_motions(recovery: Recovery) -> list[PredictedMotion]:
    """The people of a run as results of any system are told."""
    return [
        PredictedMotion(
            person=str(person.track_id),
            frame_index=person.frame_index,
            pose_rad=person.body.pose_rad,
            shape=np.tile(person.body.shape, (len(person), 1)),
            body=recovery.body,
            translation_m=person.body.translation_m,
            focal_px=person.focal_px,
            center_px=recovery.camera.center_px,
            box_xys_px=person.box_xys_px,
            joints_m=person.joints_m[:, : len(_SKELETON.joint_names)],
            joint_set="smpl24",
            fps=recovery.film.fps,
            time_s=person.time_s,
        )
        for person in recovery.people
    ]
