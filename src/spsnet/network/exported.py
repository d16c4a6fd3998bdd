"""The trained head without PyTorch: a film's features in, pose, shape and camera out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from spsnet.engines import compile_graph, load_graph
from spsnet.geometry import project_to_rotations
from spsnet.network.config import ModelConfig

GRAPH_FILE = "head.onnx"
_WINDOWS_PER_RUN = 16
"""Windows that go through the graph together: its weights are read once for all of them."""


@dataclass(frozen=True, kw_only=True)
class HeadPrediction:
    """What the head says of one person's film."""

    rotations: Float[np.ndarray, "time 24 3 3"]
    """θ_i as matrices, root first, the root in camera axes."""
    shape: Float[np.ndarray, "10"]
    """β, one for the film."""
    camera: Float[np.ndarray, "time 3"]
    """s, tx, ty of the crop's weak-perspective camera; s is positive."""


class SpsHead:
    """Runs windows of a film of any length through the exported head and blends them."""

    def __init__(self, graph: Callable[..., list[np.ndarray]], config: ModelConfig) -> None:
        """Take a graph (features (batch, time, width), mask (batch, time)) → [rotations, shape, camera]."""
        self.config = config
        self._graph = graph

    @classmethod
    def load(cls, folder: Path, *, threads: int = 0) -> "SpsHead":
        """Read a model folder; `threads` 0 leaves their number to the engine.

        Raises:
            UserError: If `config.json` or `head.onnx` is missing or damaged, naming the file.
        """
        config = ModelConfig.load(folder)
        return cls(compile_graph(load_graph(folder / GRAPH_FILE), threads=threads), config)

    def predict(self, features: Float[np.ndarray, "time width"]) -> HeadPrediction:
        r"""Overlapping windows, each half a window after the last, blended with weights that rise and fall smoothly.

            w(j) = sin²(π (j + ½) / N)

        Rotations are the chordal mean of the windows', cameras the mean, β the mean over windows by their frames. The
        last window ends with the film, so that it is full too; a film shorter than a window is padded and masked.

        Args:
            features: f_i as `build_features` gives them, at least one frame.

        Raises:
            ValueError: If there is no frame, or the features are not finite or of another width.
        """
        frames, width = features.shape
        if frames == 0 or width != self.config.features.width:
            raise ValueError(
                f"features should have shape (1 or more, {self.config.features.width}), got {features.shape}"
            )
        if not np.isfinite(features).all():
            raise ValueError("features should be finite")
        window = self.config.network.window
        starts = place_windows(frames, window)
        index = starts[:, None] + np.arange(window)
        mask = index < frames
        padded = np.where(mask[..., None], features[np.minimum(index, frames - 1)], 0).astype(np.float32)
        rotations, shapes, cameras = self._run(padded, mask)

        weight = np.where(mask, np.sin(np.pi * (np.arange(window) + 0.5) / window) ** 2, 0)
        blended_rotations = _sum_at(index, mask, weight, rotations.reshape(*mask.shape, -1), frames)
        total = _sum_at(index, mask, weight, np.ones((*mask.shape, 1)), frames)
        return HeadPrediction(
            rotations=project_to_rotations((blended_rotations / total).reshape(frames, 24, 3, 3)).astype(np.float32),
            shape=np.average(shapes, axis=0, weights=mask.sum(1)).astype(np.float32),
            camera=(_sum_at(index, mask, weight, cameras, frames) / total).astype(np.float32),
        )

    def _run(self, features: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
        parts = [
            self._graph(features[i : i + _WINDOWS_PER_RUN], mask[i : i + _WINDOWS_PER_RUN])
            for i in range(0, len(features), _WINDOWS_PER_RUN)
        ]
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]


def place_windows(frames: int, window: int) -> Int[np.ndarray, " windows"]:
    """First frames of windows that cover a film: half a window apart, the last one ending with the film.

    Convention:
        100 frames in windows of 32: 0, 16, 32, 48, 64, 68. Up to 32 frames: 0.
    """
    last = max(frames - window, 0)
    return np.append(np.arange(0, last, max(window // 2, 1)), last)


def _sum_at(
    index: Int[np.ndarray, "windows window"],
    mask: np.ndarray,
    weight: Float[np.ndarray, "windows window"],
    values: Float[np.ndarray, "windows window width"],
    frames: int,
) -> Float[np.ndarray, "frames width"]:
    """Weighted sum, at every frame of the film, of what the windows say of it."""
    summed = np.zeros((frames, values.shape[-1]))
    for frame, keep, w, v in zip(index, mask, weight, values, strict=True):
        summed[frame[keep]] += w[keep, None] * v[keep]
    return summed
