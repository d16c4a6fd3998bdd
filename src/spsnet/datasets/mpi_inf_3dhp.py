"""MPI-INF-3DHP: eight people in a studio of 14 cameras, and six test sequences in the studio and outdoors.

Convention:
    `annot3` is in the axes of each camera, in millimetres, and projects onto `annot2`: a joint at (-18.0923, 102.071,
    3726.17) stands at (-0.0181, 0.1021, 3.7262) here, and under a focal length of 1497.4 px and the principal point
    (1024.7, 1051.4) at the pixel (1017.4, 1092.4). `univ_annot3` is the same pose made as tall as H3.6M's skeleton: it
    projects onto nothing, and some published protocols measure on it.
    Rows count frames from 0, pictures from 1.

Source:
    The data set's readme (axes, that `annot3` projects onto `annot2`) and its table of sequences (rates and counts of
    frames). Neither gives a rate for the test sequences: at 25 a second those of the studio last four minutes, as the
    training sequences do; for TS5 and TS6 it is a guess.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Int

from spsnet.datasets.lenses import WORST_FIT_PX, fit_pinhole, measure_projection
from spsnet.datasets.mpi_inf_3dhp_files import Annotation, load_test, load_train
from spsnet.datasets.reader import DatasetInfo
from spsnet.datasets.skeletool import read_calibration
from spsnet.records import Clip, Pictures, Pinhole, UserError

VIEWS = (0, 1, 2, 4, 5, 6, 7, 8)
"""Cameras of the 14 whose films the field trains on."""
_TRAIN: Mapping[tuple[int, int], tuple[int, float]] = {
    (1, 1): (6416, 25.0), (1, 2): (12430, 50.0), (2, 1): (6502, 25.0), (2, 2): (6081, 25.0), (3, 1): (12488, 50.0),
    (3, 2): (12283, 50.0), (4, 1): (6171, 25.0), (4, 2): (6675, 25.0), (5, 1): (12820, 50.0), (5, 2): (12312, 50.0),
    (6, 1): (6188, 25.0), (6, 2): (6145, 25.0), (7, 1): (6239, 25.0), (7, 2): (6320, 25.0), (8, 1): (6468, 25.0),
    (8, 2): (6054, 25.0),
}  # fmt: skip
"""By subject and sequence: frames that every film has, where annotations may go on; frames a second."""
_SHORT_FILMS = {(6, 2, 2)}
"""Subject, sequence and view of a film that ends before its annotations do; it is not listed."""
_TEST_SIZES = {**dict.fromkeys(("TS1", "TS2", "TS3", "TS4"), (2048, 2048)), "TS5": (1920, 1080), "TS6": (1920, 1080)}
_TEST_FPS = 25.0
_TEST_FOLDER = "mpi_inf_3dhp_test_set"
_AGAIN = "download the file again"


class MpiInf3dhp:
    """Reader of MPI-INF-3DHP: 28 joints in `train`, where each view of a sequence is a film; 17 in `test`.

    The test set gives no cameras: each is fitted to where `annot3` appears in `annot2` (`fit_pinhole`).
    """

    info = DatasetInfo(
        name="mpi-inf-3dhp",
        title="MPI-INF-3DHP",
        splits=("train", "test"),
        source="Take the download scripts from the data set's page at the Max Planck Institute for Informatics, read "
        "and accept conf.ig, then run get_dataset.sh for train and get_testset.sh for test.",
        licence="non-commercial research only",
        layout="S1/Seq1/annot.mat, camera.calibration, …  (S1 to S8, Seq1 and Seq2)\n"
        "S1/Seq1/imageSequence/video_0.avi, …  or extracted, from 1: S1/Seq1/imageFrames/video_0/frame_000001.jpg, … "
        "or S1/Seq1/imageSequence/img_0_000001.jpg, …\n"
        "mpi_inf_3dhp_test_set/TS1/annot_data.mat, …\n"
        "mpi_inf_3dhp_test_set/TS1/imageSequence/img_000001.jpg, …  (without imageSequence/ clips have no pictures)",
    )

    def __init__(self, *, universal: bool = False) -> None:
        """Choose the joints.

        Args:
            universal: Take `univ_annot3` for the joints in space; cameras and 2D points stay as they are.
        """
        self._universal = universal

    def list_sequences(self, raw: Path, split: str) -> list[str]:
        """`S1_Seq1_V0`, … for the views of which there are pictures, or all if there are none; `TS1`, ….

        Raises:
            UserError: If no sequence is there.
        """
        self._require_split(split)
        if split == "test":
            names = [name for name in _TEST_SIZES if (raw / _TEST_FOLDER / name).is_dir()]
            missing = f"{raw / _TEST_FOLDER} holds no folder TS1 to TS6; run the data set's get_testset.sh in {raw}"
        else:
            names = [f"S{s}_Seq{n}_V{view}" for s, n in _TRAIN for view in _list_views(raw, s, n)]
            missing = (
                f"{raw} holds neither S1/Seq1/annot.mat nor any other sequence; run the data set's get_dataset.sh there"
            )
        if not names:
            raise UserError(missing)
        return names

    def read_sequence(self, raw: Path, split: str, sequence: str) -> list[Clip]:
        """The film's one person.

        Joints that are not finite or not in front of the camera are not known, and their frame is not valid.

        Raises:
            UserError: If a file is missing, damaged, or of another sequence than the file beside it.
        """
        self._require_split(split)
        if split == "test":
            return [self._read_test(raw, sequence)]
        return [self._read_train(raw, sequence)]

    def _require_split(self, split: str) -> None:
        if split not in self.info.splits:
            raise ValueError(f"mpi-inf-3dhp has the splits {', '.join(self.info.splits)}, not {split!r}")

    def _read_train(self, raw: Path, sequence: str) -> Clip:
        films = {
            f"S{subject}_Seq{number}_V{view}": (subject, number, view) for subject, number in _TRAIN for view in VIEWS
        }
        if sequence not in films:
            raise ValueError(f"mpi-inf-3dhp has films S1_Seq1_V0 to S8_Seq2_V8, not {sequence!r}")
        subject, number, view = film = films[sequence]
        count, fps = _TRAIN[subject, number]
        folder = _find_folder(raw, subject, number)
        annotation = load_train(folder / "annot.mat", view, count)
        calibration = folder / "camera.calibration"
        cameras = read_calibration(calibration)
        if view not in cameras:
            raise UserError(f"{calibration} has no camera of 'name' {view}; {_AGAIN}")
        error = measure_projection(cameras[view], annotation.joints_mm, annotation.points_px)
        if error > WORST_FIT_PX:
            raise UserError(
                f"{calibration}: under camera {view} 'annot3' falls {error:.0f} px beside 'annot2' of annot.mat, they "
                f"are of different sequences; download both files again"
            )
        return self._make_clip(
            sequence, annotation, fps, cameras[view], _find_pictures(raw, film, annotation.frame_index), 28
        )

    def _read_test(self, raw: Path, sequence: str) -> Clip:
        if sequence not in _TEST_SIZES:
            raise ValueError(f"mpi-inf-3dhp has test sequences TS1 to TS6, not {sequence!r}")
        folder = raw / _TEST_FOLDER / sequence
        annotation = load_test(folder / "annot_data.mat")
        valid = annotation.valid_mask
        camera = fit_pinhole(annotation.joints_mm[valid], annotation.points_px[valid], _TEST_SIZES[sequence])
        pictures = None
        if (folder / "imageSequence").is_dir():
            pictures = _name_pictures(folder / "imageSequence", "img_{:06d}.jpg", annotation.frame_index)
        return self._make_clip(sequence, annotation, _TEST_FPS, camera, pictures, 17)

    def _make_clip(
        self,
        sequence: str,
        annotation: Annotation,
        fps: float,
        camera: Pinhole | None,
        pictures: Pictures | None,
        joints: int,
    ) -> Clip:
        known = annotation.find_known()
        places = annotation.universal_mm if self._universal else annotation.joints_mm
        return Clip(
            dataset=self.info.name,
            name=sequence,
            sequence=sequence,
            fps=fps,
            frame_index=annotation.frame_index,
            pictures=pictures,
            camera=camera,
            valid_mask=annotation.valid_mask & known.all(-1),
            joints_m=np.where(known[..., None], places / 1000.0, np.nan),
            joint_set=f"mpi_inf_3dhp{joints}",
            keypoints_px=np.where(
                known[..., None], np.concatenate([annotation.points_px, known[..., None]], axis=-1), 0.0
            ),
            keypoint_set=f"mpi_inf_3dhp{joints}",
        )


def _list_views(raw: Path, subject: int, number: int) -> list[int]:
    """A sequence's views: those with pictures; without any, all if it is annotated."""
    views = [view for view in VIEWS if (subject, number, view) not in _SHORT_FILMS]
    seen = [view for view in views if any(place.exists() for place in _list_places(raw, (subject, number, view)))]
    return seen or (views if (_find_folder(raw, subject, number) / "annot.mat").is_file() else [])


def _find_folder(raw: Path, subject: int, number: int) -> Path:
    return raw / f"S{subject}" / f"Seq{number}"


def _list_places(raw: Path, film: tuple[int, int, int]) -> tuple[Path, Path, Path]:
    """The film itself, the folder of its pictures, and the first picture beside those of other views."""
    subject, number, view = film
    folder = _find_folder(raw, subject, number)
    return (
        folder / "imageSequence" / f"video_{view}.avi",
        folder / "imageFrames" / f"video_{view}",
        folder / "imageSequence" / f"img_{view}_000001.jpg",
    )


def _find_pictures(raw: Path, film: tuple[int, int, int], frame_index: Int[np.ndarray, " time"]) -> Pictures | None:
    """Extracted pictures before the film, which takes longer to read."""
    whole, folder, first = _list_places(raw, film)
    if folder.is_dir():
        return _name_pictures(folder, "frame_{:06d}.jpg", frame_index)
    if first.is_file():
        return _name_pictures(first.parent, f"img_{film[2]}_{{:06d}}.jpg", frame_index)
    return Pictures(path=whole) if whole.is_file() else None


def _name_pictures(folder: Path, pattern: str, frame_index: Int[np.ndarray, " time"]) -> Pictures:
    there = {path.name for path in folder.iterdir()}
    names = tuple(pattern.format(number + 1) for number in frame_index.tolist())
    missing = [name for name in names if name not in there]
    if missing:
        raise UserError(
            f"{folder / missing[0]}: no such picture, {len(missing)} of {len(names)} are missing; extract or download "
            "them all"
        )
    return Pictures(path=folder, names=names)
