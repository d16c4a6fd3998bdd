"""An encoder that always sees the same figure in the middle of its crop; a module, so that other processes find it."""

import numpy as np

from spsnet.crops import Encode
from spsnet.records import EncoderOutput, UserError


class FixedEye:
    """Says that the person fills four fifths of the crop, upright; its feature is the crop's mean colour."""

    def __init__(self, presence: float = 0.9) -> None:
        self.presence, self.calls = presence, 0

    def __call__(self, crops: np.ndarray) -> EncoderOutput:
        self.calls += len(crops)
        people = len(crops)
        points = np.stack([np.linspace(90, 166, 33), np.linspace(26, 230, 33), np.full(33, 0.8)], axis=1)
        return EncoderOutput(
            landmarks_px=np.tile(points.astype(np.float32), (people, 1, 1)),
            circle_px=np.tile(np.array([[128.0, 128.0], [128.0, 26.0]]), (people, 1, 1)),
            world_m=np.zeros((people, 33, 3), np.float32),
            presence=np.full(people, self.presence, np.float32),
            feature=crops.mean((1, 2)),
            mask=np.ones((people, 256, 256), np.float32),
        )


def load_eye(_name: str) -> Encode:
    """One that sees."""
    return FixedEye()


def load_nothing(name: str) -> Encode:
    """One that cannot be had."""
    raise UserError(f"{name} cannot be fetched")


def load_broken(_name: str) -> Encode:
    """One with a fault."""
    raise ZeroDivisionError("of its own making")
