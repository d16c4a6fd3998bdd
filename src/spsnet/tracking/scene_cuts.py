"""Hard cuts between scenes."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

_SIDE = 48
_MARGIN = 8
_BLANK_STD = 3.0


@dataclass(frozen=True, kw_only=True)
class SceneCutsConfig:
    """How alike two frames of one scene are."""

    minimum_likeness: float = 0.68
    """Correlation of brightness, 1 for equal pictures; consecutive frames of one scene measured 0.84 and more."""

    def __post_init__(self) -> None:
        """Refuse likeness out of range."""
        if not 0 < self.minimum_likeness < 1:
            raise ValueError(
                f"SceneCutsConfig.minimum_likeness should lie between 0 and 1, got {self.minimum_likeness}"
            )


class SceneCuts:
    """Tells when the picture is suddenly another one; remembers one picture of 48 × 48 grey pixels.

    The middle of the old picture is looked for in the new one, up to a sixth of the picture away, so a fast pan is no
    cut; correlation forgets brightness and contrast, so a flash is none. Blank frames are passed over; dissolves are
    not found.
    """

    def __init__(self, config: SceneCutsConfig | None = None) -> None:
        self.config = config or SceneCutsConfig()
        self._previous: UInt8[np.ndarray, "side side"] | None = None

    def update(self, image_rgb: UInt8[np.ndarray, "height width 3"]) -> bool:
        """True when a new scene begins with this frame. The first frame begins none."""
        picture = shrink_picture(image_rgb)
        if picture.std() < _BLANK_STD:
            return False
        previous, self._previous = self._previous, picture
        return previous is not None and compute_likeness(previous, picture) < self.config.minimum_likeness


def shrink_picture(image_rgb: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "side side"]:
    """A grey picture of 48 × 48 pixels, made from every n-th pixel of a large one."""
    step = max(min(image_rgb.shape[:2]) // (4 * _SIDE), 1)
    small = cv2.resize(image_rgb[::step, ::step], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)


def compute_likeness(old: UInt8[np.ndarray, "side side"], new: UInt8[np.ndarray, "side side"]) -> float:
    """Best normalised correlation of the old picture's middle with any place in the new one.

    Convention:
        1 for the same picture, brighter or moved by up to 8 of 48 pixels; near 0 for unrelated ones.
    """
    middle = old[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    return float(cv2.matchTemplate(new, middle, cv2.TM_CCOEFF_NORMED).max())
