import numpy as np
import pytest

from spsnet.viewer.packing import Packer


def test_arrays_start_at_multiples_of_eight_bytes() -> None:
    packer = Packer()
    assert packer.add(np.array([1, 2], np.uint8)) == {"type": "uint8", "offset": 0, "length": 2}
    assert packer.add(np.array([[1.5, -2, 0]], np.float32)) == {"type": "float32", "offset": 8, "length": 3}
    assert packer.join() == bytes([1, 2, *6 * [0], 0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0])


def test_the_order_of_bytes_and_rows_is_the_browsers() -> None:
    packer = Packer()
    packer.add(np.array([[1, 2], [3, 256]], ">u2").T)
    assert packer.join() == bytes([1, 0, 3, 0, 2, 0, 0, 1])


def test_refuses_what_a_browser_has_no_array_for() -> None:
    with pytest.raises(ValueError, match=r"should be one of int8.*got int64"):
        Packer().add(np.zeros(1, np.int64))
