"""A named run: a Python file with a function `make_recipe` that returns everything."""

import importlib.util
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar, get_args

from spsnet.datasets.motion_clips import MotionClip
from spsnet.network.config import FeatureConfig, NetworkConfig
from spsnet.records import UserError
from spsnet.synthesis.cameras import CameraConfig
from spsnet.synthesis.motions import MotionConfig
from spsnet.synthesis.scenes import FrameConfig
from spsnet.synthesis.windows import WindowConfig
from spsnet.training.batching import BatchConfig
from spsnet.training.loop import LoopConfig
from spsnet.training.objective import ObjectiveConfig

BASE_NAME = "full"
MotionSplit = Literal["training", "validation", "held_out"]


@dataclass(frozen=True, kw_only=True)
class TrainingRecipe:
    """All choices of one run."""

    name: str
    version: str
    encoder: str
    network: NetworkConfig
    objective: ObjectiveConfig
    loop: LoopConfig
    features: FeatureConfig = field(default_factory=FeatureConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    motion: MotionConfig = field(default_factory=MotionConfig)
    cameras: CameraConfig = field(default_factory=CameraConfig)
    windows: WindowConfig = field(default_factory=lambda: WindowConfig(frames=33))
    """Of simulated windows; their length is that of all windows of a batch."""
    spare_validation: bool = False
    """Simulate no motion of the validation windows, so that choices can be judged by them; what ships learns from all
    motions for training. It cannot be asked of rendered windows and stills, which have them."""

    def __post_init__(self) -> None:
        """Refuse windows that the network or L_camera cannot use, and vectors that nothing simulates."""
        if self.windows.frames != self.network.window + 1:
            raise ValueError(
                f"TrainingRecipe.windows should be one frame longer than the network's {self.network.window}, "
                f"got {self.windows.frames}"
            )
        simulated, rendered, _ = self.batch.count_windows(self.loop.batch)
        if self.spare_validation and (rendered or self.batch.stills):
            raise ValueError("TrainingRecipe.spare_validation wants simulated windows alone, the batch has others")
        simulated += self.batch.simulated_stills + (self.loop.lead_batch if self.loop.lead_steps else 0)
        if self.features.uses_vector and simulated:
            raise ValueError(
                f"{self.features.kind!r} features cannot be simulated; the recipe has {simulated} such windows"
            )

    @property
    def needs(self) -> frozenset[str]:
        """Of "stills" and "films", what it learns from beside windows."""
        _, _, filmed = self.batch.count_windows(self.loop.batch)
        counts = {"stills": self.batch.stills, "films": filmed}
        return frozenset(name for name, count in counts.items() if count)


@dataclass(frozen=True, kw_only=True)
class AblationRecipe:
    """One recipe and others that lack a part of it, all with the same budget and data, each with several seeds."""

    name: str
    base: TrainingRecipe
    variants: Mapping[str, TrainingRecipe]
    """By what they lack; see `variants.make_variants`."""
    seeds: tuple[int, ...] = (0, 1, 2)

    def __post_init__(self) -> None:
        """Refuse what could not be compared, or could not share the sources of the base; a lead may differ."""
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"AblationRecipe.seeds should be one or more different numbers, got {self.seeds}")
        if BASE_NAME in self.variants:
            raise ValueError(f"AblationRecipe.variants should not be called {BASE_NAME!r}, that is the base")
        for name, variant in self.variants.items():
            led_alike = replace(
                variant.loop, lead_steps=self.base.loop.lead_steps, lead_batch=self.base.loop.lead_batch
            )
            alike = replace(variant, loop=led_alike)
            for field_name in ("encoder", "loop", "spare_validation"):
                ours, theirs = getattr(alike, field_name), getattr(self.base, field_name)
                if ours != theirs:
                    raise ValueError(f"{name!r} should have the {field_name} of the base, {theirs}, it has {ours}")
            more = variant.needs - self.base.needs
            if more:
                raise ValueError(f"{name!r} should learn from what the base does, it learns from {min(more)} too")

    @property
    def recipes(self) -> dict[str, TrainingRecipe]:
        """The base as "full", and the variants."""
        return {BASE_NAME: self.base, **self.variants}


@dataclass(frozen=True, kw_only=True)
class SynthesisRecipe:
    """All choices of one set of windows."""

    name: str
    frames: FrameConfig
    encoders: tuple[str, ...] = ("blazepose-heavy", "blazepose-full")
    """By their names in the catalogue; a reader of the windows gets the first unless it asks for another."""
    rendered: bool = True
    """Draw the people and put them through the encoder; else simulate landmarks with `noise_from`'s noise."""
    motions: MotionSplit = "training"
    """"validation": a part of the training's motions; "held_out": motions that training never sees."""
    motion: MotionConfig = field(default_factory=MotionConfig)
    cameras: CameraConfig = field(default_factory=CameraConfig)

    def __post_init__(self) -> None:
        """Refuse an unknown part of the motions."""
        if self.motions not in get_args(MotionSplit):
            raise ValueError(f"SynthesisRecipe.motions should be one of {get_args(MotionSplit)}, got {self.motions!r}")


Recipe = TypeVar("Recipe", TrainingRecipe, SynthesisRecipe, AblationRecipe)


def load_recipe(path: Path, kind: type[Recipe]) -> Recipe:
    """Run a recipe file and return what its `make_recipe` makes.

    Raises:
        UserError: If the file is missing, fails, or makes no recipe of this kind.
    """
    spec = importlib.util.spec_from_file_location("recipe", path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise UserError(f"{path} is no recipe file; the folder recipes/ has some")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        recipe = module.make_recipe()
    except Exception as error:
        raise UserError(f"{path} failed: {type(error).__name__}: {error}") from error
    if not isinstance(recipe, kind):
        raise UserError(f"{path}: make_recipe should return a {kind.__name__}, it returned {type(recipe).__name__}")
    return recipe


class ClipSplit(NamedTuple):
    """Clips by what they are for."""

    training: list[MotionClip]
    """All that are not held out."""
    validation: list[MotionClip]
    """Those of `training` that a training leaves out which is to be judged by them."""
    held_out: list[MotionClip]


def split_clips(clips: Sequence[MotionClip]) -> ClipSplit:
    """Motions for training, one clip in eight of them for validation, and motions held out.

    Held out are the archives' own test folders, and one clip in eight of the rest. A clip's place depends on its name
    alone.
    """
    training: list[MotionClip] = []
    split = ClipSplit(training, [], [])
    for clip in clips:
        lot = zlib.crc32(clip.name.encode()) % 8
        if lot == 0 or "/test/" in clip.name:
            split.held_out.append(clip)
            continue
        training.append(clip)
        if lot == 1:
            split.validation.append(clip)
    return split
