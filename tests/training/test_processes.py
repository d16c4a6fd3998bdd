from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from spsnet.training.processes import Processes, is_first_process, take_share


class Inner(NamedTuple):
    values: Tensor


class Outer(NamedTuple):
    numbers: Tensor
    inner: Inner | None
    missing: Tensor | None = None


def test_shares_are_neighbours_and_make_the_whole() -> None:
    whole = Outer(torch.arange(7), Inner(torch.arange(14).reshape(7, 2)))
    shares = [take_share(whole, rank, 3) for rank in range(3)]
    assert [share.numbers.tolist() for share in shares] == [[0, 1], [2, 3], [4, 5, 6]]
    assert all(isinstance(share, Outer) and isinstance(share.inner, Inner) for share in shares)
    assert torch.equal(torch.cat([share.inner.values for share in shares if share.inner]), whole.inner.values)
    assert all(share.missing is None for share in shares)


def test_one_process_takes_all_and_changes_nothing() -> None:
    whole = Outer(torch.arange(3), None)
    alone = Processes("cpu")
    assert (alone.rank, alone.count, alone.is_first, alone.device) == (0, 1, True, torch.device("cpu"))
    assert alone.take_share(whole).numbers.tolist() == [0, 1, 2]
    weight = torch.ones(2, requires_grad=True)
    weight.grad = torch.tensor([3.0, 4.0])
    loss = torch.tensor(5.0)
    assert alone.average_gradients([weight], loss) == 5
    assert weight.grad.tolist() == [3, 4]
    assert alone.average(loss) == 5
    assert alone.tell("word") == "word"
    alone.wait()


def test_places_count_only_where_torchrun_gave_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    assert is_first_process()
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    assert not is_first_process()
    monkeypatch.setenv("RANK", "0")
    assert is_first_process()
