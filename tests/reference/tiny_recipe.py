"""The smallest recipe that is still one, and the folders that it learns from."""

from pathlib import Path

import numpy as np

from reference.made_noise import make_bank
from reference.made_windows import make_windows
from reference.tiny_training import write_mocap
from spsnet.body import load_body
from spsnet.body.landmarks import LandmarkOffsets
from spsnet.datasets.shards import save_shard
from spsnet.network.config import FeatureConfig, NetworkConfig
from spsnet.synthesis.windows import WindowConfig
from spsnet.training.batching import BatchConfig
from spsnet.training.loop import LoopConfig
from spsnet.training.objective import LossWeights, ObjectiveConfig
from spsnet.training.recipe import TrainingRecipe
from spsnet.training.sources import TrainingSources

ENCODER = "blazepose-heavy"
FEATURES = FeatureConfig()
TINY = TrainingRecipe(
    name="tiny",
    version="0.1",
    encoder=ENCODER,
    features=FEATURES,
    network=NetworkConfig(
        feature_width=FEATURES.width,
        stem_width=8,
        hidden=8,
        regressor_activation="leaky_relu",
        attention_scale="sqrt_d",
        window=4,
    ),
    objective=ObjectiveConfig(
        weights=LossWeights(
            pose=1.0, shape=0.1, joints=1.0, keypoints=1.0, forecast=0.1, camera=0.1, adversarial=0.1, param_pose=0.1
        )
    ),
    loop=LoopConfig(steps=4, batch=3, warmup_steps=1, average=0.5, epoch_steps=2, report_steps=1, accelerator="cpu"),
    batch=BatchConfig(rendered_share=1 / 3),
    windows=WindowConfig(frames=5),
)


def write_windows(folder: Path, *, frames: int = 5, seed: int = 0, encoder: str = ENCODER) -> Path:
    """Three of them."""
    save_shard(folder, 0, {encoder: make_windows(3, frames, seed=seed)})
    return folder


def write_sources(folder: Path, *, validation: bool = True) -> TrainingSources:
    """Motions, and rendered windows with what was measured on them."""
    windows = write_windows(folder / "windows")
    LandmarkOffsets(encoder=ENCODER, body=load_body().name, offset_m=np.zeros((33, 3), np.float32)).save(windows)
    make_bank().save(windows)
    return TrainingSources(
        mocap=write_mocap(folder / "mocap"),
        windows=windows,
        validation=write_windows(folder / "validation", seed=1) if validation else None,
    )
