"""Decoded pictures of any pixel format to RGB, with the right colours."""

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from jaxtyping import UInt8

_FULL_RANGE = 2
_BT709, _BT601, _BT2020 = 1, 5, 9
_MATRICES = {1: _BT709, 4: 4, 5: _BT601, 6: _BT601, 7: 7, 9: _BT2020, 10: _BT2020}
"""Colour matrix by ITU-T H.273 number → the converter's own number."""


class RgbConverter:
    """Converts pictures to 8-bit RGB of one size.

    Convention:
        A picture that does not name its colour matrix is BT.709 when wider than 1279 or higher than 576 pixels, else
        BT.601, as players take it. Transparency is dropped, high dynamic range is not tone-mapped.
    """

    def __init__(self, width: int, height: int) -> None:
        """Set the size of the RGB pictures; others are scaled to it."""
        self._width = width
        self._height = height
        self._reformatter = VideoReformatter()

    def convert(self, picture: VideoFrame) -> UInt8[np.ndarray, "height width 3"]:
        """Convert one picture."""
        large = picture.width >= 1280 or picture.height > 576
        matrix = _MATRICES.get(int(picture.colorspace), _BT709 if large else _BT601)
        rgb = self._reformatter.reformat(
            picture,
            width=self._width,
            height=self._height,
            format="rgb24",
            src_colorspace=matrix,
            src_color_range=int(picture.color_range),
            dst_color_range=_FULL_RANGE,
            threads=1,
        )
        return np.ascontiguousarray(rgb.to_ndarray(), dtype=np.uint8)
