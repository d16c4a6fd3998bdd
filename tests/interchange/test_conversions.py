"""Ours to another program's format and back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from interchange.made_results import READABLE, WIDTH, make_motion, make_person, make_pose, save_run
from spsnet.body import load_body
from spsnet.export import load_person
from spsnet.interchange import FORMATS, read_results, write_results
from spsnet.records import PersonMotion

OTHERS = [name for name in READABLE if name != "spsnet"]
LENSES = {"vibe": WIDTH, "romp": WIDTH, "phalp": 25000}
"""Focal lengths that a format means whatever the film's."""


def convert(folder: Path, name: str) -> list[PersonMotion]:
    """The people of the run `folder / "a"`, by way of another format, from the run `folder / "b"`."""
    kind = FORMATS[name]
    middle = folder / f"middle{'' if kind.single else kind.suffix}"
    write_results(read_results(folder / "a", "spsnet"), middle, name)
    people = [replace(person, fps=25.0) for person in read_results(middle, name)]
    write_results(people, folder / "b", "spsnet")
    return [load_person(path) for path in sorted((folder / "b").glob("person_*.npz"))]


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("focal_px", [float(WIDTH), 2000.0])
def test_pose_shape_and_place_are_kept(tmp_path: Path, name: str, focal_px: float) -> None:
    people = [replace(make_person(number), focal_px=focal_px) for number in (2, 11)]
    save_run(tmp_path / "a", *people)
    for got, truth in zip(convert(tmp_path, name), people, strict=True):
        pose = truth.body.pose_rad.copy()
        if name == "gvhmr":
            pose[:, 66:] = 0  # it has no hands
        first = 10 if FORMATS[name].numbered else 0
        assert got.track_id == truth.track_id
        np.testing.assert_array_equal(got.frame_index, truth.frame_index - 10 + first)
        np.testing.assert_allclose(got.body.pose_rad, pose, atol=3e-6)
        np.testing.assert_allclose(got.body.shape, truth.body.shape, rtol=1e-6)
        expected = truth.body.translation_m * (1, 1, LENSES.get(name, focal_px) / focal_px)
        np.testing.assert_allclose(got.body.translation_m, expected, rtol=3e-6, atol=3e-6)
        with np.load(tmp_path / "b" / f"person_{got.track_id:03d}.npz") as written:
            assert str(written["body"]) == load_body().name
        if "box_xys_px" in FORMATS[name].keeps:
            np.testing.assert_allclose(got.box_xys_px, truth.box_xys_px, rtol=1e-6)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    name=st.sampled_from(OTHERS),
    body=st.sampled_from(["smpl", "smplx", "spsnet-open-body"]),
    frames=st.integers(1, 4),
    start=st.integers(0, 100),
)
def test_any_motion_comes_back(
    tmp_path_factory: pytest.TempPathFactory, seed: int, name: str, body: str, frames: int, start: int
) -> None:
    rng = np.random.default_rng(seed)
    pose = make_pose(rng, frames) * 2
    pose[:, 66:] = 0
    numbers = start + np.sort(rng.choice(20, frames, replace=False))
    motion = replace(
        make_motion(frames=frames),
        body=body,
        pose_rad=pose,
        frame_index=numbers if FORMATS[name].numbered else np.arange(frames),
        translation_m=rng.uniform((-3, -2, 0.5), (3, 2, 20), (frames, 3)).astype(np.float32),
    )
    path = tmp_path_factory.mktemp("any") / f"a{FORMATS[name].suffix}"
    write_results([motion], path, name)
    (got,) = read_results(path, name)
    assert got.body == body
    np.testing.assert_array_equal(got.frame_index, motion.frame_index)
    np.testing.assert_allclose(turn(got.pose_rad), turn(motion.pose_rad), atol=1e-5)
    np.testing.assert_allclose(got.shape, motion.shape, rtol=1e-6)
    farther = LENSES.get(name, WIDTH) / WIDTH
    assert motion.translation_m is not None
    np.testing.assert_allclose(got.translation_m, motion.translation_m * (1, 1, farther), rtol=5e-6, atol=1e-5)


def turn(pose_rad: np.ndarray) -> np.ndarray:
    return Rotation.from_rotvec(pose_rad.reshape(-1, 3)).as_matrix()
