"""What rendered windows cost one process of one thread: `python benchmarks/synthesis.py --mocap DIR`.

Every frame is drawn, and seen by both encoders as it is and occluded. CPU milliseconds are the process's own, so they
hold on a busy machine too, but for the caches that others empty.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from spsnet.body import load_body
from spsnet.crops import Encode
from spsnet.records import EncoderOutput
from spsnet.synthesis.cameras import CameraConfig
from spsnet.synthesis.frames import WindowMaker
from spsnet.synthesis.mocap import load_mocap
from spsnet.synthesis.motions import MotionLibrary
from spsnet.synthesis.scenes import FrameConfig, Scene
from spsnet.synthesis.workers import load_encode

ENCODERS = ("blazepose-heavy", "blazepose-full")


class Stopwatch:
    """CPU seconds and calls by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.calls: dict[str, int] = {}

    def wrap(self, name: str, run: Callable[..., Any]) -> Callable[..., Any]:
        """`run`, measured."""

        def timed(*arguments: Any, **options: Any) -> Any:
            start = time.process_time()
            result = run(*arguments, **options)
            self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - start
            self.calls[name] = self.calls.get(name, 0) + 1
            return result

        return timed

    def watch_encoder(self, name: str) -> Encode:
        """The encoder, measured."""
        encode = load_encode(name)
        encode(np.zeros((1, 256, 256, 3), np.float32))
        timed: Callable[[np.ndarray], EncoderOutput] = self.wrap(name, encode)
        return timed


def measure(title: str, library: MotionLibrary, config: FrameConfig) -> None:
    """Make windows and print what each part took."""
    watch = Stopwatch()
    encoders = {name: watch.watch_encoder(name) for name in ENCODERS}
    draw = Scene.draw
    Scene.draw = watch.wrap("render", draw)  # type: ignore[method-assign]
    maker = WindowMaker(library=library, body=load_body(), encoders=encoders, config=config, cameras=CameraConfig())
    maker.make_window(config.windows)
    watch.seconds, watch.calls = {}, {}
    cpu, wall = time.process_time(), time.perf_counter()
    for number in range(config.windows):
        maker.make_window(number)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    Scene.draw = draw  # type: ignore[method-assign]
    count = config.windows * config.frames
    print(f"{title}: {count / cpu:.1f} frames a CPU second, {count / wall:.1f} a second ({count} frames)")
    print(f"  {'':24}{'CPU ms a frame':>16}{'runs a frame':>16}")
    for name, seconds in watch.seconds.items():
        print(f"  {name:24}{1e3 * seconds / count:>16.1f}{watch.calls[name] / count:>16.2f}")
    print(f"  {'rest':24}{1e3 * (cpu - sum(watch.seconds.values())) / count:>16.1f}")
    print(f"  {'all':24}{1e3 * cpu / count:>16.1f}")


def main() -> None:
    """Measure windows and single frames."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mocap", type=Path, default=Path("../shared/data/mocap"))
    parser.add_argument("--windows", type=int, default=8)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    library = MotionLibrary(load_mocap(arguments.mocap))
    measure("windows of 33 frames", library, FrameConfig(windows=arguments.windows))
    singles = FrameConfig(windows=16 * arguments.windows, frames=1, person_windows=4)
    measure("single frames", library, singles)


if __name__ == "__main__":
    main()
