import contextlib
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorboard.summary.writer.record_writer import masked_crc32c

from reference.example_records import serialize_example, write_records
from spsnet.datasets.tfrecord import compute_check, compute_crc32c, count_records, parse_example, read_example
from spsnet.records import UserError

FEATURES = {
    "names": [b"", b"one", bytes(range(256)) * 3],
    "floats": np.array([0.5, -3.25, np.inf, 1e-30], np.float32),
    "ints": np.array([0, 1, -1, 127, 128, 2**63 - 1, -(2**63)], np.int64),
    "none": np.zeros(0, np.float32),
}


def assert_features(example: object, expected: dict) -> None:
    assert isinstance(example, dict)
    assert example.keys() == expected.keys()
    for name, values in expected.items():
        if isinstance(values, list):
            assert example[name] == tuple(values)
        else:
            np.testing.assert_array_equal(example[name], values)
            assert example[name].dtype == values.dtype


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_crc_is_that_of_the_standard(data: bytes, crc: int) -> None:
    """RFC 3720, appendix B.4."""
    assert compute_crc32c(data) == crc


def test_check_by_hand() -> None:
    assert compute_check(b"123456789") == 0xC78AB0E5
    assert compute_check(b"") == 0xA282EAD8


@settings(max_examples=60)
@given(st.binary(max_size=3000))
def test_check_is_tensorboards(data: bytes) -> None:
    assert compute_check(data) == masked_crc32c(data)


@pytest.mark.parametrize("length", [255, 256, 257, 4095, 4096, 4097, 65537])
def test_check_is_tensorboards_at_every_cut(length: int) -> None:
    data = np.random.default_rng(length).bytes(length)
    assert compute_check(data) == masked_crc32c(data)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    others = {"a": np.arange(3)}
    path = write_records(tmp_path / "a.tfrecord", [serialize_example(f) for f in (FEATURES, {}, others)])
    assert count_records(path) == 3
    assert_features(read_example(path, 0), FEATURES)
    assert_features(read_example(path, 1), {})
    assert_features(read_example(path, 2), others)


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.text(max_size=8),
        st.one_of(
            st.lists(st.binary(max_size=200), min_size=1, max_size=3),
            st.lists(st.floats(width=32, allow_nan=False), min_size=1).map(lambda v: np.array(v, np.float32)),
            st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1).map(lambda v: np.array(v, np.int64)),
        ),
        max_size=4,
    )
)
def test_any_example_is_parsed(features: dict) -> None:
    assert_features(parse_example(serialize_example(features)), features)


def test_numbers_one_by_one_are_read_as_packed_ones() -> None:
    """As older writers of Protocol Buffers leave them: floats 1 and 2; whole numbers 5 and 300."""
    floats = b"".join(b"\x0d" + struct.pack("<f", value) for value in (1, 2))
    ints = b"\x08\x05\x08\xac\x02"
    entries = [
        wrap(b"\x0a", b"\x0a\x01f" + wrap(b"\x12", wrap(b"\x12", floats))),
        wrap(b"\x0a", b"\x0a\x01i" + wrap(b"\x12", wrap(b"\x1a", ints))),
    ]
    expected = {"f": np.array([1, 2], np.float32), "i": np.array([5, 300], np.int64)}
    assert_features(parse_example(wrap(b"\x0a", b"".join(entries))), expected)


def wrap(tag: bytes, content: bytes) -> bytes:
    return tag + bytes([len(content)]) + content


def test_an_empty_file_holds_no_record(tmp_path: Path) -> None:
    assert count_records(write_records(tmp_path / "a.tfrecord", [])) == 0


def damage(place: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-1], "record 1 is cut off"),
        (lambda data: data[:-20], "record 1 is cut off"),
        (lambda data: data + b"1234", "record 2 is cut off"),
        (damage(0), "the length of record 0 does not fit its checksum"),
        (damage(9), "the length of record 0 does not fit its checksum"),
    ],
)
def test_damage_between_records_is_found_in_counting(
    tmp_path: Path, change: Callable[[bytes], bytes], message: str
) -> None:
    path = write_records(tmp_path / "a.tfrecord", [serialize_example(FEATURES)] * 2)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(UserError, match=rf"a.tfrecord: {message}; download the file again"):
        count_records(path)


@pytest.mark.parametrize("place", [12, 100, -1])
def test_damage_within_a_record_is_found_in_reading(tmp_path: Path, place: int) -> None:
    path = write_records(tmp_path / "a.tfrecord", [serialize_example(FEATURES)])
    data = path.read_bytes()
    path.write_bytes(damage(place % len(data))(data))
    with pytest.raises(UserError, match=r"a.tfrecord: the data of record 0 does not fit its checksum; download"):
        read_example(path, 0)


def test_a_length_past_any_file_is_no_reason_to_take_memory(tmp_path: Path) -> None:
    head = struct.pack("<Q", 2**63)
    (tmp_path / "a.tfrecord").write_bytes(head + compute_check(head).to_bytes(4, "little") + bytes(100))
    with pytest.raises(UserError, match="record 0 is cut off"):
        count_records(tmp_path / "a.tfrecord")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (b"\x08\x01", "field 1 of wire type 0 has no place in it"),
        (b"\x0b", "field 1 of wire type 3 has no place in it"),
        (b"\x0a\x05ab", "field 1 is cut off"),
        (b"\x0a\xff", "a number is cut off"),
        (b"\x0a" + b"\xff" * 11, "a number is too long"),
        (wrap(b"\x0a", wrap(b"\x0a", wrap(b"\x12", wrap(b"\x22", b"")))), "neither bytes, floats nor whole numbers"),
        (wrap(b"\x0a", wrap(b"\x0a", wrap(b"\x12", wrap(b"\x12", wrap(b"\x0a", b"abc"))))), "floats are cut off"),
        (wrap(b"\x0a", wrap(b"\x0a", wrap(b"\x0a", b"\xff"))), "invalid start byte"),
    ],
)
def test_what_is_no_example_is_refused(tmp_path: Path, record: bytes, message: str) -> None:
    path = write_records(tmp_path / "a.tfrecord", [record])
    with pytest.raises(UserError, match=rf"a.tfrecord: record 0 is no Example \(.*{message}.*\); download the file"):
        read_example(path, 0)


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_any_bytes_are_an_example_or_are_refused(record: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_example(record), dict)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a.tfrecord cannot be read \(No such file or directory\); download"):
        count_records(tmp_path / "a.tfrecord")
    path = write_records(tmp_path / "a.tfrecord", [serialize_example({})])
    with pytest.raises(UserError, match=r"a.tfrecord holds no record 1; download the file again"):
        read_example(path, 1)
