"""The overlay: the film with the bodies drawn over it, and the same bodies from the side."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from spsnet.body import BodyModel, compute_vertices
from spsnet.geometry import axis_angle_to_matrix, rotation_between
from spsnet.pipeline.prefetching import prefetch
from spsnet.pipeline.settings import Stopwatch, Watch, watch_nothing
from spsnet.quality.contact_sheet import ContactSheet
from spsnet.records import Frame, PersonMotion, Pinhole, Recovery
from spsnet.rendering import OverlayConfig, OverlayPerson, OverlayScene
from spsnet.video import Film, VideoWriter

_NECK, _ANKLES = 12, [7, 8]
_AGREEMENT = 0.8
"""Length of the mean of unit directions: 1 all alike, 0 none."""


def draw_overlay(
    film: Film,
    recovery: Recovery,
    body: BodyModel,
    path: Path,
    *,
    sheet: ContactSheet | None = None,
    stopwatch: Stopwatch | None = None,
    watch: Watch = watch_nothing,
) -> None:
    """Third pass over the film: bodies over every frame and from the side.

    Args:
        film: The film.
        recovery: Who is in it.
        body: Of the people.
        path: The file to write.
        sheet: Gets the frames that it wants.
        stopwatch: Gets the time of each stage.
        watch: Gets the frames as they pass.

    Raises:
        UserError: If the file cannot be written.
    """
    stopwatch = stopwatch or Stopwatch()
    level = estimate_level(recovery.people)
    extent_m = measure_extent(recovery.people, level)
    scene = OverlayScene(body.faces, recovery.camera, extent_m=extent_m, level=level)
    frames = prefetch(stopwatch.time_each(film.frames(), "decode"))

    def compose_each() -> Iterator[tuple[UInt8[np.ndarray, "height width 3"], float]]:
        for frame in frames:
            with stopwatch.time("draw"):
                picture = scene.compose(frame.image_rgb, _pose_people(frame, recovery.people, body))
            if sheet is not None and sheet.wants(frame.index):
                with stopwatch.time("report"):
                    _fill_sheet(sheet, frame.index, picture, recovery.camera)
            yield picture, frame.time_s

    pictures = prefetch(compose_each())
    with VideoWriter(path, fps=film.info.fps) as writer:
        for picture, time_s in watch(pictures, "drawing", recovery.frame_count):
            with stopwatch.time("write"):
                writer.write(picture, time_s)


def draw_sheet(
    film: Film, people: Sequence[PersonMotion], camera: Pinhole, body: BodyModel, sheet: ContactSheet
) -> None:
    """Read the film for the frames of a contact sheet only, where no overlay is drawn."""
    if sheet.last_frame < 0:
        return
    scene = OverlayScene(body.faces, camera, config=OverlayConfig(panel_share=0.0))
    for frame in prefetch(film.frames()):
        if sheet.wants(frame.index):
            _fill_sheet(sheet, frame.index, scene.compose(frame.image_rgb, _pose_people(frame, people, body)), camera)
        if frame.index >= sheet.last_frame:
            return


def _fill_sheet(
    sheet: ContactSheet, frame_index: int, picture: UInt8[np.ndarray, "height width 3"], camera: Pinhole
) -> None:
    scale = picture.shape[0] / camera.height
    sheet.take(frame_index, np.ascontiguousarray(picture[:, : round(camera.width * scale)]), scale)


def _pose_people(frame: Frame, people: Sequence[PersonMotion], body: BodyModel) -> list[OverlayPerson]:
    here = [(person, int(i)) for person in people for i in np.flatnonzero(person.frame_index == frame.index)]
    if not here:
        return []
    rotations = np.stack([axis_angle_to_matrix(person.body.pose_rad[i].reshape(24, 3)) for person, i in here])
    shapes = np.stack([person.body.shape for person, _ in here])
    places = np.stack([person.body.translation_m[i] for person, i in here])
    vertices = compute_vertices(
        body, rotations.astype(np.float32), shapes.astype(np.float32), places.astype(np.float32)
    )
    return [
        OverlayPerson(vertices_m=vertices[k], track_id=person.track_id, filled=bool(person.filled_mask[i]))
        for k, (person, i) in enumerate(here)
    ]


def estimate_level(people: Sequence[PersonMotion]) -> Float[np.ndarray, "3 3"]:
    """Rotation from camera axes to axes whose y points straight down, guessed from how people stand.

    The mean direction from ankles to neck is taken for up. Where people do not agree (they lie, or tumble) or nobody is
    there, the camera is taken to be level.
    """
    if not people:
        return np.eye(3)
    joints = np.concatenate([person.joints_m for person in people])
    upward = joints[:, _NECK] - joints[:, _ANKLES].mean(1)
    mean = (upward / np.linalg.norm(upward, axis=-1, keepdims=True)).mean(0)
    if np.linalg.norm(mean) < _AGREEMENT or mean[1] > 0:
        return np.eye(3)
    return rotation_between(mean, np.array([0.0, -1.0, 0.0]))


def measure_extent(people: Sequence[PersonMotion], level: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "2 3"] | None:
    """Least and greatest x, y, z of the bodies in level axes, without the few that lie far from all others.

    A thing taken for a small, far person, or one wild frame, would push the side view away: bodies further out than
    three times the range of the middle half of them (Tukey's far fence), and a metre, do not count.
    """
    if not people:
        return None
    joints = np.concatenate([person.joints_m for person in people]) @ level.T
    low, high = np.percentile(joints[:, 0], [25, 75], axis=0)
    reach = 3 * (high - low) + 1
    joints = joints[((joints[:, 0] >= low - reach) & (joints[:, 0] <= high + reach)).all(-1)]
    return np.stack([joints.min((0, 1)) - 0.2, joints.max((0, 1)) + 0.2])
