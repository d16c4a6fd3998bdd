"""L_mask of a batch: bodies against pictures of them."""

import pytest
import torch

from reference.made_windows import draw_batch
from spsnet.body import load_body
from spsnet.synthesis.batches import TrainingWindows
from spsnet.training.outlines import OutlineLoss

OUTLINES = OutlineLoss(load_body())


def price(batch: TrainingWindows, *, shift_m: float = 0.0, two_sided: bool = True) -> float:
    moved = batch.translation_m + torch.tensor([shift_m, 0.0, 0.0])
    return OUTLINES.compute(batch.rotations, batch.shape, moved, batch, two_sided=two_sided).reduce().item()


def test_a_body_beside_its_picture_is_punished_and_one_upon_it_hardly() -> None:
    batch = draw_batch(3, silhouettes=True)
    right, wrong = price(batch), price(batch, shift_m=0.3)
    assert right < 0.2
    assert wrong > 5 * right


def test_only_the_two_sided_loss_minds_a_body_where_the_mask_has_none() -> None:
    batch = draw_batch(3, silhouettes=True)
    empty = batch._replace(silhouette=torch.zeros_like(batch.silhouette), labelled=torch.zeros(3, dtype=torch.bool))
    assert price(empty, two_sided=False) == 0
    assert price(empty, two_sided=True) > 3 * price(batch, two_sided=True)


def test_a_picture_in_which_most_of_the_body_is_hidden_does_not_count() -> None:
    batch = draw_batch(2, silhouettes=True)
    half = batch.silhouette.clone()
    half[0, :, :, :] = False
    term = OUTLINES.compute(
        batch.rotations, batch.shape, batch.translation_m, batch._replace(silhouette=half), two_sided=True
    )
    counted = term.mask.expand_as(term.elements).flatten(1).any(1)
    assert counted.tolist() == [False, False, True, True]
    unknown = batch._replace(silhouette=half, labelled=torch.zeros(2, dtype=torch.bool))
    term = OUTLINES.compute(batch.rotations, batch.shape, batch.translation_m, unknown, two_sided=True)
    assert term.mask.expand_as(term.elements).flatten(1).any(1).all()


@pytest.mark.parametrize("frames", [4, 2])
def test_frames_that_the_network_did_not_see_do_not_count(frames: int) -> None:
    batch = draw_batch(2, silhouettes=True)
    term = OUTLINES.compute(
        batch.rotations[:, :frames], batch.shape, batch.translation_m[:, :frames], batch, two_sided=True
    )
    assert len(term.elements) == int((batch.silhouette_frame < frames).sum())


def test_a_batch_without_pictures_costs_nothing() -> None:
    batch = draw_batch(2)
    shape = batch.shape.clone().requires_grad_(True)
    loss = OUTLINES.compute(batch.rotations, shape, batch.translation_m, batch, two_sided=True).reduce()
    assert loss == 0
    loss.backward()
    assert shape.grad is None or not shape.grad.any()


def test_the_shape_has_a_gradient() -> None:
    batch = draw_batch(2, silhouettes=True)
    shape = torch.zeros(2, 10, requires_grad=True)
    OUTLINES.compute(batch.rotations, shape, batch.translation_m, batch, two_sided=True).reduce().backward()
    assert shape.grad is not None
    assert shape.grad.abs().sum() > 0
