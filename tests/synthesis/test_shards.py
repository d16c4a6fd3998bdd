import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from spsnet.records import UserError
from spsnet.synthesis.shards import ObservedWindows, claim_folder, has_shard, join_windows, load_windows, save_shard


def make_windows(count: int, seed: int = 0, frames: int = 3) -> ObservedWindows:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    return ObservedWindows(
        landmarks_px=draw(count, frames, 33, 3),
        world_m=draw(count, frames, 33, 3),
        present_mask=rng.random((count, frames)) < 0.5,
        rotations=draw(count, frames, 24, 3, 3),
        shape=draw(count, 10),
        translation_m=draw(count, frames, 3),
    )


def assert_same(one: ObservedWindows, other: ObservedWindows) -> None:
    for field in fields(ObservedWindows):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))
        assert getattr(one, field.name).dtype == getattr(other, field.name).dtype


def test_shards_come_back_in_order_whatever_order_they_were_written_in(tmp_path: Path) -> None:
    parts = [make_windows(2, 1), make_windows(1, 2), make_windows(3, 3)]
    for number in (10, 0, 2):
        save_shard(tmp_path / "new", number, parts[(0, 2, 10).index(number)])
    loaded = load_windows(tmp_path / "new")
    assert len(loaded) == 6
    assert_same(loaded, join_windows(parts))


def test_a_shard_is_there_once_it_is_whole_and_full(tmp_path: Path) -> None:
    (tmp_path / ".shard_00000.part").write_bytes(b"half")
    assert not has_shard(tmp_path, 0, 2)
    save_shard(tmp_path, 0, make_windows(2))
    assert has_shard(tmp_path, 0, 2)
    assert not has_shard(tmp_path, 0, 3)  # the last shard of a shorter run
    assert not has_shard(tmp_path, 1, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["shard_00000.safetensors"]
    (tmp_path / "shard_00000.safetensors").write_bytes(b"damaged")
    assert not has_shard(tmp_path, 0, 2)


def test_double_precision_and_views_are_stored_as_they_read(tmp_path: Path) -> None:
    windows = make_windows(2)
    double = {field.name: getattr(windows, field.name)[::-1] for field in fields(ObservedWindows)}
    double["rotations"] = double["rotations"].astype(np.float64)
    save_shard(tmp_path, 0, ObservedWindows(**double))
    again = load_windows(tmp_path)
    assert again.rotations.dtype == np.float32
    np.testing.assert_array_equal(again.rotations, windows.rotations[::-1])
    np.testing.assert_array_equal(again.present_mask, windows.present_mask[::-1])


def test_a_folder_without_shards_is_named(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(UserError, match="holds no shards; `spsnet synthesize` makes them"):
            load_windows(folder)


def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    save_shard(tmp_path, 0, make_windows(1))
    save_shard(tmp_path, 1, make_windows(1))
    path = tmp_path / "shard_00001.safetensors"
    for content in (path.read_bytes()[:-10], b"no shard", b""):
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
