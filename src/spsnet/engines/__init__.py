"""Graph files to callables: OpenVINO, float32 exactly, no telemetry."""

from spsnet.engines.graph import Graph, compile_graph, cut_graph, load_graph
from spsnet.engines.silent import openvino

__all__ = ["Graph", "compile_graph", "cut_graph", "load_graph", "openvino"]
