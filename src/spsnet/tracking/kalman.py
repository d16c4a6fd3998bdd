"""A constant-velocity Kalman filter of boxes, all tracks at once and aware of time."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, kw_only=True)
class BoxFilterConfig:
    """How boxes move and how well they are seen, for centre x, centre y, logarithm of area, logarithm of aspect.

    Centres are told in sizes of the box, size = √area, so that near and far people are treated alike.
    """

    measurement_std: tuple[float, float, float, float] = (0.08, 0.08, 0.15, 0.15)
    """How far a detection strays from the person's box."""
    start_velocity_std: tuple[float, float, float, float] = (3.0, 3.0, 1.0, 0.0)
    """Per second, of a person just found: a walk is 1.3 sizes a second, a sprint 7."""
    velocity_drift_std: tuple[float, float, float, float] = (3.0, 3.0, 1.0, 0.0)
    """By how much a velocity changes in one second; in t seconds √t times as much."""
    drift_std: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    """By how much the value itself wanders in one second, beyond its velocity: a person lifts the arms."""

    def __post_init__(self) -> None:
        """Refuse negative deviations, and a measurement without any."""
        for field in ("measurement_std", "start_velocity_std", "velocity_drift_std", "drift_std"):
            values = getattr(self, field)
            if len(values) != 4 or min(values) < 0:
                raise ValueError(f"BoxFilterConfig.{field} should be four numbers, none negative, got {values}")
        if min(self.measurement_std) == 0:
            raise ValueError("BoxFilterConfig.measurement_std should be positive")


@dataclass(frozen=True, kw_only=True)
class BoxStates:
    """What is known of each track's box: for each of the four values a mean, a velocity and their covariance.

    The noise is independent from value to value, so the 8 × 8 covariance falls apart into four 2 × 2 blocks.
    """

    numbers: Float[np.ndarray, "tracks 5 4"]
    """Value, velocity (per second), variance of the value, covariance of both, variance of the velocity."""

    def __len__(self) -> int:
        """Number of tracks."""
        return len(self.numbers)

    def to_boxes(self) -> Float[np.ndarray, "tracks 4"]:
        """Left, top, right, bottom of the mean box, pixels."""
        return values_to_boxes(self.numbers[:, 0])

    def select(self, rows: Int[np.ndarray, " rows"]) -> "BoxStates":
        """The states of some tracks."""
        return BoxStates(numbers=self.numbers[rows])

    def join(self, other: "BoxStates") -> "BoxStates":
        """These tracks, then the other's."""
        return BoxStates(numbers=np.concatenate([self.numbers, other.numbers]))

    def replace(self, rows: Int[np.ndarray, " rows"], other: "BoxStates") -> "BoxStates":
        """These tracks, some of them as the other has them."""
        numbers = self.numbers.copy()
        numbers[rows] = other.numbers
        return BoxStates(numbers=numbers)


def boxes_to_values(boxes_xyxy: Float[np.ndarray, "boxes 4"]) -> Float[np.ndarray, "boxes 4"]:
    """Centre x, centre y, log of area, log of aspect (width over height).

    Convention:
        (0, 0, 10, 20) gives (5, 10, log 200, log 0.5).
    """
    width, height = boxes_xyxy[:, 2] - boxes_xyxy[:, 0], boxes_xyxy[:, 3] - boxes_xyxy[:, 1]
    center = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2
    return np.column_stack([center, np.log(width * height), np.log(width / height)]).astype(np.float64)


def values_to_boxes(values: Float[np.ndarray, "boxes 4"]) -> Float[np.ndarray, "boxes 4"]:
    """The inverse of `boxes_to_values`."""
    half = np.exp((values[:, 2:3] + np.array([1.0, -1.0]) * values[:, 3:4]) / 2) / 2
    return np.concatenate([values[:, :2] - half, values[:, :2] + half], axis=1)


def start_states(boxes_xyxy: Float[np.ndarray, "boxes 4"], config: BoxFilterConfig) -> BoxStates:
    """States of people seen for the first time: standing still, as far as one knows."""
    value = boxes_to_values(boxes_xyxy)
    unit = _compute_units(value)
    variance = (np.array(config.measurement_std) * unit) ** 2
    velocity_variance = (np.array(config.start_velocity_std) * unit) ** 2
    zero = np.zeros_like(value)
    return BoxStates(numbers=np.stack([value, zero, variance, zero, velocity_variance], axis=1))


def predict_states(states: BoxStates, elapsed_s: float, config: BoxFilterConfig) -> BoxStates:
    r"""Let time pass: x ← x + v t, P ← F P Fᵀ + Q(t).

        Q(t) = q² [[t³/3, t²/2], [t²/2, t]] + d² [[t, 0], [0, 0]]

    Convention:
        Q is that of a velocity driven by white noise, so two short steps are the same as one long one.
    """
    t = elapsed_s
    value, velocity, variance, covariance, velocity_variance = states.numbers.swapaxes(0, 1)
    unit = _compute_units(value)
    drive = (np.array(config.velocity_drift_std) * unit) ** 2
    wander = (np.array(config.drift_std) * unit) ** 2
    return BoxStates(
        numbers=np.stack(
            [
                value + t * velocity,
                velocity,
                variance + 2 * t * covariance + t**2 * velocity_variance + drive * (t**3 / 3) + wander * t,
                covariance + t * velocity_variance + drive * (t**2 / 2),
                velocity_variance + drive * t,
            ],
            axis=1,
        )
    )


def correct_states(states: BoxStates, boxes_xyxy: Float[np.ndarray, "tracks 4"], config: BoxFilterConfig) -> BoxStates:
    r"""Take in one detection a track: K = P Hᵀ / (H P Hᵀ + r²), x ← x + K (z - H x), P ← (1 - K H) P."""
    measured = boxes_to_values(boxes_xyxy)
    value, velocity, variance, covariance, velocity_variance = states.numbers.swapaxes(0, 1)
    total = variance + (np.array(config.measurement_std) * _compute_units(measured)) ** 2
    gain, velocity_gain = variance / total, covariance / total
    surprise = measured - value
    return BoxStates(
        numbers=np.stack(
            [
                value + gain * surprise,
                velocity + velocity_gain * surprise,
                (1 - gain) * variance,
                (1 - gain) * covariance,
                velocity_variance - velocity_gain * covariance,
            ],
            axis=1,
        )
    )


def _compute_units(values: np.ndarray) -> np.ndarray:
    units = np.ones_like(values)
    units[:, :2] = np.exp(values[:, 2:3] / 2)
    return units
