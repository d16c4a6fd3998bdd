from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from reference.made_windows import make_windows
from spsnet.body import load_body
from spsnet.datasets.reader import DatasetReader, SeenReader
from spsnet.datasets.shards import ObservedWindows, Sight, load_windows, save_shard
from spsnet.datasets.synthetic import SyntheticWindows
from spsnet.evaluation.clip_motions import BodyJoints, Reconstruction
from spsnet.records import UserError
from spsnet.skeletons import map_joints

EYE = "blazepose-heavy"
FRAMES = 5


def write(raw: Path, windows: ObservedWindows | None = None, encoder: str = EYE, shard: int = 0) -> ObservedWindows:
    windows = make_windows(3, FRAMES) if windows is None else windows
    save_shard(raw, shard, {encoder: windows})
    return load_windows(raw)


def cover(windows: ObservedWindows, *frames: int) -> ObservedWindows:
    """Nobody is seen in some frames of the second window."""
    present = windows.seen.present_mask.copy()
    present[1, list(frames)] = False
    return replace(windows, seen=replace(windows.seen, present_mask=present))


def test_every_array_of_a_window_comes_back(tmp_path: Path) -> None:
    write(tmp_path)
    stored = write(tmp_path, make_windows(2, FRAMES, seed=1), shard=1)
    reader = SyntheticWindows()
    assert isinstance(reader, SeenReader)
    plain: DatasetReader = reader
    assert plain.list_sequences(tmp_path, "all") == ["00000", "00001", "00002", "00003", "00004"]
    for number in (0, 4):
        (prepared,) = reader.read_seen(tmp_path, "all", f"0000{number}")
        clip, (seen,) = prepared.clip, prepared.sightings
        assert (clip.dataset, clip.name, clip.sequence, clip.fps) == ("synthetic", f"0000{number}", clip.name, 30.0)
        np.testing.assert_array_equal(clip.frame_index, np.arange(FRAMES))
        assert clip.valid_mask.all()
        assert [clip.body, clip.pictures, clip.box_xys_px, prepared.size_px] == [None] * 4
        np.testing.assert_array_equal(seen.landmarks_px, stored.seen.landmarks_px[number])
        np.testing.assert_array_equal(seen.world_m, stored.seen.world_m[number])
        np.testing.assert_array_equal(seen.feature, stored.seen.feature[number])  # type: ignore[arg-type]
        np.testing.assert_array_equal(seen.widths_px, stored.seen.widths_px[number])  # type: ignore[arg-type]
        np.testing.assert_allclose(seen.time_s, np.arange(FRAMES) / 30)
        assert not seen.filled_mask.any()


def test_the_truth_is_what_a_perfect_prediction_says(tmp_path: Path) -> None:
    """Joints that protocols compare, taken from the clip and from the posed body."""
    stored = write(tmp_path)
    body = BodyJoints(body=load_body())
    for number in range(3):
        (clip,) = SyntheticWindows().read_sequence(tmp_path, "all", f"0000{number}")
        posed = Reconstruction(
            frame_index=clip.frame_index,
            rotations=stored.rotations[number].astype(float),
            shape=np.tile(stored.shape[number].astype(float), (FRAMES, 1)),
            translation_m=stored.translation_m[number].astype(float),
        )
        assert clip.joints_m is not None
        assert clip.joint_set is not None
        for joint_set in ("lsp14", "h36m17"):
            ours = map_joints(clip.joint_set, joint_set)
            assert ours.mask.all()
            np.testing.assert_allclose(ours.apply(clip.joints_m), body.compute(joint_set, posed), atol=1e-6)


def test_the_camera_shows_a_joint_by_hand(tmp_path: Path) -> None:
    """A metre right of the middle and 4 m away, at a focal length of 1000 px: 250 px right of the middle."""
    windows = make_windows(1, 1, unrest=0.0)
    write(tmp_path, replace(windows, translation_m=windows.translation_m + np.float32([1, 0, 0])))
    (clip,) = SyntheticWindows().read_sequence(tmp_path, "all", "00000")
    assert clip.camera is not None
    assert (clip.camera.focal_px, clip.camera.center_px) == (1000.0, (0.0, 0.0))
    assert clip.joints_m is not None
    assert clip.keypoints_px is not None
    expected = 1000 * clip.joints_m[..., :2] / clip.joints_m[..., 2:]
    np.testing.assert_allclose(clip.keypoints_px[..., :2], expected, rtol=1e-6)
    assert 200 < clip.keypoints_px[0, 0, 0] < 300
    assert (clip.keypoints_px[..., 2] == 1).all()


def test_frames_without_the_person_are_filled_within_and_left_out_at_the_ends(tmp_path: Path) -> None:
    stored = write(tmp_path, cover(make_windows(3, FRAMES), 0, 2))
    (prepared,) = SyntheticWindows().read_seen(tmp_path, "all", "00001")
    (seen,) = prepared.sightings
    np.testing.assert_array_equal(seen.frame_index, [1, 2, 3, 4])
    np.testing.assert_array_equal(seen.filled_mask, [False, True, False, False])
    np.testing.assert_array_equal(seen.confidence, [1, 0, 1, 1])
    between = (stored.seen.landmarks_px[1, 1, :, :2] + stored.seen.landmarks_px[1, 3, :, :2]) / 2
    np.testing.assert_allclose(seen.landmarks_px[1, :, :2], between, rtol=1e-5)
    assert not seen.landmarks_px[1, :, 2].any()
    assert len(prepared.clip) == FRAMES


def test_a_window_that_shows_nobody_has_no_sighting(tmp_path: Path) -> None:
    write(tmp_path, cover(make_windows(3, FRAMES), *range(FRAMES)))
    (prepared,) = SyntheticWindows().read_seen(tmp_path, "all", "00001")
    assert prepared.sightings == ()
    assert prepared.clip.joints_m is not None


def test_simulated_windows_have_no_feature(tmp_path: Path) -> None:
    windows = make_windows(1, FRAMES)
    sight = Sight(**{**vars(windows.seen), "feature": np.zeros((1, FRAMES, 0), np.float32)})
    write(tmp_path, replace(windows, seen=sight, occluded=None))
    (prepared,) = SyntheticWindows().read_seen(tmp_path, "all", "00000")
    assert prepared.sightings[0].feature is None


def test_windows_are_seen_by_the_encoder_that_was_asked_for(tmp_path: Path) -> None:
    windows = make_windows(1, FRAMES)
    other = replace(windows, seen=replace(windows.seen, landmarks_px=windows.seen.landmarks_px + 1))
    save_shard(tmp_path, 0, {EYE: windows, "blazepose-full": other})
    sights = [SyntheticWindows(encoder=name).read_seen(tmp_path, "all", "00000")[0].sightings[0] for name in
              (EYE, "blazepose-full")]  # fmt: skip
    np.testing.assert_allclose(sights[1].landmarks_px, sights[0].landmarks_px + 1)


def test_what_is_no_window_of_ours_is_refused(tmp_path: Path) -> None:
    reader = SyntheticWindows()
    with pytest.raises(UserError, match=r"holds no shards; `spsnet synthesize` makes them"):
        reader.list_sequences(tmp_path, "all")
    write(tmp_path)
    with pytest.raises(UserError, match=r"shard_00000.safetensors was seen by blazepose-heavy, not by other"):
        SyntheticWindows(encoder="other").list_sequences(tmp_path, "all")
    with pytest.raises(ValueError, match="synthetic has the one split all, not 'test'"):
        reader.list_sequences(tmp_path, "test")
    for name in ("00003", "first"):
        with pytest.raises(ValueError, match=rf"has windows 00000 to 00002, not '{name}' of 'all'"):
            reader.read_sequence(tmp_path, "all", name)


def test_windows_of_real_films_are_refused(tmp_path: Path) -> None:
    windows = make_windows(3, FRAMES)
    write(tmp_path, replace(windows, labelled=np.zeros(3, bool)))
    with pytest.raises(UserError, match=r"window 0 is of a real film, .*; give windows of `spsnet synthesize`"):
        SyntheticWindows().list_sequences(tmp_path, "all")


@pytest.mark.parametrize("key", ["truth/rotations", "truth/shape", "blazepose-heavy/seen/present_mask"])
def test_shards_that_lack_something_are_refused(tmp_path: Path, key: str) -> None:
    write(tmp_path)
    path = tmp_path / "shard_00000.safetensors"
    arrays = load_file(path)
    save_file({name: values for name, values in arrays.items() if name != key}, path, {"encoders": f'["{EYE}"]'})
    with pytest.raises(UserError, match=rf"shard_00000.safetensors is damaged \(.*{key}.*\); delete it and run"):
        SyntheticWindows().list_sequences(tmp_path, "all")
    save_file(arrays | {"truth/translation_m": arrays["truth/translation_m"][:2]}, path, {"encoders": f'["{EYE}"]'})
    with pytest.raises(UserError, match=r"'truth/translation_m' is of 2 windows, 'truth/shape' of 3\); delete it"):
        SyntheticWindows().list_sequences(tmp_path, "all")


@pytest.mark.parametrize("kept", [0, 5, 300])
def test_damaged_shards_are_refused(tmp_path: Path, kept: int) -> None:
    write(tmp_path)
    path = tmp_path / "shard_00000.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"shard_00000.safetensors is damaged .*; delete it and run `spsnet synth"):
        SyntheticWindows().list_sequences(tmp_path, "all")
