"""People in 3D out of ordinary video."""

__version__ = "0.1.0"
