"""Films in, films out: readers with true timestamps, upright pictures and broken files; a writer; live sources."""

from spsnet.video.checksums import compute_sha256
from spsnet.video.film import Film, is_stream, open_film
from spsnet.video.pictures import PictureFilm
from spsnet.video.streams import record_stream
from spsnet.video.videofile import VideoFile
from spsnet.video.writer import VideoWriter

__all__ = [
    "Film",
    "PictureFilm",
    "VideoFile",
    "VideoWriter",
    "compute_sha256",
    "is_stream",
    "open_film",
    "record_stream",
]
