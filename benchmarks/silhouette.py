"""Time the differentiable silhouette and compare it with the exact one.

    OMP_NUM_THREADS=1 python benchmarks/silhouette.py [--sheet silhouettes.png] [--fit]

For bodies of several sizes: medians of CPU milliseconds on one thread, forward and backward of a batch of 64
silhouettes of 64 px, for posing the vertices, projecting the faces and splatting them; then, over 50 randomly bent
bodies, intersection over union with the rasteriser's exact mask (mean and worst) and the covered area over the exact
area. The sheet shows the first of them, a row each: exact, whole body, default coarse body, and where the last is right
(green), too large (red) or too small (blue).

`--fit` shows what L_mask alone can find, by Adam, from exact masks: the place of bodies whose pose and shape are known,
started beside and before or behind the truth, as written and two-sided; and the shape of 16 people, 8 silhouettes each,
whose pose is known, with their place known and fitted too.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from spsnet.body import BodyModel, compute_vertices, load_body
from spsnet.geometry import axis_angle_to_matrix, box_to_square, project_points
from spsnet.losses import build_coarse_body, compute_mask_loss, compute_silhouettes, project_faces
from spsnet.records import Pinhole
from spsnet.rendering import rasterize

BATCH, SIZE, POSES, SHOWN = 64, 64, 50, 8
FOCAL_PX, CENTER_PX = 1000.0, torch.zeros(2)
VERTICES = (500, 750, 1000, 1500)
DEFAULT = 1000

Parameters = tuple[Tensor, Tensor, Tensor]


def main() -> None:
    """Print a row for each body, and draw the sheet where one is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    whole = load_body()
    if arguments.fit:
        fit_places(whole)
        fit_shapes(whole)
        return
    timed, shown = draw_bodies(BATCH), draw_bodies(POSES)
    boxes = find_boxes(whole, shown)
    exact = fill_all(whole, shown, boxes)
    pictures = {}
    print(f"{'vertices':<10}{'faces':>7}{'pose':>8}{'project':>9}{'splat':>7}{'all ms':>8}", end="")
    print(f"{'IoU':>8}{'worst':>7}{'area':>7}")
    for count in (*VERTICES, len(whole.template_m)):
        body = whole if count == len(whole.template_m) else build_coarse_body(whole, count)
        times = time_stages(body, timed, find_boxes(whole, timed), arguments.repeats)
        with torch.no_grad():
            seen = draw_silhouettes(body, shown, boxes).numpy()
        pictures[count] = seen
        mask = seen > 0.5
        overlap = (mask & exact).sum((1, 2)) / (mask | exact).sum((1, 2))
        print(
            f"{count:<10}{len(body.faces):>7}{times[0]:>8.1f}{times[1]:>9.1f}{times[2]:>7.1f}{sum(times):>8.1f}", end=""
        )
        print(f"{overlap.mean():>8.3f}{overlap.min():>7.3f}{seen.sum() / exact.sum():>7.3f}")
    if arguments.sheet is not None:
        write_sheet(arguments.sheet, exact, pictures[len(whole.template_m)], pictures[DEFAULT])


def draw_bodies(count: int) -> Parameters:
    """Bodies of drawn shapes, bent and turned at random, 2.5 to 5 m before the camera."""
    rng = np.random.default_rng(0)
    axis_angle = 0.35 * rng.normal(size=(count, 24, 3))
    axis_angle[:, 16, 2] -= rng.uniform(0, 1.2, count)
    axis_angle[:, 17, 2] += rng.uniform(0, 1.2, count)
    rotations = axis_angle_to_matrix(axis_angle)
    heading = np.zeros((count, 3))
    heading[:, 1] = rng.uniform(-np.pi, np.pi, count)
    lean = axis_angle_to_matrix(0.2 * rng.normal(size=(count, 3)))
    rotations[:, 0] = lean @ np.diag([1.0, -1, -1]) @ axis_angle_to_matrix(heading)
    place = np.zeros((count, 3))
    place[:, 2] = rng.uniform(2.5, 5, count)
    drawn = (rotations, rng.normal(size=(count, 10)), place)
    rotations, shape, place = (torch.tensor(values, dtype=torch.float32) for values in drawn)
    return rotations, shape, place


def pose(body: BodyModel, parameters: Parameters) -> Float[Tensor, "batch vertices 3"]:
    """Vertices in camera axes."""
    vertices: Tensor = compute_vertices(body, *parameters)
    return vertices


def find_boxes(body: BodyModel, parameters: Parameters) -> Float[Tensor, "batch 3"]:
    """Squares about bodies, 1.2 times as large."""
    points = project_points(pose(body, parameters), FOCAL_PX, CENTER_PX).numpy()
    return torch.tensor(box_to_square(np.concatenate([points.min(1), points.max(1)], -1), 1.2))


def fill(mesh: Float[np.ndarray, "vertices 3"], body: BodyModel, box: Float[Tensor, "3"]) -> Bool[np.ndarray, "64 64"]:
    """The exact mask: pixels of which the body covers the middle."""
    x, y, side = box.tolist()
    scale = SIZE / side
    center = ((side / 2 - x) * scale, (side / 2 - y) * scale)
    raster = rasterize(mesh, body.faces, Pinhole(focal_px=FOCAL_PX * scale, center_px=center, width=SIZE, height=SIZE))
    mask = np.zeros((SIZE, SIZE), bool)
    mask[raster.window] = raster.face_id >= 0
    return mask


def fill_all(
    body: BodyModel, parameters: Parameters, boxes: Float[Tensor, "batch 3"]
) -> Bool[np.ndarray, "batch 64 64"]:
    """The exact mask of each body."""
    return np.stack([fill(mesh, body, box) for mesh, box in zip(pose(body, parameters).numpy(), boxes, strict=True)])


def draw_silhouettes(body: BodyModel, parameters: Parameters, boxes: Tensor) -> Float[Tensor, "batch 64 64"]:
    """The three stages in a row."""
    seen = project_faces(pose(body, parameters), torch.tensor(body.faces).long(), boxes, FOCAL_PX, CENTER_PX)
    return compute_silhouettes(seen.points, seen.areas, SIZE)


def fit_places(body: BodyModel) -> None:
    """Print how far from their places bodies end, each started at so many metres across and along the view."""
    rotations, shape, place = draw_bodies(16)
    boxes = find_boxes(body, (rotations, shape, place))
    target, coarse = torch.tensor(fill_all(body, (rotations, shape, place), boxes)), build_coarse_body(body)
    signs = torch.tensor(np.random.default_rng(0).choice([-1.0, 1.0], (16, 3)), dtype=torch.float32)
    print("median error, mm across and along, of places started so far off")
    for across_m, along_m in ((0.1, 0.2), (0.3, 0.3), (0.6, 0.0)):
        for two_sided in (False, True):
            moved = (place + signs * torch.tensor([across_m, across_m, along_m])).requires_grad_()
            for step in run_adam([moved], rate=0.01, steps=200):
                step(compute_cost(draw_silhouettes(coarse, (rotations, shape, moved), boxes), target, two_sided))
            error = 1e3 * (moved.detach() - place).abs()
            kind = "two-sided" if two_sided else "as written"
            across, along = error[:, :2].amax(1).median(), error[:, 2].median()
            print(f"{100 * across_m:.0f} cm and {100 * along_m:.0f} cm, {kind:<12}{across:>8.0f}{along:>8.0f}")


def fit_shapes(body: BodyModel, people: int = 16, views: int = 8) -> None:
    """Print the mean squared error of shape coefficients found from silhouettes."""
    rotations, shape, place = draw_bodies(people * views)
    truth = shape[:people]
    parameters = rotations, truth.repeat_interleave(views, 0), place
    boxes = find_boxes(body, parameters)
    target, coarse = torch.tensor(fill_all(body, parameters, boxes)), build_coarse_body(body)
    print("mean squared error of each shape coefficient; guessing 0, place known, place fitted")
    print(" ".join(f"{value:.2f}" for value in (truth**2).mean(0)))
    for is_place_known in (True, False):
        found, moved = torch.zeros(people, 10).requires_grad_(), place.clone().requires_grad_(not is_place_known)
        for step in run_adam([found] if is_place_known else [found, moved], rate=0.1, steps=100):
            seen = draw_silhouettes(coarse, (rotations, found.repeat_interleave(views, 0), moved), boxes)
            step(compute_cost(seen, target, two_sided=True) + 1e-4 * (found**2).mean())
        print(" ".join(f"{value:.2f}" for value in ((found.detach() - truth) ** 2).mean(0)))


def compute_cost(seen: Tensor, target: Tensor, two_sided: bool) -> Tensor:
    """L_mask, reduced."""
    return compute_mask_loss(seen, target, torch.ones(len(seen)).bool(), two_sided=two_sided).reduce()


def run_adam(values: list[Tensor], *, rate: float, steps: int) -> Iterator[Callable[[Tensor], None]]:
    """Give out functions that take one step down a cost each, ever smaller ones."""
    optimizer = torch.optim.Adam(values, lr=rate)

    def step(cost: Tensor) -> None:
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()

    for done in range(steps):
        optimizer.param_groups[0]["lr"] = rate * (1 - done / steps)
        yield step


def time_stages(body: BodyModel, parameters: Parameters, boxes: Tensor, repeats: int) -> list[float]:
    """Forward and backward of posing, projecting, splatting."""
    faces = torch.tensor(body.faces).long()
    vertices = pose(body, parameters)
    seen = project_faces(vertices, faces, boxes, FOCAL_PX, CENTER_PX)

    def back(*inputs: Tensor) -> list[Tensor]:
        return [values.detach().clone().requires_grad_() for values in inputs]

    def run_pose() -> None:
        rotations, shape, place = back(*parameters)
        pose(body, (rotations, shape, place)).sum().backward()

    def run_projection() -> None:
        out = project_faces(*back(vertices), faces, boxes, FOCAL_PX, CENTER_PX)
        (out.points.sum() + out.areas.sum()).backward()

    def run_splat() -> None:
        compute_silhouettes(*back(*seen), SIZE).sum().backward()

    return [measure(work, repeats) for work in (run_pose, run_projection, run_splat)]


def measure(work: Callable[[], object], repeats: int) -> float:
    """Median CPU milliseconds, after one run that does not count."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1e3)
    return statistics.median(times)


def write_sheet(path: Path, exact: np.ndarray, whole: np.ndarray, coarse: np.ndarray) -> None:
    """A column for each of the first bodies."""
    right, red, blue = (coarse > 0.5) & exact, (coarse > 0.5) & ~exact, (coarse <= 0.5) & exact
    rows = [np.repeat(picture[..., None], 3, -1) for picture in (exact, whole, coarse)]
    rows.append(np.stack([blue, right, red], -1))
    sheet = np.concatenate([np.concatenate(list(row[:SHOWN].astype(np.float32)), 1) for row in rows], 0)
    sheet = cv2.resize(sheet, None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST)
    cv2.imwrite(str(path), np.rint(255 * sheet).astype(np.uint8))


if __name__ == "__main__":
    main()
