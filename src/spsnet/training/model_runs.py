"""From a recipe to a model folder."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8

from spsnet.geometry import matrix_to_six_d
from spsnet.network.config import ModelConfig
from spsnet.network.discriminator import Discriminator
from spsnet.network.spsnet import SpsNet
from spsnet.network.weights import save_model
from spsnet.synthesis.motions import MotionConfig, MotionLibrary
from spsnet.synthesis.windows import WindowConfig, WindowSimulator
from spsnet.training.batching import BatchConfig, BatchSampler, Simulate
from spsnet.training.judging import RealMotions
from spsnet.training.loop import Report, train
from spsnet.training.objective import SpsObjective
from spsnet.training.pictures import draw_windows
from spsnet.training.processes import is_first_process
from spsnet.training.recipe import TrainingRecipe
from spsnet.training.sources import LoadedSources, TrainingSources, load_sources
from spsnet.training.validation import validate_network


def train_recipe(
    recipe: TrainingRecipe, sources: TrainingSources, folder: Path, *, resume: bool = False
) -> Iterator[Report]:
    """Train a recipe and write the model into `folder/model`.

    Raises:
        UserError: As `load_sources` or `train`.
    """
    yield from ModelRun(recipe, load_sources(recipe, sources)).train(folder, resume=resume)


class ModelRun:
    """One recipe with what it learns from and what learns."""

    def __init__(self, recipe: TrainingRecipe, loaded: LoadedSources) -> None:
        """Make network and discriminator; the same recipe makes the same ones.

        Args:
            recipe: What to train.
            loaded: Opened for this recipe, or for one that differs neither in its encoder nor in the motions that it
                spares and takes windows of the same kinds.
        """
        weights, network = recipe.objective.weights, recipe.network
        self._recipe, self._loaded = recipe, loaded
        self._library = loaded.library.vary(recipe.motion)
        torch.manual_seed(recipe.loop.seed)
        self.network = SpsNet(network)
        """After `train` it has the averaged weights, of the best epoch or of the last."""
        _set_mean_pose(self.network, self._library)
        self.discriminator: Discriminator | None = None
        self.real_motions: RealMotions | None = None
        if weights.adversarial:
            root = recipe.objective.discriminator_root
            self.discriminator = Discriminator(pose_width=69 if root == "none" else 72, scale=network.attention_scale)
            captured = MotionConfig(
                speed=recipe.motion.speed, idle_weight=recipe.motion.idle_weight, offset_rad=0.0, recombine_share=0.0
            )
            self.real_motions = RealMotions(loaded.library.vary(captured), root, recipe.cameras)

    def train(self, folder: Path, *, resume: bool = False) -> Iterator[Report]:
        """Train in place and write the model into `folder/model`.

        Raises:
            UserError: As `train`.
        """
        recipe, loaded = self._recipe, self._loaded
        has_validation = loaded.validation is not None
        yield from train(
            self.network,
            SpsObjective(loaded.points, recipe.features, recipe.objective, outlines=loaded.outlines),
            self._make_sampler(recipe.batch),
            recipe.loop,
            folder,
            sample_lead=self._make_sampler(replace(recipe.batch, rendered_share=0.0, film_share=0.0, stills=0)),
            discriminator=self.discriminator,
            validate=self._validate if has_validation else None,
            draw=self._draw if has_validation else None,
            resume=resume,
        )
        if is_first_process():
            self._save(folder / "model")

    def _make_sampler(self, mixture: BatchConfig) -> BatchSampler:
        recipe, loaded = self._recipe, self._loaded

        def simulate(windows: WindowConfig) -> Simulate:
            return WindowSimulator(
                self._library, loaded.points, loaded.noise, config=windows, cameras=recipe.cameras
            ).sample

        return BatchSampler(
            mixture,
            recipe.windows.frames,
            simulate=simulate(recipe.windows),
            simulate_stills=simulate(replace(recipe.windows, frames=1, short_share=0.0)),
            rendered=loaded.rendered,
            films=loaded.films,
            stills=loaded.stills,
            real_motions=self.real_motions,
        )

    def _validate(self, network: SpsNet) -> dict[str, float]:
        assert self._loaded.validation is not None
        return validate_network(network, self._recipe.features, self._loaded.validation, self._loaded.body)

    def _draw(self, network: SpsNet) -> UInt8[np.ndarray, "height width 3"]:
        assert self._loaded.validation is not None
        return draw_windows(network, self._recipe.features, self._loaded.validation, self._loaded.body)

    def _save(self, folder: Path) -> None:
        recipe, loaded = self._recipe, self._loaded
        config = ModelConfig(
            network=recipe.network,
            features=recipe.features,
            encoder=recipe.encoder,
            body=loaded.body.name,
            name=recipe.name,
            version=recipe.version,
        )
        save_model(folder, self.network, config, card=_write_card(recipe))
        loaded.offsets.save(folder)


def _set_mean_pose(network: SpsNet, library: MotionLibrary) -> None:
    """Start the regressor's iterations from the mean captured pose, facing the camera."""
    sample = library.sample(torch.Generator().manual_seed(0), 256, 4).rotations
    six_d = matrix_to_six_d(sample).mean((0, 1))
    state = network.regressors.mean_state
    six_d[0] = state[:6]
    network.regressors.set_mean(six_d, torch.zeros(10), torch.tensor([0.9, 0.0, 0.0]))


def _write_card(recipe: TrainingRecipe) -> str:
    loop = recipe.loop
    simulated, rendered, filmed = recipe.batch.count_windows(loop.batch)
    films = f", {filmed} of real films (labelled in 2D alone)" if filmed else ""
    single = {"rendered": recipe.batch.stills, "simulated": recipe.batch.simulated_stills}
    counts = ", ".join(f"{count} {kind}" for kind, count in single.items() if count)
    stills = f"; single frames: {counts}" if counts else ""
    pictures = "rendered by spsnet; no photograph of a person was used"
    weights = ", ".join(f"{name} {value:g}" for name, value in vars(recipe.objective.weights).items() if value)
    return f"""# {recipe.name} {recipe.version}

Head of the SPS network, trained by spsnet from open parts alone.

- Input: what the frozen encoder `{recipe.encoder}` says of a crop, feature kind `{recipe.features.kind}`.
- Body: the open body of spsnet (MakeHuman data, CC0).
- Motion: CMU motion capture (mocap.cs.cmu.edu, funded by NSF EIA-0196217) through the archives `cmu_expmap` and
  `acrnn_cmu`, and `reactidle` (MIT). No motion is stored in the weights as data.
- Pictures: {"rendered by spsnet, and films of the catalogue" if filmed else pictures}.
- Training: {loop.steps} steps of {loop.batch} windows of {recipe.network.window} frames: {simulated} simulated,
  {rendered} rendered{films}{stills}; seed {loop.seed}. Made again by the commands of docs/training.md.
- Losses: {weights}.
- Licence: Apache-2.0.

How it measures: docs/training.md.
"""
