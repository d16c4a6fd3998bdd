"""Time to read and to write a frame: `python benchmarks/video.py [FILM]`.

Without a film it times the sports2d demo, 1768×994.
"""

import argparse
import itertools
import tempfile
import time
from pathlib import Path

import numpy as np

from spsnet.assets import fetch
from spsnet.records import Frame
from spsnet.video import VideoFile, VideoWriter


def main() -> None:
    """Read the film, then write its first frames with several presets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", nargs="?", type=Path, help="a video file")
    parser.add_argument("--frames", type=int, default=90, help="frames to hold and write")
    parser.add_argument("--presets", default="ultrafast,superfast,veryfast", help="x264 presets to compare")
    parser.add_argument("--crf", type=int, default=22, help="x264 quality")
    arguments = parser.parse_args()

    film = VideoFile(arguments.film or fetch("footage-sports2d"))
    print(f"{film.info.path.name}: {film.info.width}×{film.info.height}, {film.info.frame_count} frames")
    wall, processor, count = time_reading(film)
    print(f"read   {wall / count:6.2f} ms/frame, {processor / count:6.2f} ms of CPU, {count} frames")
    frames = list(itertools.islice(film.frames(), arguments.frames))
    for preset in arguments.presets.split(","):
        time_writing(frames, film.info.fps, preset, arguments.crf)


def time_reading(film: VideoFile) -> tuple[float, float, int]:
    """Milliseconds of wall clock and of CPU for the whole film, and its frames."""
    wall, processor = time.perf_counter(), time.process_time()
    count = sum(1 for _ in film.frames())
    return (time.perf_counter() - wall) * 1e3, (time.process_time() - processor) * 1e3, count


def time_writing(frames: list[Frame], fps: float, preset: str, crf: int) -> None:
    """Print the cost, the size and the likeness of writing `frames`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        wall, processor = time.perf_counter(), time.process_time()
        with VideoWriter(path, fps=fps, preset=preset, crf=crf) as writer:
            for frame in frames:
                writer.write(frame.image_rgb, frame.time_s)
        wall, processor = (time.perf_counter() - wall) * 1e3, (time.process_time() - processor) * 1e3
        height, width = frames[0].image_rgb.shape[:2]
        pairs = itertools.islice(zip(VideoFile(path).frames(), frames, strict=True), 0, None, 15)
        errors = [
            np.mean((copy.image_rgb[:height, :width].astype(np.float32) - frame.image_rgb) ** 2)
            for copy, frame in pairs
        ]
        megabits = path.stat().st_size * 8e-6 / (len(frames) / fps)
        likeness = 10 * np.log10(255**2 / np.mean(errors))
    print(
        f"write  {wall / len(frames):6.2f} ms/frame, {processor / len(frames):6.2f} ms of CPU, "
        f"{preset} crf {crf}: {megabits:.1f} Mb/s, {likeness:.1f} dB"
    )


if __name__ == "__main__":
    main()
