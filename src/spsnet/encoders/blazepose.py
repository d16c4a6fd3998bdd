"""BlazePose as the frozen encoder E, cut so that nothing is computed that nobody asked for."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import expit

from spsnet.assets import fetch
from spsnet.engines import compile_graph, cut_graph, load_graph
from spsnet.records import EncoderOutput

_SIZE_PX = 256
_LANDMARKS = 33
_HEADS = {"landmarks": "Identity", "presence": "Identity_1", "mask": "Identity_2", "world": "Identity_4"}
_NAMES = ("blazepose-heavy", "blazepose-full")


class BlazePose:
    """BlazePose `heavy` or `full` (third generation, GHUM heads) on OpenVINO.

    The whole graph also decodes 39 heat maps and a person mask; both branches are cut away unless `mask` asks for the
    second. The graph holds one crop and is run once for each person, `streams` side by side: on these CPUs a batch of 4
    gains 5 % over single runs, and so the answer for a crop never depends on who else is in the frame.

    Source:
        Bazarevsky et al., BlazePose, 2020; Grishchenko et al., BlazePose GHUM Holistic, 2022; the model files are
        Apache-2.0. The meaning of the 39 × 5 values was established on real pictures (see docs/encoders.md).
    """

    input_size_px = _SIZE_PX

    def __init__(self, path: Path, *, name: str, feature: bool = False, mask: bool = False, streams: int = 1) -> None:
        self.name = name
        self._feature, self._mask = feature, mask
        model = load_graph(path)
        heads = ["landmarks", "world", "presence"] + (["mask"] if mask else [])
        outputs = [model.output(_HEADS[head]).get_node().input_value(0) for head in heads]
        if feature:
            outputs.append(_find_shared_tensor(model))
        self._graph = compile_graph(cut_graph(model, outputs), streams=streams)

    def encode(self, crops: Float[np.ndarray, "people 256 256 3"]) -> EncoderOutput:
        """Encode RGB crops in [0, 1], the person upright in the middle and filling about 3/4 of the side.

        Confidence of a landmark is the product of the two probabilities the network gives: that it lies in the crop
        (presence) and that it is not hidden (visibility).
        """
        runs = self._graph.run_each(np.ascontiguousarray(crop[None], dtype=np.float32) for crop in crops)
        landmarks = _stack(runs, 0, (39, 5))
        confidence = expit(landmarks[:, :_LANDMARKS, 3]) * expit(landmarks[:, :_LANDMARKS, 4])
        return EncoderOutput(
            landmarks_px=np.concatenate([landmarks[:, :_LANDMARKS, :2], confidence[..., None]], -1),
            circle_px=landmarks[:, _LANDMARKS : _LANDMARKS + 2, :2].copy(),
            world_m=_stack(runs, 1, (39, 3))[:, :_LANDMARKS].copy(),
            presence=_stack(runs, 2, (1,))[:, 0],
            feature=_stack(runs, -1, (1152,)) if self._feature else None,
            mask=expit(_stack(runs, 3, (_SIZE_PX, _SIZE_PX))) if self._mask else None,
        )


def load_encoder(
    name: str = "heavy", *, feature: bool = False, mask: bool = False, streams: int = 1, path: Path | None = None
) -> BlazePose:
    """Load a frozen encoder, fetching its file into the cache if it is not there.

    Args:
        name: `heavy` (the default) or `full` (five times faster, but swaps left and right in side views); the
            catalogue's names `blazepose-heavy` and `blazepose-full` do too.
        feature: Also give the 1152-vector that all heads share.
        mask: Also give the person's mask; its decoder then runs.
        streams: People encoded side by side, each on one thread.
        path: A file to use in place of the catalogue's.

    Raises:
        ValueError: If there is no such encoder.
        UserError: If the file cannot be had or read.
    """
    full_name = name if name.startswith("blazepose-") else f"blazepose-{name}"
    if full_name not in _NAMES:
        raise ValueError(f"no encoder is called {name!r}; there are {', '.join(_NAMES)}")
    return BlazePose(path or fetch(full_name), name=full_name, feature=feature, mask=mask, streams=streams)


def _find_shared_tensor(model: Any) -> Any:
    """Edge of the 2×2×288 tensor: the input of the 2×2 convolution that makes the landmarks."""
    edge = model.output(_HEADS["landmarks"]).get_node().input_value(0)
    while edge.get_node().get_type_name() != "Convolution":
        edge = edge.get_node().input_value(0)
    return edge.get_node().input_value(0)


def _stack(runs: list[list[np.ndarray]], index: int, shape: tuple[int, ...]) -> np.ndarray:
    """One output of every run, reshaped; (0, *shape) without runs."""
    if not runs:
        return np.zeros((0, *shape), np.float32)
    return np.stack([run[index].reshape(shape) for run in runs])
