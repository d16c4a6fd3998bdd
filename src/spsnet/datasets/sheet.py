"""A picture of stored windows, to be looked at: landmarks over silhouettes."""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from spsnet.crops import compute_network_box
from spsnet.datasets.shards import WindowSet
from spsnet.skeletons import get_joint_set

_LEFT, _RIGHT, _OCCLUDED = (40, 110, 230), (220, 110, 20), (200, 40, 200)
_PAPER, _MASK, _NO_MASK = (70, 70, 70), (235, 235, 235), (120, 80, 80)


def draw_windows(
    windows: WindowSet, *, columns: int = 12, rows: int = 6, cell_px: int = 128
) -> UInt8[np.ndarray, "height width 3"]:
    """Draw the middle frame of windows spread evenly over the set.

    White is the person's silhouette; a reddish cell's is not to be used. Dots are the landmarks of the picture as it
    is, left blue and right orange; lines lead from them to where they went when regions of it were covered. A cell
    without dots is of a frame in which nobody was seen.
    """
    chosen = np.unique(np.linspace(0, len(windows) - 1, columns * rows).astype(int))
    taken = windows.take(chosen)
    middle = windows.frames // 2
    picture = np.full((-(-len(chosen) // columns) * cell_px, columns * cell_px, 3), 255, np.uint8)
    for i in range(len(chosen)):
        seen = taken.seen.landmarks_px[i, middle]
        box = taken.silhouette_box_xys_px[i, middle]
        is_used = box[2] > 0
        cell = np.full((*taken.silhouette.shape[2:], 3), _PAPER if is_used else _NO_MASK, np.uint8)
        cell[taken.silhouette[i, middle]] = _MASK
        cell = cv2.resize(cell, (cell_px, cell_px), interpolation=cv2.INTER_NEAREST)
        if taken.seen.present_mask[i, middle]:
            occluded = seen if taken.occluded is None else taken.occluded.landmarks_px[i, middle]
            _draw_landmarks(cell, seen, occluded, box if is_used else compute_network_box(seen))
        y, x = (cell_px * place for place in divmod(i, columns))
        picture[y : y + cell_px, x : x + cell_px] = cell
        cv2.rectangle(picture, (x, y), (x + cell_px - 1, y + cell_px - 1), (0, 0, 0))
    return picture


def save_sheet(windows: WindowSet, path: Path) -> None:
    """Write `draw_windows` as a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", draw_windows(windows)[..., ::-1])[1].tobytes())


def _draw_landmarks(
    cell: UInt8[np.ndarray, "size size 3"],
    seen: Float[np.ndarray, "33 3"],
    occluded: Float[np.ndarray, "33 3"],
    box_xys_px: Float[np.ndarray, "3"],
) -> None:
    scale, half = len(cell) / box_xys_px[2], len(cell) / 2
    now, then = (np.rint((points[:, :2] - box_xys_px[:2]) * scale + half).astype(int) for points in (seen, occluded))
    for name, start, end in zip(get_joint_set("blazepose33").joint_names, now.tolist(), then.tolist(), strict=True):
        cv2.line(cell, start, end, _OCCLUDED, 1, cv2.LINE_AA)
        cv2.circle(cell, start, 1, _LEFT if name.startswith("left") else _RIGHT, -1, cv2.LINE_AA)
