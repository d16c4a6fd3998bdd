import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from reference.made_films import QUARTERS, draw_picture, read_quarters
from spsnet.records import UserError
from spsnet.video.pictures import PictureFilm, list_pictures


def save(path: Path, image: np.ndarray) -> Path:
    """Write RGB, RGBA or gray pixels; 16 bits stay 16 bits."""
    orders = {2: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    order = orders[image.shape[2] if image.ndim == 3 else 2]
    encoded = cv2.imencode(path.suffix, image if order is None else cv2.cvtColor(image, order))[1]
    path.write_bytes(encoded.tobytes())
    return path


def add_exif_orientation(path: Path, orientation: int) -> Path:
    """Insert an EXIF block with the orientation tag alone into a JPEG."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    body = b"Exif\0\0II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + struct.pack("<I", 0)
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:])
    return path


def test_natural_order_without_hidden_and_other_files(tmp_path: Path) -> None:
    for name in ("frame10.png", "frame2.png", "Frame1.PNG", ".frame3.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.png").mkdir()
    assert [file.name for file in list_pictures(tmp_path)] == ["Frame1.PNG", "frame2.png", "frame10.png"]


def test_reads_pictures_at_the_given_rate_twice(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / f"{number}.png", draw_picture(number))
    film = PictureFilm(tmp_path, list_pictures(tmp_path), fps=10.0)
    assert (film.info.width, film.info.height, film.info.fps, film.info.frame_count) == (160, 120, 10.0, 3)
    for _ in range(2):
        frames = list(film.frames())
        assert [(frame.index, frame.time_s) for frame in frames] == [(0, 0.0), (1, 0.1), (2, 0.2)]
        assert all(np.array_equal(frame.image_rgb, draw_picture(frame.index)) for frame in frames)


@pytest.mark.parametrize("kind", ["png16", "rgba", "gray", "jpg", "tif", "bmp", "webp", "gray16"])
def test_every_kind_becomes_eight_bit_rgb(kind: str, tmp_path: Path) -> None:
    image = draw_picture(0)
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    path = {
        "png16": lambda: save(tmp_path / "a.png", image.astype(np.uint16) * 257),
        "rgba": lambda: save(tmp_path / "a.png", np.dstack([image, np.full(image.shape[:2], 7, np.uint8)])),
        "gray": lambda: save(tmp_path / "a.png", gray),
        "gray16": lambda: save(tmp_path / "a.png", gray.astype(np.uint16) * 257),
        "jpg": lambda: save(tmp_path / "a.jpg", image),
        "tif": lambda: save(tmp_path / "a.tif", image),
        "bmp": lambda: save(tmp_path / "a.bmp", image),
        "webp": lambda: save(tmp_path / "a.webp", image),
    }[kind]()
    frame = next(PictureFilm(path, [path], fps=30.0).frames())
    expected = np.repeat(gray[..., None], 3, axis=2) if kind.startswith("gray") else image
    assert frame.image_rgb.dtype == np.uint8
    assert np.allclose(read_quarters(frame.image_rgb), read_quarters(expected), atol=4)


@pytest.mark.parametrize(
    ("orientation", "order"),
    [
        (3, ("gray", "blue", "green", "red")),
        (6, ("blue", "red", "gray", "green")),
        (8, ("green", "gray", "red", "blue")),
    ],
)
def test_applies_exif_orientation(orientation: int, order: tuple[str, ...], tmp_path: Path) -> None:
    path = add_exif_orientation(save(tmp_path / "a.jpg", draw_picture(0)), orientation)
    film = PictureFilm(path, [path], fps=30.0)
    colours = read_quarters(next(film.frames()).image_rgb)
    assert np.allclose(colours, [QUARTERS[name] for name in order], atol=6)
    assert (film.info.width, film.info.height) == ((160, 120) if orientation == 3 else (120, 160))


@pytest.mark.parametrize("broken", [0, 1])
def test_leaves_out_a_broken_picture_and_its_number(broken: int, tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / f"{number}.png", draw_picture(number))
    path = tmp_path / f"{broken}.png"
    path.write_bytes(path.read_bytes()[:100])
    film = PictureFilm(tmp_path, list_pictures(tmp_path), fps=10.0)
    frames = list(film.frames())
    assert [frame.index for frame in frames] == [number for number in range(3) if number != broken]
    assert frames[0].time_s == 0.0
    assert film.warnings == (f"{broken}.png could not be decoded and was left out",)


def test_refuses_a_picture_of_another_size(tmp_path: Path) -> None:
    save(tmp_path / "0.png", draw_picture(0))
    save(tmp_path / "1.png", draw_picture(0, 100, 80))
    film = PictureFilm(tmp_path, list_pictures(tmp_path), fps=10.0)
    with pytest.raises(UserError, match=r"1\.png: the picture is 100×80, 0\.png is 160×120"):
        list(film.frames())


def test_refuses_folders_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the folder holds no files; put \.jpg or \.png"):
        list_pictures(tmp_path)
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(UserError, match="the folder holds 1 file, none of them a picture"):
        list_pictures(tmp_path)


def test_refuses_when_nothing_decodes(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("words")
    with pytest.raises(UserError, match=r"a\.png: this is not a picture that can be decoded"):
        PictureFilm(path, [path], fps=30.0)
    (tmp_path / "b.png").write_bytes(b"")
    with pytest.raises(UserError, match="none of the 2 pictures in it can be decoded"):
        PictureFilm(tmp_path, list_pictures(tmp_path), fps=30.0)
