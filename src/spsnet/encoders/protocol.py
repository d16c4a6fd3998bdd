"""What every frozen encoder offers."""

from typing import Protocol

import numpy as np
from jaxtyping import Float

from spsnet.records import EncoderOutput


class Encoder(Protocol):
    """Square crops of people in, landmarks (and features, where asked for) out."""

    @property
    def name(self) -> str:
        """Name in the catalogue of assets; a trained model's config names the encoder it needs by it."""

    @property
    def input_size_px(self) -> int:
        """Side of the crops."""

    def encode(self, crops: Float[np.ndarray, "people size size 3"]) -> EncoderOutput:
        """Encode RGB crops in [0, 1]; people may be none."""
