"""The model that ships: its two files say the same, and what they say is a person."""

from pathlib import Path

import numpy as np
import torch

from spsnet.engines import compile_graph, load_graph
from spsnet.network.exported import GRAPH_FILE
from spsnet.network.weights import load_model

FOLDER = Path(__file__).parents[2] / "weights" / "default"


def test_torch_and_exported_network_agree() -> None:
    network, config = load_model(FOLDER)
    graph = compile_graph(load_graph(FOLDER / GRAPH_FILE))
    features = torch.randn(3, 40, config.features.width, generator=torch.Generator().manual_seed(0))
    mask = torch.arange(40) < torch.tensor([40, 17, 1])[:, None]
    with torch.no_grad():
        output = network(features, mask)
    rotations, shape, camera = graph(features.numpy(), mask.numpy())
    keep = mask.numpy()
    np.testing.assert_allclose(rotations[keep], output.rotations.numpy()[keep], atol=1e-4)
    np.testing.assert_allclose(shape, output.shape.numpy(), atol=1e-4)
    np.testing.assert_allclose(camera[keep], output.camera.numpy()[keep], atol=1e-4)


def test_files_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 40e6
