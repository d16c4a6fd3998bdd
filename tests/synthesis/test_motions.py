from dataclasses import replace

import numpy as np
import pytest
import torch

from spsnet.body import compute_joints, load_body
from spsnet.datasets.motion_clips import MotionClip
from spsnet.geometry import axis_angle_to_matrix, geodesic_angle
from spsnet.synthesis.motions import MotionConfig, MotionLibrary, WorldMotion

PLAIN = MotionConfig(speed=(1.0, 1.0), mirror_share=0.0, recombine_share=0.0, offset_rad=0.0)
PAIRS = [(1, 2), (4, 5), (7, 8), (10, 11), (13, 14), (16, 17), (18, 19), (20, 21), (22, 23)]


def make_clip(name: str, frames: int = 90, seed: int = 0) -> MotionClip:
    """Every joint turns steadily about its own axis; the root moves a centimetre a frame along its own way."""
    rng = np.random.default_rng(seed)
    axes = rng.normal(size=(24, 3))
    pose = 0.01 * np.arange(frames)[:, None, None] * axes / np.linalg.norm(axes, axis=1, keepdims=True)
    way = rng.normal(size=3)
    root = 0.01 * np.arange(frames)[:, None] * way / np.linalg.norm(way)
    return MotionClip(
        name=name, rotations=axis_angle_to_matrix(pose).astype(np.float32), root_m=root.astype(np.float32)
    )


def draw(config: MotionConfig, *clips: MotionClip, batch: int = 64, frames: int = 16, seed: int = 0) -> WorldMotion:
    library = MotionLibrary(clips or (make_clip("a"),), config)
    return library.sample(torch.Generator().manual_seed(seed), batch, frames)


def find_start(motion: WorldMotion) -> torch.Tensor:
    """The place in the only clip at which each window starts, by how far the root has come."""
    return motion.root_m[:, 0].norm(dim=-1) / 0.01


def test_the_same_generator_gives_the_same_windows() -> None:
    config = MotionConfig()
    clips = (make_clip("a"), make_clip("b", 50, 1))
    first, again, other = (draw(config, *clips, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(first.rotations, again.rotations)
    assert torch.equal(first.root_m, again.root_m)
    assert not torch.equal(first.rotations, other.rotations)


def test_windows_are_pieces_of_the_clip() -> None:
    clip = make_clip("a")
    motion = draw(PLAIN, clip)
    start = find_start(motion)
    assert start.min() >= 0
    assert start.max() <= 90 - 16
    assert start.std() > 10
    for window in range(5):
        at = start[window].item() + np.arange(16)
        expected = np.stack([np.interp(at, np.arange(90), clip.root_m[:, axis]) for axis in range(3)], axis=1)
        np.testing.assert_allclose(motion.root_m[window].numpy(), expected, atol=1e-5)
        near = torch.from_numpy(clip.rotations[at.round().astype(int)])
        assert geodesic_angle(motion.rotations[window], near).max() < 0.006  # half a frame's turn and a little


def test_whatever_is_drawn_is_rotations() -> None:
    motion = draw(MotionConfig(offset_rad=0.5, bold_share=1.0))
    assert torch.allclose(torch.linalg.det(motion.rotations), torch.ones(64, 16, 24), atol=1e-5)
    identity = motion.rotations @ motion.rotations.mT
    assert torch.allclose(identity, torch.eye(3).expand_as(identity), atol=1e-5)


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_speed_multiplies_the_motion(speed: float) -> None:
    motion = draw(MotionConfig(speed=(speed, speed), mirror_share=0.0, recombine_share=0.0, offset_rad=0.0))
    step = (motion.root_m[:, 1:] - motion.root_m[:, :-1]).norm(dim=-1)
    torch.testing.assert_close(step, torch.full_like(step, 0.01 * speed), atol=1e-5, rtol=0)
    turned = geodesic_angle(motion.rotations[:, 1:], motion.rotations[:, :-1])
    torch.testing.assert_close(turned, torch.full_like(turned, 0.01 * speed), atol=1e-3, rtol=0)


def test_speeds_are_log_uniform() -> None:
    motion = draw(MotionConfig(speed=(0.5, 2.0), mirror_share=0.0, recombine_share=0.0, offset_rad=0.0), batch=2000)
    speed = torch.log((motion.root_m[:, 1] - motion.root_m[:, 0]).norm(dim=-1) / 0.01) / np.log(2)
    assert speed.min() > -1.001
    assert speed.max() < 1.001
    assert abs(speed.mean()) < 0.05
    assert abs(speed.std() - 1 / np.sqrt(3)) < 0.03


@pytest.mark.parametrize("frames", [1, 2, 16])
def test_a_clip_shorter_than_the_window_is_run_slower(frames: int) -> None:
    """A clip of one frame stands still; of five frames, sixteen are drawn between its ends."""
    for length in (1, 5):
        motion = draw(PLAIN, make_clip("short", length), frames=frames)
        assert torch.isfinite(motion.rotations).all()
        assert motion.root_m.norm(dim=-1).max() <= 0.01 * (length - 1) + 1e-6


def test_share_one_mirrors_every_window_and_share_zero_none() -> None:
    """A mirrored body's joints are the joints' mirror image, left and right exchanged."""
    plain = draw(PLAIN)
    mirrored = draw(MotionConfig(speed=(1.0, 1.0), mirror_share=1.0, recombine_share=0.0, offset_rad=0.0))
    flip = torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(mirrored.root_m, plain.root_m * flip)
    reflection = torch.diag(flip)
    partner = {**dict(PAIRS), **{b: a for a, b in PAIRS}}
    for joint in range(24):
        expected = reflection @ plain.rotations[:, :, partner.get(joint, joint)] @ reflection
        torch.testing.assert_close(mirrored.rotations[:, :, joint], expected, atol=2e-6, rtol=0)


def test_mirrored_motion_on_the_body_is_its_mirror_image() -> None:
    body = load_body()
    plain = draw(PLAIN, batch=2)
    mirrored = draw(MotionConfig(speed=(1.0, 1.0), mirror_share=1.0, recombine_share=0.0, offset_rad=0.0), batch=2)
    shape, still = torch.zeros(10), torch.zeros(32, 3)
    joints, image = (compute_joints(body, m.rotations.flatten(0, 1), shape, still) for m in (plain, mirrored))
    order = list(range(24))
    for left, right in PAIRS:
        order[left], order[right] = right, left
    # The open body is itself symmetric to a few millimetres.
    torch.testing.assert_close(image, joints[:, order] * torch.tensor([-1.0, 1.0, 1.0]), atol=0.01, rtol=0)


def test_recombined_windows_have_the_arms_of_another_window() -> None:
    arms = [13, 14, 16, 17, 18, 19, 20, 21, 22, 23]
    rest = [joint for joint in range(24) if joint not in arms]
    plain = draw(PLAIN)
    mixed = draw(MotionConfig(speed=(1.0, 1.0), mirror_share=0.0, recombine_share=1.0, offset_rad=0.0))
    torch.testing.assert_close(mixed.rotations[:, :, rest], plain.rotations[:, :, rest])
    torch.testing.assert_close(mixed.root_m, plain.root_m)
    moved = geodesic_angle(mixed.rotations, plain.rotations).amax((1, 2))
    assert (moved > 0.01).float().mean() > 0.8
    step = geodesic_angle(mixed.rotations[:, 1:], mixed.rotations[:, :-1])
    assert step.max() < 0.012  # the arms move as smoothly as before


def test_every_limb_comes_from_a_window_of_its_own() -> None:
    limbs = ([13, 16, 18, 20, 22], [14, 17, 19, 21, 23], [1, 4, 7, 10], [2, 5, 8, 11])
    trunk = [0, 3, 6, 9, 12, 15]
    clips = []
    for number in range(4):
        rotations = np.tile(np.eye(3, dtype=np.float32), (40, 24, 1, 1))
        rotations[:, 1:] = axis_angle_to_matrix(np.array([0.2 * (number + 1), 0, 0]))
        clips.append(MotionClip(name=str(number), rotations=rotations, root_m=np.zeros((40, 3), np.float32)))
    motion = draw(replace(PLAIN, limb_share=1.0), *clips, batch=500)
    bend = geodesic_angle(motion.rotations, torch.eye(3).expand_as(motion.rotations)).mul(5).round()
    kinds = [bend[:, :, limb] for limb in limbs]
    assert all(bool((kind == kind[:, :1, :1]).all()) for kind in kinds)  # a limb is of one clip throughout
    drawn = torch.stack([kind[:, 0, 0] for kind in kinds], dim=1)
    assert len({tuple(row) for row in drawn.tolist()}) > 200  # of 256 ways
    alone = draw(PLAIN, *clips, batch=500)
    assert torch.equal(alone.rotations[:, :, trunk], motion.rotations[:, :, trunk])


def test_upper_bodies_come_from_windows_whose_pelvis_is_held_alike() -> None:
    upper = [3, 6, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]
    lower = [0, 1, 2, 4, 5, 7, 8, 10, 11]
    stand, lie = (np.tile(np.eye(3, dtype=np.float32), (40, 24, 1, 1)) for _ in range(2))
    lie[:, 0] = axis_angle_to_matrix(np.array([np.pi / 2, 0, 0]))
    turned = stand.copy()
    turned[:, 0] = axis_angle_to_matrix(np.array([0, 2.0, 0]))
    for number, rotations in enumerate((stand, lie, turned)):
        rotations[:, 1:] = axis_angle_to_matrix(np.array([0.2 * (number + 1), 0, 0]))
    clips = [MotionClip(name=n, rotations=r, root_m=np.zeros((40, 3), np.float32)) for n, r in
             (("stand", stand), ("lie", lie), ("turned", turned))]  # fmt: skip
    motion = draw(replace(PLAIN, upper_share=1.0), *clips, batch=200)
    bend = geodesic_angle(motion.rotations, torch.eye(3).expand_as(motion.rotations)).mean(1)
    below, above = bend[:, lower[1:]].mean(1).mul(5).round(), bend[:, upper].mean(1).mul(5).round()
    pairs = {(int(a), int(b)) for a, b in zip(below, above, strict=True)}
    # Who lies keeps its own trunk; who stands may take another's, whichever way it faces.
    assert pairs == {(1, 1), (1, 3), (2, 2), (3, 1), (3, 3)}
    alone = draw(PLAIN, *clips, batch=200)
    assert torch.equal(alone.rotations[:, :, lower], motion.rotations[:, :, lower])


def test_shares_between_are_shares() -> None:
    config = MotionConfig(speed=(1.0, 1.0), mirror_share=0.3, recombine_share=0.0, offset_rad=0.0)
    way = make_clip("a").root_m[-1]
    way[1:] = 0
    motion = draw(config, batch=2000)
    mirrored = (motion.root_m[:, -1] @ torch.from_numpy(way)) < 0
    assert abs(mirrored.float().mean() - 0.3) < 0.04


def test_bends_have_the_size_asked_for_and_leave_root_and_hands() -> None:
    still = MotionClip(
        name="still",
        rotations=np.tile(np.eye(3, dtype=np.float32), (90, 24, 1, 1)),
        root_m=np.zeros((90, 3), np.float32),
    )
    config = MotionConfig(mirror_share=0.0, recombine_share=0.0, offset_rad=0.1, bold_share=0.0)
    bold = MotionConfig(mirror_share=0.0, recombine_share=0.0, offset_rad=0.1, bold_share=1.0)
    usual, large = (draw(choice, still, batch=1000) for choice in (config, bold))
    eye = torch.eye(3).expand(1000, 16, 24, 3, 3)
    angle = geodesic_angle(usual.rotations, eye)
    assert angle[:, :, [0, 22, 23]].max() < 1e-3
    # A hip's looseness is 1: per axis 0.1 · √(0.8² + 0.6² / 2), three axes.
    expected = 0.1 * np.sqrt(3 * (0.8**2 + 0.6**2 / 2))
    assert abs(angle[:, :, 1].square().mean().sqrt() - expected) < 0.05 * expected
    ratio = geodesic_angle(large.rotations, eye)[:, :, 1].square().mean() / angle[:, :, 1].square().mean()
    assert abs(ratio.sqrt() - 3) < 0.1
    step = geodesic_angle(usual.rotations[:, 1:], usual.rotations[:, :-1])
    assert step.max() < 0.25  # slow: a wave and a half a window at most


def test_idle_weighs_less_and_longer_clips_more() -> None:
    clips = make_clip("walk", 40, 1), make_clip("reactidle/stand", 40, 2), make_clip("run", 80, 3)
    motion = draw(PLAIN, *clips, batch=3000, frames=4)
    way = motion.root_m[:, -1] - motion.root_m[:, 0]
    ways = torch.from_numpy(np.stack([clip.root_m[1] - clip.root_m[0] for clip in clips]))
    counts = torch.bincount((way @ ways.T).argmax(1), minlength=3) / 3000
    expected = torch.tensor([1, 0.15, 2]) / 3.15
    torch.testing.assert_close(counts, expected, atol=0.03, rtol=0)


def test_seconds_are_counted_at_thirty_frames() -> None:
    assert MotionLibrary((make_clip("a", 60), make_clip("b", 30))).seconds == 3


def test_no_clips_and_wrong_shares_are_refused() -> None:
    with pytest.raises(ValueError, match="clips should hold at least one motion"):
        MotionLibrary([])
    for name in ("mirror_share", "recombine_share", "upper_share", "limb_share", "bold_share"):
        with pytest.raises(ValueError, match=rf"MotionConfig\.{name} should be from 0 to 1, got 1\.5"):
            MotionConfig(**{name: 1.5})


def test_varied_otherwise_a_library_is_as_if_made_anew() -> None:
    clips = [make_clip("a"), make_clip("reactidle/b")]
    config = replace(PLAIN, mirror_share=0.5, idle_weight=0.01)
    library = MotionLibrary(clips)
    varied, anew = (one.sample(torch.Generator().manual_seed(1), 40, 8) for one in
                    (library.vary(config), MotionLibrary(clips, config)))  # fmt: skip
    for ours, theirs in zip(varied, anew, strict=True):
        assert torch.equal(ours, theirs)
    before = library.sample(torch.Generator().manual_seed(1), 40, 8)
    assert not torch.equal(before.rotations, varied.rotations)
