"""InstaVariety: tracks of people from Instagram as TFRecords, with their pictures inside."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Num

from spsnet.datasets.reader import DatasetInfo
from spsnet.datasets.tfrecord import Example, count_records, read_example
from spsnet.records import Clip, Pictures, UserError
from spsnet.skeletons import get_joint_set

FPS = 30.0
"""The records do not say how fast their pictures follow one another; what Instagram plays is taken."""
_JOINT_SET = "openpose25"
_NAMES = (
    *("right_heel", "right_knee", "right_hip", "left_hip", "left_knee", "left_heel"),
    *("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist", "neck", "head"),
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear"),
    *("left_big_toe", "right_big_toe", "left_small_toe", "right_small_toe", "left_ankle", "right_ankle"),
)
"""Of `image/xys` (14), `image/face_pts` (5) and `image/toe_pts` (6)."""
_TAKEN = [number for number, name in enumerate(_NAMES) if name != "head"]
_PLACES = [get_joint_set(_JOINT_SET).index(f"openpose_{_NAMES[number]}") for number in _TAKEN]
_AGAIN = "download the file again"
_JPEG = b"\xff\xd8\xff"


class InstaVariety:
    """Reader of InstaVariety's TFRecords: OpenPose's keypoints of one person a record, in pictures cut about them.

    A sequence is a record, for each has pictures of its own: `insta_variety_00_copy00.007` is the eighth of its file.
    The pictures are cut about the person at 224 × 224 pixels, in which a person is some 150 high; in the training split
    the cut was moved and scaled at random from frame to frame, sometimes mirrored (with left and right exchanged), and
    files with another `copy` number are other cuts of the same tracks. So there is no camera to speak of.

    Convention:
        The 14 points look like LSP's, but where LSP has the ankles they have OpenPose's heels; the ankles are the last
        two of `image/toe_pts`. The head is nobody's and never seen. So they are read as `openpose25`, without mid hip.
        `image/xys` holds for each frame 14 x, then 14 y (`image/face_pts` and `image/toe_pts`: x, y, seen). In records
        with `image/phis`, as the training split has them, −1 to 1 spans the picture: x = (xy + 1) / 2 · width, so 0.5
        of 224 pixels is pixel 168. In others they are the picture's pixels.

    Source:
        The documentation of the TFRecords that comes with their makers' code, and how that code writes them.
    """

    info = DatasetInfo(
        name="instavariety",
        title="InstaVariety",
        splits=("train", "test"),
        source=(
            "Download the pre-processed tfrecords that doc/insta_variety.md of "
            "https://github.com/akanazawa/human_dynamics links to, and unpack them."
        ),
        licence="None is stated, and the films belong to those who posted them; for research",
        layout="train/insta_variety_00_copy00_….tfrecord, …\ntest/….tfrecord, …",
    )

    def __init__(self, *, pictures: Path | None = None) -> None:
        """Choose where pictures go.

        Args:
            pictures: Folder for them, one below it for each split and sequence; None: clips have no pictures.
        """
        self._pictures = pictures

    def list_sequences(self, raw: Path, split: str) -> list[str]:
        """Names of the split's records, sorted; hops through every file to count them.

        Raises:
            UserError: If the folder is missing or holds no TFRecord, or one is cut off or holds no record.
            ValueError: If there is no such split.
        """
        if split not in self.info.splits:
            raise ValueError(f"InstaVariety has the splits {', '.join(self.info.splits)}, got {split!r}")
        folder = raw / split
        if not folder.is_dir():
            raise UserError(f"{folder}: there is no such folder; give the one that holds {folder.name}/*.tfrecord")
        files = sorted(folder.glob("*.tfrecord"))
        if not files:
            raise UserError(f"{folder} holds no .tfrecord file; unpack InstaVariety there")
        names = []
        for path in files:
            count = count_records(path)
            if not count:
                raise UserError(f"{path} holds no record; {_AGAIN}")
            names += [f"{path.stem}.{number:03d}" for number in range(count)]
        return names

    def read_sequence(self, raw: Path, split: str, sequence: str) -> list[Clip]:
        """The one person of a record; writes its pictures where they are not there yet.

        Raises:
            UserError: If the file is missing or damaged, the record lacks something or contradicts itself, or pictures
                cannot be written; names file, key and remedy.
            ValueError: If the name is none of `list_sequences`.
        """
        if (named := re.fullmatch(r"(.+)\.(\d{3,})", sequence)) is None:
            raise ValueError(f"a sequence is called FILE.NUMBER, got {sequence!r}")
        record = _Record(raw / split / f"{named[1]}.tfrecord", int(named[2]))
        frames, keypoints = record.read_count(), record.read_keypoints()
        pictures = None
        if self._pictures is not None:
            jpegs = record.read_pictures()
            pictures = _write_pictures(jpegs, self._pictures / split / sequence)
        return [
            Clip(
                dataset=self.info.name,
                name=sequence,
                sequence=sequence,
                fps=FPS,
                frame_index=np.arange(frames),
                pictures=pictures,
                camera=None,
                valid_mask=np.any(keypoints[..., 2] > 0, axis=-1),
                keypoints_px=keypoints,
                keypoint_set=_JOINT_SET,
            )
        ]


class _Record:
    """One record and what to call it where something is wrong."""

    def __init__(self, path: Path, number: int) -> None:
        self._where = f"{path}: record {number}"
        self._example: Example = read_example(path, number)

    def read_count(self) -> int:
        """Number of frames."""
        (count,) = self._get_numbers("meta/N", (1,), "i").tolist()
        if count < 1:
            raise UserError(f"{self._where}: 'meta/N' should be a number of frames, it is {count}; {_AGAIN}")
        return int(count)

    def read_keypoints(self) -> Float[np.ndarray, "frames 25 3"]:
        """Of `openpose25`, in pixels of the picture; all 0 where not seen."""
        frames = self.read_count()
        xys = self._get_numbers("image/xys", (frames, 2, 14), "f")
        parts = [np.concatenate([xys, self._get_numbers("image/visibilities", (frames, 1, 14), "i")], axis=1)]
        for key, count in (("image/face_pts", 5), ("image/toe_pts", 6)):
            there = key in self._example
            parts.append(self._get_numbers(key, (frames, 3, count), "f") if there else np.zeros((frames, 3, count)))
        points = np.concatenate(parts, axis=2).transpose(0, 2, 1)
        if "image/phis" in self._example:
            heights_widths = self._get_numbers("image/heightwidths", (frames, 2), "i")
            points[..., :2] = (points[..., :2] + 1) / 2 * heights_widths[:, None, ::-1]
        known = (points[..., 2] > 0) & np.isfinite(points).all(-1)
        keypoints = np.zeros((frames, len(get_joint_set(_JOINT_SET)), 3))
        keypoints[:, _PLACES] = np.where(known[..., None], points, 0.0)[:, _TAKEN]
        return keypoints

    def read_pictures(self) -> Sequence[bytes]:
        """JPEG files, one a frame."""
        key, frames = "image/encoded", self.read_count()
        jpegs = self._get(key)
        if not isinstance(jpegs, tuple) or len(jpegs) != frames:
            raise UserError(f"{self._where}: {key!r} should be {frames} pictures, it is {_describe(jpegs)}; {_AGAIN}")
        if bad := [number for number, jpeg in enumerate(jpegs) if not jpeg.startswith(_JPEG)]:
            raise UserError(f"{self._where}: {key!r} of frame {bad[0]} is no JPEG; {_AGAIN}")
        return jpegs

    def _get_numbers(self, key: str, shape: tuple[int, ...], kind: str) -> Num[np.ndarray, "..."]:
        values = self._get(key)
        if isinstance(values, tuple) or values.dtype.kind != kind or len(values) != np.prod(shape):
            wanted = f"{np.prod(shape)} {'floats' if kind == 'f' else 'whole numbers'}"
            raise UserError(f"{self._where}: {key!r} should be {wanted}, it is {_describe(values)}; {_AGAIN}")
        return values.reshape(shape).astype(np.float64 if kind == "f" else np.int64)

    def _get(self, key: str) -> tuple[bytes, ...] | np.ndarray:
        if key not in self._example:
            raise UserError(f"{self._where} has no {key!r}, so it is none of InstaVariety; {_AGAIN}")
        return self._example[key]


def _describe(values: tuple[bytes, ...] | np.ndarray) -> str:
    if isinstance(values, tuple):
        return f"{len(values)} byte strings"
    return f"{len(values)} {'floats' if values.dtype.kind == 'f' else 'whole numbers'}"


def _write_pictures(jpegs: Sequence[bytes], folder: Path) -> Pictures:
    """Write the pictures of a record beside their place, then move the folder there: one that exists is whole.

    Raises:
        UserError: If the folder holds other pictures already, or cannot be written.
    """
    names = tuple(f"{number:06d}.jpg" for number in range(len(jpegs)))
    try:
        if folder.exists():
            there = {path.name: path.stat().st_size for path in folder.iterdir()}
            if there != {name: len(jpeg) for name, jpeg in zip(names, jpegs, strict=True)}:
                raise UserError(f"{folder} holds other pictures than the record; delete it, or choose another folder")
            return Pictures(path=folder, names=names)
        part = folder.with_name(f".{folder.name}.part")
        if part.exists():
            shutil.rmtree(part)
        part.mkdir(parents=True)
        for name, jpeg in zip(names, jpegs, strict=True):
            (part / name).write_bytes(jpeg)
        part.rename(folder)
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written ({error.strerror or error}); free some space, or choose another folder"
        ) from error
    return Pictures(path=folder, names=names)
