"""What an encoder said of windows, as the network takes it: gaps filled, then f_i, as in a film."""

from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from spsnet.crops import compute_network_box
from spsnet.datasets.shards import FOCAL_PX, Sight
from spsnet.geometry._array import Array, array_namespace
from spsnet.network.config import FeatureConfig
from spsnet.network.features import build_features


@runtime_checkable
class Seen(Protocol):
    """`Sight`, or the same as tensors."""

    @property
    def landmarks_px(self) -> Float[Array, "windows time 33 3"]:
        """x, y and confidence."""

    @property
    def world_m(self) -> Float[Array, "windows time 33 3"]:
        """The encoder's own 3D landmarks."""

    @property
    def widths_px(self) -> Float[Array, "windows time 12"]:
        """0 where unknown."""

    @property
    def feature(self) -> Float[Array, "windows time width"]:
        """Of the encoder."""


def build_sight_features(config: FeatureConfig, sight: Seen) -> Float[Array, "windows time features"]:
    """f_i of every frame, each in the box about its own landmarks.

    Args:
        config: What f_i is made of.
        sight: Without gaps (`fill_missing`).

    Raises:
        ValueError: If the features need the encoder's vector, and nothing was rendered.
    """
    landmarks = sight.landmarks_px
    xp = array_namespace(landmarks)
    return build_features(
        config,
        landmarks_px=landmarks,
        box_xys_px=compute_network_box(landmarks),
        focal_px=FOCAL_PX,
        center_px=xp.zeros_like(landmarks[0, 0, 0, :2]),
        widths_px=sight.widths_px,
        world_m=sight.world_m,
        vector=sight.feature,
    )


def fill_missing(sight: Sight) -> Sight:
    """Frames in which nobody was seen from the frames before and after, with confidence 0, as in a film.

    Convention:
        Before the first and after the last frame with a person what was seen there stays. A window without any is left
        as it is, but for the confidence. Widths are unknown, 0, where nobody was seen.
    """
    present = sight.present_mask
    landmarks, world, feature = (values.copy() for values in (sight.landmarks_px, sight.world_m, sight.feature))
    for window in np.flatnonzero(~present.all(1) & present.any(1)):
        seen, missing = np.flatnonzero(present[window]), np.flatnonzero(~present[window])
        place = np.interp(missing, seen, np.arange(len(seen)))
        before = np.floor(place).astype(int)
        after = np.minimum(before + 1, len(seen) - 1)
        for values in (landmarks[window], world[window], feature[window]):
            weight = (place - before).reshape(-1, *[1] * (values.ndim - 1)).astype(values.dtype)
            values[missing] = (1 - weight) * values[seen[before]] + weight * values[seen[after]]
    landmarks[..., 2] *= present[..., None]
    return replace(
        sight,
        landmarks_px=landmarks,
        world_m=world,
        feature=feature,
        widths_px=np.where(present[..., None], sight.widths_px, 0),
    )


def find_span(present_mask: Bool[np.ndarray, "windows time"]) -> Bool[np.ndarray, "windows time"]:
    """True from the first to the last frame with a person: a film begins and ends with the person seen.

    Convention:
        False, True, False, True, False becomes False, True, True, True, False.
    """
    begun = np.logical_or.accumulate(present_mask, axis=1)
    to_come = np.logical_or.accumulate(present_mask[:, ::-1], axis=1)[:, ::-1]
    return begun & to_come
