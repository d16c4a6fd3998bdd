import pytest
import torch

from spsnet.training.schedule import Pace, compute_rate_factor, compute_seed


def test_the_cosine_by_hand() -> None:
    factors = [compute_rate_factor("cosine", step, steps=8, warmup_steps=2) for step in range(8)]
    assert factors[0] == 0.5
    assert factors[4] == pytest.approx(0.5)
    assert factors[6] == pytest.approx(0.1464, abs=1e-4)  # (1 + cos 135°) / 2


def test_a_constant_rate_only_warms_up() -> None:
    assert [compute_rate_factor("constant", step, steps=4, warmup_steps=2) for step in range(4)] == [0.5, 1, 1, 1]
    assert compute_rate_factor("constant", 0, steps=4, warmup_steps=0) == 1


def test_every_step_purpose_and_process_has_a_chance_of_its_own() -> None:
    seeds = {
        compute_seed(seed, step, purpose, process)
        for seed in range(3)
        for step in range(50)
        for purpose in ("batch", "network", "objective")
        for process in range(3)
    }
    assert len(seeds) == 3 * 50 * 3 * 3
    # The generator on the CPU takes no more than 32 bits; what differs above them would be the same chance.
    assert max(seeds) < 2**32
    assert compute_seed(5, 7, "batch") == compute_seed(5, 7, "batch", 0)
    first, second = (torch.Generator().manual_seed(compute_seed(0, step, "batch")) for step in (0, 1))
    assert (
        abs(float(torch.corrcoef(torch.stack([torch.randn(1000, generator=g) for g in (first, second)]))[0, 1])) < 0.1
    )


def test_time_left_leaves_the_start_out() -> None:
    pace = Pace()
    assert pace.estimate_left(10, 1) == 0
    pace.add_step(60.0)
    assert pace.estimate_left(10, 1) == 600  # nothing better is known
    for seconds in (1.0, 2.0, 3.0):
        pace.add_step(seconds)
    assert pace.estimate_left(10, 1) == 20
    pace.add_pause(5.0)
    pace.add_pause(7.0)
    assert pace.estimate_left(10, 2) == 32
    assert pace.estimate_left(0, 0) == 0


def test_time_left_follows_a_machine_that_has_become_slower() -> None:
    pace = Pace()
    for seconds in [1.0] * 500 + [4.0] * 200:
        pace.add_step(seconds)
    assert pace.estimate_left(1, 0) == 4
