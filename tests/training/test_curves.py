import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from spsnet.records import UserError
from spsnet.training.curves import Curve, compute_verdicts, draw_curves, read_log


def write_log(folder: Path, *, steps: int = 3, validated: bool = True, judged: bool = True, lift: float = 0.0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for step in range(1, steps + 1):
        judge = {"discriminator_real": 0.25, "discriminator_fake": 0.04} if judged else {}
        terms = {"loss": 2.0 / step + lift, "gradient_norm": 1.0, "pose": 0.5 / step, "param_pose": 0.0, **judge}
        lines.append({"kind": "training", "step": step, **terms})
    if validated:
        scores = {"pa_mpjpe_mm": 60.0, "occluded_pa_mpjpe_mm": 70.0, "shape_error": 0.9}
        lines.append({"kind": "validation", "step": steps, **scores})
    (folder / "log.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return folder


def read_picture(path: Path) -> np.ndarray:
    image = cv2.imread(str(path))
    assert image is not None
    return image


def test_a_log_is_read_by_name(tmp_path: Path) -> None:
    log = read_log(write_log(tmp_path))
    assert log.training["loss"] == Curve(steps=(1, 2, 3), values=(2.0, 1.0, 2 / 3))
    assert log.validation == {
        "pa_mpjpe_mm": Curve(steps=(3,), values=(60.0,)),
        "occluded_pa_mpjpe_mm": Curve(steps=(3,), values=(70.0,)),
        "shape_error": Curve(steps=(3,), values=(0.9,)),
    }


def test_verdicts_follow_from_what_the_discriminator_pays(tmp_path: Path) -> None:
    verdicts = compute_verdicts(read_log(write_log(tmp_path)))
    assert verdicts["real"].values == pytest.approx((0.5, 0.5, 0.5))
    assert verdicts["fake"].values == pytest.approx((0.2, 0.2, 0.2))
    assert compute_verdicts(read_log(write_log(tmp_path / "none", judged=False))) == {}


def test_no_log_and_a_damaged_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"log\.jsonl cannot be read; `spsnet train` writes it"):
        read_log(tmp_path)
    for text in ("{", "[]", '{"step": 1}', '{"kind": "music", "step": 1}', '{"kind": "training", "step": 1, "a": "b"}'):
        (tmp_path / "log.jsonl").write_text(text)
        with pytest.raises(UserError, match=r"log\.jsonl is not the log of a training: "):
            read_log(tmp_path)


def test_every_panel_of_a_picture_has_its_curves(tmp_path: Path) -> None:
    draw_curves({"a": write_log(tmp_path / "a")}, tmp_path / "new" / "a.png")
    draw_curves({"b": write_log(tmp_path / "b", validated=False, judged=False)}, tmp_path / "b.png")
    assert find_colored_panels(tmp_path / "new" / "a.png") == [[True, True], [True, True]]
    assert find_colored_panels(tmp_path / "b.png") == [[True, False], [False, False]]


def find_colored_panels(path: Path) -> list[list[bool]]:
    """Which quarters have anything but shades of gray."""
    image = read_picture(path).astype(int)
    colored = image.max(-1) - image.min(-1) > 60
    height, width = (size // 2 for size in colored.shape)
    return colored.reshape(2, height, 2, width).any((1, 3)).tolist()


def test_several_runs_share_a_picture(tmp_path: Path) -> None:
    one, other = write_log(tmp_path / "one"), write_log(tmp_path / "other", lift=1.0)
    draw_curves({"one": one}, tmp_path / "one.png")
    draw_curves({"one": one, "other": other}, tmp_path / "both.png")
    alone, both = read_picture(tmp_path / "one.png"), read_picture(tmp_path / "both.png")
    assert alone.shape == both.shape
    assert (alone != both).any()
    with pytest.raises(ValueError, match="at least one training"):
        draw_curves({}, tmp_path / "none.png")


def test_a_run_without_anything_yet_can_be_drawn(tmp_path: Path) -> None:
    draw_curves({"a": write_log(tmp_path, steps=0, validated=False)}, tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").mean() > 200
