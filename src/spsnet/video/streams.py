"""Record a live source (camera, network stream) to a file that can be read several times."""

import contextlib
import time
from pathlib import Path

import av
import cv2
from av.container import InputContainer

from spsnet.records import UserError
from spsnet.video.writer import VideoWriter, explain_write_error, name_partial

_TIMEOUT_S = 10.0


def record_stream(source: str | int, path: Path, *, seconds: float | None = None) -> None:
    """Record until the source ends, Ctrl-C, or a time is up; what came by then is a whole film.

    A network stream's packets are kept as they are with their times; a camera's pictures are encoded, with the time
    they arrived.

    Args:
        source: Camera index, or address (rtsp://…, http://…).
        path: Matroska file to write, `.mkv`.
        seconds: Stop after this time; None waits for the end or Ctrl-C.

    Raises:
        UserError: If the source cannot be reached, sends no pictures, or the file cannot be written.
        ValueError: If `path` does not end in `.mkv`.
    """
    if path.suffix.lower() != ".mkv":
        raise ValueError(f"path should end in .mkv, got {path.name}")
    if isinstance(source, int) or source.isdecimal():
        _record_camera(int(source), path, seconds)
    else:
        _record_address(source, path, seconds)


def _record_camera(index: int, path: Path, seconds: float | None) -> None:
    """Encode a camera's pictures."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    camera = cv2.VideoCapture(index)
    try:
        fps = camera.get(cv2.CAP_PROP_FPS) or 30.0
        read, image = camera.read()
        if not read:
            raise UserError(
                f"camera {index}: gives no picture; check that it is plugged in and not used by another program"
            )
        start_s = time.monotonic()
        with VideoWriter(path, fps=fps, preset="ultrafast") as writer, contextlib.suppress(KeyboardInterrupt):
            while read:
                elapsed_s = time.monotonic() - start_s
                if seconds is not None and elapsed_s >= seconds:
                    break
                writer.write(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), elapsed_s)
                read, image = camera.read()
    finally:
        camera.release()


def _record_address(address: str, path: Path, seconds: float | None) -> None:
    """Copy a network stream's picture packets."""
    options = {"rtsp_transport": "tcp"} if address.startswith("rtsp") else {}
    try:
        source = av.open(address, options=options, timeout=_TIMEOUT_S)
    except (av.FFmpegError, OSError) as error:
        raise UserError(
            f"{address}: cannot be reached ({error.strerror}); check the address and the network"
        ) from error
    partial = name_partial(path)
    try:
        with source:
            if _copy_packets(source, path, partial, seconds) == 0:
                raise UserError(f"{address}: sends no pictures; check the address")
        partial.replace(path)
    except OSError as error:
        raise explain_write_error(path, error) from error
    finally:
        partial.unlink(missing_ok=True)


def _copy_packets(source: InputContainer, path: Path, partial: Path, seconds: float | None) -> int:
    """Copy packets from the first key frame on and return their number; a source that breaks off has ended."""
    stream = source.streams.best("video")
    if stream is None:
        return 0
    copied, start_s = 0, time.monotonic()
    with av.open(str(partial.absolute()), "w", format="matroska") as film:
        kept = film.add_stream_from_template(stream)
        packets = source.demux(stream)
        with contextlib.suppress(KeyboardInterrupt):
            while seconds is None or time.monotonic() - start_s < seconds:
                try:
                    packet = next(packets, None)
                except av.FFmpegError:
                    break
                if packet is None:
                    break
                if packet.dts is None or not (copied or packet.is_keyframe):
                    continue
                packet.stream = kept
                try:
                    film.mux(packet)
                except av.FFmpegError as error:
                    raise explain_write_error(path, error) from error
                copied += 1
    return copied
