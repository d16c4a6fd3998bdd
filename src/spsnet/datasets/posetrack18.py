"""PoseTrack18: films of several people with 2D keypoints in some of their frames.

Convention:
    A clip is one `track_id` of one film, in the labelled frames in which that person is annotated: a film's middle
    thirty, and in val every fourth of the rest, so `frame_index` has holes. It is the number in the picture's name:
    `images/val/000342_mpii_test/000007.jpg` is frame 7.
    A box (x, y, width, height) = (10, 20, 30, 60) is the square (25, 50, 60). One that is missing or empty is unknown.
    A keypoint (x, y, flag) is known where its flag is not 0 and it does not lie at (0, 0). Ears are never annotated.
"""

from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from jaxtyping import Float

from spsnet.datasets.json_files import load_json, take, take_numbers
from spsnet.datasets.reader import DatasetInfo
from spsnet.geometry.boxes import box_to_square
from spsnet.records import Clip, Pictures, UserError
from spsnet.skeletons import get_joint_set

_SET = "posetrack17"
_KEYPOINTS = len(get_joint_set(_SET))
_WITHHELD = "test"
"""Split whose annotations its makers keep."""
_UNPACK = "unpack the data set's archives again"


class PoseTrack18:
    """Films with people followed in 2D."""

    info = DatasetInfo(
        name="posetrack18",
        title="PoseTrack18",
        splits=("train", "val", "test"),
        source="Register at posetrack.net, download PoseTrack18's images and annotations and unpack them side by side.",
        licence="non-commercial research, on the data set's own terms",
        layout=(
            "posetrack_data/annotations/{train,val,test}/FILM.json\n"
            "images/{train,val,test}/FILM/000000.jpg, as the annotations say  (without images/ clips have no pictures)"
        ),
    )

    def __init__(self, *, fps: float = 25.0) -> None:
        """Set what the files do not say.

        Args:
            fps: Frames per second of every film; the data set states none, and its films come from many sources.

        Raises:
            ValueError: If `fps` is not positive.
        """
        if not fps > 0:
            raise ValueError(f"fps should be positive, got {fps}")
        self.fps = fps

    def list_sequences(self, raw: Path, split: str) -> list[str]:
        """Names of the split's annotation files.

        Raises:
            UserError: If there are none.
            ValueError: If there is no such split.
        """
        return sorted(path.stem for path in self._find_folder(raw, split).glob("*.json"))

    def read_sequence(self, raw: Path, split: str, sequence: str) -> list[Clip]:
        """One clip for each track, by number; none where nobody is annotated, as in every film of the test split.

        Raises:
            UserError: If the file is missing or damaged, or pictures are missing.
            ValueError: If there is no such split.
        """
        path = self._find_folder(raw, split) / f"{sequence}.json"
        content = load_json(path, _UNPACK)
        names = _read_pictures(path, content)
        if split == _WITHHELD and "annotations" not in content:
            return []
        return [
            self._make_clip(raw, path, sequence, track, {names[image]: row for image, row in rows.items()})
            for track, rows in sorted(_read_tracks(path, content, names).items())
        ]

    def _find_folder(self, raw: Path, split: str) -> Path:
        if split not in self.info.splits:
            raise ValueError(f"PoseTrack18 has the splits {', '.join(self.info.splits)}, not {split!r}")
        folder = raw / "posetrack_data" / "annotations" / split
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder; give the folder that holds posetrack_data and images")
        if next(folder.glob("*.json"), None) is None:
            raise UserError(f"{folder} holds no .json file; {_UNPACK}")
        return folder

    def _make_clip(
        self, raw: Path, path: Path, sequence: str, track: int, rows: dict[str, Float[np.ndarray, "18 3"]]
    ) -> Clip:
        """A clip from pictures' names and what is known in each: keypoints, and the box as the last row."""
        frames = {_find_frame(path, name): name for name in rows}
        order = sorted(frames)
        known = np.stack([rows[frames[frame]] for frame in order])
        keypoints = known[:, :-1]
        return Clip(
            dataset=self.info.name,
            name=f"{sequence}/{track}",
            sequence=sequence,
            fps=self.fps,
            frame_index=np.array(order),
            pictures=_find_pictures(raw, path, [frames[frame] for frame in order]),
            camera=None,
            valid_mask=np.any(keypoints[..., 2] > 0, axis=-1),
            keypoints_px=keypoints,
            keypoint_set=_SET,
            box_xys_px=known[:, -1],
        )


def _read_pictures(path: Path, content: dict[str, Any]) -> dict[int, str]:
    """File names of the labelled pictures, by id."""
    names = {}
    for i, image in enumerate(take(content, "images", list, path, "", _UNPACK)):
        where = f"images[{i}]"
        if not isinstance(image, dict):
            raise UserError(f"{path}: {where!r} should be an object, it is {type(image).__name__}; {_UNPACK}")
        if take(image, "is_labeled", (bool, int), path, where, _UNPACK):
            identity = take(image, "id", int, path, where, _UNPACK)
            names[identity] = take(image, "file_name", str, path, where, _UNPACK)
    return names


def _read_tracks(
    path: Path, content: dict[str, Any], names: dict[int, str]
) -> dict[int, dict[int, Float[np.ndarray, "18 3"]]]:
    """By track and picture: keypoints and the square box."""
    tracks: dict[int, dict[int, Float[np.ndarray, "18 3"]]] = defaultdict(dict)
    for i, person in enumerate(take(content, "annotations", list, path, "", _UNPACK)):
        where = f"annotations[{i}]"
        if not isinstance(person, dict):
            raise UserError(f"{path}: {where!r} should be an object, it is {type(person).__name__}; {_UNPACK}")
        image = take(person, "image_id", int, path, where, _UNPACK)
        track = take(person, "track_id", int, path, where, _UNPACK)
        if image not in names:
            continue
        if image in tracks[track]:
            raise UserError(f"{path}: {where!r} is the second of track {track} in picture {image}; delete one of them")
        listed = take(person, "keypoints", list, path, where, _UNPACK)
        numbers = take_numbers(listed, (3 * _KEYPOINTS,), path, f"{where}.keypoints", _UNPACK)
        keypoints = numbers.reshape(_KEYPOINTS, 3)
        keypoints[:, 2] = (keypoints[:, 2] > 0) & keypoints[:, :2].any(-1)
        tracks[track][image] = np.concatenate([keypoints, _read_box(path, person, where)[None]])
    return tracks


def _read_box(path: Path, person: dict[str, Any], where: str) -> Float[np.ndarray, "3"]:
    if not person.get("bbox"):
        return np.zeros(3)
    x, y, width, height = take_numbers(person["bbox"], (4,), path, f"{where}.bbox", _UNPACK)
    if width <= 0 or height <= 0:
        return np.zeros(3)
    return box_to_square(np.array([x, y, x + width, y + height]), 1.0)


def _find_frame(path: Path, name: str) -> int:
    """The frame's number from the picture's name."""
    stem = PurePosixPath(name).stem
    if not stem.isdecimal():
        raise UserError(f"{path}: 'file_name' should end in the frame's number, it is {name!r}; {_UNPACK}")
    return int(stem)


def _find_pictures(raw: Path, path: Path, names: list[str]) -> Pictures | None:
    """Folder and names of a clip's pictures, all of which have to lie there, or the whole folder is not there."""
    folders = {PurePosixPath(name).parent for name in names}
    own = folders.pop()
    if folders or own.is_absolute() or ".." in own.parts:
        raise UserError(f"{path}: 'file_name' should stay in one folder of the data set; {_UNPACK}")
    if not raw.joinpath(*own.parts[:1]).is_dir():
        return None
    folder = raw / own
    for name in names:
        picture = folder / PurePosixPath(name).name
        if not picture.is_file():
            raise UserError(f"{picture}: no such picture, though {path.name} names it; unpack the images into {raw}")
    return Pictures(path=folder, names=tuple(PurePosixPath(name).name for name in names))
