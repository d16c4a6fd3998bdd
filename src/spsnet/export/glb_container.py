"""The container of glTF: a JSON chunk that describes, a binary chunk that holds numbers."""

import json
import struct
from typing import Any

import numpy as np

VERTICES, ELEMENTS = 34962, 34963
"""What a block of numbers is for: attributes of vertices, numbers of vertices."""
_TYPES = {"uint8": 5121, "uint16": 5123, "uint32": 5125, "float32": 5126}
_MAGIC, _VERSION, _JSON, _BINARY = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
_ALIGNMENT = 4


class GlbContainer:
    """Gathers objects and arrays, and gives the file's bytes.

    Source:
        glTF 2.0 specification, sections 3 (concepts) and 4 (GLB).
    """

    def __init__(self, asset: dict[str, Any]) -> None:
        """Start with nothing but what the file says of itself."""
        self._objects: dict[str, list[dict[str, Any]]] = {}
        self._asset = asset
        self._roots: list[int] = []
        self._binary = bytearray()

    def add(self, kind: str, item: dict[str, Any]) -> int:
        """Append to a list of the file, such as `nodes`; gives the number it has there."""
        items = self._objects.setdefault(kind, [])
        items.append(item)
        return len(items) - 1

    def add_root(self, node: dict[str, Any]) -> int:
        """Append a node that stands at the top of the scene."""
        number = self.add("nodes", node)
        self._roots.append(number)
        return number

    def count(self, kind: str) -> int:
        """How many there are in a list."""
        return len(self._objects.get(kind, []))

    def add_array(self, array: np.ndarray, kind: str, *, target: int | None = None, bounds: bool = False) -> int:
        """Append numbers as an accessor.

        Args:
            array: (count,) or (count, parts), of a type that glTF knows.
            kind: SCALAR, VEC3, VEC4 or MAT4.
            target: `VERTICES` or `ELEMENTS`; None for neither.
            bounds: State the smallest and the largest, as places and times of keys have to.
        """
        self._binary += bytes(-len(self._binary) % _ALIGNMENT)
        content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        view = {"buffer": 0, "byteOffset": len(self._binary), "byteLength": len(content)}
        self._binary += content
        accessor: dict[str, Any] = {
            "bufferView": self.add("bufferViews", view if target is None else {**view, "target": target}),
            "componentType": _TYPES[array.dtype.name],
            "count": len(array),
            "type": kind,
        }
        if bounds:
            for word, value in (("min", array.min(0)), ("max", array.max(0))):
                accessor[word] = [float(part) for part in np.atleast_1d(value)]
        return self.add("accessors", accessor)

    def add_vertices(self, array: np.ndarray, kind: str, *, bounds: bool = False) -> int:
        """Append an attribute of vertices."""
        return self.add_array(array, kind, target=VERTICES, bounds=bounds)

    def encode(self) -> bytes:
        """The file."""
        binary = bytes(self._binary) + bytes(-len(self._binary) % _ALIGNMENT)
        content = {
            "asset": self._asset,
            "scene": 0,
            "scenes": [{"nodes": self._roots}],
            **self._objects,
            "buffers": [{"byteLength": len(self._binary)}],
        }
        text = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % _ALIGNMENT)
        chunks = struct.pack("<II", len(text), _JSON) + text + struct.pack("<II", len(binary), _BINARY) + binary
        return struct.pack("<III", _MAGIC, _VERSION, 12 + len(chunks)) + chunks
