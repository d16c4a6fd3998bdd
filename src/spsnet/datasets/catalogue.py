"""Every data set that `spsnet prepare` knows, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from spsnet.datasets import amass, kinetics
from spsnet.datasets.human36m import Human36m
from spsnet.datasets.instavariety import InstaVariety
from spsnet.datasets.mpi_inf_3dhp import MpiInf3dhp
from spsnet.datasets.penn_action import PennAction
from spsnet.datasets.posetrack18 import PoseTrack18
from spsnet.datasets.reader import DatasetInfo, DatasetReader
from spsnet.datasets.synthetic import SyntheticWindows
from spsnet.datasets.three_dpw import ThreeDpw

Kind = Literal["clips", "windows", "motion"]
FILMS = DatasetInfo(
    name="films",
    title="Any films of people",
    splits=(),
    source="Take films of your own, or names of `spsnet models list`.",
    licence="that of the films",
    layout="any video files",
)


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """A data set and what becomes of it."""

    info: DatasetInfo
    kind: Kind
    """Clips, for `spsnet evaluate`; windows of unknown people, for `spsnet train --films`; motion, for `--mocap`."""
    gives: str
    """What is in it once it is prepared, in a sentence."""
    split: str | None = None
    """The one that is prepared unless another is asked for."""
    options: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """Arguments of the reader and what they are by default."""
    make: Callable[..., DatasetReader] | None = None
    """Makes the reader, of data sets that are read as clips."""

    @property
    def has_pictures_to_train_on(self) -> bool:
        """Whether its labelled films can become windows as well (`spsnet prepare --windows`)."""
        return self.kind == "clips" and "train" in self.info.splits

    def describe_command(self) -> str:
        """How it is prepared, as it is typed.

        Convention:
            `spsnet prepare 3dpw RAW -o runs/3dpw --split test`.
        """
        name = self.info.name
        raw = "FILM..." if self.info is FILMS else "RAW"
        split = "" if self.split is None or len(self.info.splits) < 2 else f" --split {self.split}"
        return f"spsnet prepare {name} {raw} -o runs/{name}{split}"


_ENTRIES = (
    CatalogueEntry(
        info=ThreeDpw.info,
        kind="clips",
        gives="SMPL's pose, shape, gender and 24 joints in the camera's axes, OpenPose's 18 points, the camera.",
        split="test",
        make=ThreeDpw,
    ),
    CatalogueEntry(
        info=MpiInf3dhp.info,
        kind="clips",
        gives="28 joints (train) or 17 (test) in space and in the picture, the camera.",
        split="test",
        options=MappingProxyType({"universal": False}),
        make=MpiInf3dhp,
    ),
    CatalogueEntry(
        info=Human36m.info,
        kind="clips",
        gives="17 joints in space; in the picture too, with the camera, where the files say so.",
        split="test",
        options=MappingProxyType({"protocol": 2}),
        make=Human36m,
    ),
    CatalogueEntry(
        info=PennAction.info,
        kind="clips",
        gives="13 points in the picture and boxes.",
        split="test",
        options=MappingProxyType({"swap_sides": False}),
        make=PennAction,
    ),
    CatalogueEntry(
        info=PoseTrack18.info,
        kind="clips",
        gives="17 points in the picture and boxes, of everybody, in the frames that are labelled.",
        split="val",
        options=MappingProxyType({"fps": 25.0}),
        make=PoseTrack18,
    ),
    CatalogueEntry(
        info=InstaVariety.info,
        kind="clips",
        gives="OpenPose's 25 points in pictures that are cut about the person.",
        split="test",
        options=MappingProxyType({"pictures": None}),
        make=InstaVariety,
    ),
    CatalogueEntry(
        info=SyntheticWindows.info,
        kind="clips",
        gives="17 joints of our body in space and in the picture, the camera, and what the encoder saw.",
        split="all",
        options=MappingProxyType({"encoder": "blazepose-heavy"}),
        make=SyntheticWindows,
    ),
    CatalogueEntry(
        info=kinetics.INFO,
        kind="windows",
        gives="People found by our own detector, with the encoder's landmarks and masks for labels.",
        split="train",
    ),
    CatalogueEntry(
        info=FILMS,
        kind="windows",
        gives="People found by our own detector, with the encoder's landmarks and masks for labels.",
    ),
    CatalogueEntry(
        info=amass.INFO,
        kind="motion",
        gives="Motion at 30 frames a second, cut where captures failed, as files of AMASS for `--mocap`. "
        "That reads RAW itself as well and makes the same of it, only more slowly.",
    ),
)
CATALOGUE: Mapping[str, CatalogueEntry] = MappingProxyType({entry.info.name: entry for entry in _ENTRIES})
"""By name."""


def find_entry(name: str) -> CatalogueEntry:
    """A data set by its name.

    Raises:
        ValueError: If there is none, naming those there are.
    """
    if name not in CATALOGUE:
        raise ValueError(f"there is no data set {name!r}; known are {', '.join(CATALOGUE)}")
    return CATALOGUE[name]


def make_reader(name: str, options: Mapping[str, object] | None = None) -> DatasetReader:
    """The reader of a data set.

    Args:
        name: Of a data set that is read as clips.
        options: Arguments of the reader, of `CatalogueEntry.options`.

    Raises:
        ValueError: If there is no such data set, it has no clips or no such option, or the reader refuses a value.
    """
    entry, options = find_entry(name), options or {}
    if entry.make is None:
        raise ValueError(f"{name} gives {entry.kind}, it has no reader of clips")
    for option in options:
        if option not in entry.options:
            raise ValueError(f"{name} has no option {option!r}")
    return entry.make(**options)


def list_owners(option: str) -> list[str]:
    """Names of the data sets whose reader takes an option."""
    return [name for name, entry in CATALOGUE.items() if option in entry.options]
