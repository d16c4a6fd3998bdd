import numpy as np
import torch
from torch.autograd import gradcheck

from reference import losses_loops
from spsnet.losses import compute_discriminator_loss, compute_generator_loss
from spsnet.network.discriminator import Discriminator

REAL, FAKE = torch.tensor([True, True, False]), torch.tensor([True, False, True, True])


def make_scores():
    generator = torch.Generator().manual_seed(0)
    scores = [torch.rand(count, dtype=torch.float64, generator=generator) for count in (3, 4)]
    scores[0][2] = scores[1][1] = torch.nan
    return scores


def test_both_losses_are_the_loop():
    real, fake = make_scores()
    terms = compute_discriminator_loss(real, fake, REAL, FAKE)
    np.testing.assert_allclose(terms.real.reduce(), losses_loops.mean_score(real.numpy(), 1, REAL.numpy()))
    np.testing.assert_allclose(terms.fake.reduce(), losses_loops.mean_score(fake.numpy(), 0, FAKE.numpy()))
    expected = losses_loops.mean_score(fake.numpy(), 1, FAKE.numpy())
    np.testing.assert_allclose(compute_generator_loss(fake, FAKE).reduce(), expected)


def test_gradients():
    real, fake = (scores.nan_to_num().requires_grad_() for scores in make_scores())
    assert gradcheck(lambda r, f: [t.reduce() for t in compute_discriminator_loss(r, f, REAL, FAKE)], (real, fake))
    assert gradcheck(lambda f: compute_generator_loss(f, FAKE).reduce(), (fake,))


def test_a_discriminator_pays_for_mistakes_and_the_network_for_being_found_out():
    ones, valid = torch.ones(4), torch.ones(4).bool()

    def pay(real, fake):
        return sum(term.reduce().item() for term in compute_discriminator_loss(real * ones, fake * ones, valid, valid))

    assert (pay(1.0, 0.0), pay(0.5, 0.5), pay(0.0, 1.0)) == (0, 0.5, 2)
    assert compute_generator_loss(0.1 * ones, valid).reduce() > compute_generator_loss(0.9 * ones, valid).reduce()
    assert compute_generator_loss(ones, valid).reduce() == 0


def test_a_discriminator_told_the_difference_learns_it_and_the_network_is_led_across():
    torch.manual_seed(0)
    discriminator = Discriminator(pose_width=6, shape_width=2, scale="sqrt_d")
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=0.01)
    there, valid = torch.ones(8, 5).bool(), torch.ones(8).bool()

    def judge(pose):
        return discriminator(pose, torch.zeros(8, 2), there)

    paid = []
    for _ in range(60):
        real, fake = 0.5 + 0.2 * torch.randn(8, 5, 6), -0.5 + 0.2 * torch.randn(8, 5, 6)
        terms = compute_discriminator_loss(judge(real), judge(fake), valid, valid)
        loss = terms.real.reduce() + terms.fake.reduce()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        paid.append(loss.item())
    assert paid[-1] < 0.2 * paid[0]
    pose = torch.full((8, 5, 6), -0.5, requires_grad=True)
    compute_generator_loss(judge(pose), valid).reduce().backward()
    assert pose.grad.mean() < 0  # a step against the gradient leads up, to the real ones
