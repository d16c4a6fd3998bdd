"""What BlazePose and the crops cost: `python benchmarks/encoders.py` (fetches the models; noise for pictures).

CPU milliseconds are the process's own, so they hold on a busy machine too; wall milliseconds only on an idle one.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from spsnet.assets import fetch
from spsnet.crops import CropRegion, cut_crops
from spsnet.crops.covering import cover_people
from spsnet.encoders import load_encoder
from spsnet.engines import compile_graph, load_graph


def measure(name: str, run: Callable[[], object], repeats: int, per_run: int = 1) -> None:
    """Print the mean cost of `run`, which does `per_run` things."""
    run()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    each = 1e3 / (repeats * per_run)
    print(f"{name:46s} {cpu * each:8.2f} {wall * each:8.2f}")


def main() -> None:
    """Measure every cut of both encoders, crops and covering."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    repeats = parser.parse_args().repeats
    rng = np.random.default_rng(0)
    crops = rng.random((4, 256, 256, 3), np.float32)
    print(f"{'milliseconds for one crop':46s} {'CPU':>8s} {'wall':>8s}")
    for name in ("full", "heavy"):
        model = load_graph(fetch(f"blazepose-{name}"))
        one, two = compile_graph(model), compile_graph(model, threads=2)
        measure(f"{name}: whole graph", lambda graph=one: graph(crops[:1]), repeats)
        measure(f"{name}: whole graph, 2 threads", lambda graph=two: graph(crops[:1]), repeats)
        for title, wanted in (
            ("cut", {}),
            ("cut, with feature", {"feature": True}),
            ("cut, with mask", {"mask": True}),
            ("cut, 2 streams, 4 people", {"streams": 2}),
        ):
            encoder, people = load_encoder(name, **wanted), 4 if wanted.get("streams") else 1
            measure(f"{name}: {title}", lambda e=encoder, n=people: e.encode(crops[:n]), repeats, people)
    image = rng.integers(0, 256, (1080, 1920, 3)).astype(np.uint8)
    for side in (200.0, 500.0, 1000.0):
        for rotation in (0.0, 0.3):
            region = CropRegion(center_px=(960.0, 540.0), side_px=side, rotation_rad=rotation)
            measure(
                f"crop of a {side:.0f} px region, turned {rotation}",
                lambda r=region: cut_crops(image, [r]),
                10 * repeats,
            )
    body = rng.uniform(60, 200, (33, 2))
    measure("cover one other person", lambda: cover_people(crops[0], None, [body]), 10 * repeats)


if __name__ == "__main__":
    main()
