from itertools import islice

import numpy as np
import pytest

from spsnet.assets import fetch
from spsnet.tracking import SceneCuts, SceneCutsConfig
from spsnet.tracking.scene_cuts import compute_likeness, shrink_picture
from spsnet.video import open_film


def make_scene(seed, size=192):
    """A picture of large soft blobs."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size] / size
    picture = np.zeros((size, size, 3))
    for _ in range(12):
        x, y = rng.uniform(0, 1, 2)
        picture += np.exp(-((columns - x) ** 2 + (rows - y) ** 2)[..., None] / 0.02) * rng.uniform(0, 255, 3)
    return np.clip(picture, 0, 255).astype(np.uint8)


def test_a_hard_cut_fires_once():
    cuts = SceneCuts()
    fired = [cuts.update(make_scene(0 if i < 5 else 1)) for i in range(10)]
    assert fired == [i == 5 for i in range(10)]


def test_a_pan_is_no_cut():
    wide = np.tile(make_scene(2, 384), (1, 2, 1))
    cuts = SceneCuts()
    assert not any(cuts.update(wide[:, x : x + 384]) for x in range(0, 384, 40))


def test_a_flash_is_no_cut():
    scene = make_scene(3)
    cuts = SceneCuts()
    assert not any(cuts.update(picture) for picture in (scene, scene // 2 + 120, scene))


def test_blank_frames_are_passed_over():
    cuts, blank = SceneCuts(), np.zeros((192, 192, 3), np.uint8)
    assert [cuts.update(p) for p in (make_scene(0), blank, make_scene(0), blank, make_scene(1))] == [False] * 4 + [True]


def test_likeness_of_a_picture_with_itself():
    picture = shrink_picture(make_scene(4))
    assert compute_likeness(picture, picture) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (7, 500), (49, 47)])
def test_any_size_is_taken(size):
    assert shrink_picture(np.zeros((*size, 3), np.uint8)).shape == (48, 48)


def test_wrong_likeness_is_refused():
    with pytest.raises(ValueError, match="minimum_likeness should lie between 0 and 1"):
        SceneCutsConfig(minimum_likeness=1.0)


def test_real_footage_with_a_cut():
    # The first film has a man's jump and back flip; then comes another room, then a street.
    cuts, fired = SceneCuts(), []
    for name, end in (("footage-sports2d", 200), ("footage-pose2sim-single-cam01", 5), ("footage-vtest", 5)):
        for frame in islice(open_film(fetch(name)).frames(), end):
            if cuts.update(frame.image_rgb):
                fired.append((name, frame.index))
    assert fired == [("footage-pose2sim-single-cam01", 0), ("footage-vtest", 0)]
