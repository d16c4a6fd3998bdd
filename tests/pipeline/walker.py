"""A bright rectangle that walks, as a film, and an encoder that sees it without a network."""

from pathlib import Path

import numpy as np

from crops.people import FakeEncoder
from reference.made_films import encode_film
from spsnet.records import EncoderOutput

FRAMES, SIZE = 24, (320, 240)


def draw_walker(number: int, width: int, height: int) -> np.ndarray:
    """60 px high, 24 px wide, 3 px a frame to the right."""
    image = np.zeros((height, width, 3), np.uint8)
    left = 60 + 3 * number
    image[100:160, left : left + 24] = 255
    return image


class SeeingEncoder(FakeEncoder):
    """Also says where it is bright, and how bright it is on the whole."""

    name = "blazepose-heavy"

    def encode(self, crops: np.ndarray) -> EncoderOutput:
        output = super().encode(crops)
        return EncoderOutput(
            landmarks_px=output.landmarks_px,
            circle_px=output.circle_px,
            world_m=output.world_m,
            presence=output.presence,
            feature=crops.mean((1, 2)).astype(np.float32),
            mask=crops[..., 0].astype(np.float32),
        )


def make_film(path: Path, *, frames: int = FRAMES, crf: str = "1") -> Path:
    times = [number / 30 for number in range(frames)]
    return encode_film(path, times_s=times, size=SIZE, options={"crf": crf}, draw=draw_walker)
