"""Rendered windows: random people in random motion, drawn, put through encoders as a film would be."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from spsnet.body import BodyModel
from spsnet.crops import (
    CropRegion,
    Encode,
    Look,
    ObserverConfig,
    PersonObserver,
    box_to_region,
    circle_to_region,
    take_looks,
)
from spsnet.crops.widths import WIDTH_NAMES
from spsnet.datasets.shards import FOCAL_PX, ObservedWindows, Sight, has_shard, join_windows, save_shard
from spsnet.records import Frame, Observation, Pinhole
from spsnet.synthesis.appearance import RenderedFrame
from spsnet.synthesis.cameras import CameraConfig
from spsnet.synthesis.labels import cut_silhouette, find_visible, measure_silhouette_box, project_landmarks
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.occlusion import blot_out, sample_blots
from spsnet.synthesis.scenes import FrameConfig, sample_scene

_TRACK = 1
_SHOULDERS, _HIPS = (11, 12), (23, 24)
"""BlazePose-33."""
_LEAST_PX = 8
"""Smallest side of a person that a detector finds."""
_DETECTOR_JITTER = 0.03
"""Standard deviation of the edges of a detector's box over its longer side."""


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """One picture and what the first encoder saw of it: for contact sheets."""

    image_rgb: UInt8[np.ndarray, "height width 3"]
    seen: Observation
    occluded_rgb: UInt8[np.ndarray, "height width 3"]
    occluded: Observation
    rendered: RenderedFrame


Show = Callable[[int, int, Exposure], None]
"""(window, frame, picture) → nothing."""


@dataclass(frozen=True, kw_only=True)
class WindowMaker:
    """Everything that windows are made of."""

    library: MotionLibrary
    body: BodyModel
    encoders: Mapping[str, Encode]
    """By name. Where windows are single frames, the last one finds the region through which all look."""
    config: FrameConfig
    cameras: CameraConfig
    show: Show | None = None

    def make_window(self, number: int) -> dict[str, ObservedWindows]:
        """Draw one window and look at it; its chance comes from the seed and its own number alone."""
        rng = np.random.default_rng([self.config.seed, 2, number])
        scene = sample_scene(rng, number, self.library, self.body, self.config, self.cameras)
        detector = _Detector(rng, scene.camera)
        watchers = {name: _Watcher(encode) for name, encode in self.encoders.items()}
        visible, silhouettes, boxes = [], [], []
        for i in range(self.config.frames):
            rendered = scene.draw(rng, i)
            frame = Frame(index=i, time_s=i / 30, image_rgb=rendered.image_rgb)
            detected = detector.detect(rendered)
            landmarks_px, depth_m = project_landmarks(self.body, scene.vertices_m[i], scene.camera)
            self._watch(rng, watchers, frame, detected, landmarks_px)
            visible.append(find_visible(self.body, rendered, landmarks_px, depth_m))
            box = measure_silhouette_box(scene.vertices_m[i], scene.camera.focal_px, np.array(scene.camera.center_px))
            silhouettes.append(cut_silhouette(rendered.mask, box))
            boxes.append(_to_common_focal(box, scene.camera))
            if self.show is not None:
                self.show(number, i, next(iter(watchers.values())).expose(rendered))
        return {
            name: ObservedWindows(
                seen=_collect(watcher.seen, scene.camera),
                occluded=_collect(watcher.occluded, scene.camera),
                rotations=scene.rotations[None],
                shape=scene.shape[None],
                translation_m=scene.translation_m[None],
                visible_mask=np.stack(visible)[None],
                silhouette=np.stack(silhouettes)[None],
                silhouette_box_xys_px=np.stack(boxes)[None].astype(np.float32),
                labelled=np.ones(1, bool),
            )
            for name, watcher in watchers.items()
        }

    def _watch(
        self,
        rng: np.random.Generator,
        watchers: Mapping[str, "_Watcher"],
        frame: Frame,
        box_xyxy_px: Float[np.ndarray, "4"],
        landmarks_px: Float[np.ndarray, "33 2"],
    ) -> None:
        blots = sample_blots(rng, self.config.blot_size)
        region = None
        if self.config.frames == 1:
            finder = list(self.encoders.values())[-1]
            region = _find_region(finder, frame, box_xyxy_px, landmarks_px)
        for watcher in watchers.values():
            look = watcher.look(frame, box_xyxy_px, region)
            picture = blot_out(frame.image_rgb, blots, landmarks_px, look.region)
            watcher.look_again(Frame(index=frame.index, time_s=frame.time_s, image_rgb=picture), box_xyxy_px)


class _Watcher:
    """One encoder's sight of one window, clean and occluded."""

    def __init__(self, encode: Encode) -> None:
        self._encode, self._observer = encode, PersonObserver(encode)
        self._picture: UInt8[np.ndarray, "height width 3"] | None = None
        self._region: CropRegion | None = None
        self.seen: list[Observation] = []
        self.occluded: list[Observation] = []

    def look(self, frame: Frame, box_xyxy_px: Float[np.ndarray, "4"], region: CropRegion | None) -> Look:
        """Through the given region, or through that which a film's observer chooses."""
        if region is None:
            self.seen.append(self._observer.observe(frame, {_TRACK: box_xyxy_px})[_TRACK])
            look = self._observer.looks[_TRACK]
        else:
            look = take_looks(self._encode, frame, {_TRACK: region}, {_TRACK: box_xyxy_px}, {})[_TRACK]
            self.seen.append(look.observation)
        self._region = look.region
        return look

    def look_again(self, frame: Frame, box_xyxy_px: Float[np.ndarray, "4"]) -> None:
        """Look at the same frame, occluded, through the same region."""
        assert self._region is not None
        look = take_looks(self._encode, frame, {_TRACK: self._region}, {_TRACK: box_xyxy_px}, {})[_TRACK]
        self.occluded.append(look.observation)
        self._picture = frame.image_rgb

    def expose(self, rendered: RenderedFrame) -> Exposure:
        """The last frame."""
        assert self._picture is not None
        return Exposure(
            image_rgb=rendered.image_rgb,
            seen=self.seen[-1],
            occluded_rgb=self._picture,
            occluded=self.occluded[-1],
            rendered=rendered,
        )


class _Detector:
    """Boxes as a detector gives them: of what is in the picture, or of what is seen of it, off by a little."""

    def __init__(self, rng: np.random.Generator, camera: Pinhole) -> None:
        self._rng = rng
        self._sees_through = rng.random() < 0.5
        self._last = np.array([0.25, 0.1, 0.75, 0.9]) * camera.width

    def detect(self, rendered: RenderedFrame) -> Float[np.ndarray, "4"]:
        """The box; where there is nobody to be seen, that of the frame before."""
        mask = rendered.body_mask if self._sees_through else rendered.mask
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if len(rows) >= _LEAST_PX and len(columns) >= _LEAST_PX:
            self._last = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=float)
        side = float((self._last[2:] - self._last[:2]).max())
        return self._last + self._rng.normal(0, _DETECTOR_JITTER * side, 4)


def _find_region(
    encode: Encode, frame: Frame, box_xyxy_px: Float[np.ndarray, "4"], landmarks_px: Float[np.ndarray, "33 2"]
) -> CropRegion:
    """The region that a film's observer would have come to: the circle of a look through the box, turned as it may.

    The observer tries four turns when it meets somebody; here the right one is known.
    """
    config = ObserverConfig()
    across, up = landmarks_px[list(_SHOULDERS)].mean(0) - landmarks_px[list(_HIPS)].mean(0)
    quarter = np.round(np.arctan2(across, -up) / (np.pi / 2)) * (np.pi / 2)
    first = replace(box_to_region(box_xyxy_px, config.box_scale), rotation_rad=float(quarter))
    look = take_looks(encode, frame, {_TRACK: first}, {_TRACK: box_xyxy_px}, {})[_TRACK]
    found = look.has_circle and look.observation.presence >= config.minimum_presence
    return circle_to_region(look.circle_px, config.circle_scale) if found else first


def make_windows(maker: WindowMaker, folder: Path) -> Iterator[int]:
    """Write shards; yields the number of windows done so far.

    A run that was cut off goes on with the first shard that is missing and gives the same shards.
    """
    done = 0
    for shard, numbers in enumerate(plan_shards(maker.config)):
        for _ in range(len(numbers)) if has_shard(folder, shard, len(numbers)) else make_shard(maker, folder, shard):
            done += 1
            yield done


def plan_shards(config: FrameConfig) -> list[range]:
    """The numbers of the windows of each shard."""
    step = config.windows_per_shard
    return [range(start, min(start + step, config.windows)) for start in range(0, config.windows, step)]


def make_shard(maker: WindowMaker, folder: Path, shard: int) -> Iterator[int]:
    """Make one shard; yields each window's number once it is made, the last one's when the shard is written."""
    numbers = plan_shards(maker.config)[shard]
    parts = []
    for number in numbers:
        parts.append(maker.make_window(number))
        if number == numbers[-1]:
            joined = {name: join_windows([part[name] for part in parts]) for name in maker.encoders}
            save_shard(folder, shard, joined)
        yield number


def _collect(observations: list[Observation], camera: Pinhole) -> Sight:
    landmarks = np.stack([seen.landmarks_px for seen in observations]).astype(np.float64)
    landmarks[..., :2] = (landmarks[..., :2] - np.array(camera.center_px)) * (FOCAL_PX / camera.focal_px)
    nothing, unknown = np.zeros(0, np.float32), np.zeros(len(WIDTH_NAMES), np.float32)
    widths = [unknown if seen.widths_px is None else seen.widths_px for seen in observations]
    arrays = {
        "landmarks_px": landmarks,
        "world_m": np.stack([seen.world_m for seen in observations]),
        "feature": np.stack([nothing if seen.feature is None else seen.feature for seen in observations]),
        "present_mask": np.array([seen.presence >= ObserverConfig().minimum_presence for seen in observations]),
        "widths_px": np.stack(widths) * (FOCAL_PX / camera.focal_px),
    }
    assert set(arrays) == {field.name for field in fields(Sight)}
    return Sight(**{n: a[None] if a.dtype == bool else a[None].astype(np.float32) for n, a in arrays.items()})


def _to_common_focal(box_xys_px: Float[np.ndarray, "3"], camera: Pinhole) -> Float[np.ndarray, "3"]:
    """From picture pixels to those of `FOCAL_PX` and the principal point at 0."""
    return (box_xys_px - np.append(np.array(camera.center_px), 0)) * (FOCAL_PX / camera.focal_px)
