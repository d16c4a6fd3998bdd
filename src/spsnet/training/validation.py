"""How good a network is while it trains: every window at once, in torch, on the training's device."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.body import BodyModel, KeypointModel, build_keypoint_model, compute_keypoints, compute_vertices
from spsnet.datasets.shards import ObservedWindows
from spsnet.datasets.sights import build_sight_features
from spsnet.metrics import (
    average,
    compute_acceleration_error,
    compute_mpjpe,
    compute_pa_mpjpe,
    compute_pve,
    mask_accelerations,
)
from spsnet.network.config import FeatureConfig
from spsnet.network.spsnet import NetworkOutput, SpsNet
from spsnet.synthesis.batches import SightWindows, TrainingWindows, make_batch

_HIPS = (2, 3)


def validate_network(
    network: SpsNet,
    features: FeatureConfig,
    windows: ObservedWindows,
    body: BodyModel,
    *,
    surface: bool = False,
) -> dict[str, float]:
    """Errors of the first frames of windows, as many as the network sees at once, without refinement.

    14 LSP joints, root between the hips; frames in which the clean picture showed the encoder a person. The network's
    mode (training or evaluation) is the caller's.

    Args:
        network: On any device.
        features: What f_i is made of.
        windows: Whose truth is known.
        body: That pose and shape belong to.
        surface: Also measure the surface, which takes longer than all the rest.

    Returns:
        `pa_mpjpe_mm`, `mpjpe_mm`, `acceleration_mm_frame2`, `shape_error` (mean squared error of β),
        `average_adult_shape_error` (that of β = 0), with `surface` `pve_mm` and, where the windows were also seen
        covered, `occluded_pa_mpjpe_mm`.

    Raises:
        ValueError: If the truth of a window is not known.
    """
    if not windows.labelled.all():
        raise ValueError("windows to validate on should all be labelled")
    frames = min(network.config.window, windows.translation_m.shape[1])
    batch = make_batch(windows, frames, torch.Generator(), silhouettes=False)
    joints = build_keypoint_model(body, ("lsp14",))
    target = _place(joints, batch.rotations, batch.shape)
    clean = _run(network, features, batch.seen)
    predicted = _place(joints, clean.rotations, clean.shape)
    present = windows.seen.present_mask[:, :frames]
    valid = np.broadcast_to(present[..., None], target.shape[:-1])
    acceleration = compute_acceleration_error(predicted, target)
    scores = {
        "pa_mpjpe_mm": average(compute_pa_mpjpe(predicted, target), valid),
        "mpjpe_mm": average(compute_mpjpe(predicted, target, root=_HIPS), valid),
        "acceleration_mm_frame2": average(acceleration, mask_accelerations(valid)),
        "shape_error": float((clean.shape.cpu() - batch.shape).square().mean()),
        "average_adult_shape_error": float(batch.shape.square().mean()),
    }
    if surface:
        scores["pve_mm"] = _measure_surface(body, batch, clean, predicted, target, present)
    if windows.occluded is not None:
        hidden = _run(network, features, batch.occluded)
        covered = _place(joints, hidden.rotations, hidden.shape)
        kept = valid & batch.occluded.mask.numpy()[..., None]
        scores["occluded_pa_mpjpe_mm"] = average(compute_pa_mpjpe(covered, target), kept)
    return scores


@torch.no_grad()
def _run(network: SpsNet, features: FeatureConfig, sight: SightWindows) -> NetworkOutput:
    device = next(network.parameters()).device
    return network(build_sight_features(features, sight).to(device), sight.mask.to(device))


def _measure_surface(
    body: BodyModel,
    batch: TrainingWindows,
    output: NetworkOutput,
    predicted_m: Float[np.ndarray, "windows time 14 3"],
    target_m: Float[np.ndarray, "windows time 14 3"],
    valid_mask: Bool[np.ndarray, "windows time"],
) -> float:
    """PVE, roots between the hips as for the joints; window by window, for a surface is large."""
    errors = np.zeros(valid_mask.shape)
    for window, (row, valid) in enumerate(zip(errors, valid_mask, strict=True)):
        surfaces, roots = [], []
        for rotations, shape, joints in (
            (output.rotations, output.shape, predicted_m),
            (batch.rotations, batch.shape, target_m),
        ):
            posed = rotations[window].cpu().numpy()[valid]
            still = np.zeros((len(posed), 3), np.float32)
            surfaces.append(compute_vertices(body, posed, shape[window].cpu().numpy(), still))
            roots.append(joints[window][valid][:, _HIPS].mean(1))
        row[valid] = compute_pve(*surfaces, predicted_root_m=roots[0], target_root_m=roots[1]).mean(-1)
    return average(errors, valid_mask)


def _place(
    joints: KeypointModel, rotations: Float[Tensor, "windows time 24 3 3"], shape: Float[Tensor, "windows 10"]
) -> Float[np.ndarray, "windows time 14 3"]:
    windows, frames = rotations.shape[:2]
    still = rotations.new_zeros(windows * frames, 3)
    placed = compute_keypoints(joints, rotations.flatten(0, 1), shape.repeat_interleave(frames, 0), still)
    return placed.reshape(windows, frames, -1, 3).cpu().numpy()
