"""What trainings learn from: folders by name, and the same opened once for any number of runs."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from spsnet.body import BodyModel, KeypointModel, load_body
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.datasets.motion_clips import MotionClip
from spsnet.datasets.shards import ObservedWindows, WindowSet, load_windows
from spsnet.records import UserError
from spsnet.synthesis.mocap import load_mocap
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.noise_bank import NoiseBank
from spsnet.training.outlines import OutlineLoss
from spsnet.training.recipe import TrainingRecipe, split_clips


@dataclass(frozen=True, kw_only=True)
class TrainingSources:
    """Folders of `spsnet synthesize` and `spsnet prepare`."""

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


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedSources:
    """The same in memory, for every recipe that asks for the same encoder, clips and kinds of windows."""

    body: BodyModel
    outlines: OutlineLoss
    offsets: LandmarkOffsets
    points: KeypointModel
    """The 24 joints, then the 33 landmarks."""
    noise: NoiseBank
    clips: list[MotionClip]
    """Motions to train on."""
    rendered: WindowSet
    stills: WindowSet | None
    films: WindowSet | None
    validation: ObservedWindows | None

    @cached_property
    def library(self) -> MotionLibrary:
        """The clips, to be varied as each recipe says."""
        return MotionLibrary(self.clips)


def load_sources(recipe: TrainingRecipe, sources: TrainingSources) -> LoadedSources:
    """Open what a recipe needs; half a minute, most of it for the motions.

    Raises:
        UserError: If something that the recipe needs is missing or damaged, or the windows are another encoder's.
    """
    body = load_body()
    offsets = LandmarkOffsets.load(sources.windows)
    if offsets.encoder != recipe.encoder:
        raise UserError(f"{sources.windows} was measured on {offsets.encoder}, {recipe.name} wants {recipe.encoder}")
    noise = NoiseBank.load(sources.windows)
    if noise.frames < recipe.windows.frames:
        raise UserError(
            f"{sources.windows} holds windows of {noise.frames} frames, {recipe.name} wants {recipe.windows.frames}"
        )
    rendered = WindowSet(sources.windows, recipe.encoder)
    stills = _open("stills", sources.stills, recipe) if "stills" in recipe.needs else None
    films = _open("films", sources.films, recipe) if "films" in recipe.needs else None
    validation = None if sources.validation is None else load_windows(sources.validation, recipe.encoder)
    split = split_clips(load_mocap(sources.mocap))
    spared = {clip.name for clip in split.validation} if recipe.spare_validation else set()
    clips = [clip for clip in split.training if clip.name not in spared]
    if not clips:
        raise UserError(f"{sources.mocap} holds no motion to train on; add archives")
    return LoadedSources(
        body=body,
        outlines=OutlineLoss(body),
        offsets=offsets,
        points=offsets.build_model(body),
        noise=noise,
        clips=clips,
        rendered=rendered,
        stills=stills,
        films=films,
        validation=validation,
    )


def _open(option: str, folder: Path | None, recipe: TrainingRecipe) -> WindowSet:
    if folder is None:
        raise UserError(f"{recipe.name} learns from {option} too; say where they are with --{option}")
    return WindowSet(folder, recipe.encoder)
