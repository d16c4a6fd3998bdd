"""Square regions of the image, turned so that the person stands upright in them, and the way in and out of them."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from spsnet.geometry import box_to_square
from spsnet.geometry._array import Array, array_namespace

CROP_SIZE_PX = 256
"""Side of a crop: BlazePose's input."""


@dataclass(frozen=True, kw_only=True)
class CropRegion:
    """A turned square of the image.

    Convention:
        Image pixels are counted from the outer corner of the first pixel: its centre is (0.5, 0.5).
        A rotation of +90 degrees is for a person whose head points to the right of the image.
    """

    center_px: tuple[float, float]
    side_px: float
    rotation_rad: float = 0.0
    """How far the person is turned clockwise, as seen, from upright."""

    def __post_init__(self) -> None:
        """Check that the region is finite and has an area."""
        if not (math.isfinite(self.rotation_rad) and all(map(math.isfinite, self.center_px))):
            raise ValueError(f"CropRegion should be finite, got {self.center_px} and {self.rotation_rad}")
        if not 0 < self.side_px < math.inf:
            raise ValueError(f"CropRegion.side_px should be positive and finite, got {self.side_px}")


def box_to_region(box_xyxy_px: Float[np.ndarray, "4"], scale: float = 1.25) -> CropRegion:
    """Upright square about a detector's box, its longer edge times `scale`."""
    x, y, side = box_to_square(box_xyxy_px, scale)
    return CropRegion(center_px=(float(x), float(y)), side_px=float(side))


def circle_to_region(circle_px: Float[np.ndarray, "2 2"], scale: float = 1.25) -> CropRegion:
    """Turned square about the circle that holds the person: twice the radius times `scale`.

    Args:
        circle_px: Middle of the hips and the point above the head on the circle, image pixels.
        scale: Room about the circle.

    Convention:
        Hips at (0, 0), top at (10, 0): rotation π/2, side 25.

    Raises:
        ValueError: If the two points are the same.

    Source:
        The alignment that BlazePose was trained on (Bazarevsky et al. 2020, figure 3).
    """
    (x, y), (up_x, up_y) = circle_px[0], circle_px[1] - circle_px[0]
    return CropRegion(
        center_px=(float(x), float(y)),
        side_px=2 * scale * math.hypot(up_x, up_y),
        rotation_rad=math.atan2(up_x, -up_y),
    )


def crop_to_image_px(points_px: Float[np.ndarray, "*batch 2"], region: CropRegion) -> Float[np.ndarray, "*batch 2"]:
    """Pixels of the crop to pixels of the image.

        p_image = c + side / 256 R (p_crop - 128)

    Convention:
        Centre (100, 50), side 256, rotation 90 degrees: the crop's top middle (128, 0) is (228, 50) in the image.
    """
    turned = (points_px - CROP_SIZE_PX / 2) @ _rotation(region).T
    return turned * (region.side_px / CROP_SIZE_PX) + np.asarray(region.center_px)


def image_to_crop_px(points_px: Float[np.ndarray, "*batch 2"], region: CropRegion) -> Float[np.ndarray, "*batch 2"]:
    """The inverse of `crop_to_image_px`."""
    centered = (points_px - np.asarray(region.center_px)) * (CROP_SIZE_PX / region.side_px)
    return centered @ _rotation(region) + CROP_SIZE_PX / 2


def rotate_world(points_m: Float[np.ndarray, "*batch 3"], region: CropRegion) -> Float[np.ndarray, "*batch 3"]:
    """3D points in the axes of a turned crop to the image's axes: about the optical axis, z is kept."""
    return np.concatenate([points_m[..., :2] @ _rotation(region).T, points_m[..., 2:]], -1)


def compute_network_box(landmarks_px: Array, scale: float = 1.25) -> Array:
    """The box that the network's input is measured in: the square about the 33 landmarks.

    A function of the landmarks alone, all of them whatever their confidence, and without memory: training simulates
    landmarks without pictures or detectors and has to arrive at the same box as the film does. It is not the region
    that the encoder saw. It jitters no more than the outermost landmarks do, and what it takes from the landmarks is
    not lost: the network gets the box too.

    Args:
        landmarks_px: (..., 33, 2 or more) x, y first; numpy or torch.
        scale: Times the longer edge of the landmarks' bounding box.

    Returns:
        (..., 3) centre x, y and side, image pixels. The side is at least 1 px.

    Convention:
        Landmarks from (0, 0) to (10, 20): (5, 10, 25).
    """
    xp = array_namespace(landmarks_px)
    points = landmarks_px[..., :2]
    low, high = xp.min(points, axis=-2), xp.max(points, axis=-2)
    side = xp.clip(xp.max(high - low, axis=-1, keepdims=True) * scale, min=1.0)
    return xp.concat([(low + high) / 2, side], axis=-1)


def _rotation(region: CropRegion) -> Float[np.ndarray, "2 2"]:
    c, s = math.cos(region.rotation_rad), math.sin(region.rotation_rad)
    return np.array([[c, -s], [s, c]])
