"""People in 3D out of ordinary video: pose, shape, body mesh and place before the camera.

recovery = spsnet.recover("clip.mp4")
model = spsnet.load_model("weights/default")
people = spsnet.load("out/clip")
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spsnet.network.exported import SpsHead
    from spsnet.pipeline.settings import RunSettings
    from spsnet.records import PersonMotion, Recovery

__version__ = "0.1.0"
__all__ = ["load", "load_model", "recover"]

# Video, engine and networks take seconds to import: each function brings in what it needs.


def recover(source: "str | Path", settings: "RunSettings | None" = None) -> "Recovery":
    """Find, follow and lift everybody in a film; see `spsnet.pipeline.recover`."""
    from spsnet.pipeline.recover import recover as recover_film

    return recover_film(source, settings)


def load_model(folder: "str | Path") -> "SpsHead":
    """Load a trained model's head for inference; see `spsnet.network.exported`."""
    from spsnet.network.exported import SpsHead

    return SpsHead.load(Path(folder))


def load(folder: "str | Path") -> "list[PersonMotion]":
    """Read the people that `spsnet run` wrote into a folder."""
    from spsnet.pipeline.results import load_people

    return load_people(Path(folder))
