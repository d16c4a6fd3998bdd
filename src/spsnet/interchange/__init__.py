"""Results of other systems, and ours: read as they are, written for each other and for programs of animation."""

from spsnet.interchange.losses import list_losses
from spsnet.interchange.registry import FORMATS, detect_format, find_format, read_results
from spsnet.interchange.result_format import ResultFormat
from spsnet.interchange.writing import RUN_FORMATS, require_format, write_exports, write_results

__all__ = [
    "FORMATS",
    "RUN_FORMATS",
    "ResultFormat",
    "detect_format",
    "find_format",
    "list_losses",
    "read_results",
    "require_format",
    "write_exports",
    "write_results",
]
