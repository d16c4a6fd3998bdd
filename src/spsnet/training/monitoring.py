"""What a run leaves for people to look at: lines of JSON, TensorBoard's files and validation pictures."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from jaxtyping import UInt8

LOG_FILE = "log.jsonl"
TENSORBOARD_FOLDER = "tensorboard"
PICTURE_FOLDER = "pictures"


class Journal:
    """Writes into a run's folder, from a step on.

    `log.jsonl` has lines of two kinds, told apart by "kind": "training" with means since the last such line, and
    "validation". It has no clock times: a run that was cut off and resumed leaves the same file as one that was not.
    """

    def __init__(self, folder: Path, step: int) -> None:
        """Forget what was written of steps after this one, which will be done again."""
        from torch.utils.tensorboard import SummaryWriter

        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        _drop_lines_after(folder / LOG_FILE, step)
        self._board = SummaryWriter(str(folder / TENSORBOARD_FOLDER), purge_step=step + 1)

    def write(self, kind: Literal["training", "validation"], step: int, values: Mapping[str, float]) -> None:
        """Write one line, and each number as a point of TensorBoard's curve KIND/NAME."""
        with (self._folder / LOG_FILE).open("a", encoding="utf-8") as log:
            log.write(json.dumps({"kind": kind, "step": step, **values}) + "\n")
        for name, value in values.items():
            self._board.add_scalar(f"{kind}/{name}", value, step)

    def write_picture(self, step: int, image_rgb: UInt8[np.ndarray, "height width 3"]) -> None:
        """Write a picture as PNG and for TensorBoard."""
        path = self._folder / PICTURE_FOLDER / f"step_{step:07d}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(cv2.imencode(".png", np.ascontiguousarray(image_rgb[..., ::-1]))[1].tobytes())
        self._board.add_image("validation", image_rgb, step, dataformats="HWC")

    def flush(self) -> None:
        """Put everything on the disk."""
        self._board.flush()

    def close(self) -> None:
        """End TensorBoard's thread."""
        self._board.close()


def _drop_lines_after(path: Path, step: int) -> None:
    """Leave out of the log what will be written again, and a line that was cut off."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= step]
    path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
