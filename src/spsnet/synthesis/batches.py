"""Training batches: windows of any origin as tensors, with what is known of each."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from spsnet.crops import compute_network_box
from spsnet.datasets.shards import SILHOUETTE_PX, ObservedWindows, Sight

SILHOUETTES = 2
"""Frames of each window that carry a silhouette: drawing all of them would cost more than the network."""


class SightWindows(NamedTuple):
    """What an encoder said of windows, at `FOCAL_PX` with the principal point at (0, 0)."""

    landmarks_px: Float[Tensor, "batch time 33 3"]
    """x, y and confidence; between the neighbours, of confidence 0, where the encoder saw nobody."""
    box_xys_px: Float[Tensor, "batch time 3"]
    """Square about the landmarks as seen."""
    world_m: Float[Tensor, "batch time 33 3"]
    widths_px: Float[Tensor, "batch time 12"]
    feature: Float[Tensor, "batch time width"]
    """Of width 0 where no picture was made."""
    mask: Bool[Tensor, "batch time"]
    """True for frames that exist."""


class TrainingWindows(NamedTuple):
    """A batch of windows; what a window does not carry is 0 and masked."""

    seen: SightWindows
    occluded: SightWindows
    """The same frames with something before the person; its mask is False where nobody looked."""
    rotations: Float[Tensor, "batch time 24 3 3"]
    """Truth; root in camera axes."""
    shape: Float[Tensor, "batch 10"]
    translation_m: Float[Tensor, "batch time 3"]
    labelled: Bool[Tensor, " batch"]
    """False: a real film, of which rotations, shape and translation are unknown."""
    silhouette: Bool[Tensor, "batch silhouettes 64 64"]
    silhouette_frame: Int[Tensor, "batch silhouettes"]
    """The frame that each belongs to."""
    silhouette_box_xys_px: Float[Tensor, "batch silhouettes 3"]
    has_silhouette: Bool[Tensor, "batch silhouettes"]


def join_batches(parts: Sequence[TrainingWindows]) -> TrainingWindows:
    """One after another; vectors that some of them lack are 0 there."""
    seen, occluded = (
        _join_sights([part.seen for part in parts]),
        _join_sights([part.occluded for part in parts]),
    )
    rest = [torch.cat(tensors) for tensors in zip(*(part[2:] for part in parts), strict=True)]
    return TrainingWindows(seen, occluded, *rest)


def make_batch(
    windows: ObservedWindows, frames: int, generator: torch.Generator, *, silhouettes: bool = True
) -> TrainingWindows:
    """Observed windows as a batch of `frames` frames: longer ones are cut, shorter ones padded and masked.

    Frames in which the encoder saw nobody are filled as in a film at run time: between the neighbours, with no
    confidence.

    Args:
        windows: As read from shards.
        frames: Length of the batch's windows.
        generator: Chooses the frames that carry a silhouette.
        silhouettes: Whether any do.
    """
    count, length = windows.translation_m.shape[:2]
    kept = min(length, frames)
    seen = _make_sight(windows.seen, frames)
    occluded = seen._replace(mask=torch.zeros_like(seen.mask))
    if windows.occluded is not None:
        occluded = _make_sight(windows.occluded, frames)
        occluded = occluded._replace(mask=occluded.mask & seen.mask)
    chosen = torch.randint(kept, (count, SILHOUETTES), generator=generator)
    row, column = np.arange(count)[:, None], chosen.numpy()
    boxes = torch.from_numpy(windows.silhouette_box_xys_px[row, column])
    return TrainingWindows(
        seen=seen,
        occluded=occluded,
        rotations=_pad(windows.rotations, frames),
        shape=torch.from_numpy(windows.shape),
        translation_m=_pad(windows.translation_m, frames),
        labelled=torch.from_numpy(windows.labelled),
        silhouette=torch.from_numpy(windows.silhouette[row, column]),
        silhouette_frame=chosen,
        silhouette_box_xys_px=boxes,
        has_silhouette=(boxes[..., 2] > 0) & seen.mask[torch.arange(count)[:, None], chosen] & silhouettes,
    )


def make_empty_silhouettes(batch: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The last four fields of a batch that has none."""
    return (
        torch.zeros(batch, SILHOUETTES, SILHOUETTE_PX, SILHOUETTE_PX, dtype=torch.bool),
        torch.zeros(batch, SILHOUETTES, dtype=torch.int64),
        torch.zeros(batch, SILHOUETTES, 3),
        torch.zeros(batch, SILHOUETTES, dtype=torch.bool),
    )


def fill_missing(
    landmarks_px: Float[np.ndarray, "windows time 33 3"],
    world_m: Float[np.ndarray, "windows time 33 3"],
    present_mask: Bool[np.ndarray, "windows time"],
) -> tuple[Float[np.ndarray, "windows time 33 3"], Float[np.ndarray, "windows time 33 3"]]:
    """Landmarks of frames without a person from the frames before and after, with confidence 0.

    Convention:
        Before the first and after the last frame with a person its landmarks stay. A window without any is left as it
        is.
    """
    landmarks, world = landmarks_px.copy(), world_m.copy()
    for window in np.flatnonzero(~present_mask.all(1) & present_mask.any(1)):
        seen, missing = np.flatnonzero(present_mask[window]), np.flatnonzero(~present_mask[window])
        place = np.interp(missing, seen, np.arange(len(seen)))
        before = np.floor(place).astype(int)
        after = np.minimum(before + 1, len(seen) - 1)
        weight = (place - before)[:, None, None].astype(landmarks.dtype)
        for values in (landmarks[window], world[window]):
            values[missing] = (1 - weight) * values[seen[before]] + weight * values[seen[after]]
        landmarks[window, missing, :, 2] = 0
    return landmarks, world


def _make_sight(sight: Sight, frames: int) -> SightWindows:
    landmarks, world = fill_missing(sight.landmarks_px, sight.world_m, sight.present_mask)
    count, length = sight.present_mask.shape
    first, last = _find_ends(sight.present_mask)
    index = np.arange(length)
    # A film begins and ends with the person seen (`pipeline/observing.py`).
    mask = np.zeros((count, frames), bool)
    mask[:, :length] = ((index >= first[:, None]) & (index <= last[:, None]))[:, :frames]
    padded = _pad(landmarks, frames)
    widths = np.where(sight.present_mask[..., None], sight.widths_px, 0)
    return SightWindows(
        landmarks_px=padded,
        box_xys_px=compute_network_box(padded),
        world_m=_pad(world, frames),
        widths_px=_pad(widths, frames),
        feature=_pad(sight.feature, frames),
        mask=torch.from_numpy(mask),
    )


def _find_ends(present_mask: Bool[np.ndarray, "windows time"]) -> tuple[np.ndarray, np.ndarray]:
    """First and last frame with a person; last < first where there is none."""
    length = present_mask.shape[1]
    some = present_mask.any(1)
    first = np.where(some, np.argmax(present_mask, axis=1), length)
    last = np.where(some, length - 1 - np.argmax(present_mask[:, ::-1], axis=1), -1)
    return first, last


def _pad(values: Float[np.ndarray, "windows time *rest"], frames: int) -> Float[Tensor, "windows frames *rest"]:
    """Cut, or go on with the last frame."""
    taken = torch.from_numpy(np.ascontiguousarray(values[:, :frames], dtype=np.float32))
    missing = frames - taken.shape[1]
    if missing <= 0:
        return taken
    return torch.cat([taken, taken[:, -1:].expand(-1, missing, *taken.shape[2:])], dim=1)


def _join_sights(parts: Sequence[SightWindows]) -> SightWindows:
    width = max(part.feature.shape[-1] for part in parts)
    wide = [
        part._replace(feature=torch.nn.functional.pad(part.feature, (0, width - part.feature.shape[-1])))
        for part in parts
    ]
    return SightWindows(*(torch.cat(tensors) for tensors in zip(*wide, strict=True)))
