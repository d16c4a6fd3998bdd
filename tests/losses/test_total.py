import pytest
import torch

from spsnet.losses import LossTerm, compute_total_loss


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
