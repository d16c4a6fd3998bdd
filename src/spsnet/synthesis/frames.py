"""Rendered windows: random people in random motion, drawn, put through the encoder as a film would be."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8

from spsnet.body import BodyModel, compute_vertices
from spsnet.crops import PersonObserver
from spsnet.crops.looks import Encode
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows, Sight, has_shard, join_windows, save_shard
from spsnet.geometry import project_points
from spsnet.records import Frame, Observation, Pinhole
from spsnet.synthesis.appearance import render_frame, sample_appearance
from spsnet.synthesis.cameras import CameraConfig, place_before_camera
from spsnet.synthesis.motions import MotionLibrary

Show = Callable[[int, int, UInt8[np.ndarray, "height width 3"], Observation], None]
"""(window, frame, picture, what was seen) → nothing: for contact sheets."""


@dataclass(frozen=True, kw_only=True)
class FrameConfig:
    """How many pictures, and of what."""

    windows: int
    frames: int = 8
    """Of a window: one person, one look, one place."""
    windows_per_shard: int = 50
    picture_px: int = 288
    """Side of the picture, which holds the person over the whole window with some room."""
    shape_deviation: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse empty work."""
        for name in ("windows", "frames", "windows_per_shard", "picture_px"):
            if getattr(self, name) < 1:
                raise ValueError(f"FrameConfig.{name} should be at least 1, got {getattr(self, name)}")


def synthesize_windows(
    library: MotionLibrary,
    body: BodyModel,
    encode: Encode,
    config: FrameConfig,
    folder: Path,
    *,
    cameras: CameraConfig | None = None,
    show: Show | None = None,
) -> Iterator[int]:
    """Write shards; yields the number of windows done so far.

    Every window draws its chance from the seed and its own number alone, so that a run that was cut off goes on where
    it stopped and gives the same shards.
    """
    for shard in range(math.ceil(config.windows / config.windows_per_shard)):
        numbers = range(shard * config.windows_per_shard, min((shard + 1) * config.windows_per_shard, config.windows))
        if has_shard(folder, shard, len(numbers)):
            yield numbers[-1] + 1
            continue
        parts = []
        for number in numbers:
            parts.append(_make_window(number, library, body, encode, config, cameras or CameraConfig(), show))
            yield number + 1
        save_shard(folder, shard, {"blazepose-heavy": join_windows(parts)})


def _make_window(
    number: int,
    library: MotionLibrary,
    body: BodyModel,
    encode: Encode,
    config: FrameConfig,
    cameras: CameraConfig,
    show: Show | None,
) -> ObservedWindows:
    seed = config.seed * 1_000_003 + number
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    motion = place_before_camera(generator, library.sample(generator, 1, config.frames), cameras)
    rotations, places = motion.rotations[0].numpy(), motion.translation_m[0].numpy()
    shape = (config.shape_deviation * rng.standard_normal(10)).astype(np.float32)
    vertices = compute_vertices(body, rotations, shape, places)
    camera, boxes = _aim(vertices, config.picture_px)

    appearance = sample_appearance(rng)
    observer = PersonObserver(encode)
    seen = []
    for i in range(config.frames):
        picture = render_frame(rng, body, appearance, vertices[i], camera)
        frame = Frame(index=i, time_s=i / 30, image_rgb=picture.image_rgb)
        side = float((boxes[i, 2:] - boxes[i, :2]).max())
        detected = boxes[i] + rng.normal(0, 0.03 * side, 4)
        seen.append(observer.observe(frame, {1: detected})[1])
        if show is not None:
            show(number, i, picture.image_rgb, seen[-1])
    landmarks = np.stack([observation.landmarks_px for observation in seen]).astype(np.float64)
    landmarks[..., :2] = (landmarks[..., :2] - np.array(camera.center_px)) * (FOCAL_PX / camera.focal_px)
    return ObservedWindows(
        seen=Sight(
            landmarks_px=landmarks[None].astype(np.float32),
            world_m=np.stack([observation.world_m for observation in seen])[None].astype(np.float32),
            feature=np.zeros((1, config.frames, 0), np.float32),
            present_mask=np.array([[observation.presence >= 0.5 for observation in seen]]),
            widths_px=np.zeros((1, config.frames, 12), np.float32),
        ),
        occluded=None,
        visible_mask=np.ones((1, config.frames, 33), bool),
        silhouette=np.zeros((1, config.frames, 64, 64), bool),
        silhouette_box_xys_px=np.zeros((1, config.frames, 3), np.float32),
        labelled=np.ones(1, bool),
        rotations=rotations[None],
        shape=shape[None],
        translation_m=places[None],
    )


def _aim(
    vertices_m: Float[np.ndarray, "time vertices 3"], picture_px: int
) -> tuple[Pinhole, Float[np.ndarray, "time 4"]]:
    """A window into the camera's picture that holds the person in all frames, and the person's box in each.

    The principal point stays on the camera's axis, usually outside the window.
    """
    tangents = project_points(vertices_m, 1.0, np.zeros(2))
    low, high = tangents.min((0, 1)), tangents.max((0, 1))
    focal = picture_px / (1.25 * float((high - low).max()))
    center = picture_px / 2 - focal * (low + high) / 2
    boxes = np.concatenate([tangents.min(1), tangents.max(1)], axis=1) * focal + np.tile(center, 2)
    camera = Pinhole(
        focal_px=focal, center_px=(float(center[0]), float(center[1])), width=picture_px, height=picture_px
    )
    return camera, boxes
