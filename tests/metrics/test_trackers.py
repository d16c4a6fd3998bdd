"""MOTA and IDF1 beside roboflow's `trackers`, which `make test` installs by `pip install --no-deps`.

Its other dependencies would overwrite our OpenCV (docs/metrics.md), and its evaluation needs none of them, so it is
taken from its two files without importing the package.
"""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from metrics.test_tracking import draw_films
from reference.tracking_loops import compute_iou_slowly
from spsnet.metrics import IdentifiedBoxes, compute_tracking_scores

FILMS = 60


@pytest.fixture(scope="module")
def theirs() -> dict[str, Callable[..., dict[str, Any]]]:
    spec = importlib.util.find_spec("trackers")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("trackers is not installed: pip install --no-deps trackers")
    root = Path(spec.submodule_search_locations[0])
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "trackers"}
    for name, folder in (("trackers", root), ("trackers.eval", root / "eval")):
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__path__ = [str(folder)]
    clear, identity = (importlib.import_module(f"trackers.eval.{name}") for name in ("clear", "identity"))
    for name in [name for name in sys.modules if name.split(".")[0] == "trackers"]:
        del sys.modules[name]
    sys.modules.update(before)
    return {"mota": clear.compute_clear_metrics, "idf1": identity.compute_identity_metrics}


def compare(predicted: list[IdentifiedBoxes], target: list[IdentifiedBoxes]) -> list[np.ndarray]:
    """Overlaps, frame by frame."""
    return [
        np.array([[compute_iou_slowly(label, box) for box in found.boxes_xyxy_px] for label in labels.boxes_xyxy_px])
        .reshape(len(labels), len(found))
        for found, labels in zip(predicted, target, strict=True)
    ]  # fmt: skip


def test_idf1_agrees_and_mota_nearly(theirs: dict[str, Callable[..., dict[str, Any]]]) -> None:
    """Their MOTA remembers an id for one frame only and pairs for the greatest overlap: it differs in 8 of 60 films."""
    apart = []
    for seed in range(FILMS):
        predicted, target = draw_films(seed)
        ours = compute_tracking_scores(predicted, target)
        ids = [frame.ids for frame in target], [frame.ids for frame in predicted]
        overlaps = compare(predicted, target)
        assert ours.idf1 == pytest.approx(theirs["idf1"](*ids, overlaps)["IDF1"])
        apart.append(abs(ours.mota - theirs["mota"](*ids, overlaps)["MOTA"]))
    assert np.count_nonzero(np.array(apart) < 1e-9) == 52
    assert max(apart) < 0.045
