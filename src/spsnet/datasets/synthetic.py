"""The project's own data set: windows of `spsnet synthesize` as clips, with what the encoder saw in them.

Convention:
    A window is a film of one person at 30 frames a second, numbered from 0, called `00000`, `00001`, … in the order of
    the shards. Its camera has the focal length `FOCAL_PX` and the principal point (0, 0): there is no picture, and
    points left of the middle have negative x.
    The truth are the `h36m17` joints of the open body: they hold all of `lsp14` too, from the very rows that
    predictions get theirs from, so a perfect prediction has no error. Joints of the skeleton itself (`smpl24`) lie
    some 15 mm beside them, the neck 54 mm. The body's parameters are not SMPL's and are left out.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float

from spsnet.body import build_keypoint_model, compute_keypoints, load_body
from spsnet.crops import compute_network_box
from spsnet.datasets.motion_clips import FPS
from spsnet.datasets.prepared import PreparedClip
from spsnet.datasets.reader import DatasetInfo
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows, WindowSet
from spsnet.datasets.sights import fill_missing, find_span
from spsnet.geometry import project_points
from spsnet.records import Clip, PersonObservations, Pinhole, UserError

_SET = "h36m17"
_SPLIT = "all"
_CAMERA = Pinhole(focal_px=FOCAL_PX, center_px=(0.0, 0.0), width=1, height=1)


class SyntheticWindows:
    """Reader of rendered or simulated windows: a clip each, whole and without pictures."""

    info = DatasetInfo(
        name="synthetic",
        title="Our own rendered or simulated people",
        splits=(_SPLIT,),
        source="Make them: spsnet synthesize recipes/held_out.py -o runs/held_out",
        licence="yours, under the terms of the motion capture and pictures that they were made of",
        layout="index.json\nshard_00000.safetensors, …",
    )

    def __init__(self, *, encoder: str = "blazepose-heavy") -> None:
        """Choose the eye.

        Args:
            encoder: Whose sight to read, of those that the windows were shown to.
        """
        self.encoder = encoder
        self._joints = build_keypoint_model(load_body(), (_SET,))
        self._opened: tuple[Path, WindowSet] | None = None

    def list_sequences(self, raw: Path, split: str) -> list[str]:
        """A name for each window.

        Raises:
            UserError: If the folder holds no windows, is damaged, was not seen by the encoder, or is of real films.
            ValueError: If there is no such split.
        """
        if split != _SPLIT:
            raise ValueError(f"synthetic has the one split {_SPLIT}, not {split!r}")
        windows = self._open(raw)
        if len(windows):
            self._take(raw, 0)
        return [f"{number:05d}" for number in range(len(windows))]

    def read_sequence(self, raw: Path, split: str, sequence: str) -> list[Clip]:
        """The one person of a window.

        Raises:
            UserError: As `list_sequences`.
            ValueError: If there is no such split or window.
        """
        return [prepared.clip for prepared in self.read_seen(raw, split, sequence)]

    def read_seen(self, raw: Path, split: str, sequence: str) -> list[PreparedClip]:
        """The same, and what the encoder saw from the first frame with a person to the last.

        Raises:
            UserError: As `list_sequences`.
            ValueError: If there is no such split or window.
        """
        if split != _SPLIT or not sequence.isdecimal() or int(sequence) >= len(self._open(raw)):
            raise ValueError(
                f"{raw} has windows 00000 to {len(self._open(raw)) - 1:05d}, not {sequence!r} of {split!r}"
            )
        window = self._take(raw, int(sequence))
        return [PreparedClip(clip=self._make_clip(sequence, window), sightings=_make_sightings(window))]

    def _open(self, raw: Path) -> WindowSet:
        if self._opened is None or self._opened[0] != raw:
            self._opened = (raw, WindowSet(raw, self.encoder))
        return self._opened[1]

    def _take(self, raw: Path, number: int) -> ObservedWindows:
        window = self._open(raw).take(np.array([number]))
        if not window.labelled.all():
            raise UserError(
                f"{raw}: window {number} is of a real film, of whose people nothing is known; give windows of "
                "`spsnet synthesize`"
            )
        return window

    def _make_clip(self, sequence: str, window: ObservedWindows) -> Clip:
        joints = self._place_joints(window)
        points = project_points(joints, FOCAL_PX, np.zeros(2))
        return Clip(
            dataset=self.info.name,
            name=sequence,
            sequence=sequence,
            fps=FPS,
            frame_index=np.arange(len(joints)),
            pictures=None,
            camera=_CAMERA,
            valid_mask=np.ones(len(joints), bool),
            joints_m=joints,
            joint_set=_SET,
            keypoints_px=np.concatenate([points, np.ones_like(points[..., :1])], axis=-1),
            keypoint_set=_SET,
        )

    def _place_joints(self, window: ObservedWindows) -> Float[np.ndarray, "time 17 3"]:
        rotations, translation = window.rotations[0].astype(np.float64), window.translation_m[0].astype(np.float64)
        return compute_keypoints(self._joints, rotations, window.shape[0].astype(np.float64), translation)


def _make_sightings(window: ObservedWindows) -> tuple[PersonObservations, ...]:
    """One, or none where nobody was seen; frames without the person are filled as in a film."""
    present = window.seen.present_mask[0]
    if not present.any():
        return ()
    frames = np.flatnonzero(find_span(window.seen.present_mask)[0])
    sight = fill_missing(window.seen)
    landmarks = sight.landmarks_px[0, frames].astype(np.float64)
    return (
        PersonObservations(
            track_id=1,
            frame_index=frames,
            time_s=frames / FPS,
            confidence=present[frames].astype(np.float64),
            filled_mask=~present[frames],
            box_xys_px=compute_network_box(landmarks),
            landmarks_px=landmarks,
            world_m=sight.world_m[0, frames].astype(np.float64),
            feature=sight.feature[0, frames] if sight.feature.shape[-1] else None,
            widths_px=sight.widths_px[0, frames],
        ),
    )
