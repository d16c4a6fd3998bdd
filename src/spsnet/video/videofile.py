"""A video file as a film: true timestamps, upright pictures, and whatever a damaged file still gives."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from spsnet.records import FilmInfo, Frame, UserError
from spsnet.video.orientation import Orientation
from spsnet.video.packets import open_video, read_packets
from spsnet.video.pixels import RgbConverter
from spsnet.video.timing import Clock, Numbering, describe_frames

_DEFAULT_FPS = 30.0
_MAX_FPS = 1000.0
_PIXELS_IN_FLIGHT = 100_000_000
"""Each decoder thread holds one picture: 8K gets 3 threads, 1080p as many as there are cores, up to 8."""


class _DamageError(Exception):
    """A decoder running in several threads met its first damage."""


@dataclass
class _Reading:
    """What one reading of the file found."""

    numbering: Numbering = field(default_factory=Numbering)
    damaged: list[int] = field(default_factory=list)
    resized: list[int] = field(default_factory=list)
    packets: int = 0
    failures: list[int] = field(default_factory=list)
    """Decoder errors, each as the number of frames read before it."""
    frames: int = 0
    end_s: float = 0.0
    steps_back: int = 0


class VideoFile:
    """A film in a video file.

    Undamaged files are decoded in several threads. At the first sign of damage the file is decoded again from its
    start in one thread, packet by packet, so that every reading gives the same frames.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        """Decode the first frame, for size and orientation.

        Args:
            path: The file.
            threads: Decoder threads; None takes as many as cores and memory suggest.

        Raises:
            UserError: If it is not a video file, holds sound only, or not one frame can be decoded.
        """
        self._path = path
        self._warnings: tuple[str, ...] = ()
        self._one_thread = False
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
        pixels = picture.width * picture.height
        self._threads = threads or max(1, min(os.cpu_count() or 1, 8, _PIXELS_IN_FLIGHT // pixels))
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
        given = 0
        if self._threads > 1 and not self._one_thread:
            try:
                for frame in self._read(self._threads):
                    yield frame
                    given += 1
                return
            except _DamageError:
                self._one_thread = True
        yield from itertools.islice(self._read(1), given, None)

    def _read(self, threads: int) -> Iterator[Frame]:
        """Read the film once.

        Raises:
            _DamageError: At the first damage, if there are several threads.
        """
        reading = _Reading()
        converter = RgbConverter(*self._square_size)
        with open_video(self._path) as (container, stream):
            stream.thread_type = "AUTO" if threads > 1 else "NONE"
            stream.codec_context.thread_count = threads
            assert stream.time_base is not None
            clock = Clock(time_base=stream.time_base, fps=self._fps)
            for picture, index in _decode(container, stream, reading):
                if threads > 1 and (reading.failures or reading.numbering.lost or reading.damaged):
                    raise _DamageError
                if (picture.width, picture.height) != self._stored_size:
                    reading.resized.append(index)
                time_s = clock.read(picture.pts)
                image = self._orientation.apply(converter.convert(picture))
                reading.end_s = time_s + 1 / self._fps
                yield Frame(index=index, time_s=time_s, image_rgb=image)
            if threads > 1 and (reading.failures or reading.numbering.lost):
                raise _DamageError
            reading.steps_back = clock.steps_back
        self._warnings = tuple(self._describe(reading))

    def _describe(self, reading: _Reading) -> Iterator[str]:
        """Put what a reading found into sentences for the user."""
        early = self._header_frames is not None and reading.packets < self._header_frames
        if lost := reading.numbering.lost:
            yield f"{describe_frames(lost)} could not be decoded"
        elif reading.failures and not early:
            places = describe_frames(dict.fromkeys(max(0, frames - 1) for frames in reading.failures))
            yield f"{len(reading.failures)} packets could not be decoded, after {places}"
        if reading.damaged:
            yield f"{describe_frames(reading.damaged)}: damaged, shown as far as they could be decoded"
        if early:
            yield f"the film ends early: its header says {self._header_frames} frames, {reading.frames} could be read"
        elif self._header_frames is None and self._header_duration_s - reading.end_s > max(1.0, 3 / self._fps):
            yield (
                f"the film ends early: its header says {self._header_duration_s:.1f} s, "
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
    """Decode packet by packet, each picture with its number in the file, past what cannot be decoded.

    Packets are taken as one frame each where the header counts frames (mp4, mov, avi); elsewhere frames are numbered
    as they come.
    """
    counted = stream.frames > 0
    numbering = reading.numbering
    packets: Iterator[Packet | None] = itertools.chain(read_packets(container, stream), [None])
    for packet in packets:
        if packet is not None:
            reading.packets += 1
            if counted and not packet.is_discard:
                numbering.announce(packet.pts)
        try:
            pictures = stream.decode(packet)
        except av.FFmpegError:
            reading.failures.append(reading.frames)
            continue
        for picture in pictures:
            index = numbering.number(picture.pts)
            if picture.is_corrupt:
                reading.damaged.append(index)
            reading.frames += 1
            yield picture, index
    numbering.finish()


def _read_orientation(picture: VideoFrame) -> Orientation:
    """Read the display matrix that the decoder hands on with its pictures."""
    data = picture.side_data.get("DISPLAYMATRIX")
    if data is None:
        return Orientation()
    return Orientation.from_display_matrix(np.frombuffer(cast(SideData, data), dtype=np.int32))


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
