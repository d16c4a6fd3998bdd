"""The smallest network and motion that are still ones."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from spsnet.body import load_body
from spsnet.body.landmarks import build_landmark_model
from spsnet.datasets.shards import ObservedWindows, Sight
from spsnet.network.config import NetworkConfig
from spsnet.network.spsnet import SpsNet
from spsnet.synthesis.landmarks import LandmarkNoise
from spsnet.synthesis.mocap import MotionClip
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.windows import TrainingWindows, WindowConfig, WindowSimulator

CLEAN = LandmarkNoise(
    constant=(0.0,) * 33,
    smooth=(0.0,) * 33,
    white=(0.0,) * 33,
    leg_swap_share=0.0,
    trunk_swap_share=0.0,
    whole_swap_share=0.0,
    outlier_share=0.0,
    region_jitter=0.0,
)


def make_network(*, width: int = 3, dropout: float = 0.5, seed: int = 0, temporal: bool = True) -> SpsNet:
    torch.manual_seed(seed)
    return SpsNet(
        NetworkConfig(
            feature_width=width,
            stem_width=4,
            hidden=8,
            iterations=2,
            regressor_activation="leaky_relu",
            regressor_dropout=dropout,
            use_attention=temporal,
            use_forecasting=temporal,
            window=8,
        )
    )


def simulate_windows(
    *,
    batch: int = 2,
    frames: int = 4,
    noise: LandmarkNoise = CLEAN,
    offset_m: np.ndarray | None = None,
    short_share: float = 0.0,
    seed: int = 0,
) -> TrainingWindows:
    """Windows of people who bend a little from the rest pose."""
    still = np.tile(np.eye(3, dtype=np.float32), (40, 24, 1, 1))
    library = MotionLibrary([MotionClip(name="still", rotations=still, root_m=np.zeros((40, 3), np.float32))])
    points = build_landmark_model(load_body(), offset_m)
    simulator = WindowSimulator(library, points, noise, config=WindowConfig(frames=frames, short_share=short_share))
    return simulator.sample(torch.Generator().manual_seed(seed), batch)


def observe(windows: TrainingWindows) -> ObservedWindows:
    """The same windows as a shard holds them."""
    landmarks_px = windows.landmarks_px.numpy()
    batch, frames = landmarks_px.shape[:2]
    return ObservedWindows(
        seen=Sight(
            landmarks_px=landmarks_px,
            world_m=np.zeros_like(landmarks_px),
            feature=np.zeros((batch, frames, 0), np.float32),
            present_mask=windows.mask.numpy(),
            widths_px=np.zeros((batch, frames, 12), np.float32),
        ),
        occluded=None,
        rotations=windows.rotations.numpy(),
        shape=windows.shape.numpy(),
        translation_m=windows.translation_m.numpy(),
        visible_mask=np.ones((batch, frames, 33), bool),
        silhouette=np.zeros((batch, frames, 64, 64), bool),
        silhouette_box_xys_px=np.zeros((batch, frames, 3), np.float32),
        labelled=np.ones(batch, bool),
    )


def replace_seen(windows: ObservedWindows, **changes: np.ndarray) -> ObservedWindows:
    """The same windows, in which the encoder saw something else."""
    return replace(windows, seen=replace(windows.seen, **changes))


def write_mocap(folder: Path, names: tuple[str, ...] = ("train/walk/walk_1", "test/walk/walk_1")) -> Path:
    """An archive of people who swing their knees for two seconds."""
    rows = np.zeros((242, 117))
    rows[1:, 3 + 3 * 3] = rows[1:, 3 + 3 * 9] = 0.5 + 0.5 * np.sin(np.arange(241) / 20)
    text = "\n".join(",".join(f"{value:.5f}" for value in row) for row in rows).encode()
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / "cmu_expmap.tar.xz", "w:xz") as archive:
        for name in names:
            member = tarfile.TarInfo(f"cmu_expmap/{name}.txt")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return folder
