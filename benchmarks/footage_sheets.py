"""Pictures of `footage.py`: what each film's overlay shows, and two models on the same frames."""

from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np
from jaxtyping import Float, Int, UInt8

from spsnet.body import compute_vertices, load_body
from spsnet.geometry import axis_angle_to_matrix
from spsnet.records import PersonMotion, Pinhole
from spsnet.rendering import Figure, get_track_color, lay_over, paint_figures
from spsnet.video import open_film

Picture = UInt8[np.ndarray, "height width 3"]
OVERVIEW = (
    (("sports2d_demo", 114), ("vtest", 317)),
    (
        ("pose2sim_single_cam01", 30),
        ("pose2sim_single_cam04", 60),
        ("pose2sim_multi_cam04", 50),
        ("pose2sim_multi_cam01", 10),
    ),
)
"""Rows of the README's picture: film and frame."""
CELL_PX, CELLS, MOST_PEOPLE = 224, 7, 2
ROOM = 1.1
"""Side of a cell over that of the square about the landmarks, which has some room already."""
PAPER = (232, 232, 238)


def write_comparison(film: Path, before: Sequence[PersonMotion], after: Sequence[PersonMotion], path: Path) -> None:
    """Two models on the same frames, as one JPEG.

    For the people followed longest, frames spread evenly over those they were seen in. Rows: the film, the body of the
    model before over it and turned by a quarter (who faces the camera, looks to the left), the same of the model after.
    """
    longest = sorted(range(len(after)), key=lambda i: -len(after[i]))[:MOST_PEOPLE]
    chosen = {i: _spread(np.flatnonzero(~after[i].filled_mask)) for i in longest}
    wanted = {int(after[i].frame_index[k]) for i, places in chosen.items() for k in places}
    frames = {frame.index: frame.image_rgb for frame in open_film(film).frames() if frame.index in wanted}
    blocks = []
    for i, places in chosen.items():
        columns = []
        for k in places:
            image = frames[int(after[i].frame_index[k])]
            box = after[i].box_xys_px[k]
            drawn = [picture for person in (before[i], after[i]) for picture in _draw(image, box, person, k)]
            columns.append(np.vstack([_cut(image, box), *drawn]))
        block = np.hstack(columns)
        for row, text in enumerate(("film", "before", "before, from the side", "after", "after, from the side")):
            _write(block, text, row)
        blocks.append(block)
    if blocks:
        _save(np.vstack(blocks)[..., ::-1], path)


def write_overview(results: Path, path: Path, *, width: int = 1600) -> None:
    """One frame of each of some films, in rows of one width, for the README."""
    rows = []
    for films in OVERVIEW:
        overlays = [(results / name / "overlay.mp4", frame) for name, frame in films]
        pictures = [_read_frames(overlay, {frame})[0] for overlay, frame in overlays if overlay.is_file()]
        if pictures:
            scaled = [cv2.resize(p, (round(400 * p.shape[1] / p.shape[0]), 400)) for p in pictures]
            row = np.hstack(scaled)
            rows.append(cv2.resize(row, (width, round(400 * width / row.shape[1])), interpolation=cv2.INTER_AREA))
    if rows:
        _save(np.vstack(rows), path)


def write_sheet(overlay: Path, path: Path, *, columns: int = 4, rows: int = 3, width: int = 480) -> None:
    """Evenly spread frames of an overlay as one JPEG."""
    with av.open(str(overlay)) as container:
        count = container.streams.video[0].frames
    frames = _read_frames(overlay, set(np.linspace(0, count - 1, columns * rows + 2).astype(int)[1:-1].tolist()))
    height = round(frames[0].shape[0] * width / frames[0].shape[1])
    cells = [cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in frames]
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % columns)
    _save(np.vstack([np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]), path)


def _spread(places: Int[np.ndarray, " seen"]) -> Int[np.ndarray, " cells"]:
    """Some of them, evenly, without the ends."""
    return places[np.linspace(0, len(places) - 1, CELLS + 2).astype(int)[1:-1]]


def _read_frames(overlay: Path, wanted: set[int]) -> list[Picture]:
    """Frames of a film by number, BGR."""
    with av.open(str(overlay)) as container:
        return [f.to_ndarray(format="bgr24") for i, f in enumerate(container.decode(video=0)) if i in wanted]


def _cut(image: Picture, box_xys_px: Float[np.ndarray, "3"]) -> Picture:
    """The square about a person, brought to the cell's size."""
    x, y, side = box_xys_px
    scale = CELL_PX / (ROOM * side)
    matrix = np.array([[scale, 0, CELL_PX / 2 - scale * x], [0, scale, CELL_PX / 2 - scale * y]])
    return cv2.warpAffine(image, matrix, (CELL_PX, CELL_PX), flags=cv2.INTER_LINEAR, borderValue=PAPER)


def _draw(image: Picture, box_xys_px: Float[np.ndarray, "3"], person: PersonMotion, k: int) -> list[Picture]:
    """A body over the film and, turned by a quarter about the vertical through it, on paper."""
    body = load_body()
    rotations = axis_angle_to_matrix(person.body.pose_rad[k].reshape(1, 24, 3)).astype(np.float32)
    shape = person.body.shape.astype(np.float32)
    (vertices,) = compute_vertices(body, rotations, shape, person.body.translation_m[k : k + 1].astype(np.float32))
    middle = (vertices.min(0) + vertices.max(0)) / 2
    quarter = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]], np.float32)
    height, width = image.shape[:2]
    x, y, side = box_xys_px
    scale = CELL_PX / (ROOM * side)
    center = (float(CELL_PX / 2 + scale * (width / 2 - x)), float(CELL_PX / 2 + scale * (height / 2 - y)))
    camera = Pinhole(focal_px=float(scale * person.focal_px), center_px=center, width=CELL_PX, height=CELL_PX)
    over, beside = _cut(image, box_xys_px), np.full((CELL_PX, CELL_PX, 3), PAPER, np.uint8)
    for picture, points in ((over, vertices), (beside, (vertices - middle) @ quarter.T + middle)):
        figure = Figure(vertices_m=points, color=get_track_color(person.track_id))
        lay_over(picture, paint_figures([figure], body.faces, camera), 0.85)
    return [over, beside]


def _write(block: Picture, text: str, row: int) -> None:
    place = (4, row * CELL_PX + 14)
    for color, width in (((255, 255, 255), 3), ((0, 0, 0), 1)):
        cv2.putText(block, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, color, width, cv2.LINE_AA)


def _save(picture_bgr: Picture, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".jpg", picture_bgr, [cv2.IMWRITE_JPEG_QUALITY, 82])[1].tobytes())
