"""A video file as a film: true timestamps, upright pictures, and whatever a damaged file still gives."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from spsnet.records import FilmInfo, Frame, UserError
from spsnet.video.orientation import Orientation
from spsnet.video.packets import open_video, read_packets
from spsnet.video.pixels import RgbConverter
from spsnet.video.timing import Clock, Numbering, describe_frames

_DEFAULT_FPS = 30.0
_MAX_FPS = 1000.0


@dataclass
class _Reading:
    """What one reading of the file found."""

    numbering: Numbering = field(default_factory=Numbering)
    packets: int = 0
    frames: int = 0
    failures: list[int] = field(default_factory=list)
    """Decoder errors, each as the number of the frame before it."""
    damaged: list[int] = field(default_factory=list)
    resized: list[int] = field(default_factory=list)
    end_s: float = 0.0
    steps_back: int = 0


class VideoFile:
    """A film in a video file, decoded in one thread.

    In several threads FFmpeg conceals damage differently from run to run and loses the frames it holds at an error; on
    two cores it gained 0.6 ms a frame at 1768×994. Decoding releases the interpreter: read in a thread of your own.
    """

    def __init__(self, path: Path) -> None:
        """Decode the first frame, for size and orientation.

        Raises:
            UserError: If it is not a video file, holds sound only, or not one frame can be decoded.
        """
        self._path = path
        self._warnings: tuple[str, ...] = ()
        with open_video(path) as (container, stream):
            picture = next((picture for picture, _ in _decode(container, stream, _Reading())), None)
            if picture is None:
                raise UserError(f"{path}: not one frame could be decoded; the file is damaged, copy or record it again")
            self._orientation = _read_orientation(picture)
            self._stored_size = (picture.width, picture.height)
            self._square_size = (_compute_square_width(picture.width, stream), picture.height)
            self._fps = _read_fps(stream)
            self._header_frames = stream.frames or None
            self._header_duration_s = _read_duration(container, stream)
        width, height = self._orientation.compute_size(*self._square_size)
        self._info = FilmInfo(
            path=path,
            width=width,
            height=height,
            fps=self._fps,
            frame_count=self._header_frames,
            rotation_deg=self._orientation.turn_deg,
        )

    @property
    def info(self) -> FilmInfo:
        """What the header says."""
        return self._info

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the latest complete reading found wrong, one sentence each."""
        return self._warnings

    def frames(self) -> Iterator[Frame]:
        """Read the film from its start; every call gives the same frames with the same numbers and times."""
        reading = _Reading()
        converter = RgbConverter(*self._square_size)
        with open_video(self._path) as (container, stream):
            assert stream.time_base is not None
            clock = Clock(time_base=stream.time_base, fps=self._fps)
            for picture, index in _decode(container, stream, reading):
                if (picture.width, picture.height) != self._stored_size:
                    reading.resized.append(index)
                time_s = clock.read(picture.pts)
                reading.end_s = time_s + 1 / self._fps
                image = self._orientation.apply(converter.convert(picture))
                yield Frame(index=index, time_s=time_s, image_rgb=image)
            reading.steps_back = clock.steps_back
        self._warnings = tuple(self._describe(reading))

    def _describe(self, reading: _Reading) -> Iterator[str]:
        """Put what a reading found into sentences for the user."""
        falls_short = self._header_frames is not None and reading.packets < self._header_frames
        if lost := reading.numbering.lost:
            yield f"{describe_frames(lost)} could not be decoded"
        elif reading.failures and not falls_short:
            yield f"parts of the film could not be decoded, after {describe_frames(dict.fromkeys(reading.failures))}"
        if reading.damaged:
            yield f"{describe_frames(reading.damaged)}: damaged, shown as far as they could be decoded"
        if falls_short:
            yield (
                f"the film is cut off or damaged: its header says {self._header_frames} frames, "
                f"{reading.frames} could be read"
            )
        elif self._header_frames is None and self._header_duration_s - reading.end_s > max(0.25, 3 / self._fps):
            yield (
                f"the film is cut off or damaged: its header says {self._header_duration_s:.1f} s, "
                f"{reading.end_s:.1f} s could be read"
            )
        if reading.steps_back:
            yield f"{reading.steps_back} timestamps do not rise; those frames were spaced at {self._fps:g} per second"
        if reading.resized:
            yield f"the picture size changes from frame {reading.resized[0]} on; scaled to that of the first frame"
        if self._square_size != self._stored_size:
            stored, square = self._stored_size[0], self._square_size[0]
            yield f"the pixels are not square: pictures stretched from {stored} to {square} pixels in width"


def _decode(container: InputContainer, stream: VideoStream, reading: _Reading) -> Iterator[tuple[VideoFrame, int]]:
    """Decode packet by packet, each picture with its number in the file, past what cannot be decoded."""
    stream.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    numbering = reading.numbering
    is_stamped = _has_presentation_times(container, stream)
    counts_packets = is_stamped and _holds_one_frame_a_packet(container, stream)
    packets: Iterator[Packet | None] = itertools.chain(read_packets(container, stream), [None])  # type: ignore[type-arg]
    for packet in packets:
        if packet is not None:
            reading.packets += 1
            if counts_packets and packet.pts is not None and not packet.is_discard:
                numbering.announce(packet.pts)
        try:
            pictures = stream.decode(packet)
        except av.FFmpegError:
            reading.failures.append(max(0, reading.frames - 1))
            continue
        for picture in pictures:
            if not is_stamped:
                picture.pts = None
            index = numbering.number(picture.pts)
            if picture.is_corrupt:
                reading.damaged.append(index)
            reading.frames += 1
            yield picture, index
    numbering.finish()


def _has_presentation_times(container: InputContainer, stream: VideoStream) -> bool:
    """Tell whether timestamps are those of showing: avi stores the order of decoding."""
    return not (container.format.name == "avi" and stream.codec_context.has_b_frames)


def _holds_one_frame_a_packet(container: InputContainer, stream: VideoStream) -> bool:
    """Tell whether a packet without a picture is a lost one; elsewhere it may be a field or a hidden reference."""
    return stream.codec_context.name != "vp8" and container.format.name not in ("mpegts", "mpeg", "mpegvideo")


def _read_orientation(picture: VideoFrame) -> Orientation:
    """Read the display matrix that the decoder hands on with its pictures."""
    data = picture.side_data.get("DISPLAYMATRIX")
    if data is None:
        return Orientation()
    return Orientation.from_display_matrix(np.frombuffer(cast(bytes, data), dtype=np.int32))


def _read_fps(stream: VideoStream) -> float:
    """Average frames per second by the header, 30 where it says nothing sensible."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate is not None and 0 < rate <= _MAX_FPS:
            return float(rate)
    return _DEFAULT_FPS


def _read_duration(container: InputContainer, stream: VideoStream) -> float:
    """Seconds by the header, 0 where it does not say for this stream alone."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration and len(container.streams) == 1:
        return container.duration / av.time_base
    return 0.0


def _compute_square_width(width: int, stream: VideoStream) -> int:
    """Width with square pixels; the stored one where the header gives no sensible pixel shape."""
    shape = stream.sample_aspect_ratio
    if not shape or not 0.25 <= shape <= 4 or abs(shape - 1) < 0.01:
        return width
    return round(width * shape)
