"""Films made on the fly: any pictures, or four coloured quarters and a square that moves with the frame number."""

import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

QUARTERS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (40, 50, 210), "gray": (128, 128, 128)}
TIME_BASE = Fraction(1, 60_000)


def draw_picture(number: int, width: int = 160, height: int = 120) -> np.ndarray:
    """Red, green over blue, gray; a white square 16 px wide, its left side at 4 × number."""
    image = np.empty((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    image[:top, :left], image[:top, left:] = QUARTERS["red"], QUARTERS["green"]
    image[top:, :left], image[top:, left:] = QUARTERS["blue"], QUARTERS["gray"]
    start = 4 * number % (width - 16)
    image[top - 8 : top + 8, start : start + 16] = 255
    return image


def read_quarters(image: np.ndarray) -> list[list[int]]:
    """Colours of the quarters' middles: top left, top right, bottom left, bottom right."""
    height, width = image.shape[:2]
    return [image[y, x].tolist() for y in (height // 5, 4 * height // 5) for x in (width // 5, 4 * width // 5)]


def encode_film(
    path: Path,
    *,
    times_s: Sequence[float] = tuple(number / 30 for number in range(30)),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    size: tuple[int, int] = (160, 120),
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    matrix: int | None = None,
    tagged: bool = True,
    rate: int = 30,
    sample_aspect: Fraction | None = None,
    draw: Callable[[int, int, int], np.ndarray] = draw_picture,
) -> Path:
    """Encode the pictures that `draw` makes of number, width and height, shown at `times_s`.

    `matrix` is the colour matrix by its number in ITU-T H.273, named in the file if `tagged`.
    """
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        if sample_aspect is not None:
            stream.sample_aspect_ratio = sample_aspect
        context = stream.codec_context
        if path.suffix == ".mp4":
            context.time_base = TIME_BASE
        time_base = TIME_BASE if path.suffix == ".mp4" else Fraction(1, rate)
        if matrix is not None and tagged:
            context.colorspace = matrix
        for number, time_s in enumerate(times_s):
            frame = av.VideoFrame.from_ndarray(draw(number, *size))
            kinds = {} if matrix is None else {"dst_colorspace": {1: 1, 6: 5, 9: 9}[matrix]}
            frame = frame.reformat(format=pix_fmt, dst_color_range=2 if pix_fmt.startswith("yuvj") else 1, **kinds)
            frame.pts, frame.time_base = round(time_s / time_base), time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def encode_sound(path: Path) -> Path:
    """Encode a tenth of a second of silence."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44_100, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4410), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44_100
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def set_display_matrix(path: Path, a: int, b: int, c: int, d: int) -> Path:
    """Write [a b 0  c d 0  0 0 1] over the display matrix in the track header of an mp4 file."""
    data = bytearray(path.read_bytes())
    header = data.index(b"tkhd") + 4
    fields = 20 if data[header] == 0 else 32
    start = header + 4 + fields + 16
    data[start : start + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def zero_bytes(path: Path, start: float, stop: float) -> Path:
    """Overwrite a part of the picture data, fractions of its length."""
    data = bytearray(path.read_bytes())
    first = data.index(b"mdat") + 4
    low, high = (first + round((len(data) - first) * part) for part in (start, stop))
    data[low:high] = bytes(high - low)
    path.write_bytes(data)
    return path
