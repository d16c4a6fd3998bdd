"""Run a network graph (`.tflite`, `.onnx`, frozen TensorFlow) on OpenVINO.

OpenVINO's core reads the files itself; its Python telemetry belongs to the model converter, which is never imported.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from spsnet.records import UserError


class Graph:
    """A compiled graph: arrays in, arrays out, by position."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._request = compiled.create_infer_request()

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        """Run once; the outputs are copies in the graph's order."""
        self._request.infer(list(inputs))
        return [np.array(self._request.get_output_tensor(i).data) for i in range(len(self._compiled.outputs))]


def load_graph(path: Path) -> Any:
    """Read a graph without compiling it, so that its outputs can be cut.

    Raises:
        UserError: If the file is missing or not a graph, naming it.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist; run `spsnet models pull` to fetch the default models")
    try:
        return _core().read_model(str(path))
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise UserError(f"{path} could not be read as a network graph: {reason}") from error


def compile_graph(model: Any, *, threads: int = 0) -> Graph:
    """Compile for the CPU in float32 (its default may be bf16); `threads` 0 leaves the number to OpenVINO."""
    config: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    if threads:
        config["INFERENCE_NUM_THREADS"] = threads
    return Graph(_core().compile_model(model, "CPU", config))


@cache
def _core() -> Any:
    from openvino import Core

    return Core()
