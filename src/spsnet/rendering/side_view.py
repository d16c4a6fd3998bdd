"""The same bodies seen from the side, over a ground grid, by a camera that stands still."""

import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from spsnet.geometry import project_points
from spsnet.records import Pinhole
from spsnet.rendering.layer import Figure, lay_over, paint_figures
from spsnet.rendering.shading import Light

_BACKGROUND_RGB = (232, 234, 237)
_GROUND_RGB = (214, 217, 221)
_GRID_RGB = (184, 188, 194)
_TEXT_RGB = (96, 100, 106)
_TILT_RAD = np.deg2rad(12.0)
_MARGIN_M = np.array([0.3, 0.15, 0.3])
# Standing this many sizes of the scene away keeps perspective mild.
_DISTANCE = 3.0


class SideView:
    """A still camera to the right of the scene, looking left: what is far in the film is on the right of the panel.

    Convention:
        The input camera looks along +z, this one along −x, tilted down by 12 degrees so that the ground shows.
    """

    def __init__(self, low_m: Float[np.ndarray, "3"], high_m: Float[np.ndarray, "3"], width: int, height: int) -> None:
        """Stand where the whole box of the scene is seen, and draw the ground once.

        Args:
            low_m: Least x, y, z of the scene, axes of the film's camera.
            high_m: Greatest x, y, z; greatest y is the ground.
            width: Of the panel, pixels.
            height: Of the panel, pixels.

        Raises:
            ValueError: If the box is turned inside out.
        """
        if np.any(high_m < low_m):
            raise ValueError(f"high_m should not be under low_m, got {low_m} and {high_m}")
        self._low_m, self._high_m = low_m - _MARGIN_M, high_m + _MARGIN_M * [1, 0, 1]
        sine, cosine = np.sin(_TILT_RAD), np.cos(_TILT_RAD)
        # Rows: right, down, forward of the side camera in the film's axes.
        self._rotation = np.array([[0, 0, 1], [sine, cosine, 0], [-cosine, sine, 0]])
        size = self._high_m - self._low_m
        self._center_m = (self._low_m + self._high_m) / 2
        self._distance_m = size[0] / 2 + _DISTANCE * float(size[1:].max())
        corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * size + self._low_m
        points = self.transform(corners)
        spread = points[:, :2] / points[:, 2:]
        low, high = spread.min(0), spread.max(0)
        focal = float(np.min(np.array([width, height]) * [0.94, 0.9] / (high - low)))
        center = np.array([width, height]) / 2 - focal * (low + high) / 2
        self._camera = Pinhole(
            focal_px=focal, center_px=(float(center[0]), float(center[1])), width=width, height=height
        )
        self._ground_rgb = self._draw_ground()

    def transform(self, points_m: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, "points 3"]:
        """Points of the film's camera axes in the axes of the side camera."""
        return (points_m - self._center_m) @ self._rotation.T + [0, 0, self._distance_m]

    def contains(self, points_m: Float[np.ndarray, "points 3"]) -> bool:
        """Whether all points lie in the box that is surely seen."""
        return bool(np.all(points_m >= self._low_m) and np.all(points_m <= self._high_m + _MARGIN_M))

    def draw(self, figures: list[Figure], faces: Int[np.ndarray, "faces 3"]) -> UInt8[np.ndarray, "height width 3"]:
        """The panel with the bodies on it."""
        panel = self._ground_rgb.copy()
        turned = [Figure(vertices_m=self.transform(f.vertices_m), color=f.color, opacity=f.opacity) for f in figures]
        lay_over(panel, paint_figures(turned, faces, self._camera, Light(rim=0.45)))
        return panel

    def project(self, points_m: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, "points 2"]:
        """Panel pixels of points of the film's camera axes."""
        return project_points(self.transform(points_m), self._camera.focal_px, np.array(self._camera.center_px))

    def _draw_ground(self) -> np.ndarray:
        panel = np.full((self._camera.height, self._camera.width, 3), _BACKGROUND_RGB, np.uint8)
        (x0, _, z0), (x1, ground, z1) = self._low_m, self._high_m
        outline = np.array([[x0, ground, z0], [x1, ground, z0], [x1, ground, z1], [x0, ground, z1]])
        cv2.fillConvexPoly(panel, self._to_fixed_point(outline), _GROUND_RGB, cv2.LINE_AA, 4)
        step = 0.5 if z1 - z0 < 8 else 2.0
        along_z = np.array([[[x, ground, z0], [x, ground, z1]] for x in np.arange(np.ceil(x0 / step) * step, x1, step)])
        along_x = np.array([[[x0, ground, z], [x1, ground, z]] for z in np.arange(np.ceil(z0 / step) * step, z1, step)])
        for line in (*along_z, *along_x):
            cv2.polylines(panel, [self._to_fixed_point(line)], False, _GRID_RGB, 1, cv2.LINE_AA, 4)
        scale = max(self._camera.height / 1600, 0.35)
        for text, line_up in ((f"side view, grid {step:g} m", 2), ("<- camera", 1)):
            spot = (round(16 * scale), round(self._camera.height - 36 * scale * (line_up - 0.6)))
            cv2.putText(panel, text, spot, cv2.FONT_HERSHEY_SIMPLEX, scale, _TEXT_RGB, 1, cv2.LINE_AA)
        return panel

    def _to_fixed_point(self, points_m: np.ndarray) -> np.ndarray:
        """Panel pixels in sixteenths, as OpenCV's drawing takes them."""
        return np.rint((self.project(points_m) - 0.5) * 16).astype(np.int32)
