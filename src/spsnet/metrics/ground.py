"""Foot skate and ground penetration: whether a body stands on the floor or slides and sinks."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from spsnet.metrics.joints import MM_PER_M, measure_lengths


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """A level floor in the joints' axes: the points x with up · x = height_m.

    Camera axes serve while the camera stands still; in those of a moving camera the floor moves.
    """

    up: Float[np.ndarray, "3"]
    """Unit vector away from the floor: (0, -1, 0) for a camera held level (OpenCV: y down)."""
    height_m: float
    """−1.5 for a camera 1.5 m above the floor, whose centre is the origin."""

    def __post_init__(self) -> None:
        """Check that `up` has length one and that the height is a number."""
        _require_unit(self.up)
        if not np.isfinite(self.height_m):
            raise ValueError(f"Ground.height_m should be finite, got {self.height_m}")

    def measure_height(self, points_m: Float[np.ndarray, "*batch 3"]) -> Float[np.ndarray, "*batch"]:
        """Metres above the floor, negative below."""
        return points_m.astype(np.float64) @ self.up - self.height_m


def fit_ground(
    points_m: Float[np.ndarray, "*batch 3"], *, up: Float[np.ndarray, "3"], percentile: float = 5.0
) -> Ground:
    """Floor under the lowest points, for motions whose floor nobody measured.

    Convention:
        Feet at heights 0, 1, …, 100 cm: the floor is at 5 cm, so that single stray points do not sink it.

    Args:
        points_m: Soles or toes of all frames, of the labels where there are any: a prediction never sinks much into the
            floor under its own feet. NaN is left out.
        up: Unit vector away from the floor.
        percentile: Share of the points that may lie below, in per cent.

    Raises:
        ValueError: If `up` is not of length one or no point is known.
    """
    _require_unit(up)
    height = (points_m.astype(np.float64) @ up).ravel()
    known = height[np.isfinite(height)]
    if not known.size:
        raise ValueError("points_m should hold at least one known point to lay the floor under")
    return Ground(up=up, height_m=float(np.percentile(known, percentile)))


def find_contacts(
    feet_m: Float[np.ndarray, "*batch time feet 3"],
    ground: Ground,
    *,
    time_s: Float[np.ndarray, " time"],
    height_limit_m: float = 0.05,
    speed_limit_m_s: float = 0.3,
) -> Bool[np.ndarray, "*batch steps feet"]:
    r"""True where a foot stands, from each frame to the next: low in both and slow in between.

        h_i < height_limit  and  h_{i+1} < height_limit  and  ‖x_{i+1} − x_i‖ / (t_{i+1} − t_i) < speed_limit

    Convention:
        A toe 1 cm above the floor that moves 5 mm in 1/30 s (0.15 m/s) stands; one that moves 15 mm (0.45 m/s) does
        not.

    Args:
        feet_m: Soles, heels or toes; ankles are some 8 cm above the floor and need a higher limit. NaN never stands.
            The labels' feet say when a foot ought to stand; contacts found in the prediction itself leave out every
            skate faster than the limit.
        ground: The floor, in the same axes.
        time_s: Seconds of each frame, rising.
        height_limit_m: Feet above it do not stand; infinity to look at speed alone.
        speed_limit_m_s: Feet faster than it do not stand; 0.3 is 1 cm a frame at 30 fps. Infinity: height alone.

    Raises:
        ValueError: If `time_s` does not rise.

    Source:
        Our own; 1 cm a frame as Shin et al., "WHAM", 2024, section 4, have it of the labels' vertices.
    """
    low = ground.measure_height(feet_m) < height_limit_m
    slow = _measure_speed(_measure_steps(feet_m), time_s) < speed_limit_m_s
    return low[..., 1:, :] & low[..., :-1, :] & slow


def compute_foot_skate(
    feet_m: Float[np.ndarray, "*batch time feet 3"],
    *,
    up: Float[np.ndarray, "3"],
    time_s: Float[np.ndarray, " time"],
) -> Float[np.ndarray, "*batch steps feet"]:
    r"""Horizontal speed of the feet from each frame to the next; its mean over contacts is the foot skate.

        e = ‖d − (d · up) up‖ / (t_{i+1} − t_i),   d = x_{i+1} − x_i

    Convention:
        Metres and seconds in, mm/s out. A foot that slides 3 mm along the floor in 1/30 s and lifts 4 mm gives 90.
        `average(compute_foot_skate(feet, …), find_contacts(labelled_feet, …))`.

    Args:
        feet_m: Predicted feet, in axes that stand still.
        up: Unit vector away from the floor.
        time_s: Seconds of each frame, rising.

    Raises:
        ValueError: If `up` is not of length one or `time_s` does not rise.
    """
    _require_unit(up)
    steps = _measure_steps(feet_m)
    return MM_PER_M * _measure_speed(steps - (steps @ up)[..., None] * up, time_s)


def compute_ground_penetration(
    points_m: Float[np.ndarray, "*batch points 3"], ground: Ground
) -> Float[np.ndarray, "*batch points"]:
    r"""Depth of each point under the floor.

        e = max(0, height − up · x)

    Convention:
        Metres in, millimetres out. A toe 2 cm under the floor gives 20; whatever is above gives 0, and counts in means.

    Args:
        points_m: Vertices or joints of the predicted body; NaN stays NaN.
        ground: The floor, in the same axes.
    """
    return MM_PER_M * np.maximum(-ground.measure_height(points_m), 0.0)


def _measure_steps(feet_m: Float[np.ndarray, "*batch time feet 3"]) -> Float[np.ndarray, "*batch steps feet 3"]:
    return np.diff(feet_m.astype(np.float64), axis=-3)


def _measure_speed(
    steps_m: Float[np.ndarray, "*batch steps feet 3"], time_s: Float[np.ndarray, " time"]
) -> Float[np.ndarray, "*batch steps feet"]:
    duration = np.diff(time_s.astype(np.float64))
    if np.any(duration <= 0):
        raise ValueError("time_s should rise from frame to frame")
    return np.asarray(measure_lengths(steps_m) / duration[:, None])


def _require_unit(up: Float[np.ndarray, "3"]) -> None:
    length = float(np.linalg.norm(up))
    if not abs(length - 1) < 1e-6:
        raise ValueError(f"up should have length 1, got {up} of length {length:.6g}")
