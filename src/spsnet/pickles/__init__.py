"""Files with pickles in them, read without running anything that they ask for."""

from spsnet.pickles.files import load_npz, load_pickle

__all__ = ["load_npz", "load_pickle"]
