"""Made captures to motion: the same clips as without preparing."""

from pathlib import Path

import numpy as np
import pytest

from reference.made_amass import make_arrays, write
from spsnet.datasets.amass import list_amass
from spsnet.pipeline.preparing_motions import prepare_motions
from spsnet.records import UserError
from spsnet.synthesis.mocap import load_mocap


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """At 60 frames a second: one capture in two pieces, one whole, one too short, and a file of a body."""
    folder = tmp_path / "AMASS"
    broken, whole, short = make_arrays(200), make_arrays(120), make_arrays(40)
    for arrays in (broken, whole, short):
        arrays["mocap_framerate"] = np.array(60.0)
        arrays["poses"][:, 12] = np.linspace(0, 0.5, len(arrays["poses"]))
    broken["poses"][120:, 9] = 1.5
    write(folder / "CMU" / "01" / "01_01_poses.npz", broken)
    write(folder / "CMU" / "02" / "a.b_poses.npz", whole)
    write(folder / "CMU" / "02" / "short_poses.npz", short)
    write(folder / "CMU" / "02" / "shape.npz", {"betas": np.zeros(16)})
    return folder


def describe(raw: Path, out: Path) -> list[tuple[str, int, float]]:
    return [(one.name, one.clips, round(one.seconds, 2)) for one in prepare_motions(raw, out)]


EXPECTED = [("CMU/01/01_01_poses", 2, 3.33), ("CMU/02/a.b_poses", 1, 2.0), ("CMU/02/short_poses", 0, 0.0)]


def test_prepared_motion_is_what_the_archive_gives(raw: Path, tmp_path: Path) -> None:
    assert describe(raw, tmp_path / "out") == EXPECTED
    assert [path.name for path in list_amass(tmp_path / "out")] == [
        "01_01_poses.01.npz",
        "01_01_poses.02.npz",
        "a.b_poses.npz",
    ]
    before, after = load_mocap(raw), load_mocap(tmp_path / "out")
    assert [clip.name for clip in after] == [clip.name for clip in before]
    for clip, other in zip(after, before, strict=True):
        np.testing.assert_allclose(clip.rotations, other.rotations, atol=1e-6)
        np.testing.assert_allclose(clip.root_m, other.root_m, atol=1e-6)


def test_what_is_there_is_kept_and_what_was_cut_off_is_made_anew(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    describe(raw, out)
    first, _, whole = list_amass(out)
    whole_time, first_time = whole.stat().st_mtime_ns, first.stat().st_mtime_ns
    first.unlink()  # the first piece is the last that is written
    (first.parent / ".01_01_poses.01.npz.part").write_bytes(b"half")
    assert describe(raw, out) == EXPECTED
    assert whole.stat().st_mtime_ns == whole_time
    assert first.stat().st_mtime_ns != first_time
    assert len(list_amass(out)) == 3


def test_what_is_damaged_stops_and_goes_on_once_it_is_gone(raw: Path, tmp_path: Path) -> None:
    bad = raw / "CMU" / "02" / "a.b_poses.npz"
    content = bad.read_bytes()
    bad.write_bytes(content[:1000])
    with pytest.raises(UserError, match=r"a\.b_poses\.npz is not a whole npz archive .*; download the file again"):
        describe(raw, tmp_path / "out")
    bad.write_bytes(content)
    assert describe(raw, tmp_path / "out") == EXPECTED


def test_folders_that_give_nothing_are_refused(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"empty holds no \.npz; Make an account on"):
        describe(tmp_path / "empty", tmp_path / "out")
    for out in (raw, raw / "out", tmp_path):
        with pytest.raises(UserError, match="lie in one another, so motion would be read twice; give another -o"):
            describe(raw, out)
