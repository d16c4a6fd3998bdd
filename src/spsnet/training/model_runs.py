"""From a recipe to a model folder."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8

from spsnet.body import BodyModel, load_body
from spsnet.body.landmarks import LandmarkOffsets, build_landmark_model
from spsnet.datasets.motion_clips import MotionClip
from spsnet.datasets.shards import ObservedWindows, WindowSet, load_windows
from spsnet.geometry import matrix_to_six_d
from spsnet.network.config import ModelConfig
from spsnet.network.discriminator import Discriminator
from spsnet.network.spsnet import SpsNet
from spsnet.network.weights import save_model
from spsnet.records import UserError
from spsnet.synthesis.mocap import load_mocap
from spsnet.synthesis.motions import MotionConfig, MotionLibrary
from spsnet.synthesis.noise_bank import NoiseBank
from spsnet.synthesis.windows import WindowSimulator
from spsnet.training.batching import BatchSampler
from spsnet.training.judging import RealMotions
from spsnet.training.loop import Report, train
from spsnet.training.objective import SpsObjective
from spsnet.training.outlines import OutlineLoss
from spsnet.training.pictures import draw_windows
from spsnet.training.processes import is_first_process
from spsnet.training.recipe import TrainingRecipe, split_clips
from spsnet.training.validation import validate_network

_AS_CAPTURED = MotionConfig(offset_rad=0.0, recombine_share=0.0)


@dataclass(frozen=True, kw_only=True)
class TrainingSources:
    """What a run learns from: folders of `spsnet synthesize` and `spsnet prepare`."""

    mocap: Path
    """Motion-capture archives, or AMASS's files."""
    windows: Path
    """Rendered windows, and what was measured of the encoder on them."""
    stills: Path | None = None
    """Rendered single frames."""
    films: Path | None = None
    """Windows of real films."""
    validation: Path | None = None
    """Rendered windows that tell which epoch was best."""


def train_recipe(
    recipe: TrainingRecipe, sources: TrainingSources, folder: Path, *, resume: bool = False
) -> Iterator[Report]:
    """Train a recipe and write the model into `folder/model`.

    Raises:
        UserError: If motions or windows that the recipe needs are missing or damaged, the windows are another
            encoder's, or as `train`.
    """
    body = load_body()
    offsets = LandmarkOffsets.load(sources.windows)
    if offsets.encoder != recipe.encoder:
        raise UserError(f"{sources.windows} was measured on {offsets.encoder}, {recipe.name} wants {recipe.encoder}")
    clips, _ = split_clips(load_mocap(sources.mocap))
    if not clips:
        raise UserError(f"{sources.mocap} holds no motion to train on; add archives")
    points = build_landmark_model(body, offsets.offset_m)
    library = MotionLibrary(clips, recipe.motion)
    weights = recipe.objective.weights
    objective = SpsObjective(
        points, recipe.features, recipe.objective, outlines=OutlineLoss(body) if weights.mask else None
    )
    simulator = WindowSimulator(
        library, points, NoiseBank.load(sources.windows), config=recipe.windows, cameras=recipe.cameras
    )
    _, rendered, filmed = recipe.batch.count_windows(recipe.loop.batch)
    sampler = BatchSampler(
        recipe.batch,
        recipe.windows.frames,
        simulate=simulator.sample,
        rendered=WindowSet(sources.windows, recipe.encoder) if rendered else None,
        films=_open("film_share", "--films", sources.films, recipe) if filmed else None,
        stills=_open("stills", "--stills", sources.stills, recipe) if recipe.batch.stills else None,
        real_motions=_make_judge(clips, recipe) if weights.adversarial else None,
    )
    torch.manual_seed(recipe.loop.seed)
    network = SpsNet(recipe.network)
    _set_mean_pose(network, library)
    watch = _Watch(recipe, body, sources.validation)
    yield from train(
        network,
        objective,
        sampler,
        recipe.loop,
        folder,
        discriminator=_make_discriminator(recipe) if weights.adversarial else None,
        validate=watch.validate if watch.windows is not None else None,
        draw=watch.draw if watch.windows is not None else None,
        resume=resume,
    )
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


class _Watch:
    """Looks at the network after each epoch."""

    def __init__(self, recipe: TrainingRecipe, body: BodyModel, folder: Path | None) -> None:
        self._recipe, self._body = recipe, body
        self.windows: ObservedWindows | None = None if folder is None else load_windows(folder, recipe.encoder)

    def validate(self, network: SpsNet) -> dict[str, float]:
        assert self.windows is not None
        return validate_network(network, self._recipe.features, self.windows, self._body)

    def draw(self, network: SpsNet) -> UInt8[np.ndarray, "height width 3"]:
        assert self.windows is not None
        return draw_windows(network, self._recipe.features, self.windows, self._body)


def _open(field: str, option: str, folder: Path | None, recipe: TrainingRecipe) -> WindowSet:
    if folder is None:
        raise UserError(f"{recipe.name} learns from {field} too; say where they are with {option}")
    return WindowSet(folder, recipe.encoder)


def _make_judge(clips: list[MotionClip], recipe: TrainingRecipe) -> RealMotions:
    motion = replace(_AS_CAPTURED, speed=recipe.motion.speed, idle_weight=recipe.motion.idle_weight)
    return RealMotions(MotionLibrary(clips, motion), recipe.objective.discriminator_root, recipe.cameras)


def _make_discriminator(recipe: TrainingRecipe) -> Discriminator:
    width = 69 if recipe.objective.discriminator_root == "none" else 72
    return Discriminator(pose_width=width, scale=recipe.network.attention_scale)


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
    stills = f" and {recipe.batch.stills} single rendered frames" if recipe.batch.stills else ""
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
