"""Files of results in the layouts of the programs that write them, made by the libraries that those write with."""

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch
from scipy.spatial.transform import Rotation

from spsnet.body import load_body
from spsnet.export import save_person
from spsnet.interchange import FORMATS, write_results
from spsnet.records import BodyParameters, PersonMotion, PredictedMotion
from spsnet.skeletons import get_joint_set

WIDTH, HEIGHT = 1280, 720
FRAMES = 3
VERTICES = 6890


def make_pose(rng: np.random.Generator, frames: int = FRAMES, joints: int = 24) -> np.ndarray:
    """Turns of less than π: each is the one axis-angle of its rotation."""
    return rng.uniform(-1.2, 1.2, (frames, 3 * joints)).astype(np.float32)


def make_vibe(seed: int = 0, frames: int = FRAMES) -> dict[int, dict[str, Any]]:
    """Two people as VIBE's demo page describes them, and `joints3d`, which later versions have."""
    rng = np.random.default_rng(seed)
    people = {}
    for number in (1, 2):
        scale, inside = rng.uniform(0.7, 1.1, frames), rng.uniform(-0.1, 0.1, (frames, 2))
        center, side = rng.uniform((200, 200), (1000, 500), (frames, 2)), rng.uniform(200, 400, frames)
        scales = (scale * side)[:, None] / (WIDTH, HEIGHT)
        size = np.array([WIDTH, HEIGHT])
        people[number] = {
            "pred_cam": np.concatenate([scale[:, None], inside], 1).astype(np.float32),
            "orig_cam": np.concatenate([scales, (2 * center / size - 1) / scales + inside], 1).astype(np.float32),
            "verts": rng.normal(size=(frames, VERTICES, 3)).astype(np.float32),
            "pose": make_pose(rng, frames),
            "betas": rng.normal(size=(frames, 10)).astype(np.float32),
            "joints3d": rng.normal(size=(frames, 49, 3)).astype(np.float32),
            "joints2d": None,
            "bboxes": np.concatenate([center, side[:, None], side[:, None]], 1),
            "frame_ids": np.array([4, 5, 8, *range(9, 9 + frames)])[:frames],
        }
    return people


def make_wham(seed: int = 0) -> defaultdict[int, dict[str, Any]]:
    """Two people by numbers of numpy, in the kind of dictionary that WHAM fills."""
    rng = np.random.default_rng(seed)
    people: defaultdict[int, dict[str, Any]] = defaultdict(dict)
    for number in np.unique([0, 3]):
        people[number]["pose"] = make_pose(rng)
        people[number]["trans"] = rng.uniform((-1, -1, 3), (1, 1, 8), (FRAMES, 3)).astype(np.float32)
        people[number]["pose_world"] = make_pose(rng)
        people[number]["trans_world"] = rng.normal(size=(FRAMES, 3)).astype(np.float32)
        people[number]["betas"] = rng.normal(size=(FRAMES, 10)).astype(np.float32)
        people[number]["verts"] = rng.normal(size=(FRAMES, VERTICES, 3)).astype(np.float32)
        people[number]["frame_ids"] = np.array([0, 1, 7])
    return people


def make_gvhmr(seed: int = 0) -> dict[str, Any]:
    """One person, with the network's outputs beside."""
    rng = np.random.default_rng(seed)

    def make(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.uniform(-1, 1, shape).astype(np.float32))

    def make_person() -> dict[str, torch.Tensor]:
        return {
            "body_pose": make(FRAMES, 63),
            "betas": make(FRAMES, 10),
            "global_orient": make(FRAMES, 3),
            "transl": make(FRAMES, 3) + torch.tensor([0.0, 0.0, 5.0]),
        }

    focal = float(np.hypot(WIDTH, HEIGHT))
    camera = torch.tensor([[focal, 0, WIDTH / 2], [0, focal, HEIGHT / 2], [0, 0, 1]])
    return {
        "smpl_params_global": make_person(),
        "smpl_params_incam": make_person(),
        "K_fullimg": camera.repeat(FRAMES, 1, 1),
        "net_outputs": {"model_output": {"pred_x": make(1, FRAMES, 151)}, "static_conf_logits": make(1, FRAMES, 6)},
    }


def make_phalp(seed: int = 0) -> dict[str, dict[str, Any]]:
    """Four frames: nobody; 1 and 2; 1, and 2 lost but listed with what was last seen; 1 and 2."""
    rng = np.random.default_rng(seed)
    keys = ("tracked_ids", "tracked_bbox", "tid", "bbox", "tracked_time", "appe", "loca", "pose", "center", "scale",
            "size", "img_path", "img_name", "class_name", "conf", "annotations", "smpl", "camera", "camera_bbox",
            "3d_joints", "2d_joints", "mask", "extra_data")  # fmt: skip
    frames: dict[str, dict[str, Any]] = {}
    for time, people in enumerate(((), ((1, 0), (2, 0)), ((1, 0), (2, 1)), ((1, 0), (2, 0)))):
        name = f"outputs//_DEMO/walk/img/{time + 1:06d}.jpg"
        frame: dict[str, Any] = {"time": time, "shot": 0, "frame_path": name, **{key: [] for key in keys}}
        for person, waiting in people:
            for key, value in _make_phalp_row(rng, name).items():
                frame[key].append(value)
            frame["tid"].append(person)
            frame["tracked_time"].append(waiting)
            if waiting == 0:
                frame["tracked_ids"].append(person)
                frame["tracked_bbox"].append(frame["bbox"][-1])
        frames[name] = frame
    return frames


def _make_phalp_row(rng: np.random.Generator, name: str) -> dict[str, Any]:
    rotations = Rotation.random(24, rng).as_matrix().astype(np.float32)
    corner, size = rng.uniform(0, 300, 2), rng.uniform(100, 300, 2)
    return {
        "bbox": np.array([*corner, *size]),
        "appe": rng.normal(size=4096).astype(np.float32),
        "loca": rng.normal(size=99).astype(np.float32),
        "pose": rng.normal(size=229).astype(np.float32),
        "center": corner + size / 2,
        "scale": size,
        "size": [HEIGHT, WIDTH],
        "img_path": name,
        "img_name": name.rpartition("/")[2],
        "class_name": np.int64(0),
        "conf": np.float32(0.97),
        "annotations": [],
        "smpl": {
            "global_orient": rotations[:1],
            "body_pose": rotations[1:],
            "betas": rng.normal(size=10).astype(np.float32),
        },
        "camera": rng.uniform((-1, -1, 80), (1, 1, 200)).astype(np.float32),
        "camera_bbox": np.array([0.9, 0.0, 0.1], np.float32),
        "3d_joints": np.concatenate([rng.normal(size=(44, 3)), np.zeros((1, 3))]).astype(np.float32),
        "2d_joints": rng.uniform(0, 1, 90).astype(np.float32),
        "mask": {"size": [HEIGHT, WIDTH], "counts": b"Q3lP\x00\xff1"},
        "extra_data": {},
    }


def make_romp_picture(seed: int = 0, people: int = 2) -> dict[str, Any]:
    """A picture's people as ROMP projects them: padded to a square, [-1, 1] across, joints about the body's origin."""
    rng = np.random.default_rng(seed)
    camera = np.concatenate([rng.uniform(0.1, 0.4, (people, 1)), rng.uniform(-0.5, 0.5, (people, 2))], 1)
    joints = rng.normal(size=(people, 71, 3)) / 2
    inside = camera[:, None, :1] * joints[..., :2] + camera[:, None, 1:]
    pose = make_pose(rng, people)
    outputs = {
        "params_pred": rng.normal(size=(people, 145)),
        "cam": camera,
        "global_orient": pose[:, :3],
        "body_pose": pose[:, 3:],
        "smpl_betas": rng.normal(size=(people, 10)),
        "smpl_thetas": pose,
        "center_confs": rng.uniform(0.3, 1, people),
        "cam_trans": 2 * np.stack([camera[:, 1], camera[:, 2], np.ones(people)], 1) / camera[:, :1],
        "verts": rng.normal(size=(people, VERTICES, 3)),
        "joints": joints,
        "pj2d_org": WIDTH / 2 * (inside + 1) - (0, (WIDTH - HEIGHT) // 2),
    }
    return {key: value.astype(np.float32) for key, value in outputs.items()}


def make_romp_film(seed: int = 0, people: int = 2, tracked: bool = True) -> dict[str, dict[Any, Any]]:
    """`video_results.npz`: frames by picture, and the same by person where they were followed."""
    results, sequences = {}, {}
    for frame in range(FRAMES):
        found = make_romp_picture(seed + frame, people)
        if tracked:
            found["track_ids"] = np.arange(people).astype(np.int32) + 1
        results[f"{frame:08d}.png"] = found
        for row, track in enumerate(found.get("track_ids", ())):
            person = sequences.setdefault(track, {"frame_id": [], **{key: [] for key in found}})
            person["frame_id"].append(frame)
            for key, values in found.items():
                person[key].append(values[row])
    return {"results": results, "sequence_results": sequences}


def make_amass(seed: int = 0, joints: int = 52) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    arrays: dict[str, Any] = {
        "poses": make_pose(rng, FRAMES, joints).astype(np.float64),
        "trans": rng.uniform((-1, -3, 0.8), (1, 3, 1), (FRAMES, 3)),
        "betas": rng.normal(size=16),
        "gender": np.array("female"),
    }
    if joints == 52:
        return {**arrays, "dmpls": rng.normal(size=(FRAMES, 8)), "mocap_framerate": np.array(120.0)}
    return {**arrays, "surface_model_type": np.array("smplx"), "mocap_frame_rate": np.array(60.0)}


def make_person(number: int = 1, frames: int = FRAMES) -> PersonMotion:
    """As `spsnet run` gives one out, seen through the default lens of the picture."""
    rng = np.random.default_rng(number)
    names = get_joint_set("smpl24").joint_names + get_joint_set("coco17").joint_names
    return PersonMotion(
        track_id=number,
        frame_index=np.arange(10, 10 + frames),
        time_s=np.arange(frames) / 25,
        box_xys_px=rng.uniform((200, 200, 100), (800, 500, 300), (frames, 3)).round(),
        confidence=rng.uniform(0.5, 1, frames),
        filled_mask=np.arange(frames) == 1,
        body=BodyParameters(
            pose_rad=make_pose(rng, frames).astype(np.float64),
            shape=rng.normal(size=10),
            translation_m=rng.uniform((-1, -1, 3), (1, 1, 8), (frames, 3)),
        ),
        crop_camera=rng.normal(size=(frames, 3)),
        focal_px=float(WIDTH),
        joints_m=rng.normal(size=(frames, len(names), 3)),
        joints_px=rng.uniform(0, 700, (frames, len(names), 2)),
        joint_names=names,
        keypoints_px=rng.uniform(0, 700, (frames, 33, 3)),
    )


def save_run(folder: Path, *people: PersonMotion) -> Path:
    """A folder of `spsnet run`: the keys of `summary.json` that readers ask for, and one archive a person."""
    folder.mkdir(parents=True)
    for person in people or (make_person(),):
        path = folder / f"person_{person.track_id:03d}.npz"
        save_person(path, person, body=load_body().name, model="default 1", fps=25.0)
    camera = f'{{"focal_px": {WIDTH}.0, "center_px": [{WIDTH / 2}, {HEIGHT / 2}]}}'
    (folder / "summary.json").write_text(f'{{"spsnet": "0.1.0", "camera": {camera}}}', encoding="utf-8")
    return folder


def make_motion(person: str = "1", frames: int = FRAMES, **changes: Any) -> PredictedMotion:
    """Everything but meshes and joints is known; SMPL."""
    rng = np.random.default_rng(len(person))
    motion = PredictedMotion(
        person=person,
        frame_index=np.arange(frames),
        pose_rad=make_pose(rng, frames),
        shape=np.tile(rng.normal(size=10), (frames, 1)).astype(np.float32),
        body="smpl",
        translation_m=rng.uniform((-1, -1, 3), (1, 1, 8), (frames, 3)).astype(np.float32),
        focal_px=float(WIDTH),
        center_px=(WIDTH / 2, HEIGHT / 2),
        box_xys_px=rng.uniform((200, 200, 100), (800, 500, 300), (frames, 3)).round().astype(np.float32),
        fps=25.0,
    )
    return replace(motion, **changes)


def save_npz(path: Path, content: Mapping[str, Any]) -> Path:
    np.savez(path, **content)
    return path


def dump(path: Path, content: Any, compress: Any = 0) -> Path:
    joblib.dump(content, path, compress=compress)
    return path


def save_tensors(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


MADE: Mapping[str, Callable[[Path], Path]] = {
    "vibe": lambda folder: dump(folder / "vibe_output.pkl", make_vibe()),
    "wham": lambda folder: dump(folder / "wham_output.pkl", make_wham()),
    "gvhmr": lambda folder: save_tensors(folder / "hmr4d_results.pt", make_gvhmr()),
    "phalp": lambda folder: dump(folder / "demo_walk.pkl", make_phalp(), 3),
    "romp": lambda folder: save_npz(folder / "video_results.npz", make_romp_film()),
    "amass": lambda folder: save_npz(folder / "walk_poses.npz", make_amass()),
    "spsnet": lambda folder: save_run(folder / "clip", make_person(1), make_person(2)),
}
"""A whole result of each format, written into a folder."""


READABLE = [name for name, kind in FORMATS.items() if kind.read is not None]


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.folder),)


def rewrite(motion: PredictedMotion, path: Path, name: str, **options: Any) -> Path:
    write_results([motion], path, name, **options)
    return path
