"""Runs from recipe to folder: windows made, landmarks measured, a model trained."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from spsnet.body import BodyModel, load_body
from spsnet.body.landmarks import LandmarkOffsets, build_landmark_model
from spsnet.crops import WIDTH_NAMES, compute_network_box
from spsnet.datasets.shards import (
    SILHOUETTE_PX,
    ObservedWindows,
    Sight,
    claim_folder,
    load_windows,
    save_shard,
)
from spsnet.geometry import matrix_to_six_d
from spsnet.network.config import ModelConfig
from spsnet.network.spsnet import SpsNet
from spsnet.network.weights import save_model
from spsnet.records import UserError
from spsnet.synthesis.frames import Show
from spsnet.synthesis.landmark_fit import LandmarkFit, fit_landmarks
from spsnet.synthesis.landmarks import LandmarkNoise
from spsnet.synthesis.mocap import load_mocap
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.windows import TrainingWindows, WindowConfig, WindowSimulator
from spsnet.synthesis.workers import synthesize_windows
from spsnet.training.loop import Report, train
from spsnet.training.plain import PlainObjective
from spsnet.training.processes import is_first_process
from spsnet.training.recipe import SynthesisRecipe, TrainingRecipe, split_clips

NOISE_FILE = "noise.json"


def synthesize(
    recipe: SynthesisRecipe,
    mocap: Path,
    folder: Path,
    *,
    fit: Path | None = None,
    workers: int = 1,
    show: Show | None = None,
) -> Iterator[int]:
    """Make a recipe's windows; rendered ones for training are measured at the end (`landmarks.json`, `noise.json`).

    Args:
        recipe: What to make.
        mocap: Folder of the motion-capture archives.
        folder: Gets the shards.
        fit: Folder of rendered windows whose measurement simulated windows use.
        workers: Processes that draw side by side.
        show: Sees every rendered picture; with one worker only.

    Yields:
        Windows done so far.

    Raises:
        UserError: If motions, or the measurement that simulated windows need, are missing or damaged, or `folder` holds
            windows of another recipe.
    """
    body = load_body()
    library = _make_library(recipe.held_out, mocap, recipe)
    claim_folder(folder, asdict(recipe), body.name)
    if recipe.rendered:
        yield from synthesize_windows(
            library,
            body,
            recipe.encoders,
            recipe.frames,
            folder,
            cameras=recipe.cameras,
            workers=workers,
            show=show,
        )
        if not recipe.held_out and recipe.frames.frames > 1:
            save_fit(folder, fit_landmarks(load_windows(folder), body), recipe.encoders[0], body)
    else:
        if fit is None:
            raise UserError("simulated windows need --frames: a folder of rendered ones that the noise was measured on")
        simulator = _make_simulator(
            library, body, fit, WindowConfig(frames=recipe.frames.frames, short_share=0.0), recipe
        )
        generator = torch.Generator().manual_seed(recipe.frames.seed)
        windows = simulator.sample(generator, recipe.frames.windows)
        save_shard(folder, 0, dict.fromkeys(recipe.encoders, _to_observed(windows)))
        yield recipe.frames.windows


def save_fit(folder: Path, fit: LandmarkFit, encoder: str, body: BodyModel) -> None:
    """Write what was measured of an encoder's landmarks: offsets, and noise with the figures it came from."""
    LandmarkOffsets(encoder=encoder, body=body.name, offset_m=fit.offset_m.astype(np.float32)).save(folder)
    values = {
        "noise": asdict(fit.noise),
        "residual_before_median": round(float(fit.residual_before.mean()), 4),
        "residual_after_median": round(float(fit.residual_after.mean()), 4),
        "leg_swap_frames": round(fit.leg_swap_frames, 4),
        "trunk_swap_frames": round(fit.trunk_swap_frames, 4),
        "outlier_frames": round(fit.outlier_frames, 4),
    }
    (folder / NOISE_FILE).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def load_noise(folder: Path) -> LandmarkNoise:
    """Read the noise that `save_fit` wrote.

    Raises:
        UserError: If the file is missing or damaged.
    """
    path = folder / NOISE_FILE
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["noise"]
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return LandmarkNoise(**fields)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read ({error}); `spsnet synthesize` of a rendered recipe makes it"
        ) from error


def train_recipe(
    recipe: TrainingRecipe, mocap: Path, frames: Path, folder: Path, *, resume: bool = False
) -> Iterator[Report]:
    """Train a recipe and write the model into `folder/model`.

    Args:
        recipe: What to train.
        mocap: Folder of the motion-capture archives.
        frames: Folder of rendered training windows, measured.
        folder: Gets checkpoints, log and model.
        resume: Go on with a run that was cut off.

    Raises:
        UserError: If motions or windows are missing or damaged, the windows are another encoder's, or as `train`.
    """
    body = load_body()
    offsets = LandmarkOffsets.load(frames)
    if offsets.encoder != recipe.encoder:
        raise UserError(f"{frames} was measured on {offsets.encoder}, {recipe.name} wants {recipe.encoder}")
    library = _make_library(False, mocap, recipe)
    simulator = _make_simulator(library, body, frames, recipe.windows, recipe)
    rendered = load_windows(frames) if recipe.rendered_share else None
    points = build_landmark_model(body, offsets.offset_m)
    torch.manual_seed(recipe.loop.seed)
    network = SpsNet(recipe.network)
    _set_mean_pose(network, library)

    def sample(generator: torch.Generator, batch: int) -> TrainingWindows:
        count = round(batch * recipe.rendered_share)
        simulated = simulator.sample(generator, batch - count)
        if rendered is None or count == 0:
            return simulated
        return _join(simulated, _draw_rendered(rendered, generator, count, recipe.windows.frames))

    objective = PlainObjective(points, recipe.features, recipe.losses)
    yield from train(network, objective, sample, recipe.loop, folder, resume=resume)
    if not is_first_process():
        return
    config = ModelConfig(
        network=recipe.network,
        features=recipe.features,
        encoder=recipe.encoder,
        body=body.name,
        name=recipe.name,
        version=recipe.version,
    )
    model = folder / "model"
    save_model(model, network, config, card=_write_card(recipe))
    offsets.save(model)


def _make_library(held_out: bool, mocap: Path, recipe: TrainingRecipe | SynthesisRecipe) -> MotionLibrary:
    clips = split_clips(load_mocap(mocap))[1 if held_out else 0]
    if not clips:
        raise UserError(f"{mocap} holds no motion {'that is held out' if held_out else 'to train on'}; add archives")
    return MotionLibrary(clips, recipe.motion)


def _make_simulator(
    library: MotionLibrary,
    body: BodyModel,
    frames: Path,
    windows: WindowConfig,
    recipe: TrainingRecipe | SynthesisRecipe,
) -> WindowSimulator:
    points = build_landmark_model(body, LandmarkOffsets.load(frames).offset_m)
    return WindowSimulator(library, points, load_noise(frames), config=windows, cameras=recipe.cameras)


def _set_mean_pose(network: SpsNet, library: MotionLibrary) -> None:
    """Start the regressor's iterations from the mean captured pose, facing the camera."""
    sample = library.sample(torch.Generator().manual_seed(0), 256, 4).rotations
    six_d = matrix_to_six_d(sample).mean((0, 1))
    state = network.regressors.mean_state
    six_d[0] = state[:6]
    network.regressors.set_mean(six_d, torch.zeros(10), torch.tensor([0.9, 0.0, 0.0]))


def _draw_rendered(rendered: ObservedWindows, generator: torch.Generator, count: int, frames: int) -> TrainingWindows:
    """Random rendered windows, padded to the length of the others; frames the encoder saw nobody in are masked."""
    chosen = torch.randint(len(rendered), (count,), generator=generator).numpy()
    length = min(rendered.seen.present_mask.shape[1], frames)

    def pad(values: np.ndarray) -> torch.Tensor:
        taken = torch.from_numpy(values[chosen][:, :length])
        if length == frames:
            return taken
        return torch.cat([taken, taken[:, -1:].expand(-1, frames - length, *taken.shape[2:])], dim=1)

    mask = torch.zeros(count, frames, dtype=torch.bool)
    mask[:, :length] = torch.from_numpy(rendered.seen.present_mask[chosen][:, :length])
    landmarks = pad(rendered.seen.landmarks_px)
    return TrainingWindows(
        landmarks_px=landmarks,
        box_xys_px=compute_network_box(landmarks),
        mask=mask,
        rotations=pad(rendered.rotations),
        shape=torch.from_numpy(rendered.shape[chosen]),
        translation_m=pad(rendered.translation_m),
    )


def _join(first: TrainingWindows, second: TrainingWindows) -> TrainingWindows:
    return TrainingWindows(*(torch.cat([a, b]) for a, b in zip(first, second, strict=True)))


def _to_observed(windows: TrainingWindows) -> ObservedWindows:
    landmarks = windows.landmarks_px.numpy()
    batch, frames = landmarks.shape[:2]
    return ObservedWindows(
        seen=Sight(
            landmarks_px=landmarks,
            world_m=np.zeros_like(landmarks),
            feature=np.zeros((batch, frames, 0), np.float32),
            present_mask=windows.mask.numpy(),
            widths_px=np.zeros((batch, frames, len(WIDTH_NAMES)), np.float32),
        ),
        occluded=None,
        rotations=windows.rotations.numpy(),
        shape=windows.shape.numpy(),
        translation_m=windows.translation_m.numpy(),
        visible_mask=np.ones((batch, frames, 33), bool),
        silhouette=np.zeros((batch, frames, SILHOUETTE_PX, SILHOUETTE_PX), bool),
        silhouette_box_xys_px=np.zeros((batch, frames, 3), np.float32),
        labelled=np.ones(batch, bool),
    )


def _write_card(recipe: TrainingRecipe) -> str:
    loop, rendered = recipe.loop, round(100 * recipe.rendered_share)
    return f"""# {recipe.name} {recipe.version}

Head of the SPS network, trained by spsnet from open parts alone.

- Input: what the frozen encoder `{recipe.encoder}` says of a crop, feature kind `{recipe.features.kind}`.
- Body: the open body of spsnet (MakeHuman data, CC0).
- Motion: CMU motion capture (mocap.cs.cmu.edu, funded by NSF EIA-0196217) through the archives `cmu_expmap` and
  `acrnn_cmu`, and `reactidle` (MIT). No motion is stored in the weights as data.
- Pictures: rendered by spsnet; no photograph of a person was used.
- Training: {loop.steps} steps of {loop.batch} windows of {recipe.windows.frames} frames, seed {loop.seed};
  {100 - rendered} % simulated landmarks, {rendered} % rendered windows. Made again by the commands of
  docs/training.md.
- Licence: Apache-2.0.

How it measures: docs/training.md.
"""
