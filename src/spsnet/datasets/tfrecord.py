"""TFRecord files and the `tf.train.Example` messages in them, read without TensorFlow.

Convention:
    A file is records, one after the other, numbers little-endian: length (8 bytes), check of the length (4), the data,
    check of the data (4). A check is the data's CRC-32C, turned right by 15 bits, plus 0xa282ead8: of b"123456789"
    the CRC is 0xe3069283 and the check 0xc78ab0e5.

Source:
    TensorFlow's and Protocol Buffers' documented formats. The CRC is taken along many stretches of the data at once.
"""

import itertools
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float32, Int64, UInt32

from spsnet.records import UserError

Values = tuple[bytes, ...] | Float32[np.ndarray, " values"] | Int64[np.ndarray, " values"]
"""Of one feature: byte strings, floats or whole numbers."""
Example = Mapping[str, Values]
"""Features by name."""

_VARINT, _BYTES, _FLOAT = 0, 2, 5
"""Wire types of Protocol Buffers that an Example uses."""
_AGAIN = "download the file again"


def count_records(path: Path) -> int:
    """How many records a file holds; hops over their data without reading it.

    Raises:
        UserError: If the file is missing, cut off or damaged between records; names the record, counted from 0.
    """
    with _open(path) as file:
        return sum(1 for _ in _find_records(path, file))


def read_example(path: Path, number: int) -> Example:
    """Read one of a file's examples, both checks of its record.

    Args:
        path: Of the file.
        number: Of the record, from 0.

    Raises:
        UserError: If the file is missing, cut off or damaged, holds fewer records, or the record is no Example.
    """
    with _open(path) as file:
        record = next(itertools.islice(_find_records(path, file), number, None), None)
        if record is None:
            raise UserError(f"{path} holds no record {number}; {_AGAIN}")
        start, length = record
        file.seek(start)
        data, check = file.read(length), file.read(4)
    if compute_check(data) != int.from_bytes(check, "little"):
        raise UserError(f"{path}: the data of record {number} does not fit its checksum; {_AGAIN}")
    try:
        return parse_example(data)
    except ValueError as error:
        raise UserError(f"{path}: record {number} is no Example ({error}); {_AGAIN}") from error


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}); {_AGAIN}") from error


def _find_records(path: Path, file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Where the data of each record starts, and its length."""
    size, start = path.stat().st_size, 0
    for number in itertools.count():
        if start == size:
            return
        file.seek(start)
        head = file.read(12)
        length, check = struct.unpack("<QI", head) if len(head) == 12 else (size, 0)
        if len(head) == 12 and compute_check(head[:8]) != check:
            raise UserError(f"{path}: the length of record {number} does not fit its checksum; {_AGAIN}")
        if start + 16 + length > size:
            raise UserError(f"{path}: record {number} is cut off; {_AGAIN}")
        yield start + 12, length
        start += 16 + length


def parse_example(record: bytes) -> dict[str, Values]:
    """Parse one `tf.train.Example`.

    Raises:
        ValueError: If it is none, or is damaged.
    """
    example: dict[str, Values] = {}
    for features in _read_submessages(memoryview(record), 1):
        for entry in _read_submessages(features, 1):
            fields = dict(_read_fields(entry))
            name, feature = fields.get((1, _BYTES), memoryview(b"")), fields.get((2, _BYTES), memoryview(b""))
            assert isinstance(name, memoryview)
            assert isinstance(feature, memoryview)
            example[str(name, "utf-8")] = _parse_feature(feature)
    return example


def compute_check(data: bytes) -> int:
    """The masked CRC-32C that a TFRecord stores."""
    crc = compute_crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def compute_crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli) of some bytes.

    The register after A then B is that after A, moved on by as many zero bytes as B has, xor that of B alone. So the
    data is cut into equal stretches whose registers are computed side by side, then joined pair by pair.

    Convention:
        b"123456789" gives 0xe3069283.
    """
    level = len(data).bit_length() // 2
    stretches = np.zeros((max(1, -(-len(data) >> level)), 1 << level), np.uint8)
    stretches.reshape(-1)[stretches.size - len(data) :] = np.frombuffer(data, np.uint8)
    registers = np.zeros(len(stretches), np.uint32)
    for octets in np.ascontiguousarray(stretches.T):
        registers = _TABLE[(registers ^ octets) & 0xFF] ^ (registers >> 8)
    while len(registers) > 1:
        if len(registers) % 2:
            registers = np.concatenate([np.zeros(1, np.uint32), registers])
        registers = _move_on(registers[0::2], level) ^ registers[1::2]
        level += 1
    start = np.array([0xFFFFFFFF], np.uint32)
    for bit in range(len(data).bit_length()):
        if len(data) >> bit & 1:
            start = _move_on(start, bit)
    return int(~(registers ^ start)[0])


def _make_table() -> UInt32[np.ndarray, "256"]:
    table: UInt32[np.ndarray, "256"] = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> 1) ^ (table & 1) * np.uint32(0x82F63B78)
    return table


def _move_by(
    columns: UInt32[np.ndarray, "32"], registers: UInt32[np.ndarray, " registers"]
) -> UInt32[np.ndarray, " registers"]:
    """A matrix of bits, column for column, times registers."""
    moved = np.zeros_like(registers)
    for bit, column in enumerate(columns):
        moved ^= column * (registers >> bit & 1)
    return moved


def _make_moves() -> list[UInt32[np.ndarray, "32"]]:
    """What 1, 2, 4, … zero bytes do to each bit of a register, each by doing the one before twice."""
    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    moves = [_TABLE[bits & 0xFF] ^ (bits >> 8)]
    for _ in range(63):
        moves.append(_move_by(moves[-1], moves[-1]))
    return moves


_TABLE = _make_table()
_MOVES = _make_moves()


def _move_on(registers: UInt32[np.ndarray, " registers"], level: int) -> UInt32[np.ndarray, " registers"]:
    """Registers after 2 to the power of `level` zero bytes."""
    return _move_by(_MOVES[level], registers)


def _parse_feature(feature: memoryview) -> Values:
    values: Values = ()
    for (number, wire), content in _read_fields(feature):
        if wire != _BYTES or not isinstance(content, memoryview) or number not in _PARSE:
            raise ValueError("a feature is neither bytes, floats nor whole numbers")
        values = _PARSE[number](content)
    return values


def _parse_bytes(content: memoryview) -> tuple[bytes, ...]:
    return tuple(bytes(value) for value in _read_submessages(content, 1))


def _parse_floats(content: memoryview) -> Float32[np.ndarray, " values"]:
    """Packed, as TensorFlow writes them, or one by one."""
    parts = [
        value for _, value in _require_fields(content, {(1, _BYTES), (1, _FLOAT)}) if isinstance(value, memoryview)
    ]
    joined = b"".join(parts)
    if len(joined) % 4:
        raise ValueError("floats are cut off")
    return np.frombuffer(joined, "<f4").astype(np.float32)


def _parse_ints(content: memoryview) -> Int64[np.ndarray, " values"]:
    """Packed, as TensorFlow writes them, or one by one."""
    numbers: list[int] = []
    for _, value in _require_fields(content, {(1, _BYTES), (1, _VARINT)}):
        if isinstance(value, int):
            numbers.append(value)
            continue
        at = 0
        while at < len(value):
            number, at = _read_varint(value, at)
            numbers.append(number)
    return np.array(numbers, np.uint64).view(np.int64)


_PARSE: Mapping[int, Callable[[memoryview], Values]] = {1: _parse_bytes, 2: _parse_floats, 3: _parse_ints}


def _read_submessages(message: memoryview, number: int) -> Iterator[memoryview]:
    """Every field of a message that has fields of bytes with one number only."""
    for _, content in _require_fields(message, {(number, _BYTES)}):
        assert isinstance(content, memoryview)
        yield content


def _require_fields(
    message: memoryview, expected: set[tuple[int, int]]
) -> Iterator[tuple[tuple[int, int], memoryview | int]]:
    for field, content in _read_fields(message):
        if field not in expected:
            raise ValueError(f"field {field[0]} of wire type {field[1]} has no place in it")
        yield field, content


def _read_fields(message: memoryview) -> Iterator[tuple[tuple[int, int], memoryview | int]]:
    """Fields of a Protocol Buffers message: ((number, wire type), content)."""
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        wire = tag & 7
        if wire == _VARINT:
            number, at = _read_varint(message, at)
            yield (tag >> 3, wire), number
            continue
        if wire == _BYTES:
            length, at = _read_varint(message, at)
        elif wire == _FLOAT:
            length = 4
        else:
            raise ValueError(f"field {tag >> 3} of wire type {wire} has no place in it")
        if at + length > len(message):
            raise ValueError(f"field {tag >> 3} is cut off")
        yield (tag >> 3, wire), message[at : at + length]
        at += length


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, and where the next thing starts."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("a number is cut off")
        octet = message[at]
        at += 1
        number |= (octet & 0x7F) << shift
        if octet < 0x80:
            return number & 0xFFFFFFFFFFFFFFFF, at
    raise ValueError("a number is too long")
