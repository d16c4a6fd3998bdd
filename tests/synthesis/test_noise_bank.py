from dataclasses import fields
from pathlib import Path

import pytest
import torch

from reference.made_noise import make_bank
from spsnet.records import UserError
from spsnet.synthesis.noise_bank import NOISE_FILE, NoiseBank, SightNoise


def make_random_bank() -> NoiseBank:
    generator = torch.Generator().manual_seed(0)
    residual, other = torch.randn(2, 3, 5, 33, 2, generator=generator)
    return make_bank(
        residual=residual,
        swapped=torch.rand(3, 5, 3, generator=generator) < 0.5,
        look_m=torch.randn(3, 5, 13, 3, generator=generator).half(),
        occluded={"residual": other},
    )


def assert_same(first: SightNoise | None, second: SightNoise | None) -> None:
    assert first is not None
    assert second is not None
    for field in fields(SightNoise):
        assert torch.equal(getattr(first, field.name), getattr(second, field.name)), field.name


def test_a_bank_is_read_as_it_was_written(tmp_path: Path) -> None:
    bank = make_random_bank()
    bank.save(tmp_path / "new")
    read = NoiseBank.load(tmp_path / "new")
    assert (len(read), read.frames) == (3, 5)
    for name in ("look_m", "reluctance", "world_scale", "width_map"):
        assert torch.equal(getattr(read, name), getattr(bank, name))
    assert_same(read.seen, bank.seen)
    assert_same(read.occluded, bank.occluded)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [NOISE_FILE]


def test_a_bank_without_occluded_sights_has_none(tmp_path: Path) -> None:
    make_bank().save(tmp_path)
    assert NoiseBank.load(tmp_path).occluded is None


def test_a_missing_or_damaged_bank_is_named(tmp_path: Path) -> None:
    remedy = r"noise\.safetensors cannot be read \(.*\); `spsnet synthesize` of a rendered recipe makes it"
    with pytest.raises(UserError, match=remedy):
        NoiseBank.load(tmp_path)
    make_bank().save(tmp_path)
    whole = (tmp_path / NOISE_FILE).read_bytes()
    (tmp_path / NOISE_FILE).write_bytes(whole[:-100])
    with pytest.raises(UserError, match=remedy):
        NoiseBank.load(tmp_path)
    (tmp_path / NOISE_FILE).write_bytes(whole.replace(b'"seen/swapped"', b'"seen/flipped"'))
    with pytest.raises(UserError, match="seen/swapped"):
        NoiseBank.load(tmp_path)
