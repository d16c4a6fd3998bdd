"""Checks that the records share: one message form, shape expected and shape got."""

from typing import Any

import numpy as np


def require_shape(owner: str, field: str, value: Any, shape: tuple[int | None, ...]) -> None:
    """Refuse an array whose shape differs from `shape`; None in `shape` fits any length.

    Raises:
        ValueError: If the shapes differ, naming both.
    """
    got = np.shape(value)
    if len(got) != len(shape) or any(want is not None and want != have for want, have in zip(shape, got, strict=True)):
        wanted = ", ".join("any" if want is None else str(want) for want in shape)
        raise ValueError(f"{owner}.{field} should have shape ({wanted}), got {got}")


def require_finite(owner: str, field: str, value: Any) -> None:
    """Refuse NaN and infinity.

    Raises:
        ValueError: If any element is not finite, with the count.
    """
    bad = int(np.size(value) - np.count_nonzero(np.isfinite(value)))
    if bad:
        raise ValueError(f"{owner}.{field} should be finite, {bad} of {np.size(value)} elements are not")
