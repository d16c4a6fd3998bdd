"""A run's people in formats of other programs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interchange.made_results import make_person
from spsnet.body import load_body
from spsnet.pipeline.exporting import list_motions, save_exports
from spsnet.records import FilmInfo, Pinhole, Recovery

FILM = FilmInfo(path=Path("a.mp4"), width=640, height=480, fps=25.0, frame_count=9, rotation_deg=0)


def make_recovery(*numbers: int) -> Recovery:
    return Recovery(
        film=FILM,
        frame_count=9,
        camera=Pinhole.from_size(640, 480),
        people=tuple(replace(make_person(number), time_s=np.array([0.4, 0.45, 0.48])) for number in numbers),
        body=load_body().name,
        model="default 1",
    )


def test_motions_are_the_run_s_with_their_own_times() -> None:
    recovery = make_recovery(1, 12)
    motions = list_motions(recovery)
    assert [motion.person for motion in motions] == ["1", "12"]
    for motion, person in zip(motions, recovery.people, strict=True):
        assert (motion.body, motion.fps, motion.center_px) == (load_body().name, 25, (320, 240))
        assert (motion.focal_px, motion.joint_set) == (person.focal_px, "smpl24")
        np.testing.assert_array_equal(motion.time_s, [0.4, 0.45, 0.48])
        np.testing.assert_array_equal(motion.joints_m, person.joints_m[:, :24])
        np.testing.assert_array_equal(motion.shape, np.tile(person.body.shape, (3, 1)))


def test_every_format_is_written_beside_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "person_001.npz").touch()
    save_exports(tmp_path, make_recovery(1), ("glb", "amass", "trc"))
    names = sorted(entry.name for entry in tmp_path.iterdir())
    assert names == ["amass_001.npz", "person_001.glb", "person_001.npz", "person_001.trc", "scene.glb"]
    assert (tmp_path / "person_001.npz").stat().st_size == 0


def test_of_nobody_nothing_is_written(tmp_path: Path) -> None:
    save_exports(tmp_path, make_recovery(), ("glb", "obj"))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="'vibe' is none of amass, glb"):
        save_exports(tmp_path, make_recovery(), ("vibe",))
