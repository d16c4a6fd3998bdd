"""Real films as windows: people as the encoder saw them, of whom nothing is known but the picture.

What pose, shape and place they had nobody can say: such windows carry landmarks, masks and the same frames with regions
covered, for the losses that need no truth; and what somebody has labelled in the pictures, where somebody has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Float

from spsnet.assets import Asset, list_assets
from spsnet.crops import CropRegion, image_to_crop_px
from spsnet.datasets.shards import FOCAL_PX, SILHOUETTE_PX, ObservedWindows, Sight
from spsnet.records import Observation, Pinhole, UserError

PRESENT = 0.5
"""The encoder's person flag from which a frame counts as seen."""
_FOR_LOOKING_ONLY = "pose2sim"
"""Package whose films were calibrated: they measure what training did, so training must not have seen them."""
_CONFIDENT = 0.5
_TRUNK_AND_LIMBS = (11, 12, 13, 14, 23, 24, 25, 26, 27, 28)
"""BlazePose's shoulders, elbows, hips, knees and ankles."""
_OVERSAMPLING = 4
"""Places along each axis that a pixel of a silhouette is the mean of."""


@dataclass(frozen=True, kw_only=True)
class FilmConfig:
    """How people are cut into windows."""

    frames: int = 33
    """Of a window: 32, and one more for the losses that compare windows shifted by a frame."""
    stride: int = 16
    """Frames from one window's start to the next one's."""
    fewest_seen: int = 17
    """A window in which the person was seen in fewer frames than this is left out."""
    least_on_mask: float = 0.75
    """Share of the trunk's and limbs' landmarks that lie on a mask which is used."""
    most_shared: float = 0.1
    """Part of the person's box that somebody else's box may cover where its mask is used."""
    blot_size: float = 0.5
    """Of the regions that cover landmarks in the occluded sight, as in `FrameConfig`."""
    windows_per_shard: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse windows that are none."""
        for name in ("frames", "stride", "windows_per_shard"):
            if getattr(self, name) < 1:
                raise ValueError(f"FilmConfig.{name} should be at least 1, got {getattr(self, name)}")
        if not self.blot_size > 0:
            raise ValueError(f"FilmConfig.blot_size should be positive, got {self.blot_size}")
        if not 1 <= self.fewest_seen <= self.frames:
            raise ValueError(f"FilmConfig.fewest_seen should be 1 to {self.frames}, got {self.fewest_seen}")
        for name in ("least_on_mask", "most_shared"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"FilmConfig.{name} should be 0 to 1, got {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One person in one frame of a film, image pixels."""

    seen: Observation
    occluded: Observation
    """Of the same frame with regions about some landmarks covered."""
    silhouette: Bool[np.ndarray, "64 64"]
    silhouette_box_xys_px: Float[np.ndarray, "3"]
    """Side 0: the mask is not to be used."""


def require_trainable(path: Path, sha256: str) -> None:
    """Refuse films that are kept for looking at what was trained.

    Args:
        path: Of the film.
        sha256: Of its content, in hex.

    Raises:
        UserError: If it is one of them, by its content or by its name.
    """
    for asset in _list_films_for_looking():
        if sha256 == asset.sha256 or path.name == asset.filename:
            raise UserError(
                f"{path}: {asset.name} is for looking only: what training gave is judged on it; leave it out"
            )


def cut_windows(
    sightings: Mapping[int, Sighting],
    camera: Pinhole,
    config: FilmConfig,
    keypoints_px: Mapping[int, Float[np.ndarray, "33 3"]] | None = None,
) -> ObservedWindows:
    """Cut one person's frames into windows of one length, at `FOCAL_PX` with the principal point at 0.

        x = (x_film − c) FOCAL_PX / f

    The last window ends with the last frame; somebody followed for less than a window has one that ends with frames in
    which nobody is seen. Rotations are the identity; shape and place are 0, and all of them mean nothing.

    Convention:
        70 frames, windows of 33 every 16: from frames 0, 16, 32 and 37.

    Args:
        sightings: By frame number; frames may be missing.
        camera: Of the film.
        config: Lengths, and what is left out.
        keypoints_px: Where somebody has labelled the landmarks: x, y, and confidence (0: not known), by frame number;
            frames may be missing. None: nobody has.

    Returns:
        The windows in which the person was seen often enough; none, perhaps.
    """
    starts = _choose_starts(sightings, config)
    numbers = [range(start, start + config.frames) for start in starts]
    windows = _stack_windows([[sightings.get(number) for number in window] for window in numbers], camera, config)
    if keypoints_px is None:
        return windows
    return replace(windows, keypoints_px=_stack_keypoints(numbers, keypoints_px, camera, config))


def _choose_starts(sightings: Mapping[int, Sighting], config: FilmConfig) -> list[int]:
    """First frames of the windows in which the person was seen often enough."""
    if not sightings:
        return []
    first, last = min(sightings), max(sightings)
    latest = max(last + 1 - config.frames, first)
    starts = sorted({*range(first, latest + 1, config.stride), latest})
    present = [number for number, sighting in sightings.items() if sighting.seen.presence >= PRESENT]
    return [s for s in starts if sum(s <= number < s + config.frames for number in present) >= config.fewest_seen]


def choose_silhouette_box(
    seen: Observation,
    mask: Float[np.ndarray, "256 256"],
    region: CropRegion,
    size_px: tuple[int, int],
    others_xyxy_px: Sequence[Float[np.ndarray, "4"]],
    config: FilmConfig,
) -> Float[np.ndarray, "3"]:
    """The square about a person's landmarks, where the encoder's mask shows the whole person; else side 0.

    A mask says where a person is seen, not where it is. It is used only where the landmarks lie in the picture, nobody
    else's box covers much of the person's, and the mask holds most of the trunk's and limbs' landmarks.

    Args:
        seen: What the encoder said.
        mask: Its mask, of the crop.
        region: The crop.
        size_px: Width and height of the picture.
        others_xyxy_px: Boxes of everybody else in the frame.
        config: How much is enough.
    """
    points = seen.landmarks_px[:, :2]
    low, high = points.min(0), points.max(0)
    is_whole = seen.presence >= PRESENT and (low >= 0).all() and (high <= np.array(size_px)).all()
    if is_whole and all(_cover(low, high, other) <= config.most_shared for other in others_xyxy_px):
        x, y = image_to_crop_px(points[list(_TRUNK_AND_LIMBS)], region).astype(np.float32).T - np.float32(0.5)
        on_mask = cv2.remap(mask, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0) > _CONFIDENT
        if on_mask.mean() >= config.least_on_mask:
            return seen.box_xys_px
    return np.array([*seen.box_xys_px[:2], 0.0])


def cut_silhouette(
    mask: Float[np.ndarray, "256 256"], region: CropRegion, box_xys_px: Float[np.ndarray, "3"]
) -> Bool[np.ndarray, "64 64"]:
    """A crop's mask over an upright square of the image; False where the crop does not reach.

    Convention:
        The crop's own square, not turned: the mask made four times smaller, True where its mean is over 0.5.
    """
    size = SILHOUETTE_PX * _OVERSAMPLING
    x, y, side = box_xys_px
    corners = np.array([[x - side / 2, y - side / 2], [x + side / 2, y - side / 2], [x - side / 2, y + side / 2]])
    at = image_to_crop_px(corners, region)
    along, down = (at[1] - at[0]) / size, (at[2] - at[0]) / size
    # Places are the pixels' middles on both sides, cv2 counts from the first one's.
    matrix = np.column_stack([along, down, at[0] + (along + down) / 2 - 0.5])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    fine = cv2.warpAffine(mask, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return cv2.resize(fine, (SILHOUETTE_PX, SILHOUETTE_PX), interpolation=cv2.INTER_AREA) > _CONFIDENT


def _list_films_for_looking() -> list[Asset]:
    return [asset for asset in list_assets("footage") if asset.package.name == _FOR_LOOKING_ONLY]


def _cover(low: np.ndarray, high: np.ndarray, other_xyxy: np.ndarray) -> float:
    """Part of the box from `low` to `high` that another box covers."""
    shared = np.minimum(high, other_xyxy[2:]) - np.maximum(low, other_xyxy[:2])
    return float(np.prod(np.maximum(shared, 0)) / max(float(np.prod(high - low)), 1.0))


def _stack_windows(windows: list[list[Sighting | None]], camera: Pinhole, config: FilmConfig) -> ObservedWindows:
    count, frames = len(windows), config.frames
    scale, center = FOCAL_PX / camera.focal_px, np.array(camera.center_px)
    flat = [sighting for window in windows for sighting in window]
    seen, occluded = (
        _stack_sight([None if s is None else s.seen for s in flat], (count, frames), center, scale),
        _stack_sight([None if s is None else s.occluded for s in flat], (count, frames), center, scale),
    )
    silhouette = np.zeros((count * frames, SILHOUETTE_PX, SILHOUETTE_PX), bool)
    boxes = np.zeros((count * frames, 3), np.float32)
    for i, sighting in enumerate(flat):
        if sighting is not None:
            silhouette[i] = sighting.silhouette
            boxes[i] = (sighting.silhouette_box_xys_px - [*center, 0]) * scale
    return ObservedWindows(
        seen=seen,
        occluded=occluded,
        rotations=np.tile(np.eye(3, dtype=np.float32), (count, frames, 24, 1, 1)),
        shape=np.zeros((count, 10), np.float32),
        translation_m=np.zeros((count, frames, 3), np.float32),
        visible_mask=seen.landmarks_px[..., 2] >= _CONFIDENT,
        silhouette=silhouette.reshape(count, frames, SILHOUETTE_PX, SILHOUETTE_PX),
        silhouette_box_xys_px=boxes.reshape(count, frames, 3),
        labelled=np.zeros(count, bool),
    )


def _stack_keypoints(
    windows: Sequence[Sequence[int]],
    keypoints_px: Mapping[int, Float[np.ndarray, "33 3"]],
    camera: Pinhole,
    config: FilmConfig,
) -> Float[np.ndarray, "windows time 33 3"]:
    """Labels of all windows' frames, 0 where there is none."""
    stacked = np.zeros((len(windows), config.frames, 33, 3), np.float32)
    for i, window in enumerate(windows):
        for j, number in enumerate(window):
            stacked[i, j] = keypoints_px.get(number, 0)
    known = stacked[..., 2:] > 0
    stacked[..., :2] = (stacked[..., :2] - camera.center_px) * (FOCAL_PX / camera.focal_px) * known
    return stacked


def _stack_sight(
    observations: list[Observation | None], shape: tuple[int, int], center: np.ndarray, scale: float
) -> Sight:
    """Observations of all windows' frames, 0 where there is none."""
    some = next((o for o in observations if o is not None), None)
    width = 0 if some is None or some.feature is None else len(some.feature)
    landmarks, world = (np.zeros((len(observations), 33, 3), np.float32) for _ in range(2))
    feature, widths = (np.zeros((len(observations), size), np.float32) for size in (width, 12))
    present = np.zeros(len(observations), bool)
    for i, observation in enumerate(observations):
        if observation is None:
            continue
        present[i] = observation.presence >= PRESENT
        landmarks[i, :, :2] = (observation.landmarks_px[:, :2] - center) * scale
        landmarks[i, :, 2] = observation.landmarks_px[:, 2]
        world[i] = observation.world_m
        if observation.feature is not None:
            feature[i] = observation.feature
        if observation.widths_px is not None:
            widths[i] = observation.widths_px * scale
    return Sight(
        landmarks_px=landmarks.reshape(*shape, 33, 3),
        world_m=world.reshape(*shape, 33, 3),
        feature=feature.reshape(*shape, width),
        present_mask=present.reshape(shape),
        widths_px=widths.reshape(*shape, 12),
    )
