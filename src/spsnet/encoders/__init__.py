"""Frozen image encoders: crops to landmarks and features."""

from spsnet.encoders.blazepose import BlazePose, load_encoder
from spsnet.encoders.protocol import Encoder

__all__ = ["BlazePose", "Encoder", "load_encoder"]
