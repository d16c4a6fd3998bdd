"""Open a video file and read its packets, past the damaged ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from spsnet.records import UserError

_READ_FAILURES = 100
"""Unreadable places in a row after which the rest of a file is given up."""


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a video file and choose its main picture stream.

    Raises:
        UserError: If it is not a video file, was cut off before its index, or has no moving pictures.
    """
    try:
        container = av.open(str(path.absolute()), metadata_errors="replace")
    except (av.FFmpegError, OSError) as error:
        raise UserError(f"{path}: {_explain_refusal(path, error)}") from error
    with container:
        stream = container.streams.best("video")
        if stream is None or stream.disposition & Disposition.attached_pic:
            has_sound = bool(container.streams.audio)
            raise UserError(
                f"{path}: the file holds {'sound only' if has_sound else 'no video'}; give a film with pictures"
            )
        assert isinstance(stream, VideoStream)
        yield container, stream


def read_packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet]:  # type: ignore[type-arg]  # generic in the stubs only
    """Read the packets of a stream that hold data, stepping over places that cannot be read."""
    failures = 0
    while failures < _READ_FAILURES:
        try:
            for packet in container.demux(stream):
                if packet.size:
                    failures = 0
                    yield packet
            return
        except av.FFmpegError:
            failures += 1


def _explain_refusal(path: Path, error: Exception) -> str:
    """Say why a file could not be opened as a film and what helps."""
    if isinstance(error, FileNotFoundError):
        return "the file is gone; put it back"
    if isinstance(error, PermissionError):
        return "you have no permission to read it; change its permissions or copy it"
    with path.open("rb") as opened:
        head = opened.read(12)
    if head[4:8] in (b"ftyp", b"mdat", b"moov", b"wide", b"free"):
        return "the film was cut off before its index was written and cannot be played; copy or record it again"
    return "this is not a video file that can be read; convert it to .mp4 (H.264)"
