import pytest
import torch

from spsnet.losses import LossTerm, compute_total_loss, join_terms


def term(values, mask):
    return LossTerm.from_errors(torch.tensor(values), torch.tensor(mask))


def test_weighted_sum_of_masked_means_by_hand():
    terms = {"a": term([1.0, 3.0, 100.0], [True, True, False]), "b": term([[2.0, 4.0], [9.0, 9.0]], [True, False])}
    out = compute_total_loss(terms, {"a": 10.0, "b": 0.5})
    torch.testing.assert_close(out.total, torch.tensor(10 * 2.0 + 0.5 * 3.0))
    assert {name: value.item() for name, value in out.terms.items()} == {"a": 2.0, "b": 3.0}


def test_what_is_masked_changes_neither_value_nor_gradient():
    values = torch.tensor([1.0, torch.nan, torch.inf], requires_grad=True)
    loss = LossTerm.from_errors(values, torch.tensor([True, False, False])).reduce()
    loss.backward()
    assert loss == 1
    assert values.grad.tolist() == [1, 0, 0]


def test_a_term_without_labels_is_zero_with_zero_gradient():
    values = torch.tensor([[1.0, 2.0]], requires_grad=True)
    out = compute_total_loss({"a": LossTerm.from_errors(values, torch.tensor([False]))}, {"a": 3.0})
    out.total.backward()
    assert out.total == 0
    assert values.grad.tolist() == [[0, 0]]


def test_logged_terms_carry_no_gradient():
    values = torch.ones(3, requires_grad=True)
    out = compute_total_loss({"a": LossTerm.from_errors(values, torch.ones(3).bool())}, {"a": 1.0})
    assert out.total.requires_grad
    assert not out.terms["a"].requires_grad


def test_names_must_match_and_weights_not_be_negative():
    one = term([1.0], [True])
    with pytest.raises(ValueError, match=r"differs in \['b'\]"):
        compute_total_loss({"a": one}, {"a": 1.0, "b": 1.0})
    with pytest.raises(ValueError, match=r"differs in \['a'\]"):
        compute_total_loss({"a": one}, {})
    with pytest.raises(ValueError, match=r"negative: \['a'\]"):
        compute_total_loss({"a": one}, {"a": -1.0})


def test_two_processes_give_on_average_the_mean_over_the_whole_batch(monkeypatch: pytest.MonkeyPatch):
    """One has three elements that count, the other one; each is told the sum of the counts."""
    first, second = term([1.0, 2.0, 6.0], [True, True, True]), term([7.0, 9.0], [True, False])
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda counts: counts.fill_(4.0))
    totals = [compute_total_loss({"a": one}, {"a": 3.0}) for one in (first, second)]
    assert sum(total.terms["a"].item() for total in totals) / 2 == 4.0  # (1 + 2 + 6 + 7) / 4
    assert sum(total.total.item() for total in totals) / 2 == 12.0


def test_joined_terms_count_every_element_alike() -> None:
    first = LossTerm.from_errors(torch.tensor([[1.0, 1.0], [9.0, 9.0]]), torch.tensor([True, False]))
    second = LossTerm.from_errors(torch.tensor([[[4.0], [4.0]]]), torch.tensor([[True, True]]))
    assert join_terms([first, second]).reduce() == pytest.approx((2 * 1 + 2 * 4) / 4)
    assert join_terms([first]) is first
