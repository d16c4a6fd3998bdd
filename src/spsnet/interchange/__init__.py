"""Results of other systems, and ours: read as they are, written for each other."""

from spsnet.interchange.losses import list_losses
from spsnet.interchange.registry import FORMATS, detect_format, find_format, read_results, write_results
from spsnet.interchange.result_format import ResultFormat

__all__ = ["FORMATS", "ResultFormat", "detect_format", "find_format", "list_losses", "read_results", "write_results"]
