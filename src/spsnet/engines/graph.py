"""Run a network graph (`.tflite`, `.onnx`, frozen TensorFlow) on OpenVINO, which reads the files itself, in float32.

One graph runs on one thread. Measured on two cores: a second thread costs 25 % more CPU for one crop, while two graphs
side by side (`streams=2`, see `Graph.run_each`) cost 2 %.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from spsnet.engines.silent import openvino
from spsnet.records import UserError


class Graph:
    """A compiled graph: arrays in, arrays out, by position. Not to be shared between threads."""

    def __init__(self, compiled: Any, streams: int = 1) -> None:
        self._outputs = len(compiled.outputs)
        self._requests = [compiled.create_infer_request() for _ in range(streams)]

    def __call__(self, *inputs: np.ndarray) -> list[np.ndarray]:
        """Run once; the outputs are copies in the graph's order."""
        request = self._requests[0]
        request.infer(list(inputs))
        return self._copy_outputs(request)

    def run_each(self, inputs: Iterable[np.ndarray]) -> list[list[np.ndarray]]:
        """Run a graph of one input once for each array, as many at a time as there are streams.

        Returns:
            The outputs of each run, in the order of `inputs`.
        """
        results: list[list[np.ndarray]] = []
        running: list[Any] = []
        for i, array in enumerate(inputs):
            if len(running) == len(self._requests):
                results.append(self._finish(running.pop(0)))
            request = self._requests[i % len(self._requests)]
            request.start_async([array])
            running.append(request)
        return results + [self._finish(request) for request in running]

    def _finish(self, request: Any) -> list[np.ndarray]:
        request.wait()
        return self._copy_outputs(request)

    def _copy_outputs(self, request: Any) -> list[np.ndarray]:
        return [np.array(request.get_output_tensor(i).data) for i in range(self._outputs)]


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


def cut_graph(model: Any, outputs: Iterable[Any]) -> Any:
    """The part of a graph that `outputs` need; what only other outputs need is gone.

    Args:
        model: From `load_graph`.
        outputs: Graph edges (`openvino.Output`) in the order the new graph gives them.
    """
    return openvino.Model(list(outputs), model.get_parameters(), f"{model.get_friendly_name()} (cut)")


def compile_graph(model: Any, *, threads: int = 1, streams: int = 1) -> Graph:
    """Compile for the CPU in float32 (its default may be bf16).

    Args:
        model: From `load_graph` or `cut_graph`.
        threads: Threads of one run; 0 leaves the number to OpenVINO.
        streams: Runs that `Graph.run_each` keeps going side by side, each on `threads` threads.

    Raises:
        ValueError: If `threads` is negative or `streams` is not positive.
    """
    if threads < 0 or streams < 1:
        raise ValueError(f"threads should be at least 0 and streams at least 1, got {threads} and {streams}")
    # Pinned to the first core, the threads of two processes would share it and leave the others idle.
    config: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": "f32",
        "NUM_STREAMS": streams,
        "ENABLE_CPU_PINNING": False,
    }
    if threads:
        config["INFERENCE_NUM_THREADS"] = threads * streams
    return Graph(_core().compile_model(model, "CPU", config), streams)


@cache
def _core() -> Any:
    return openvino.Core()
