"""One colour a person, told apart by colour-blind eyes too."""

import numpy as np
from jaxtyping import Float

_OKABE_ITO_RGB = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (213, 94, 0),
    (240, 228, 66),
    (0, 114, 178),
)


def get_track_color(track_id: int) -> Float[np.ndarray, "3"]:
    """RGB, 0 to 1, always the same for the same id.

    After seven ids the colours come again, every other round lighter.

    Source:
        Okabe and Ito, "Color universal design", the set without black.
    """
    turn, place = divmod(track_id - 1, len(_OKABE_ITO_RGB))
    color = np.array(_OKABE_ITO_RGB[place]) / 255
    return color if turn % 2 == 0 else 0.5 * color + 0.5
