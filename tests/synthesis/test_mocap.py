import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from spsnet.body import compute_joints, load_body
from spsnet.datasets.motion_clips import MotionClip
from spsnet.geometry import axis_angle_to_matrix
from spsnet.records import UserError
from spsnet.synthesis.mocap import load_mocap

REAL = Path(__file__).parents[3] / "shared" / "data" / "mocap"
# Joint, parent, place in the parent's frame at rest: the archives' names, less what has no say.
ACRNN = (
    ("hip", "", (0, 0, 0)), ("abdomen", "hip", (0, 20, 0)), ("chest", "abdomen", (0, 20, 0)),
    ("neck", "chest", (0, 20, 0)), ("head", "neck", (0, 10, 0)), ("lCollar", "chest", (5, 15, 0)),
    ("lShldr", "lCollar", (10, 0, 0)), ("lForeArm", "lShldr", (30, 0, 0)), ("lHand", "lForeArm", (25, 0, 0)),
    ("rCollar", "chest", (-5, 15, 0)), ("rShldr", "rCollar", (-10, 0, 0)), ("rForeArm", "rShldr", (-30, 0, 0)),
    ("rHand", "rForeArm", (-25, 0, 0)), ("lThigh", "hip", (10, 0, 0)), ("lShin", "lThigh", (0, -40, 0)),
    ("lFoot", "lShin", (0, -40, 0)), ("rThigh", "hip", (-10, 0, 0)), ("rShin", "rThigh", (0, -40, 0)),
    ("rFoot", "rShin", (0, -40, 0)),
)  # fmt: skip
REACTIDLE = (
    ("pelvis", "", (0, 0.7, 0)), ("spine", "pelvis", (0, 0, 0)), ("spine.001", "spine", (0, 0.2, 0)),
    ("neck", "spine.001", (0, 0.2, 0)), ("face", "neck", (0, 0.16, 0)), ("shoulder.L", "spine.001", (0, 0.2, 0)),
    ("upper_arm.L", "shoulder.L", (0.14, 0, 0)), ("forearm.L", "upper_arm.L", (0.2, 0, 0)),
    ("shoulder.R", "spine.001", (0, 0.2, 0)), ("upper_arm.R", "shoulder.R", (-0.14, 0, 0)),
    ("forearm.R", "upper_arm.R", (-0.2, 0, 0)), ("thigh.L", "pelvis", (0.1, 0, 0)), ("shin.L", "thigh.L", (0, -0.4, 0)),
    ("foot.L", "shin.L", (0, -0.4, 0)), ("thigh.R", "pelvis", (-0.1, 0, 0)), ("shin.R", "thigh.R", (0, -0.4, 0)),
    ("foot.R", "shin.R", (0, -0.4, 0)),
)  # fmt: skip
Skeleton = tuple[tuple[str, str, tuple[float, float, float]], ...]


def write_bvh(
    skeleton: Skeleton,
    turns_deg: Mapping[str, tuple[float, float, float]] | None = None,
    *,
    root: np.ndarray | None = None,
    frames: int = 122,
    frame_time_s: float = 1 / 120,
    rest: Mapping[str, tuple[float, float, float]] | None = None,
) -> str:
    """A file in which every joint stands in one place, `turns_deg` about x, y, z (in this order) in every frame."""
    turns, moved = turns_deg or {}, rest or {}
    order: list[str] = []

    def write(name: str, parent: str, offset: tuple[float, float, float]) -> Iterator[str]:
        order.append(name)
        place = "Xposition Yposition Zposition " if not parent else ""
        yield f"{'JOINT' if parent else 'ROOT'} {name}\n{{\nOFFSET {' '.join(map(str, moved.get(name, offset)))}"
        yield f"CHANNELS {6 if place else 3} {place}Xrotation Yrotation Zrotation"
        children = [entry for entry in skeleton if entry[1] == name]
        for child in children:
            yield from write(*child)
        yield "}" if children else "End Site\n{\nOFFSET 0 0 1\n}\n}"

    text = "HIERARCHY\n" + "\n".join(write(*skeleton[0]))
    places = np.zeros((frames, 3)) if root is None else root
    lines = [
        " ".join(map(str, [*place, *(value for name in order for value in turns.get(name, (0, 0, 0)))]))
        for place in places
    ]
    return text + f"\nMOTION\nFrames: {len(places)}\nFrame Time: {frame_time_s}\n" + "\n".join(lines) + "\n"


def make_rows(frames: int = 121) -> np.ndarray:
    """A T-pose and so many frames like it."""
    return np.zeros((1 + frames, 117))


def write_expmap(rows: np.ndarray) -> str:
    return "\n".join(",".join(f"{value:.7f}" for value in row) for row in rows) + "\n"


def write_archive(folder: Path, archive: str, files: Mapping[str, str]) -> Path:
    with tarfile.open(folder / f"{archive}.tar.xz", "w:xz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{archive}/{name}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return folder


def load_one(folder: Path, archive: str, name: str, text: str) -> MotionClip:
    (clip,) = load_mocap(write_archive(folder, archive, {name: text}))
    return clip


def load_acrnn(folder: Path, text: str) -> MotionClip:
    return load_one(folder, "acrnn_cmu", "train_data_bvh/martial/01.bvh", text)


def turn_y(angle_rad: float) -> np.ndarray:
    return axis_angle_to_matrix(np.array([0.0, angle_rad, 0.0]))


def compose(clip: MotionClip) -> np.ndarray:
    """Global rotations of the first frame."""
    parents = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
    world = clip.rotations[0].astype(float)
    for joint, parent in enumerate(parents[1:], start=1):
        world[joint] = world[parent] @ world[joint]
    return world


def test_t_pose_is_rest(tmp_path: Path) -> None:
    clip = load_acrnn(tmp_path, write_bvh(ACRNN))
    np.testing.assert_allclose(clip.rotations, np.broadcast_to(np.eye(3), clip.rotations.shape), atol=1e-6)
    assert clip.name == "acrnn_cmu/train_data_bvh/martial/01"


def test_arms_that_hang_at_rest_hang_on_the_body(tmp_path: Path) -> None:
    hanging = {"lForeArm": (0, -30, 0), "rForeArm": (0, -30, 0), "lHand": (0, -25, 0), "rHand": (0, -25, 0)}
    world = compose(load_acrnn(tmp_path, write_bvh(ACRNN, rest=hanging)))
    for joint, out in ((16, 1), (18, 1), (20, 1), (17, -1), (19, -1), (21, -1)):
        np.testing.assert_allclose(world[joint] @ [out, 0, 0], [0, -1, 0], atol=1e-6)
    np.testing.assert_allclose(world[[0, 1, 2, 13, 14, 15]], np.tile(np.eye(3), (6, 1, 1)), atol=1e-6)


def test_turns_arrive_at_their_joints(tmp_path: Path) -> None:
    text = write_bvh(ACRNN, {"hip": (0, 90, 0), "lShldr": (0, 0, 90), "rShin": (60, 0, 0), "abdomen": (0, 0, 40)})
    clip = load_acrnn(tmp_path, text)
    local, world = clip.rotations[0], compose(clip)
    np.testing.assert_allclose(local[0], turn_y(np.pi / 2), atol=1e-6)
    # The left arm, out along the body's left, is raised; the body's left is at −z after its turn.
    np.testing.assert_allclose(local[16], axis_angle_to_matrix(np.array([0, 0, np.pi / 2])), atol=1e-6)
    np.testing.assert_allclose(local[5], axis_angle_to_matrix(np.array([np.pi / 3, 0, 0])), atol=1e-6)
    np.testing.assert_allclose(local[17], np.eye(3), atol=1e-6)
    np.testing.assert_allclose(world[17] @ [-1, 0, 0], world[9] @ [-1, 0, 0], atol=1e-6)
    # The bend of the abdomen is SMPL's lowest spine joint; chest unbent, so the joint between the two is too.
    bend = axis_angle_to_matrix(np.deg2rad([0.0, 0.0, 40.0]))
    np.testing.assert_allclose(local[3], bend, atol=1e-6)
    np.testing.assert_allclose(local[[6, 9]], np.tile(np.eye(3), (2, 1, 1)), atol=1e-6)


def test_a_bend_of_the_chest_is_shared_by_two_spine_joints(tmp_path: Path) -> None:
    clip = load_acrnn(tmp_path, write_bvh(ACRNN, {"chest": (40, 0, 0)}))
    half = axis_angle_to_matrix(np.deg2rad([20.0, 0.0, 0.0]))
    np.testing.assert_allclose(clip.rotations[0, [6, 9]], np.tile(half, (2, 1, 1)), atol=1e-6)


@pytest.mark.parametrize(("folder", "seconds"), [("salsa", 2), ("martial", 1)])
def test_salsa_runs_at_60_frames_per_second_whatever_its_header_says(tmp_path: Path, folder: str, seconds: int) -> None:
    root = np.arange(122)[:, None] * np.array([1.0, 0, 0])
    clip = load_one(tmp_path, "acrnn_cmu", f"train_data_bvh/{folder}/01.bvh", write_bvh(ACRNN, root=root))
    assert len(clip) == 30 * seconds + 1
    # One centimetre a frame, resampled by time; the first frame is no part of the motion.
    np.testing.assert_allclose(clip.root_m[:, 0], np.linspace(0.01, 1.21, len(clip)), atol=1e-6)


def test_reactidle_keeps_its_rate_and_metres(tmp_path: Path) -> None:
    root = np.arange(25)[:, None] * np.array([0, 0, 0.01])
    text = write_bvh(REACTIDLE, {"forearm.L": (0, 50, 0)}, root=root, frame_time_s=1 / 24)
    clip = load_one(tmp_path, "reactidle", "genuine/000_genuine.bvh", text)
    assert len(clip) == 31
    np.testing.assert_allclose(clip.root_m[:, 2], np.linspace(0, 0.24, 31), atol=1e-6)
    np.testing.assert_allclose(clip.rotations[0, 18], axis_angle_to_matrix(np.deg2rad([0.0, 50.0, 0.0])), atol=1e-6)
    # It has neither wrists nor toes: they stay straight.
    np.testing.assert_allclose(clip.rotations[:, [10, 11, 20, 21, 22, 23]][0], np.tile(np.eye(3), (6, 1, 1)), atol=1e-6)


def test_expmap_counts_from_its_t_pose_and_turns_the_other_way(tmp_path: Path) -> None:
    rows = make_rows()
    rows[:, 3 + 3 * 2 : 6 + 3 * 2] = [0, 0, 0.3]  # how the left thigh's axes lie at rest; node 2 is SMPL's 1
    rows[1:, 3:6] = [0, -1, 0]
    rows[1:, :3] = [0, 0.45, 0]
    clip = load_one(tmp_path, "cmu_expmap", "train/walking/walking_1.txt", write_expmap(rows))
    assert len(clip) == 31  # 121 frames at 120 a second
    np.testing.assert_allclose(clip.rotations[:, 0], np.tile(turn_y(1), (31, 1, 1)), atol=1e-6)
    np.testing.assert_allclose(clip.rotations[:, 1:], np.broadcast_to(np.eye(3), (31, 23, 3, 3)), atol=1e-6)
    np.testing.assert_allclose(clip.root_m, [[0, 0.0254, 0]] * 31, atol=1e-7)


def test_steady_turning_is_resampled_along_the_arc(tmp_path: Path) -> None:
    rows = make_rows()
    rows[1:, 4] = -np.linspace(0, 1.2, 121)
    clip = load_one(tmp_path, "cmu_expmap", "test/walking/walking_1.txt", write_expmap(rows))
    expected = np.stack([turn_y(angle) for angle in np.linspace(0, 1.2, 31)])
    np.testing.assert_allclose(clip.rotations[:, 0], expected, atol=1e-6)


def test_a_clip_is_cut_where_a_joint_jumps(tmp_path: Path) -> None:
    rows = make_rows(361)
    rows[161:, 3 + 3 * 3] = -1.5  # the left knee, from one frame to the next
    rows[221:, 3 + 3 * 3] = 0.0  # and back: half a second is too short a piece
    clips = load_mocap(write_archive(tmp_path, "cmu_expmap", {"train/walk/walk_1.txt": write_expmap(rows)}))
    assert [len(clip) for clip in clips] == [40, 36]
    assert {clip.name for clip in clips} == {"cmu_expmap/train/walk/walk_1"}  # held out together or not at all


def test_mirrored_headings_are_left_out(tmp_path: Path) -> None:
    rows = make_rows(361)
    rows[1:, 4] = -np.linspace(0, 2.4, 361)
    (clip,) = load_mocap(write_archive(tmp_path, "cmu_expmap", {"train/walk/walk_1.txt": write_expmap(rows)}))
    assert len(clip) == 50
    np.testing.assert_allclose(clip.rotations[-1, 0], turn_y(49 / 90 * 2.4), atol=1e-6)


def test_other_files_are_left_out_and_clips_are_sorted(tmp_path: Path) -> None:
    bvh, rows = write_bvh(ACRNN), write_expmap(make_rows())
    acrnn = {"train_data_bvh/readme.txt": "salsa: 60", "train_data_bvh/standard.bvh": bvh, "LICENSE": "MIT"}
    write_archive(
        tmp_path, "acrnn_cmu", {**acrnn, "train_data_bvh/salsa/02.bvh": bvh, "train_data_bvh/salsa/01.bvh": bvh}
    )
    write_archive(tmp_path, "cmu_expmap", {"readme.txt": "no numbers", "train/run/run_1.txt": rows})
    names = [clip.name for clip in load_mocap(tmp_path)]
    assert names == [
        "acrnn_cmu/train_data_bvh/salsa/01",
        "acrnn_cmu/train_data_bvh/salsa/02",
        "cmu_expmap/train/run/run_1",
    ]


def test_no_archive_is_refused_with_the_names(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds none of acrnn_cmu\.tar\.xz, cmu_expmap\.tar\.xz, .*; pass --mocap DIR"):
        load_mocap(tmp_path)


@pytest.mark.parametrize(
    ("archive", "name", "text", "message"),
    [
        ("cmu_expmap", "train/walk/walk_1.txt", "1,2,3\n", r"walk_1\.txt should have lines of 117 numbers, it has 3"),
        ("cmu_expmap", "train/walk/walk_1.txt", "", r"walk_1\.txt should have lines of 117 numbers, it has none"),
        ("cmu_expmap", "train/walk/walk_1.txt", "x," * 116 + "1\n", r"walk_1\.txt holds something else than numbers"),
        ("acrnn_cmu", "train_data_bvh/salsa/01.bvh", "hello", r"salsa/01\.bvh is not a BVH file"),
        ("acrnn_cmu", "train_data_bvh/salsa/01.bvh", write_bvh(ACRNN[:-1]), r"salsa/01\.bvh has no joint 'rFoot'"),
        ("reactidle", "acted/1.bvh", write_bvh(ACRNN), r"acted/1\.bvh has no joint 'face'"),
    ],
)
def test_foreign_files_are_named(tmp_path: Path, archive: str, name: str, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_mocap(write_archive(tmp_path, archive, {name: text}))


def test_damaged_archive_is_named(tmp_path: Path) -> None:
    path = write_archive(tmp_path, "reactidle", {"acted/1.bvh": write_bvh(REACTIDLE)}) / "reactidle.tar.xz"
    for content in (b"no archive", path.read_bytes()[:200]):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"reactidle\.tar\.xz is not a whole \.tar\.xz archive"):
            load_mocap(tmp_path)


@pytest.mark.skipif(
    not (REAL / "cmu_expmap.tar.xz").is_file(),
    reason="../shared/data/mocap/cmu_expmap.tar.xz is missing",
)
def test_stance_feet_of_a_real_walk_stand(tmp_path: Path) -> None:
    """With the sign of the exponential maps wrong they move at over two metres a second."""
    wanted = "cmu_expmap/test/walking/walking_1.txt"
    with tarfile.open(REAL / "cmu_expmap.tar.xz") as archive:
        stream = next(archive.extractfile(member) for member in archive if member.name == wanted)
        assert stream is not None
        clip = load_one(tmp_path, "cmu_expmap", "test/walking/walking_1.txt", stream.read().decode())
    rotations = clip.rotations.astype(float)
    joints = compute_joints(load_body(), rotations, np.zeros(10), clip.root_m.astype(float))
    stance = 30 * np.linalg.norm(np.diff(joints[:, [7, 8]], axis=0), axis=-1).min(1)
    assert np.median(stance) < 0.3
    forward = rotations[:-1, 0] @ [0, 0, 1]
    along = (30 * np.diff(joints[:, 0], axis=0) * forward).sum(1)
    assert 0.9 < along.mean() < 1.6  # walks the way the body faces
    assert ((joints[:, 15] - joints[:, 0])[:, 1] > 0.4).all()
    left = (joints[:, 1] - joints[:, 2]) @ np.array([1.0, 0, 0])
    assert np.allclose(np.sign(left), np.sign((rotations[:, 0] @ [1, 0, 0])[:, 0]))
