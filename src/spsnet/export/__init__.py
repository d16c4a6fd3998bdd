"""Motion to files that other programs read."""

from spsnet.export.npz import load_person, save_person

__all__ = ["load_person", "save_person"]
