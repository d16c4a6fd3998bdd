"""Human3.6M as pictures with JSON annotations, a layout of other people that is passed around.

Convention:
    `Human36M_subject9_joint_3d.json` holds [action][subaction][frame], 17 joints in millimetres of the room, right leg
    first and left arm first; `h36m17` has both left first, so 1-3 and 4-6 change places.
    `Human36M_subject9_camera.json` holds R, t, f, c for each camera. t is where the room's origin lies in the camera's
    axes and not the camera's place: X_camera = R X_room + t. (The makers give 54138969 the place (1841, 4955, 1563) for
    S1, these files t = (-346, 547, 5474), which is -R of it.) With R = (1 0 0; 0 0 -1; 0 1 0), t = (0, 1500, 4000) the
    point (100, 0, 900) of the room, 0.9 m up, is (0.1, 0.6, 4) m before the camera, 0.6 m below its axis.
    `Human36M_subject9_data.json` names pictures and has a box (x, y, width, height) and 17 flags for each: inside the
    picture or not. Frame i is picture `s_09_act_02_subact_01_ca_01_{i + 1:06d}.jpg`.
    Keypoints are the joints projected with f and c; the boxes were made of the same points.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from spsnet.datasets.human36m_film import CAMERAS, Film
from spsnet.datasets.json_files import load_json, take, take_numbers
from spsnet.geometry.boxes import box_to_square
from spsnet.records import Pictures, Pinhole, UserError

LEFT_LEG_FIRST = (0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
"""Where the joints of `h36m17` stand in the files."""
_FOLDER = re.compile(r"s_(\d{2})_act_(\d{2})_subact_(\d{2})_ca_(\d{2})")
_HOLE = "s_11_act_02_subact_02_ca_01"
"""The one film that was never whole; `data.json` has nothing of it, an empty folder may lie among the pictures."""
_FIRST_ACTION = 2
_FEWEST_IN_BOX = 0.5
"""Share of frames whose joints have to lie about their box."""
_FILES = ("camera", "data", "joint_3d")
_AGAIN = "take the annotation files of that subject again"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Labels:
    """What `data.json` says of one film, in the order of its frames."""

    frame_index: Int[np.ndarray, " time"]
    names: tuple[str, ...]
    size: tuple[int, int]
    box_xywh: Float[np.ndarray, "time 4"]
    visible_mask: Bool[np.ndarray, "time 17"]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Subject:
    """One subject's files."""

    cameras: dict[str, Any]
    joints: dict[str, Any]
    films: dict[str, _Labels]


def list_json_films(raw: Path, subjects: tuple[int, ...], cameras: tuple[str, ...]) -> list[str]:
    """`s_09_act_02_subact_01_ca_01` for every folder of pictures of some cameras; without any, as `data.json` has them.

    Raises:
        UserError: If a subject's annotations or pictures are missing.
    """
    places = {list(CAMERAS).index(camera) + 1 for camera in cameras}
    for path in (path for subject in subjects for path in _find_files(raw, subject)):
        if not path.is_file():
            raise UserError(f"{path}: no such file; unpack that subject's annotations")
    if (raw / "images").is_dir():
        there = [folder.name for folder in (raw / "images").glob("s_*_ca_*")]
    else:
        there = [name for subject in subjects for name in _list_labelled(_find_files(raw, subject)[1])]
    found = defaultdict(list)
    for name in there:
        match = _FOLDER.fullmatch(name)
        if match and int(match[2]) >= _FIRST_ACTION and int(match[4]) in places and name != _HOLE:
            found[int(match[1])].append(name)
    for subject in subjects:
        if not found[subject]:
            raise UserError(
                f"{raw / 'images'} holds no folder s_{subject:02d}_act_XX_subact_YY_ca_ZZ; unpack the images of "
                f"subject {subject}"
            )
    return sorted(name for subject in subjects for name in found[subject])


def read_json_film(raw: Path, name: str) -> Film:
    """Joints, keypoints, camera and boxes of one film.

    The subject's files are parsed once and kept until another subject's are asked for.

    Args:
        raw: The folder with `annotations` and `images`.
        name: As `list_json_films` gives it.

    Raises:
        UserError: If a file or picture is missing, damaged, or the camera does not see the joints in their boxes.
    """
    subject, action, subaction, place = (int(number) for number in _split(name))
    paths = _find_files(raw, subject)
    camera_path, data_path, joint_path = paths
    loaded = _load_subject(paths)
    if name not in loaded.films:
        raise UserError(f"{data_path}: 'images' names no picture of {name}; {_AGAIN}, or move its folder away")
    labels = loaded.films[name]
    room_mm = _read_joints(joint_path, loaded.joints, action, subaction, labels.frame_index)[:, LEFT_LEG_FIRST, :]
    rotation, translation, focal, center = _read_camera(camera_path, loaded.cameras, place)
    joints_m = (room_mm @ rotation.T + translation) / 1000
    depth = np.where(joints_m[..., 2:] > 0, joints_m[..., 2:], np.nan)
    pixels = np.nan_to_num(joints_m[..., :2] / depth * focal + center, nan=-1.0)
    _check_boxes(camera_path, place, pixels, labels.box_xywh)
    x, y, width, height = labels.box_xywh.T
    return Film(
        frame_index=labels.frame_index,
        pictures=_find_pictures(raw / "images", name, labels.names, data_path),
        camera=Pinhole(
            focal_px=float(focal.mean()),
            center_px=(float(center[0]), float(center[1])),
            width=labels.size[0],
            height=labels.size[1],
        ),
        joints_m=joints_m,
        keypoints_px=np.concatenate([pixels, labels.visible_mask[:, LEFT_LEG_FIRST, None]], axis=-1),
        box_xys_px=box_to_square(np.stack([x, y, x + width, y + height], axis=-1), 1.0),
    )


def _find_files(raw: Path, subject: int) -> tuple[Path, ...]:
    return tuple(raw / "annotations" / f"Human36M_subject{subject}_{kind}.json" for kind in _FILES)


def _split(name: str) -> tuple[str, ...]:
    match = _FOLDER.fullmatch(name)
    if match is None:
        raise ValueError(f"films are called s_XX_act_YY_subact_ZZ_ca_CC, got {name!r}")
    return match.groups()


def _find_pictures(images: Path, name: str, pictures: tuple[str, ...], data_path: Path) -> Pictures | None:
    if not images.is_dir():
        return None
    folder = images / name
    for picture in pictures:
        if not (folder / picture).is_file():
            raise UserError(f"{folder / picture}: no such picture, though {data_path.name} names it; unpack the images")
    return Pictures(path=folder, names=pictures)


@lru_cache(maxsize=7)
def _list_labelled(data_path: Path) -> tuple[str, ...]:
    """Films that a `data.json` labels; kept, for every film asks again and the file has hundreds of megabytes."""
    return tuple(_group_films(data_path, load_json(data_path, _AGAIN)))


@lru_cache(maxsize=1)
def _load_subject(paths: tuple[Path, ...]) -> _Subject:
    cameras, data, joints = (load_json(path, _AGAIN) for path in paths)
    return _Subject(cameras=cameras, joints=joints, films=_group_films(paths[1], data))


def _group_films(path: Path, data: dict[str, Any]) -> dict[str, _Labels]:
    """`data.json` by film."""
    images = take(data, "images", list, path, "", _AGAIN)
    people: dict[int, dict[str, Any]] = {}
    for i, person in enumerate(take(data, "annotations", list, path, "", _AGAIN)):
        people[
            take(_require_object(person, path, f"annotations[{i}]"), "image_id", int, path, f"annotations[{i}]", _AGAIN)
        ] = person
    frames: dict[str, dict[int, tuple[str, int, int, Any, Any]]] = defaultdict(dict)
    for i, image in enumerate(images):
        where = f"images[{i}]"
        picture = PurePosixPath(take(_require_object(image, path, where), "file_name", str, path, where, _AGAIN))
        frame, identity, width, height = (
            take(image, key, int, path, where, _AGAIN) for key in ("frame_idx", "id", "width", "height")
        )
        if identity not in people:
            raise UserError(f"{path}: 'annotations' has nothing of {where!r}, id {identity}; {_AGAIN}")
        person, owner = people[identity], f"annotations of id {identity}"
        frames[picture.parent.name][frame] = (
            picture.name,
            width,
            height,
            take(person, "bbox", list, path, owner, _AGAIN),
            take(person, "keypoints_vis", list, path, owner, _AGAIN),
        )
    films = {}
    for name, labels in frames.items():
        names, widths, heights, boxes, flags = zip(*(labels[frame] for frame in sorted(labels)), strict=True)
        films[name] = _Labels(
            frame_index=np.array(sorted(labels)),
            names=names,
            size=(widths[0], heights[0]),
            box_xywh=take_numbers(list(boxes), (len(names), 4), path, f"bbox of {name}", _AGAIN),
            visible_mask=_take_flags(list(flags), len(names), path, name),
        )
    return films


def _require_object(value: Any, path: Path, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f"{path}: {where!r} should be an object, it is {type(value).__name__}; {_AGAIN}")
    return value


def _take_flags(flags: list[list[bool]], frames: int, path: Path, name: str) -> Bool[np.ndarray, "time 17"]:
    numbers = [[int(flag) if isinstance(flag, bool) else flag for flag in row] for row in flags]
    return take_numbers(numbers, (frames, len(LEFT_LEG_FIRST)), path, f"keypoints_vis of {name}", _AGAIN) > 0


def _read_joints(
    path: Path, joints: dict[str, Any], action: int, subaction: int, frame_index: Int[np.ndarray, " time"]
) -> Float[np.ndarray, "time 17 3"]:
    """A film's joints in the room, millimetres, in the file's order."""
    where = f"{action}.{subaction}"
    take_of_action = take(joints, str(action), dict, path, "", _AGAIN)
    frames = take(take_of_action, str(subaction), dict, path, str(action), _AGAIN)
    rows = [take(frames, str(frame), list, path, where, _AGAIN) for frame in frame_index.tolist()]
    return take_numbers(rows, (len(rows), len(LEFT_LEG_FIRST), 3), path, where, _AGAIN)


def _read_camera(path: Path, cameras: dict[str, Any], place: int) -> tuple[Float[np.ndarray, "..."], ...]:
    """R, t, f and c of a camera."""
    camera = take(cameras, str(place), dict, path, "", _AGAIN)
    shapes = {"R": (3, 3), "t": (3,), "f": (2,), "c": (2,)}
    rotation, translation, focal, center = (
        take_numbers(take(camera, key, list, path, str(place), _AGAIN), shape, path, f"{place}.{key}", _AGAIN)
        for key, shape in shapes.items()
    )
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3) or np.linalg.det(rotation) < 0:
        raise UserError(f"{path}: '{place}.R' should be a rotation; {_AGAIN}")
    if focal.min() <= 0:
        raise UserError(f"{path}: '{place}.f' should be positive, it is {focal.tolist()}; {_AGAIN}")
    return rotation, translation, focal, center


def _check_boxes(
    path: Path, place: int, pixels: Float[np.ndarray, "time 17 2"], box_xywh: Float[np.ndarray, "time 4"]
) -> None:
    """Refuse a camera that sees the joints elsewhere than the boxes: t of another meaning, or another subject's."""
    middle = pixels.mean(1)
    inside_mask = ((middle >= box_xywh[:, :2]) & (middle <= box_xywh[:, :2] + box_xywh[:, 2:])).all(-1)
    if inside_mask.mean() < _FEWEST_IN_BOX:
        raise UserError(
            f"{path}: camera {place} sees the joints outside the boxes of data.json; 't' should be the room's origin "
            f"in the camera's axes, X_camera = R X + t: where it is the camera's place, write -R t instead"
        )
