"""Whoever says where the people of a data set are: a model of ours, or the files of another program."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, runtime_checkable
from typing import Protocol as Interface

import numpy as np

from spsnet.body import load_body
from spsnet.datasets.prepared import PreparedClip, PreparedClips
from spsnet.evaluation.clip_motions import BodyJoints, Reconstruction, find_pelvis, lay_on_frames, make_motion
from spsnet.evaluation.measured_motion import MotionArrays
from spsnet.evaluation.protocols import Protocol
from spsnet.evaluation.smpl_bodies import REGRESSOR_FILE
from spsnet.evaluation.smplx_bodies import BODY_FILE, TRANSFER_FILE
from spsnet.geometry import axis_angle_to_matrix
from spsnet.interchange import detect_format, find_format, read_results
from spsnet.pipeline.lifting import Lifter
from spsnet.pipeline.matching import match_people
from spsnet.pipeline.settings import RunSettings, Stopwatch
from spsnet.records import Clip, Gender, Pinhole, PredictedMotion, UserError
from spsnet.skeletons import map_joints

_SMPL_LIKE = ("smpl", "smplh")
"""Bodies whose poses SMPL's takes; SMPL-X has a shape space of its own."""
_SMPLX = "smplx"


class Prediction(NamedTuple):
    """One person as a protocol compares it."""

    motion: MotionArrays
    """At the clip's frames; NaN where there is none."""
    source: str
    """What its joints are made of, for tables."""


Told = Callable[[Protocol, bool], Prediction]
"""One person of whom everything is known: (protocol, whether to give the surface, where it is SMPL's) → prediction.

Raises:
    UserError: If the protocol's joints cannot be had.
"""


@runtime_checkable
class Predictor(Interface):
    """Whoever says where people are."""

    name: str
    has_surface: bool
    """Whether its surface may be SMPL's, which data sets mean."""

    def require(self, clips: PreparedClips) -> None:
        """Refuse a data set of which nothing can be predicted.

        Raises:
            UserError: Says why, and the remedy.
        """
        ...

    def predict(self, film: Sequence[PreparedClip]) -> Sequence[Told | None]:
        """Everybody in a film; None for a person who was not found.

        Raises:
            UserError: If the people cannot be told apart, or files are missing or damaged.
        """
        ...


class ModelPredictor:
    """A trained model on what the encoder saw, as `spsnet run` lifts it."""

    has_surface = False

    def __init__(self, name: str, lifter: Lifter, *, refine: bool) -> None:
        """Name what it is in tables.

        Args:
            name: Of the model.
            lifter: The model.
            refine: As `spsnet run --refine` or `--no-refine`.
        """
        self.name = f"{name} + refinement" if refine else name
        self._lifter = lifter
        self._joints = BodyJoints(body=lifter.body)
        self._settings = RunSettings(refine=refine)

    def require(self, clips: PreparedClips) -> None:
        """Refuse clips that the model's encoder did not look at."""
        wanted, seen = self._lifter.head.config.encoder, clips.index.encoder
        if seen is None:
            raise UserError(f"{clips.folder}: nobody looked at the pictures; prepare the data set with them")
        if seen != wanted:
            raise UserError(f"{clips.folder} was seen by {seen}, {self.name} needs {wanted}; give another model")

    def predict(self, film: Sequence[PreparedClip]) -> Sequence[Told | None]:
        """Lift everybody; the body is ours, so there is no surface to compare with SMPL's."""
        return [self._lift(prepared) if prepared.sightings else None for prepared in film]

    def _lift(self, prepared: PreparedClip) -> Told:
        clip = prepared.clip
        camera = clip.camera
        if camera is None:
            assert prepared.size_px is not None, "somebody looked at the pictures"
            camera = Pinhole.from_size(*prepared.size_px)
        lifted = [self._lifter.lift(seen, camera, self._settings, Stopwatch()) for seen in prepared.sightings]
        parts = [Reconstruction.from_parameters(person.frame_index, person.body) for person in lifted]

        def tell(protocol: Protocol, surface: bool) -> Prediction:  # noqa: ARG001 (the surface is not SMPL's)
            joint_set = protocol.get_joint_set(clip.dataset)
            motions = [make_motion(self._joints, part, protocol, joint_set) for part in parts]
            return Prediction(
                _lay(motions, [part.frame_index for part in parts], clip), f"{joint_set} joints of our body"
            )

        return tell


class FilePredictor:
    """Another program's results, a file for each film."""

    has_surface = True

    def __init__(
        self,
        path: Path,
        format_name: str | None,
        bodies: Mapping[Gender, BodyJoints],
        smplx: BodyJoints | None = None,
    ) -> None:
        """Keep where the results are.

        Args:
            path: A file, for a data set of one film; or a folder with a file or folder for each film, called as the
                film is (with _ for /).
            format_name: One of `interchange.FORMATS`; None: told from what the files hold.
            bodies: SMPL's; needed for joints that the files do not hold.
            smplx: SMPL-X's, for results that are poses of it.

        Raises:
            UserError: If there is nothing at the path, or no such format.
        """
        if not path.exists():
            raise UserError(f"{path}: no such file or folder of results; check --predictions")
        try:
            self._format = None if format_name is None else find_format(format_name).name
        except ValueError as error:
            raise UserError(f"--format {error}") from error
        self.name = f"{path.stem} ({self._format})" if self._format else path.stem
        self._path = path
        self._smpl = bodies.get("neutral")
        self._smplx = smplx
        self._ours = BodyJoints(body=load_body())

    def require(self, clips: PreparedClips) -> None:
        """Refuse one file for several films."""
        if len(clips) > 1 and not self._is_folder_of_films(clips.index.sequences):
            raise UserError(
                f"{self._path} holds results of one film, {clips.folder} has {len(clips)}; give a folder with a file "
                f"or folder for each, called {_name_results(clips.index.sequences[0])} and so on"
            )

    def predict(self, film: Sequence[PreparedClip]) -> Sequence[Told | None]:
        """Read the film's file and find everybody in it."""
        if not film:
            return []
        path = self._find(film[0].clip.sequence)
        people = read_results(path, self._format or detect_format(path))
        return [
            self._make_told(prepared.clip, tracks, path) if tracks else None
            for prepared, tracks in zip(film, match_people(film, people), strict=True)
        ]

    def _is_folder_of_films(self, sequences: Sequence[str]) -> bool:
        names = {_name_results(sequence) for sequence in sequences}
        return self._path.is_dir() and any({path.name, path.stem} & names for path in self._path.iterdir())

    def _find(self, sequence: str) -> Path:
        wanted = _name_results(sequence)
        if not self._is_folder_of_films([sequence]):
            if _holds_one_film(self._path):
                return self._path
            raise UserError(f"{self._path} holds no results called {wanted}; name each film's file as the film")
        return self._open(min(path for path in self._path.iterdir() if wanted in (path.name, path.stem)))

    def _open(self, path: Path) -> Path:
        """The file in a film's folder, where a format has one file for everybody."""
        if _holds_one_film(path):
            return path
        if self._format is not None and find_format(self._format).single:
            return path
        suffixes = (".pkl", ".npz", ".pt") if self._format is None else (find_format(self._format).suffix,)
        files = sorted(file for file in path.iterdir() if file.suffix in suffixes)
        if len(files) != 1:
            raise UserError(f"{path} holds {len(files)} files of results ({', '.join(suffixes)}); leave the film's one")
        return files[0]

    def _make_told(self, clip: Clip, tracks: Sequence[PredictedMotion], path: Path) -> Told:
        def tell(protocol: Protocol, surface: bool) -> Prediction:
            made = [self._make(person, protocol, clip, path, surface=surface) for person in tracks]
            motions = [one.motion for one in made]
            return Prediction(_lay(motions, [person.frame_index for person in tracks], clip), made[0].source)

        return tell

    def _make(
        self, person: PredictedMotion, protocol: Protocol, clip: Clip, path: Path, *, surface: bool
    ) -> Prediction:
        """At the person's own frames."""
        joint_set = protocol.get_joint_set(clip.dataset)
        if person.body == self._ours.body.name:
            body, whose = self._ours, "our body"
        elif person.body in _SMPL_LIKE and self._smpl is not None and self._smpl.can_tell(joint_set):
            body, whose = self._smpl, "SMPL's surface"
        elif person.body == _SMPLX and self._smplx is not None and self._smplx.can_tell(joint_set):
            body, whose = self._smplx, "SMPL-X's surface"
        else:
            return _take_joints(person, protocol, joint_set, path)
        motion = make_motion(
            body, _pose(person), protocol, joint_set, surface=surface and person.body == "smpl" and body is self._smpl
        )
        return Prediction(motion, f"{joint_set} joints of {whose}")


def _holds_one_film(path: Path) -> bool:
    """A file, a folder of `spsnet run`, or one with a file a person, as `spsnet convert` writes it."""
    people = (file for file in path.glob("person_*") if file.suffix in (".npz", ".pt"))
    return path.is_file() or (path / "summary.json").is_file() or any(people)


def _pose(person: PredictedMotion) -> Reconstruction:
    frames = len(person)
    return Reconstruction(
        frame_index=person.frame_index,
        rotations=axis_angle_to_matrix(person.pose_rad.reshape(frames, 24, 3).astype(np.float64)),
        shape=person.shape.astype(np.float64),
        translation_m=np.zeros((frames, 3))
        if person.translation_m is None
        else person.translation_m.astype(np.float64),
    )


def _take_joints(person: PredictedMotion, protocol: Protocol, joint_set: str, path: Path) -> Prediction:
    """The file's own joints, where it has no body that can be posed."""
    remedy = f"{person.body} is another body than SMPL; bring it to SMPL by the tools of its makers"
    if person.body in _SMPL_LIKE:
        remedy = "give --smpl DIR"
    elif person.body == _SMPLX:
        remedy = f"give --smpl DIR with {BODY_FILE}, GVHMR's {TRANSFER_FILE} and {REGRESSOR_FILE} beside SMPL's files"
    if person.joints_m is None or person.joint_set is None:
        raise UserError(f"{path}: it holds poses and no joints, and {joint_set} joints are compared; {remedy}")
    found = map_joints(person.joint_set, joint_set)
    if not found.mask.all():
        raise UserError(
            f"{path}: its {person.joint_set} joints lack {', '.join(found.missing_names)}, which are compared; {remedy}"
        )
    own = person.joints_m.astype(np.float64)
    pelvis = find_pelvis(own, person.joint_set, joint_set) if protocol.root == "pelvis" else None
    if protocol.root == "pelvis" and pelvis is None and "pelvis" not in found.target.joint_names:
        raise UserError(f"{path}: its {person.joint_set} joints lack the pelvis, {protocol.name}'s root; {remedy}")
    motion = MotionArrays(joints_m=found.apply(own), joint_set=joint_set, pelvis_m=pelvis)
    return Prediction(motion, f"the file's own joints ({person.joint_set})")


def _lay(motions: Sequence[MotionArrays], indices: Sequence[np.ndarray], clip: Clip) -> MotionArrays:
    """Tracks of one person at the clip's frames; where two tell of a frame, the earlier counts."""
    laid = [lay_on_frames(motion, index, clip.frame_index) for motion, index in zip(motions, indices, strict=True)]
    first = laid[0]
    for other in laid[1:]:
        empty = ~np.isfinite(first.joints_m).all((1, 2))
        for name in ("joints_m", "pelvis_m", "vertices_m", "translation_m"):
            values, more = getattr(first, name), getattr(other, name)
            if values is not None and more is not None:
                values[empty] = more[empty]
    return first


def _name_results(sequence: str) -> str:
    return sequence.replace("/", "_")
