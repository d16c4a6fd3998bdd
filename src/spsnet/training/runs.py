"""From a recipe to a folder of windows, and what is measured of the encoder on them."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from spsnet.body import BodyModel, load_body
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.datasets.motion_clips import MotionClip
from spsnet.datasets.shards import WindowSet, claim_folder, save_shard
from spsnet.records import UserError
from spsnet.synthesis.frames import Show
from spsnet.synthesis.landmark_fit import LandmarkFit
from spsnet.synthesis.mocap import load_mocap
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.noise_bank import NoiseBank
from spsnet.synthesis.noise_figures import save_figures
from spsnet.synthesis.noise_fit import measure_encoder
from spsnet.synthesis.windows import WindowConfig, WindowSimulator
from spsnet.synthesis.workers import synthesize_windows
from spsnet.training.recipe import SynthesisRecipe, split_clips


def synthesize(
    recipe: SynthesisRecipe,
    mocap: Path,
    folder: Path,
    *,
    fit: Path | None = None,
    workers: int = 1,
    show: Show | None = None,
) -> Iterator[int]:
    """Make a recipe's windows; rendered ones for training are measured at the end (`save_fit`).

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
    library = _make_library(mocap, recipe)
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
        if recipe.motions == "training" and recipe.frames.frames > 1:
            save_fit(folder, *measure_encoder(WindowSet(folder), body), recipe.encoders[0], body)
    else:
        if fit is None:
            raise UserError("simulated windows need --frames: a folder of rendered ones that the noise was measured on")
        simulator = _make_simulator(
            library, body, fit, WindowConfig(frames=recipe.frames.frames, short_share=0.0), recipe
        )
        generator = torch.Generator().manual_seed(recipe.frames.seed)
        windows = simulator.observe(generator, recipe.frames.windows)
        save_shard(folder, 0, dict.fromkeys(recipe.encoders, windows))
        yield recipe.frames.windows


def save_fit(folder: Path, fit: LandmarkFit, noise: NoiseBank, encoder: str, body: BodyModel) -> None:
    """Write what was measured of an encoder: where its landmarks lie, how it errs, and figures of it to be read."""
    LandmarkOffsets(encoder=encoder, body=body.name, offset_m=fit.offset_m.astype(np.float32), joint=fit.joint).save(
        folder
    )
    noise.save(folder)
    save_figures(folder, fit, noise)


def _make_library(mocap: Path, recipe: SynthesisRecipe) -> MotionLibrary:
    clips: list[MotionClip] = getattr(split_clips(load_mocap(mocap)), recipe.motions)
    if not clips:
        raise UserError(f"{mocap} holds no motion of the kind {recipe.motions!r}; add archives")
    return MotionLibrary(clips, recipe.motion)


def _make_simulator(
    library: MotionLibrary,
    body: BodyModel,
    frames: Path,
    windows: WindowConfig,
    recipe: SynthesisRecipe,
) -> WindowSimulator:
    points, noise = LandmarkOffsets.load(frames).build_model(body), NoiseBank.load(frames)
    if windows.frames > noise.frames:
        raise UserError(f"{frames} holds windows of {noise.frames} frames, {recipe.name} wants {windows.frames}")
    return WindowSimulator(library, points, noise, config=windows, cameras=recipe.cameras)
