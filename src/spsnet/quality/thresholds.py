"""From which value on a measure is a problem: the only place that says so.

Chosen on rendered people whose truth is known, by `benchmarks/report_thresholds.py`; its tables and the rule they were
chosen by are in `docs/report.md`.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Limits of what is still good, and how long it has to be bad before it is told."""

    landmark_confidence: float = 0.3
    """The encoder's mean confidence in twelve limb joints; less, for `unsure_s`, is unsure."""
    unsure_s: float = 0.5
    off_percent: float = 8.0
    """Median distance of the body's limb joints from the landmarks, in per cent of the box."""
    off_s: float = 0.3
    shake_m_s2: float = 14.0
    """Half the change of a limb's acceleration from frame to frame, median over `shake_s`."""
    shake_s: float = 0.4
    bone_percent: float = 25.0
    """How much longer or shorter the limbs are in the landmarks than on the body, in the picture."""
    bone_s: float = 0.5
    bone_change_percent: float = 2.0
    """Spread of the length of a bone of `joints_m` over time."""
    skate_mm_s: float = 900.0
    """Mean horizontal speed of feet that stand."""
    skate_steps: int = 30
    """Fewest steps from frame to frame with a standing foot for a mean that says something."""
    gap_s: float = 0.5
    """Frames in a row that were filled, or are missing."""
    filled_percent: float = 30.0
    """Share of a person's frames that were filled."""
    frozen_rad_s: float = 0.02
    """Mean turning of the 24 joints; less is a pose that does not change."""
    frozen_s: float = 0.25
    frozen_percent: float = 2.0
    """How far the landmarks moved in the box meanwhile, in per cent of it."""
    side_share: float = 0.65
    """(d − d′) / s: distance d of left and right from where they should be, d′ once they are exchanged, and s between
    the two; 1 for sides that are exchanged, −1 for sides that are not."""
    side_percent: float = 8.0
    """Distance between left and right, in per cent of the box: nearer, nobody can tell."""
    side_m: float = 0.15
    """The same of the body's joints, metres."""
    side_s: float = 0.1
    """For how long sides are exchanged; for less, it is a flicker that the network bridges."""
    side_pair_s: float = 2.0
    """Two exchanges at most this far apart are one, there and back."""
    jump_boxes: float = 0.3
    """How far the trunk moved beyond its own course from one frame to the next, in sides of the box."""
    exchange_share: float = 0.5
    """As `side_share`, of two people."""
    exchange_boxes: float = 0.3
    """Distance between the two, in sides of the box: nearer, nobody can tell."""

    def __post_init__(self) -> None:
        """Refuse what is not positive."""
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ValueError(f"Thresholds.{field.name} should be positive, got {getattr(self, field.name)}")
