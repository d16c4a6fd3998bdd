"""OpenVINO without its telemetry.

A plain `import openvino` (2026.4) also imports the model converter, `openvino.tools.ovc`, whose import alone starts
`openvino_telemetry`: that writes `intel/stats` and a client id into the home directory and starts a process that sends
an event to a statistics server. We do not need the converter, so it is hidden while OpenVINO is imported; OpenVINO does
without it, and no telemetry code is even loaded. Therefore the whole package takes OpenVINO from here and nowhere else:

    from spsnet.engines import openvino

A program that imported `openvino` before us keeps what it has. One that wants the converter later can still import
`openvino.tools.ovc` by its name.
"""

import sys
from importlib import import_module
from typing import Any

_CONVERTER = "openvino.tools.ovc"


def _import_openvino() -> Any:
    if "openvino" in sys.modules:
        return sys.modules["openvino"]
    sys.modules[_CONVERTER] = None  # type: ignore[assignment]  # importing it now raises ImportError
    try:
        return import_module("openvino")
    finally:
        del sys.modules[_CONVERTER]


openvino = _import_openvino()
