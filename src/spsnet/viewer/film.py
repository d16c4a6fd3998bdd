"""The film beside the bodies: the input itself where a browser plays it, else a small copy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from jaxtyping import UInt8

from spsnet.assets import find_home
from spsnet.assets.cache import lock
from spsnet.pipeline.results import OVERLAY_FILE
from spsnet.pipeline.settings import Watch, watch_nothing
from spsnet.records import UserError
from spsnet.rendering import OverlayConfig
from spsnet.video import VideoWriter, compute_sha256, open_film

_PLAYABLE = {"mov": {"h264", "vp9", "av1"}, "matroska": {"vp8", "vp9", "av1"}}
"""What current browsers decode: codecs by the first name of the container."""
_COPY_HEIGHT = 480
_COPY_CRF = 27
_RECORDING_FILE = "recording.mkv"
"""Left in the folder by a run on a camera or stream."""


@dataclass(frozen=True, kw_only=True)
class Film:
    """A file of pictures whose times are those of the run."""

    path: Path | None
    """None where there is nothing to show."""
    fps: float
    """Of a folder of pictures."""
    film_share: float = 1.0
    """Part of the width, from the left, that shows the film; the rest is the overlay's side view."""
    note: str = ""
    """What a user should know: that this is not the input, and why."""


def find_film(folder: Path, summary: dict[str, Any]) -> Film:
    """The run's input; its overlay where the input is gone or has changed; nothing where that is missing too."""
    source = summary.get("input", {})
    fps = float(source.get("fps") or 30.0)
    if "path" in source:
        recording = folder / _RECORDING_FILE
        path = recording if recording.exists() else Path(source["path"])
        if _is_input(path, source):
            return Film(path=path, fps=fps)
        why = f"{path} is gone, or has changed since the run"
    else:
        why = "The run does not name its film"
    overlay = folder / OVERLAY_FILE
    if not overlay.is_file():
        return Film(path=None, fps=fps, note=f"{why}, and the folder holds no {OVERLAY_FILE}: bodies only.")
    share = _measure_film_share(overlay)
    return Film(path=overlay, fps=fps, film_share=share, note=f"{why}: showing {OVERLAY_FILE} in its place.")


def prepare_film(film: Film, *, small: bool = False, watch: Watch = watch_nothing) -> Path | None:
    """A file that browsers play: the film itself, or a copy of it.

    The copy has at most 480 lines, H.264 and the same times. It is made once and kept in the cache, under `films/`,
    from which it may be deleted at any time.

    Args:
        film: As found.
        small: Take the copy in any case: the page is to be sent to somebody.
        watch: Shows progress.

    Raises:
        UserError: If the film cannot be read or the cache cannot be written.
    """
    if film.path is None or (not small and film.film_share == 1 and _is_playable(film.path)):
        return film.path
    part = "" if film.film_share == 1 else "-left"
    copy = find_home() / "films" / f"{compute_sha256(film.path)}{part}.mp4"
    with lock(copy.with_suffix(".lock")):
        if not copy.exists():
            _write_copy(film, film.path, copy, watch)
    return copy


def _write_copy(film: Film, source: Path, copy: Path, watch: Watch) -> None:
    pictures = open_film(source, fps=film.fps)
    with VideoWriter(copy, fps=pictures.info.fps, preset="veryfast", crf=_COPY_CRF) as writer:
        for frame in watch(pictures.frames(), "copying the film", pictures.info.frame_count):
            writer.write(_shrink(frame.image_rgb, film.film_share), frame.time_s)


def _shrink(image_rgb: UInt8[np.ndarray, "height width 3"], film_share: float) -> UInt8[np.ndarray, "small narrow 3"]:
    """The film's part of a picture, at most 480 lines high."""
    left = image_rgb[:, : round(film_share * image_rgb.shape[1])]
    height, width = left.shape[:2]
    scale = min(1.0, _COPY_HEIGHT / height)
    size = (2 * max(round(scale * width / 2), 1), 2 * max(round(scale * height / 2), 1))
    return np.asarray(cv2.resize(left, size, interpolation=cv2.INTER_AREA), np.uint8)


def _is_input(path: Path, source: dict[str, Any]) -> bool:
    """Tell whether a path still holds what the run read."""
    try:
        if path.is_file() and path.stat().st_size != source.get("bytes"):
            return False
        return path.exists() and compute_sha256(path) == source.get("sha256")
    except (OSError, UserError):
        return False


def _is_playable(path: Path) -> bool:
    """Tell whether browsers play a file as it is, each frame at the time that the run gave it.

    A browser's clock starts with the container, the run's with the first picture.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            return (
                stream.codec_context.name in _PLAYABLE.get(container.format.name.split(",")[0], set())
                and stream.codec_context.pix_fmt in ("yuv420p", "yuvj420p")
                and not container.start_time
                and not stream.start_time
            )
    except (av.FFmpegError, OSError, IndexError):
        return False


def _measure_film_share(overlay: Path) -> float:
    """Part of an overlay's width that its film takes; the side view's is a share of the height."""
    with av.open(str(overlay)) as container:
        context = container.streams.video[0].codec_context
        return 1 - 2 * round(OverlayConfig().panel_share * context.height / 2) / context.width
