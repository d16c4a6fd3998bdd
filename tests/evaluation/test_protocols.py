import numpy as np
import pytest

from spsnet.evaluation.protocols import HUMAN36M, MPI_INF_3DHP, PROTOCOLS, THREE_DPW, get_protocol
from spsnet.skeletons import get_joint_set


def test_the_protocols_are_the_four_and_spsnet_comes_first() -> None:
    assert list(PROTOCOLS) == ["spsnet", "vibe", "spin", "wham"]
    assert all(get_protocol(name).name == name for name in PROTOCOLS)
    with pytest.raises(ValueError, match="no protocol 'pampjpe'; known are spsnet, vibe, spin, wham"):
        get_protocol("pampjpe")


@pytest.mark.parametrize(
    ("name", "dataset", "joints"),
    [
        ("spsnet", THREE_DPW, 14), ("spsnet", MPI_INF_3DHP, 17), ("spsnet", HUMAN36M, 17), ("spsnet", "amass", 14),
        ("vibe", THREE_DPW, 14), ("vibe", MPI_INF_3DHP, 14), ("vibe", HUMAN36M, 14),
        ("spin", THREE_DPW, 14), ("spin", MPI_INF_3DHP, 17), ("spin", HUMAN36M, 14),
        ("wham", THREE_DPW, 14), ("wham", "amass", 24),
    ],
)  # fmt: skip
def test_joints_by_data_set(name: str, dataset: str, joints: int) -> None:
    assert len(get_joint_set(get_protocol(name).get_joint_set(dataset))) == joints


def test_whose_body_the_truth_is_posed_with() -> None:
    assert [get_protocol(name).choose_gender(THREE_DPW, "female") for name in PROTOCOLS] == [
        "female", "neutral", "female", "female",
    ]  # fmt: skip
    assert get_protocol("spin").choose_gender("amass", "male") == "neutral"
    assert get_protocol("wham").choose_gender("amass", "male") == "male"
    assert get_protocol("spsnet").choose_gender(THREE_DPW, "neutral") == "neutral"


def test_only_vibe_rounds_the_truth() -> None:
    place = np.array([3.0008, 0.1], np.float32)
    np.testing.assert_array_equal(get_protocol("vibe").round_truth(place), np.float32([3.0, np.float16(0.1)]))
    assert get_protocol("vibe").round_truth(place).dtype == np.float32
    for name in ("spsnet", "spin", "wham"):
        np.testing.assert_array_equal(get_protocol(name).round_truth(place), place)


def test_float16_steps_by_two_millimetres_at_three_metres() -> None:
    place = np.random.default_rng(0).uniform(2.5, 3.5, 100_000)
    error = np.abs(get_protocol("vibe").round_truth(place) - place)
    assert error.max() <= 2**-10
    np.testing.assert_allclose(error.mean(), 2**-11, rtol=0.01)


def test_units_and_alignment_of_each() -> None:
    rules = {name: protocol.acceleration for name, protocol in PROTOCOLS.items()}
    assert rules["spin"] is None
    assert {name: rule.units for name, rule in rules.items() if rule is not None} == {
        "spsnet": ("mm/frame²", "mm/s²"),
        "vibe": ("mm/frame²",),
        "wham": ("m/s²",),
    }
    assert [name for name, rule in rules.items() if rule is not None and rule.concatenated] == ["vibe"]
    assert [protocol.pve for protocol in PROTOCOLS.values()] == ["root", "origin", None, "root"]
    assert [protocol.root for protocol in PROTOCOLS.values()] == ["hips", "hips", "pelvis", "hips"]


def test_a_protocol_says_what_it_is() -> None:
    assert get_protocol("vibe").describe(THREE_DPW) == (
        "protocol vibe: lsp14 joints, root between the hips, true bodies neutral and through float16"
    )
    assert get_protocol("spin").describe(MPI_INF_3DHP) == (
        "protocol spin: mpi_inf_3dhp17 joints, root H3.6M's pelvis, true bodies neutral"
    )
