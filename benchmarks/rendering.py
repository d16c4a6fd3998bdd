"""What drawing costs: `python benchmarks/rendering.py`; CPU milliseconds, median of 30 runs, one thread."""

import time
from collections.abc import Callable

import cv2
import numpy as np

from spsnet.body import BodyModel, compute_vertices, load_body
from spsnet.records import Pinhole
from spsnet.rendering import (
    Figure,
    Light,
    OverlayConfig,
    OverlayPerson,
    OverlayScene,
    compute_fragments,
    paint_figures,
    rasterize,
    render_person,
)
from spsnet.synthesis.appearance import render_frame, sample_appearance


def main() -> None:
    """Measure a person 700 px tall in a 1768×994 picture, and portraits of 256 px."""
    cv2.setNumThreads(1)
    body = load_body()
    camera = Pinhole.from_size(1768, 994)
    near = stand(body, 4.2)
    people = [stand(body, z, x) for z, x in ((4.2, 0.0), (5.0, 1.0), (5.0, -1.0), (6.0, 0.5))]
    raster = rasterize(near, body.faces, camera)
    picture = np.full((994, 1768, 3), 128, np.uint8)
    alone = OverlayScene(body.faces, camera, config=OverlayConfig(panel_share=0.0))
    both = OverlayScene(body.faces, camera)
    overlay = [OverlayPerson(vertices_m=v, track_id=i + 1) for i, v in enumerate(people)]
    figure = Figure(vertices_m=near, color=np.ones(3))
    print(f"person of {raster.face_id.shape[0]} rows, {(raster.face_id >= 0).sum()} pixels, {len(body.faces)} faces")
    report("rasterize", lambda: rasterize(near, body.faces, camera))
    report("fragments", lambda: compute_fragments(raster, near, body.faces, camera))
    report("paint one figure", lambda: paint_figures([figure], body.faces, camera))
    report("overlay 1768x994, one person", lambda: alone.compose(picture, overlay[:1]))
    report("overlay and side view 1920 wide, one person", lambda: both.compose(picture, overlay[:1]))
    report("overlay and side view 1920 wide, four people", lambda: both.compose(picture, overlay))

    square = Pinhole.from_size(256, 256, 420.0)
    background = np.full((256, 256, 3), 128, np.uint8)
    white, light = np.ones((1, 3)), Light()
    report("portrait 256 px", lambda: render_person(near, body.faces, white, light, square, background))
    rng = np.random.default_rng(0)
    report("training picture 256 px", lambda: render_frame(rng, body, sample_appearance(rng), near, square), runs=100)


def stand(body: BodyModel, depth_m: float, x_m: float = 0.0) -> np.ndarray:
    """Vertices of the average body, upright before the camera with lowered arms."""
    rotations = np.tile(np.eye(3, dtype=np.float32), (1, 24, 1, 1))
    rotations[0, 0] = np.diag([1, -1, -1])
    for joint, angle in ((16, -1.1), (17, 1.1)):
        rotations[0, joint, :2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    place = np.array([[x_m, -0.1, depth_m]], np.float32)
    return np.asarray(compute_vertices(body, rotations, np.zeros(10, np.float32), place)[0])


def report(name: str, work: Callable[[], object], *, runs: int = 30) -> None:
    """Print the median CPU time of a piece of work."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    print(f"{name:48s}{1000 * float(np.median(times)):8.1f} ms")


if __name__ == "__main__":
    main()
