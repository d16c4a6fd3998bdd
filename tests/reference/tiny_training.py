"""The smallest network and motion that are still ones."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from spsnet.datasets.shards import ObservedWindows
from spsnet.network.config import NetworkConfig
from spsnet.network.spsnet import SpsNet


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
