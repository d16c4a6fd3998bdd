"""L_mask of a batch: the predicted bodies' silhouettes against those of the pictures."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from spsnet.body import BodyModel, compute_vertices
from spsnet.datasets.shards import FOCAL_PX, SILHOUETTE_PX
from spsnet.losses import LossTerm, build_coarse_body, compute_mask_loss, compute_silhouettes, project_faces
from spsnet.synthesis.batches import TrainingWindows

_MOST_HIDDEN = 0.25
"""A known body of whose outline more than this part is not in the mask is hidden by something: its mask is not used."""


class OutlineLoss:
    """Draws bodies and compares them; a body of few vertices stands for the whole one."""

    def __init__(self, body: BodyModel) -> None:
        """Simplify the body, once."""
        self._body = build_coarse_body(body)
        self._faces = torch.from_numpy(self._body.faces.astype("int64"))

    def compute(
        self,
        rotations: Float[Tensor, "batch time 24 3 3"],
        shape: Float[Tensor, "batch 10"],
        translation_m: Float[Tensor, "batch time 3"],
        batch: TrainingWindows,
        *,
        two_sided: bool,
    ) -> LossTerm:
        """Compare the frames that carry a silhouette, as far as the network saw them.

        A mask says where the person is seen, not where it is. Where the truth is known and the mask lacks much of it,
        something stands before the person, and a body moved out of its way would be wrong: such masks are left out.

        Args:
            rotations: Predicted; at most as many frames as the batch's windows have.
            shape: Predicted.
            translation_m: Predicted.
            batch: With the masks.
            two_sided: See `compute_mask_loss`.
        """
        used = batch.has_silhouette & (batch.silhouette_frame < rotations.shape[1])
        row, column = torch.nonzero(used, as_tuple=True)
        frame = batch.silhouette_frame[row, column]
        boxes, masks = batch.silhouette_box_xys_px[row, column], batch.silhouette[row, column]
        drawn = self._draw(rotations[row, frame], shape[row], translation_m[row, frame], boxes)
        valid = torch.ones_like(row, dtype=torch.bool)
        known = batch.labelled[row]
        if known.any():
            with torch.no_grad():
                truth = self._draw(
                    batch.rotations[row, frame][known],
                    batch.shape[row][known],
                    batch.translation_m[row, frame][known],
                    boxes[known],
                )
            valid[known] = _find_whole(truth, masks[known])
        return compute_mask_loss(drawn, masks, valid, two_sided=two_sided)

    def _draw(
        self,
        rotations: Float[Tensor, "count 24 3 3"],
        shape: Float[Tensor, "count 10"],
        translation_m: Float[Tensor, "count 3"],
        boxes_xys_px: Float[Tensor, "count 3"],
    ) -> Float[Tensor, "count size size"]:
        faces: Int[Tensor, "faces 3"] = self._faces.to(rotations.device)
        vertices = compute_vertices(self._body, rotations, shape, translation_m)
        seen = project_faces(vertices, faces, boxes_xys_px, FOCAL_PX, rotations.new_zeros(2))
        return compute_silhouettes(seen.points, seen.areas, SILHOUETTE_PX)


def _find_whole(
    truth: Float[Tensor, "count size size"], masks: Bool[Tensor, "count size size"]
) -> Bool[Tensor, " count"]:
    """Whether nearly all of a body is in its mask."""
    hidden = (truth * ~masks).sum((1, 2))
    return hidden <= _MOST_HIDDEN * truth.sum((1, 2)).clamp(min=1)
