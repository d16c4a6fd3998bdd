"""Time the network: a training step, and the exported head.

    OMP_NUM_THREADS=1 python benchmarks/network.py

Medians of CPU milliseconds on one thread: forward and backward of 16 windows of 32 frames, and the exported head for a
film of 1,000 frames (62 overlapping windows).
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from spsnet.network import FeatureConfig, ModelConfig, NetworkConfig, SpsHead
from spsnet.network.spsnet import SpsNet
from spsnet.network.weights import save_model
from spsnet.pipeline.recover import find_default_model

BATCH, FRAMES, FILM = 16, 32, 1000


def main() -> None:
    """Measure the model that ships and the paper's size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    shipped = ModelConfig.load(find_default_model())
    paper = ModelConfig(
        network=NetworkConfig(feature_width=2048),
        features=FeatureConfig(kind="vector", vector_width=2048),
        encoder="resnet50",
        body=shipped.body,
    )
    print(f"{'':<18}{'step ms':>10}{'head, ms a window':>20}{'MB on disk':>12}")
    for name, config in (("ships", shipped), ("paper's size", paper)):
        with tempfile.TemporaryDirectory() as folder:
            network = SpsNet(config.network)
            save_model(Path(folder), network, config, card="")
            size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
            head = SpsHead.load(Path(folder), threads=1)
        film = np.random.default_rng(0).normal(size=(FILM, config.features.width))
        windows = len(range(0, FILM - FRAMES, FRAMES // 2)) + 1
        step = measure(lambda n=network: run_step(n), repeats)
        predict = measure(lambda h=head, f=film: h.predict(f), repeats) / windows
        print(f"{name:<18}{step:>10.0f}{predict:>20.2f}{size:>12.1f}")


def run_step(network: SpsNet) -> None:
    """Forward and backward."""
    features = torch.randn(BATCH, FRAMES, network.config.feature_width)
    output = network(features, torch.ones(BATCH, FRAMES, dtype=torch.bool))
    (output.rotations.square().sum() + output.shape.sum() + output.camera.sum()).backward()


def measure(work: Callable[[], object], repeats: int) -> float:
    """Median CPU milliseconds, after one run that does not count."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1e3)
    return statistics.median(times)


if __name__ == "__main__":
    main()
