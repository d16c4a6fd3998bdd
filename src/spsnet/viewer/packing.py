"""Arrays in one block of bytes that a browser reads without a parser."""

from typing import TypedDict

import numpy as np

_TYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")
_ALIGNMENT = 8


class PackedArray(TypedDict):
    """Where an array lies in the block, as the page's script is told."""

    type: str
    offset: int
    """Bytes; a multiple of 8, as typed arrays of a browser need."""
    length: int
    """Elements, row by row."""


class Packer:
    """Gathers arrays, little-endian.

    Convention:
        Two bytes and then three floats: the floats start at byte 8, and the block is 20 bytes long.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, array: np.ndarray) -> PackedArray:
        """Append an array and tell where it lies.

        Raises:
            ValueError: If a browser has no array of its type.
        """
        if array.dtype.name not in _TYPES:
            raise ValueError(f"arrays of a page should be one of {', '.join(_TYPES)}, got {array.dtype}")
        gap = -self._size % _ALIGNMENT
        content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        place = PackedArray(type=array.dtype.name, offset=self._size + gap, length=array.size)
        self._pieces += [bytes(gap), content]
        self._size += gap + len(content)
        return place

    def join(self) -> bytes:
        """The block."""
        return b"".join(self._pieces)
