import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from spsnet.datasets.shards import (
    ObservedWindows,
    Sight,
    WindowSet,
    claim_folder,
    has_shard,
    join_windows,
    load_windows,
    save_shard,
)
from spsnet.records import UserError

TRUTH = ("rotations", "shape", "translation_m", "visible_mask", "silhouette", "silhouette_box_xys_px", "labelled")
SEEN = ("landmarks_px", "world_m", "feature", "present_mask", "widths_px")


def make_windows(count: int, seed: int = 0, frames: int = 3, *, occluded: bool = True) -> ObservedWindows:
    """Random numbers that float16 holds exactly."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return rng.integers(-1000, 1000, shape).astype(np.float32) / 8

    def see() -> Sight:
        return Sight(
            landmarks_px=draw(count, frames, 33, 3),
            world_m=draw(count, frames, 33, 3),
            feature=draw(count, frames, 5),
            present_mask=rng.random((count, frames)) < 0.5,
            widths_px=draw(count, frames, 12),
        )

    return ObservedWindows(
        seen=see(),
        occluded=see() if occluded else None,
        rotations=draw(count, frames, 24, 3, 3),
        shape=draw(count, 10),
        translation_m=draw(count, frames, 3),
        visible_mask=rng.random((count, frames, 33)) < 0.5,
        silhouette=rng.random((count, frames, 64, 64)) < 0.5,
        silhouette_box_xys_px=draw(count, frames, 3),
        labelled=rng.random(count) < 0.5,
    )


def save(folder: Path, number: int, windows: ObservedWindows) -> None:
    save_shard(folder, number, {"blazepose-heavy": windows})


def assert_same(one: ObservedWindows, other: ObservedWindows, rows: object = slice(None)) -> None:
    """Rows of `other` are all of `one`."""
    pairs = [(getattr(one, name), getattr(other, name)) for name in TRUTH]
    assert (one.occluded is None) == (other.occluded is None)
    for mine, others in ((one.seen, other.seen), (one.occluded, other.occluded)):
        if mine is not None:
            pairs += [(getattr(mine, name), getattr(others, name)) for name in SEEN]
    for mine, others in pairs:
        np.testing.assert_array_equal(mine, others[rows])
        assert mine.dtype == others.dtype


def test_shards_come_back_in_order_whatever_order_they_were_written_in(tmp_path: Path) -> None:
    parts = [make_windows(2, 1), make_windows(1, 2), make_windows(3, 3)]
    for number in (10, 0, 2):
        save(tmp_path / "new", number, parts[(0, 2, 10).index(number)])
    loaded = load_windows(tmp_path / "new")
    assert len(loaded) == 6
    assert_same(loaded, join_windows(parts))


def test_windows_are_taken_in_any_order_from_any_shard(tmp_path: Path) -> None:
    parts = [make_windows(4, 1), make_windows(4, 2)]
    for number, part in enumerate(parts):
        save(tmp_path, number, part)
    windows = WindowSet(tmp_path)
    assert (len(windows), windows.frames) == (8, 3)
    for rows in ([6, 0, 6, 3], [1, 2, 3], [7], []):
        index = np.array(rows, dtype=np.int64)
        assert_same(windows.take(index), join_windows(parts), index)
    for wrong in (-1, 8):
        with pytest.raises(IndexError, match=f"windows are 0 to 7, got {wrong} to {wrong}"):
            windows.take(np.array([wrong]))


def test_what_is_taken_may_be_changed(tmp_path: Path) -> None:
    save(tmp_path, 0, make_windows(2))
    windows = WindowSet(tmp_path)
    windows.take(np.array([0])).rotations[:] = 0
    assert_same(windows.take(np.arange(2)), make_windows(2))


def test_each_encoder_has_its_own_sight_of_one_truth(tmp_path: Path) -> None:
    heavy, other = make_windows(2, 1), make_windows(2, 2)
    full = replace(heavy, seen=other.seen, occluded=other.occluded)
    save_shard(tmp_path, 0, {"blazepose-heavy": heavy, "blazepose-full": full})
    assert WindowSet(tmp_path).encoder == "blazepose-heavy"
    assert_same(load_windows(tmp_path), heavy)
    assert_same(load_windows(tmp_path, "blazepose-full"), full)
    with pytest.raises(UserError, match="was seen by blazepose-heavy and blazepose-full, not by resnet"):
        WindowSet(tmp_path, "resnet")


def test_windows_nobody_occluded_have_no_occluded_sight(tmp_path: Path) -> None:
    windows = make_windows(2, occluded=False)
    save(tmp_path, 0, windows)
    assert_same(load_windows(tmp_path), windows)


def test_windows_with_labels_keep_them_and_older_ones_have_none(tmp_path: Path) -> None:
    parts = [make_windows(2, 1), make_windows(3, 2)]
    labelled = [replace(part, keypoints_px=part.seen.landmarks_px + 1) for part in parts]
    for number, part in enumerate(labelled):
        save(tmp_path / "labelled", number, part)
    taken = WindowSet(tmp_path / "labelled").take(np.array([4, 0]))
    np.testing.assert_array_equal(taken.keypoints_px, join_windows(labelled).keypoints_px[[4, 0]])
    save(tmp_path / "old", 0, parts[0])
    assert load_windows(tmp_path / "old").keypoints_px is None
    path = tmp_path / "labelled" / "shard_00000.safetensors"
    arrays = load_file(path)
    short = {"truth/keypoints_px": arrays["truth/keypoints_px"][:1]}
    save_file(arrays | short, path, {"encoders": '["blazepose-heavy"]'})
    with pytest.raises(UserError, match=r"'truth/keypoints_px' is of 1 windows, 'truth/shape' of 2"):
        load_windows(tmp_path / "labelled")


def test_a_shard_is_there_once_it_is_whole_and_full(tmp_path: Path) -> None:
    (tmp_path / ".shard_00000.part").write_bytes(b"half")
    assert not has_shard(tmp_path, 0, 2)
    save(tmp_path, 0, make_windows(2))
    assert has_shard(tmp_path, 0, 2)
    assert not has_shard(tmp_path, 0, 3)  # the last shard of a shorter run
    assert not has_shard(tmp_path, 1, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["shard_00000.safetensors"]
    (tmp_path / "shard_00000.safetensors").write_bytes(b"damaged")
    assert not has_shard(tmp_path, 0, 2)


def test_double_precision_and_views_are_stored_as_they_read(tmp_path: Path) -> None:
    windows = make_windows(2)
    turned = replace(
        windows,
        rotations=windows.rotations[::-1].astype(np.float64),
        seen=replace(windows.seen, world_m=windows.seen.world_m[::-1].astype(np.float64)),
    )
    save(tmp_path, 0, turned)
    again = load_windows(tmp_path)
    assert again.rotations.dtype == again.seen.world_m.dtype == np.float32
    np.testing.assert_array_equal(again.rotations, windows.rotations[::-1])
    np.testing.assert_array_equal(again.seen.world_m, windows.seen.world_m[::-1])


def test_features_take_two_bytes_and_silhouettes_one_bit(tmp_path: Path) -> None:
    windows = make_windows(8, frames=4)
    save(tmp_path, 0, windows)
    wide = replace(windows, seen=replace(windows.seen, feature=np.zeros((8, 4, 1005), np.float32)))
    save(tmp_path, 1, wide)
    narrow, more = ((tmp_path / f"shard_0000{i}.safetensors").stat().st_size for i in (0, 1))
    assert more - narrow == pytest.approx(8 * 4 * 1000 * 2, abs=64)
    assert narrow < 8 * 4 * (64 * 64 / 8 + 4 * (24 * 9 + 2 * (33 * 5 + 20) + 20)) + 4000


def test_a_folder_without_shards_is_named(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(UserError, match="holds no shards; `spsnet synthesize` makes them"):
            load_windows(folder)


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    save(tmp_path, 0, make_windows(1))
    save(tmp_path, 1, make_windows(1))
    path = tmp_path / "shard_00001.safetensors"
    whole = path.read_bytes()
    for content in (whole[:-10], whole[:50], b"no shard", b"", b"\xff" * 64):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"shard_00001\.safetensors is damaged \(.*\); delete it and run"):
            load_windows(tmp_path)


def test_a_folder_is_claimed_by_one_recipe(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "frames"
    recipe = {"frames": {"windows": 10, "seed": 1}, "speed": (0.5, 2.0)}
    claim_folder(folder, recipe, "open")
    more = recipe | {"frames": {"windows": 20, "seed": 1}}
    claim_folder(folder, more, "open")
    message = "frames holds windows of another recipe; delete it, or take another folder"
    for other, body in ((more | {"frames": {"windows": 20, "seed": 2}}, "open"), (more, "smpl-neutral")):
        with pytest.raises(UserError, match=message):
            claim_folder(folder, other, body)
    facts = json.loads((folder / "index.json").read_text())
    assert facts == {"recipe": {"frames": {"windows": 20, "seed": 1}, "speed": [0.5, 2.0]}, "body": "open"}
