from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from reference.made_films import (
    QUARTERS,
    draw_picture,
    encode_film,
    encode_sound,
    read_quarters,
    set_display_matrix,
    zero_bytes,
)
from spsnet.assets import fetch
from spsnet.records import UserError
from spsnet.video import VideoFile

FASTSTART = {"movflags": "+faststart"}
NO_PAUSE_GOP = {"g": "10", "bf": "0", "crf": "10"}


def read(film: VideoFile) -> list[tuple[int, float, bytes]]:
    return [(frame.index, frame.time_s, frame.image_rgb.tobytes()) for frame in film.frames()]


def assert_repeatable(path: Path) -> tuple[list[int], VideoFile]:
    film = VideoFile(path)
    first = read(film)
    warnings = film.warnings
    assert read(film) == first
    assert film.warnings == warnings
    times = [time_s for _, time_s, _ in first]
    indices = [index for index, _, _ in first]
    assert np.all(np.diff(times) > 0)
    assert np.all(np.diff(indices) > 0)
    return indices, film


def test_reads_every_frame_with_its_picture_and_time(tmp_path: Path) -> None:
    film = VideoFile(encode_film(tmp_path / "film.mp4", options={"crf": "5"}))
    assert (film.info.width, film.info.height, film.info.fps, film.info.frame_count) == (160, 120, 30.0, 30)
    frames = list(film.frames())
    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.time_s for frame in frames] == pytest.approx([number / 30 for number in range(30)], abs=1e-4)
    for frame in frames:
        assert np.abs(frame.image_rgb.astype(int) - draw_picture(frame.index)).mean() < 6
    assert film.warnings == ()


def test_second_reading_may_start_before_the_first_ends(tmp_path: Path) -> None:
    film = VideoFile(encode_film(tmp_path / "film.mp4"))
    first = film.frames()
    head = [next(first).index for _ in range(3)]
    assert [frame.index for frame in film.frames()] == list(range(30))
    assert head + [frame.index for frame in first] == list(range(30))


def test_keeps_variable_frame_rate(tmp_path: Path) -> None:
    times = [0.0, 0.02, 0.1, 0.5, 0.51, 2.0]
    film = VideoFile(encode_film(tmp_path / "film.mp4", times_s=times))
    assert [frame.time_s for frame in film.frames()] == pytest.approx(times, abs=1e-4)


def test_times_count_from_the_first_frame(tmp_path: Path) -> None:
    film = VideoFile(encode_film(tmp_path / "film.mp4", times_s=[3.0, 3.1, 3.3]))
    assert [frame.time_s for frame in film.frames()] == pytest.approx([0.0, 0.1, 0.3], abs=1e-4)


@pytest.mark.parametrize("name", ["film.avi", "film.mkv", "film.ts"])
def test_other_containers_give_the_same_times(name: str, tmp_path: Path) -> None:
    film = VideoFile(encode_film(tmp_path / name, options={"bf": "2"}))
    frames = list(film.frames())
    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.time_s for frame in frames] == pytest.approx([number / 30 for number in range(30)], abs=6e-4)
    assert film.warnings == ()


@pytest.mark.parametrize(
    ("matrix", "turn_deg", "order"),
    [
        ((0, 1, -1, 0), 90, ("blue", "red", "gray", "green")),
        ((-1, 0, 0, -1), 180, ("gray", "blue", "green", "red")),
        ((0, -1, 1, 0), 270, ("green", "gray", "red", "blue")),
        ((-1, 0, 0, 1), 0, ("green", "red", "gray", "blue")),
    ],
)
def test_applies_the_rotation_flag(
    matrix: tuple[int, int, int, int], turn_deg: int, order: tuple[str, ...], tmp_path: Path
) -> None:
    path = set_display_matrix(encode_film(tmp_path / "film.mp4", times_s=[0.0], options={"crf": "5"}), *matrix)
    film = VideoFile(path)
    frame = next(film.frames())
    assert film.info.rotation_deg == turn_deg
    assert (film.info.width, film.info.height) == ((120, 160) if turn_deg in (90, 270) else (160, 120))
    assert frame.image_rgb.shape == (film.info.height, film.info.width, 3)
    assert np.allclose(read_quarters(frame.image_rgb), [QUARTERS[name] for name in order], atol=8)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "matrix"),
    [
        ("film.mp4", "libx264", "yuv420p", 1),
        ("film.mp4", "libx264", "yuv420p", 6),
        ("film.mp4", "libx264", "yuv444p", 9),
        ("film.mp4", "libx264", "yuvj420p", 1),
        ("film.mp4", "libx264", "yuv420p10le", 1),
        ("film.mkv", "ffv1", "bgra", None),
        ("film.mkv", "ffv1", "yuv422p10le", 1),
        ("film.mov", "png", "rgb48be", None),
        ("film.avi", "mjpeg", "yuvj420p", None),
    ],
)
def test_colours_of_every_pixel_format(name: str, codec: str, pix_fmt: str, matrix: int | None, tmp_path: Path) -> None:
    options = {"crf": "1"} if codec == "libx264" else {}
    path = encode_film(tmp_path / name, times_s=[0.0], codec=codec, pix_fmt=pix_fmt, matrix=matrix, options=options)
    frame = next(VideoFile(path).frames())
    assert np.allclose(read_quarters(frame.image_rgb), list(QUARTERS.values()), atol=6)
    assert frame.image_rgb.flags.c_contiguous


def test_gray_film(tmp_path: Path) -> None:
    path = encode_film(tmp_path / "film.mkv", times_s=[0.0], codec="ffv1", pix_fmt="gray")
    colours = read_quarters(next(VideoFile(path).frames()).image_rgb)
    assert np.allclose(colours[3], 128, atol=3)
    assert all(max(colour) - min(colour) <= 1 for colour in colours)


@pytest.mark.parametrize(("size", "matrix"), [((160, 120), 6), ((1280, 720), 1)])
def test_untagged_film_is_bt601_when_small_and_bt709_when_large(
    size: tuple[int, int], matrix: int, tmp_path: Path
) -> None:
    path = encode_film(tmp_path / "film.mkv", times_s=[0.0], codec="ffv1", size=size, matrix=matrix, tagged=False)
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).colorspace == 2
    assert np.allclose(read_quarters(next(VideoFile(path).frames()).image_rgb), list(QUARTERS.values()), atol=6)


def test_odd_size(tmp_path: Path) -> None:
    path = encode_film(tmp_path / "film.mkv", times_s=[0.0, 0.1], codec="ffv1", size=(161, 121))
    film = VideoFile(path)
    assert (film.info.width, film.info.height) == (161, 121)
    assert next(film.frames()).image_rgb.shape == (121, 161, 3)


def test_one_frame(tmp_path: Path) -> None:
    indices, film = assert_repeatable(encode_film(tmp_path / "film.mp4", times_s=[0.0]))
    assert indices == [0]
    assert film.info.frame_count == 1


def test_stretches_pixels_that_are_not_square(tmp_path: Path) -> None:
    film = VideoFile(encode_film(tmp_path / "film.mp4", times_s=[0.0], sample_aspect=Fraction(4, 3)))
    assert next(film.frames()).image_rgb.shape == (120, 213, 3)
    assert film.info.width == 213
    list(film.frames())
    assert film.warnings == ("the pixels are not square: pictures stretched from 160 to 213 pixels in width",)


def test_film_cut_off_in_the_middle(tmp_path: Path) -> None:
    path = encode_film(tmp_path / "film.mp4", options=NO_PAUSE_GOP, container_options=FASTSTART)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2])
    indices, film = assert_repeatable(path)
    assert indices == list(range(len(indices)))
    assert 10 <= len(indices) < 25
    expected = f"the film is cut off or damaged: its header says 30 frames, {len(indices)} could be read"
    assert expected in film.warnings


def test_damage_in_the_middle_leaves_out_frames_and_their_numbers(tmp_path: Path) -> None:
    path = encode_film(tmp_path / "film.mp4", options=NO_PAUSE_GOP, container_options=FASTSTART)
    whole = read(VideoFile(path))
    indices, film = assert_repeatable(zero_bytes(path, 0.4, 0.6))
    assert set(indices) < set(range(30))
    assert {0, 29} <= set(indices)
    lost = sorted(set(range(30)) - set(indices))
    assert film.warnings[0].startswith(f"frames {lost[0]} to ")
    assert film.warnings[0].endswith(" could not be decoded")
    for index, time_s, image in read(film):
        assert time_s == whole[index][1]
        if index < lost[0] - 1:
            assert image == whole[index][2]


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts", "film.avi"])
@pytest.mark.parametrize("seed", range(4))
def test_random_damage_never_fails_and_repeats(name: str, seed: int, tmp_path: Path) -> None:
    options = {"movflags": "+faststart"} if name.endswith("mp4") else {}
    path = encode_film(tmp_path / name, options={"g": "8"}, container_options=options)
    data, random = bytearray(path.read_bytes()), np.random.default_rng(seed)
    for place in random.integers(len(data) // 4, len(data), 12):
        data[place] ^= int(random.integers(1, 256))
    path.write_bytes(data)
    indices, _ = assert_repeatable(path)
    assert indices


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"just some words\n" * 100, "not a video file that can be read; convert it"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + b"\0\0\x10\0mdat" + bytes(5000), "cut off before its index"),
    ],
)
def test_refuses_what_is_not_a_film(content: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"film.mp4: .*{sentence}"):
        VideoFile(path)


def test_file_that_goes_away_between_two_readings(tmp_path: Path) -> None:
    film = VideoFile(encode_film(tmp_path / "film.mp4"))
    film.info.path.unlink()
    with pytest.raises(UserError, match=r"film\.mp4: the file is gone; put it back"):
        next(film.frames())


def test_refuses_sound_only(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"voice\.m4a: the file holds sound only"):
        VideoFile(encode_sound(tmp_path / "voice.m4a"))


def test_refuses_a_film_without_one_good_frame(tmp_path: Path) -> None:
    path = zero_bytes(encode_film(tmp_path / "film.mp4", container_options=FASTSTART), 0.0, 1.0)
    with pytest.raises(UserError, match=r"film\.mp4: not one frame could be decoded"):
        VideoFile(path)


@pytest.mark.parametrize(
    ("name", "frames", "size", "fps"),
    [
        ("footage-sports2d", 230, (1768, 994), 30.0),
        ("footage-pose2sim-single-cam01", 100, (1080, 1920), 60.0),
        ("footage-pose2sim-multi-cam02", 100, (1088, 1920), 60.0),
        ("footage-vtest", 795, (768, 576), 10.0),
    ],
)
def test_real_footage(name: str, frames: int, size: tuple[int, int], fps: float) -> None:
    film = VideoFile(fetch(name))
    assert (film.info.width, film.info.height, film.info.fps, film.info.frame_count) == (*size, fps, frames)
    with av.open(str(film.info.path)) as container:
        assert sum(packet.size > 0 for packet in container.demux(video=0)) == frames
    indices, times = zip(*((frame.index, frame.time_s) for frame in film.frames()), strict=True)
    assert indices == tuple(range(frames))
    assert times == pytest.approx([number / fps for number in range(frames)], abs=1e-4)
    assert film.warnings == ()
