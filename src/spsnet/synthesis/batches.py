"""Training batches: windows of any origin as tensors, with what is known of each."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from spsnet.crops import compute_network_box
from spsnet.datasets.shards import ObservedWindows, Sight
from spsnet.datasets.sights import fill_missing, find_span

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
    keypoints_px: Float[Tensor, "batch time 33 3"]
    """Where a film's labels have the landmarks: x, y, and confidence, 0 where they say nothing."""
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
        generator: Chooses the frames that carry a silhouette, none of them twice.
        silhouettes: Whether any do.
    """
    count, length = windows.translation_m.shape[:2]
    kept = min(length, frames)
    seen = _make_sight(windows.seen, frames)
    occluded = seen._replace(mask=torch.zeros_like(seen.mask))
    if windows.occluded is not None:
        occluded = _make_sight(windows.occluded, frames)
        occluded = occluded._replace(mask=occluded.mask & seen.mask)
    drawn = torch.rand(count, max(kept, SILHOUETTES), generator=generator).argsort(1)[:, :SILHOUETTES]
    chosen, is_frame = drawn.clamp(max=kept - 1), drawn < kept
    row, column = np.arange(count)[:, None], chosen.numpy()
    boxes = torch.from_numpy(windows.silhouette_box_xys_px[row, column])
    return TrainingWindows(
        seen=seen,
        occluded=occluded,
        rotations=_pad(windows.rotations, frames),
        shape=torch.from_numpy(windows.shape),
        translation_m=_pad(windows.translation_m, frames),
        labelled=torch.from_numpy(windows.labelled),
        keypoints_px=torch.zeros_like(seen.landmarks_px)
        if windows.keypoints_px is None
        else _pad(windows.keypoints_px, frames),
        silhouette=torch.from_numpy(windows.silhouette[row, column]),
        silhouette_frame=chosen,
        silhouette_box_xys_px=boxes,
        has_silhouette=(boxes[..., 2] > 0) & seen.mask[torch.arange(count)[:, None], chosen] & is_frame & silhouettes,
    )


def _make_sight(sight: Sight, frames: int) -> SightWindows:
    whole = fill_missing(sight)
    count, length = sight.present_mask.shape
    mask = np.zeros((count, frames), bool)
    mask[:, :length] = find_span(sight.present_mask)[:, :frames]
    landmarks = _pad(whole.landmarks_px, frames)
    return SightWindows(
        landmarks_px=landmarks,
        box_xys_px=compute_network_box(landmarks),
        world_m=_pad(whole.world_m, frames),
        widths_px=_pad(whole.widths_px, frames),
        feature=_pad(whole.feature, frames),
        mask=torch.from_numpy(mask),
    )


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
