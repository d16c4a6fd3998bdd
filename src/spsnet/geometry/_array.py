"""The array type of functions that are written once for numpy and torch."""

from typing import Any, TypeAlias

from array_api_compat import array_namespace

Array: TypeAlias = Any
"""Any array of the array-API standard: numpy at run time, torch with gradients in training."""

__all__ = ["Array", "array_namespace"]
