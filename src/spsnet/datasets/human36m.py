"""Human3.6M: one person before four calibrated cameras, joints from motion capture, in either of two layouts.

Convention:
    The makers' own files (`human36m_cdf`) are taken where `S*/MyPoseFeatures` lies in the folder, pictures with JSON
    annotations (`human36m_json`) where `annotations/Human36M_subject*.json` does. Both give the joints of `h36m17` in
    metres and the camera's axes, at 50 frames a second.
    Protocol 1 tests with all four cameras, protocol 2 with 60457274 alone; both train with all four.
    Directions of S11 before camera 54138969, the second take in the JSON layout, was never whole in any copy and is
    left out. In three takes of S9 (Greeting 2, SittingDown 2 and Waiting 1 as other people number them) the joints are
    known to lie beside the person in the picture; every protocol counts them, so they stay.
"""

from pathlib import Path

import numpy as np

from spsnet.datasets.human36m_cdf import list_cdf_films, read_cdf_film
from spsnet.datasets.human36m_film import CAMERAS
from spsnet.datasets.human36m_json import list_json_films, read_json_film
from spsnet.datasets.reader import DatasetInfo
from spsnet.records import Clip, UserError

_FPS = 50.0
_SET = "h36m17"
_SUBJECTS = {"train": (1, 5, 6, 7, 8), "test": (9, 11)}
_FRONT_CAMERA = "60457274"


class Human36m:
    """Films with joints from motion capture; body and gender are not in the files."""

    info = DatasetInfo(
        name="human36m",
        title="Human3.6M",
        splits=tuple(_SUBJECTS),
        source=(
            "Apply for an account at vision.imar.ro/human3.6m, then download Videos and Poses_D3_Positions_mono (and, "
            "for keypoints and cameras, Poses_D2_Positions) of S1, S5, S6, S7, S8, S9 and S11."
        ),
        licence="academic use only, for those whose application was accepted",
        layout=(
            "S9/MyPoseFeatures/D3_Positions_mono/Walking 1.60457274.cdf, and D2_Positions beside it  (without it no "
            "camera, and nobody is found in the pictures)\n"
            "S9/Videos/Walking 1.60457274.mp4  (without Videos/ clips have no pictures)\n"
            "or\n"
            "annotations/Human36M_subject9_{camera,data,joint_3d}.json\n"
            "images/s_09_act_02_subact_01_ca_01/s_09_act_02_subact_01_ca_01_000001.jpg  (without images/ likewise)"
        ),
    )

    def __init__(self, *, protocol: int = 2) -> None:
        """Choose the cameras of the test split.

        Args:
            protocol: 1: all four; 2: 60457274 alone, as the paper's family of methods reports.

        Raises:
            ValueError: If there is no such protocol.
        """
        if protocol not in (1, 2):
            raise ValueError(f"protocol should be 1 or 2, got {protocol!r}")
        self.protocol = protocol

    def list_sequences(self, raw: Path, split: str) -> list[str]:
        """Names of the split's films, of all its subjects: half a test set is another test set.

        Raises:
            UserError: If the folder holds neither layout or both, or a subject is missing.
            ValueError: If there is no such split.
        """
        if split not in _SUBJECTS:
            raise ValueError(f"Human3.6M has the splits {', '.join(_SUBJECTS)}, not {split!r}")
        cameras = (_FRONT_CAMERA,) if split == "test" and self.protocol == 2 else tuple(CAMERAS)
        list_films = list_cdf_films if _holds_cdf(raw) else list_json_films
        return list_films(raw, _SUBJECTS[split], cameras)

    def read_sequence(self, raw: Path, split: str, sequence: str) -> list[Clip]:
        """The one clip of a film.

        Raises:
            UserError: If a file is missing or damaged.
            ValueError: If the split has no such film.
        """
        if sequence not in self.list_sequences(raw, split):
            raise ValueError(f"the {split} split in {raw} has no film {sequence!r}")
        film = (read_cdf_film if _holds_cdf(raw) else read_json_film)(raw, sequence)
        keypoints = film.keypoints_px
        return [
            Clip(
                dataset=self.info.name,
                name=sequence,
                sequence=sequence,
                fps=_FPS,
                frame_index=film.frame_index,
                pictures=film.pictures,
                camera=film.camera,
                valid_mask=np.ones(len(film.frame_index), dtype=bool),
                joints_m=film.joints_m,
                joint_set=_SET,
                keypoints_px=keypoints,
                keypoint_set=None if keypoints is None else _SET,
                box_xys_px=film.box_xys_px,
            )
        ]


def _holds_cdf(raw: Path) -> bool:
    """Whether the folder is laid out as the makers' files; else it is pictures with JSON annotations.

    Raises:
        UserError: If it is both or neither.
    """
    cdf = next(raw.glob("S*/MyPoseFeatures"), None)
    json = next(raw.glob("annotations/Human36M_subject*.json"), None)
    if cdf is not None and json is not None:
        raise UserError(f"{raw} holds {cdf.relative_to(raw)} and {json.relative_to(raw)}; move one of the layouts away")
    if cdf is None and json is None:
        raise UserError(
            f"{raw} holds neither S9/MyPoseFeatures nor annotations/Human36M_subject9_data.json; give the folder into "
            f"which the archives of Human3.6M were unpacked"
        )
    return cdf is not None
