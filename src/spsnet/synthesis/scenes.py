"""What a window shows: a person in motion, where the camera looks, who else is there, what stands or passes before."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from spsnet.body import BodyModel, compute_vertices
from spsnet.geometry import project_points
from spsnet.records import Pinhole
from spsnet.synthesis.appearance import Appearance, Companion, RenderedFrame, render_frame, sample_appearance
from spsnet.synthesis.cameras import CameraConfig, CameraMotion, place_before_camera
from spsnet.synthesis.motions import MotionLibrary, WorldMotion
from spsnet.synthesis.occlusion import Thing, sample_passing_thing, sample_standing_thing
from spsnet.synthesis.wardrobe import Outfit, sample_outfit

_CENTER = np.zeros(2)
_ROOM = 1.25
"""Side of the picture over that of the person's way through it."""
_NEAREST_M = 0.8
"""Nobody else comes nearer to the camera."""


@dataclass(frozen=True, kw_only=True)
class FrameConfig:
    """How many pictures, and of what."""

    windows: int
    frames: int = 33
    """Of a window: one person, one look, one place. A window of one frame is a picture on its own."""
    person_windows: int = 1
    """So many windows in a row show the same person in the same look and place."""
    windows_per_shard: int = 50
    picture_px: int = 288
    """Side of the picture, which holds the person over the whole window with some room."""
    shape_deviation: float = 1.0
    truncated_share: float = 0.15
    """Windows whose person is cut by the picture's border, some of the time or all of it."""
    crowd_share: float = 0.15
    """Windows with other people near the person."""
    passing_share: float = 0.12
    """Windows in which something passes before the person."""
    standing_share: float = 0.15
    """Windows in which something stands before the scene."""
    blot_size: float = 0.5
    """Of the regions that cover landmarks in the occluded sight (`sample_blots`). With 1, the encoder saw somebody in a
    quarter of such pictures only, and its landmarks taught nothing; with 0.5, in three of four."""
    always_troubled: bool = False
    """Whether every window has one of the first three, or more."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse empty work and shares that are none."""
        for name in ("windows", "frames", "person_windows", "windows_per_shard", "picture_px"):
            if getattr(self, name) < 1:
                raise ValueError(f"FrameConfig.{name} should be at least 1, got {getattr(self, name)}")
        if not self.blot_size > 0:
            raise ValueError(f"FrameConfig.blot_size should be positive, got {self.blot_size}")
        for name in ("truncated_share", "crowd_share", "passing_share", "standing_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"FrameConfig.{name} should be from 0 to 1, got {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One window, ready to be drawn."""

    body: BodyModel
    camera: Pinhole
    """A window into the picture of a camera whose axis may lie outside of it."""
    appearance: Appearance
    rotations: Float[np.ndarray, "time 24 3 3"]
    """Root in camera axes."""
    shape: Float[np.ndarray, "10"]
    translation_m: Float[np.ndarray, "time 3"]
    vertices_m: Float[np.ndarray, "time vertices 3"]
    companions: tuple[tuple[Outfit, Float[np.ndarray, "time vertices 3"]], ...]
    things: tuple[Thing, ...]
    progress: Float[np.ndarray, " time"]
    """How much of the way of passing things is over."""

    def draw(self, rng: np.random.Generator, frame: int) -> RenderedFrame:
        """One picture; frames have to be drawn in order for the same pictures to come again."""
        companions = [Companion(outfit=outfit, vertices_m=places[frame]) for outfit, places in self.companions]
        return render_frame(
            rng,
            self.body,
            self.appearance,
            self.vertices_m[frame],
            self.camera,
            companions=companions,
            things=self.things,
            progress=float(self.progress[frame]),
        )


def sample_scene(
    rng: np.random.Generator,
    number: int,
    library: MotionLibrary,
    body: BodyModel,
    config: FrameConfig,
    cameras: CameraConfig,
) -> Scene:
    """Draw a window; `number` decides whose it is, `rng` the rest."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    world = library.sample(generator, 1, config.frames)
    motion = place_before_camera(generator, world, cameras)
    identity = np.random.default_rng([config.seed, 1, number // config.person_windows])
    shape = (config.shape_deviation * identity.standard_normal(10)).astype(np.float32)
    appearance = sample_appearance(identity)
    rotations, places = motion.rotations[0].numpy(), motion.translation_m[0].numpy()
    vertices = compute_vertices(body, rotations, shape, places)

    truncated, crowded, passed = _draw_troubles(rng, config)
    camera = aim_camera(vertices, config.picture_px)
    if truncated:
        camera = _aim_closely(rng, vertices, camera)
    companions: list[tuple[Outfit, Float[np.ndarray, "time vertices 3"]]] = []
    if crowded:
        for _ in range(1 + int(rng.random() < 0.2)):
            other = _place_companion(rng, generator, library, body, world, motion, vertices)
            companions.append((sample_outfit(rng), other))
    things = []
    if rng.random() < config.standing_share:
        things += [sample_standing_thing(rng) for _ in range(rng.integers(1, 3))]
    if passed:
        things.append(sample_passing_thing(rng))
    steps = np.arange(config.frames)
    return Scene(
        body=body,
        camera=camera,
        appearance=appearance,
        rotations=rotations,
        shape=shape,
        translation_m=places,
        vertices_m=vertices,
        companions=tuple(companions),
        things=tuple(things),
        progress=steps / (config.frames - 1) if config.frames > 1 else rng.uniform(0, 1, 1),
    )


def aim_camera(vertices_m: Float[np.ndarray, "time vertices 3"], picture_px: int) -> Pinhole:
    """A window into the camera's picture that holds the person in all frames.

    The principal point stays on the camera's axis, usually outside the window.
    """
    tangents = project_points(vertices_m, 1.0, _CENTER)
    low, high = tangents.min((0, 1)), tangents.max((0, 1))
    return _look_at((low + high) / 2, _ROOM * float((high - low).max()), picture_px)


def _aim_closely(rng: np.random.Generator, vertices_m: Float[np.ndarray, "time vertices 3"], whole: Pinhole) -> Pinhole:
    """A window that cuts the person in one frame, drawn until a fair part of the person stays in over all frames."""
    tangents = project_points(vertices_m[:, ::16], 1.0, _CENTER)
    camera = whole
    for _ in range(20):
        at = tangents[rng.integers(len(tangents))]
        low, high = at.min(0), at.max(0)
        side = float((high - low).max())
        # In part about the person's own place at one time, out of which it may walk.
        walks_out = len(tangents) > 1 and rng.random() < 0.3
        span = side * (1.2 if walks_out else rng.uniform(0.45, 1.0))
        shift = rng.uniform(-0.35, 0.35, 2) * (0.3 if walks_out else 1) * side
        camera = _look_at((low + high) / 2 + shift, span, whole.width)
        seen = project_points(vertices_m[:, ::16], camera.focal_px, np.array(camera.center_px))
        inside = ((seen > 0) & (seen < whole.width)).all(-1).mean(1)
        if inside.mean() > 0.3 and inside.max() > 0.4 and inside.min() < 0.93:
            break
    return camera


def _look_at(middle: Float[np.ndarray, "2"], span: float, picture_px: int) -> Pinhole:
    """A square window, given in tangents."""
    focal = picture_px / span
    center = picture_px / 2 - focal * middle
    return Pinhole(focal_px=focal, center_px=(float(center[0]), float(center[1])), width=picture_px, height=picture_px)


def _draw_troubles(rng: np.random.Generator, config: FrameConfig) -> tuple[bool, bool, bool]:
    """Truncated, crowded, passed by."""
    shares = (config.truncated_share, config.crowd_share, config.passing_share)
    drawn = [bool(rng.random() < share) for share in shares]
    if config.always_troubled and not any(drawn):
        drawn[rng.integers(3)] = True
    return drawn[0], drawn[1], drawn[2]


def _place_companion(
    rng: np.random.Generator,
    generator: torch.Generator,
    library: MotionLibrary,
    body: BodyModel,
    world: WorldMotion,
    motion: CameraMotion,
    vertices_m: Float[np.ndarray, "time vertices 3"],
) -> Float[np.ndarray, "time vertices 3"]:
    """Somebody on the same ground, half a metre to a metre and a half from the person, seen by the same camera."""
    # The camera turned the person's root from the world's axes (y up) to its own.
    camera_world = (motion.rotations[0, 0, 0] @ world.rotations[0, 0, 0].T).numpy()
    up = camera_world[:, 1]
    other = library.sample(generator, 1, len(vertices_m))
    heading, direction = rng.uniform(-np.pi, np.pi, 2)
    c, s = np.cos(heading), np.sin(heading)
    camera_other = camera_world @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], dtype=np.float32)
    rotations = other.rotations[0].numpy().copy()
    rotations[:, 0] = camera_other @ rotations[:, 0]
    middle = len(rotations) // 2
    travelled = (other.root_m[0] - other.root_m[0, middle]).numpy() @ camera_other.T
    away = rng.uniform(0.5, 1.5) * (camera_world @ np.array([np.cos(direction), 0, np.sin(direction)]))
    place = motion.translation_m[0, middle].numpy()
    if place[2] + away[2] < 0.7 * place[2]:  # in front of the person, but not so near that it fills the picture
        away = -away
    shape = rng.standard_normal(10).astype(np.float32)
    vertices = compute_vertices(body, rotations, shape, (place + away + travelled).astype(np.float32))
    # Both stand on one ground.
    vertices = vertices + up * (float((vertices_m @ up).min()) - float((vertices @ up).min()))
    shortage = max(_NEAREST_M - float(vertices[..., 2].min()), 0.0)
    return (vertices + np.array([0, 0, shortage])).astype(np.float32)
