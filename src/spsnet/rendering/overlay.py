"""The picture a user looks at: bodies over the film, and beside it the same bodies from the side."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from spsnet.geometry import project_points
from spsnet.records import Pinhole
from spsnet.rendering.layer import Figure, lay_over, paint_figures
from spsnet.rendering.palette import get_track_color
from spsnet.rendering.portrait import scale_camera
from spsnet.rendering.side_view import SideView


@dataclass(frozen=True, kw_only=True)
class OverlayConfig:
    """Size and strength of the overlay."""

    max_width: int = 1920
    """Of the whole picture, panel included."""
    max_height: int = 1080
    opacity: float = 0.85
    """Of the bodies over the film."""
    filled_opacity: float = 0.45
    """Of a body whose frame had no detection, times `opacity`."""
    panel_share: float = 0.55
    """Width of the side view over the picture's height; 0 leaves it out."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ("opacity", "filled_opacity"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"OverlayConfig.{name} should lie in 0 to 1, got {getattr(self, name)}")
        if min(self.max_width, self.max_height) < 32 or self.panel_share < 0:
            raise ValueError("OverlayConfig wants at least 32 pixels a side and a panel_share of 0 or more")


@dataclass(frozen=True, kw_only=True)
class OverlayPerson:
    """One person of one frame."""

    vertices_m: Float[np.ndarray, "vertices 3"]
    """Camera axes of the film."""
    track_id: int
    filled: bool = False
    """No detection in this frame: drawn faint and marked."""
    label: str | None = None
    """Text at the head; the track's number when None."""


class OverlayScene:
    """Draws the frames of one film with one steady side camera."""

    def __init__(
        self,
        faces: Int[np.ndarray, "faces 3"],
        camera: Pinhole,
        *,
        extent_m: Float[np.ndarray, "2 3"] | None = None,
        level: Float[np.ndarray, "3 3"] | None = None,
        config: OverlayConfig | None = None,
    ) -> None:
        """Settle the sizes and, if the extent is known, the side camera.

        Args:
            faces: Of the body, the same for all people.
            camera: Of the film at its full size.
            extent_m: Least and greatest x, y, z of the bodies of the film, level axes: the side camera then stands
                still, and who is outside is outside. When None it is set by the first frame with people, and stands
                back in one step whenever somebody leaves its view.
            level: Rotation from camera axes to axes whose y points straight down, for the side view of a film whose
                camera looked up or down; camera axes are level when None.
            config: Sizes and opacities.
        """
        self._faces = faces
        self._config = OverlayConfig() if config is None else config
        share = self._config.panel_share
        scale = min(
            1.0,
            self._config.max_height / camera.height,
            self._config.max_width / (camera.width + share * camera.height),
        )
        width, height = (max(2 * round(side * scale / 2), 2) for side in (camera.width, camera.height))
        self._camera = scale_camera(camera, width / camera.width, width, height)
        self._panel_width = 2 * round(share * height / 2)
        self._extent_m = extent_m
        self._is_extent_known = extent_m is not None
        self._level = np.eye(3, dtype=np.float32) if level is None else level.astype(np.float32)
        self._side_view = self._place_side_camera()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures made, both even."""
        return self._camera.width + self._panel_width, self._camera.height

    def compose(
        self, image_rgb: UInt8[np.ndarray, "height width 3"], people: list[OverlayPerson]
    ) -> UInt8[np.ndarray, "out_height out_width 3"]:
        """Draw one frame.

        Args:
            image_rgb: The film's picture, of any size of the camera's proportions.
            people: Bodies of this frame, in any order.

        Returns:
            Overlay left, side view right; `size` says how large.
        """
        width, height = self._camera.width, self._camera.height
        shrinking = image_rgb.shape[0] > height
        picture = cv2.resize(
            image_rgb, (width, height), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
        )
        figures = [
            Figure(
                vertices_m=person.vertices_m,
                color=get_track_color(person.track_id),
                opacity=self._config.filled_opacity if person.filled else 1.0,
            )
            for person in people
        ]
        lay_over(picture, paint_figures(figures, self._faces, self._camera), self._config.opacity)
        center = np.array(self._camera.center_px)
        for person in people:
            if (person.vertices_m[:, 2] > 0).all():
                pixels = project_points(person.vertices_m, self._camera.focal_px, center)
                _write_label(picture, person, pixels, height)
        if not self._panel_width:
            return picture
        return np.hstack([picture, self._draw_panel(people, figures)])

    def _draw_panel(self, people: list[OverlayPerson], figures: list[Figure]) -> np.ndarray:
        people = [replace(person, vertices_m=person.vertices_m @ self._level.T) for person in people]
        figures = [
            replace(figure, vertices_m=person.vertices_m) for figure, person in zip(figures, people, strict=True)
        ]
        view = self._side_view
        if people and not self._is_extent_known and not (view and all(view.contains(p.vertices_m) for p in people)):
            self._extent_m = _grow_extent(self._extent_m, np.concatenate([p.vertices_m for p in people]))
            self._side_view = self._place_side_camera()
        view = self._side_view
        if view is None:
            view = SideView(
                np.array([-1.0, -1.0, 2.0]), np.array([1.0, 1.0, 4.0]), self._panel_width, self._camera.height
            )
        panel = view.draw(figures, self._faces)
        for person in people:
            _write_label(panel, person, view.project(person.vertices_m), self._camera.height)
        return panel

    def _place_side_camera(self) -> SideView | None:
        if self._extent_m is None or not self._panel_width:
            return None
        return SideView(self._extent_m[0], self._extent_m[1], self._panel_width, self._camera.height)


def compose_overlay(
    image_rgb: UInt8[np.ndarray, "height width 3"],
    people: list[OverlayPerson],
    faces: Int[np.ndarray, "faces 3"],
    camera: Pinhole,
    config: OverlayConfig | None = None,
) -> UInt8[np.ndarray, "out_height out_width 3"]:
    """One picture on its own; for a film keep an `OverlayScene`, whose side camera stands still."""
    return OverlayScene(faces, camera, config=config).compose(image_rgb, people)


def _grow_extent(extent_m: np.ndarray | None, points_m: np.ndarray) -> np.ndarray:
    """The box of old and new points, with room so that it need not grow again at once."""
    low, high = points_m.min(0), points_m.max(0)
    if extent_m is not None:
        low, high = np.minimum(low, extent_m[0]), np.maximum(high, extent_m[1])
    room = np.array([0.5, 0.1, 0.5])
    return np.stack([low - room, high + room * [1, 0, 1]])


def _write_label(picture: np.ndarray, person: OverlayPerson, pixels: np.ndarray, height: int) -> None:
    """A tag in the person's colour above the highest point."""
    text = str(person.track_id) if person.label is None else person.label
    if person.filled:
        text += " (filled)"
    scale = max(height / 1400, 0.4)
    (text_width, text_height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    top = pixels[np.argmin(pixels[:, 1])]
    if not (
        -text_width <= top[0] < picture.shape[1] + text_width and pixels[:, 1].max() > 0 and top[1] < picture.shape[0]
    ):
        return
    pad = max(round(4 * scale), 2)
    box_width, box_height = text_width + 2 * pad, text_height + 2 * pad
    left = int(np.clip(top[0] - box_width / 2, 0, max(picture.shape[1] - box_width, 0)))
    bottom = int(np.clip(top[1] - 3 * pad, box_height, picture.shape[0]))
    color = tuple(int(c) for c in get_track_color(person.track_id) * 255)
    cv2.rectangle(picture, (left, bottom - box_height), (left + box_width, bottom), color, -1)
    ink = (0, 0, 0) if np.dot(color, (0.3, 0.59, 0.11)) > 110 else (255, 255, 255)
    cv2.putText(picture, text, (left + pad, bottom - pad), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 1, cv2.LINE_AA)
