"""Graph files to callables: OpenVINO, float32 exactly, no telemetry."""

from spsnet.engines.graph import Graph, compile_graph, cut_graph, import_openvino, load_graph

__all__ = ["Graph", "compile_graph", "cut_graph", "import_openvino", "load_graph"]
