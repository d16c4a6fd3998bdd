"""Cut turned square regions out of a picture."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from spsnet.crops.regions import CROP_SIZE_PX, CropRegion


def cut_crops(
    image_rgb: UInt8[np.ndarray, "height width 3"], regions: Sequence[CropRegion]
) -> Float[np.ndarray, "regions 256 256 3"]:
    """Cut each region to 256 × 256, bilinear, black where it reaches over the image's border.

    Regions of more than twice the crop's side are halved first, by averaging and as often as it takes: else bilinear
    sampling would skip pixels and thin limbs would flicker.

    Returns:
        float32 RGB in [0, 1].
    """
    crops = np.empty((len(regions), CROP_SIZE_PX, CROP_SIZE_PX, 3), np.float32)
    for crop, region in zip(crops, regions, strict=True):
        np.multiply(_cut(image_rgb, region), np.float32(1 / 255), out=crop, casting="unsafe")
    return crops


def _cut(image: UInt8[np.ndarray, "height width 3"], region: CropRegion) -> UInt8[np.ndarray, "256 256 3"]:
    """One crop, still in bytes."""
    step = region.side_px / CROP_SIZE_PX
    halvings = max(0, math.floor(math.log2(step)))
    x0 = y0 = 0
    if halvings:
        x0, x1 = _span(region.center_px[0], region, image.shape[1], 2**halvings)
        y0, y1 = _span(region.center_px[1], region, image.shape[0], 2**halvings)
        if x1 <= x0 or y1 <= y0:
            return np.zeros((CROP_SIZE_PX, CROP_SIZE_PX, 3), np.uint8)
        image = image[y0:y1, x0:x1]
        for _ in range(halvings):
            image = cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)
    # Crop pixel (i, j) has its centre at (i + 0.5, j + 0.5); cv2 counts from the centre of the first pixel.
    c, s = math.cos(region.rotation_rad) * step, math.sin(region.rotation_rad) * step
    matrix = np.array([[c, -s, region.center_px[0] - x0], [s, c, region.center_px[1] - y0]])
    middle = (CROP_SIZE_PX - 1) / 2
    matrix[:, 2] -= matrix[:, :2] @ (middle, middle)
    matrix /= 2**halvings
    matrix[:, 2] -= 0.5
    return cv2.warpAffine(
        image,
        matrix,
        (CROP_SIZE_PX, CROP_SIZE_PX),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )


def _span(center: float, region: CropRegion, length: int, factor: int) -> tuple[int, int]:
    """Pixels of one axis that a turned region touches, a multiple of `factor`: less than a crop's pixel is lost."""
    c, s = abs(math.cos(region.rotation_rad)), abs(math.sin(region.rotation_rad))
    half = region.side_px / 2 * (c + s) + factor
    start = max(0, math.floor(center - half))
    stop = min(length, math.ceil(center + half) + factor)
    return start, start + max(0, stop - start) // factor * factor
