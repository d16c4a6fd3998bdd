"""Places to stand in, drawn by formula: rooms, open air, walls of pattern, heaps of shapes. Never a person."""

import cv2
import numpy as np
from jaxtyping import Float, UInt8

# OpenCV's drawing takes pixels in eighths.
_FRACTIONS = 8


def draw_background(rng: np.random.Generator, size_px: int) -> UInt8[np.ndarray, "size_px size_px 3"]:
    """Draw one place, RGB; sharp or out of focus."""
    kinds = (_draw_room, _draw_open_air, _draw_clutter, _draw_clouds, _draw_pattern)
    draw = kinds[rng.choice(len(kinds), p=(0.35, 0.3, 0.15, 0.12, 0.08))]
    picture = draw(rng, size_px)
    if rng.random() < 0.6:
        grain = draw_noise(rng, size_px, int(rng.integers(8, 64))) - 0.5
        picture = picture * (1 + rng.uniform(0.05, 0.4) * grain[..., None])
    picture = np.clip(picture, 0, 1) * np.float32(255)
    if rng.random() < 0.5:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.5, 5)) * size_px / 256)
    return picture.astype(np.uint8)


def draw_noise(rng: np.random.Generator, size_px: int, cells: int) -> Float[np.ndarray, "size_px size_px"]:
    """Cloudy noise, 0 to 1, of four octaves from `cells` grains across the picture up."""
    total = np.zeros((size_px, size_px), np.float32)
    for octave in range(4):
        across = min(cells << octave, size_px)
        grid = rng.random((across, across), np.float32)
        total += cv2.resize(grid, (size_px, size_px), interpolation=cv2.INTER_CUBIC) * 0.55**octave
    low, high = float(total.min()), float(total.max())
    return np.clip((total - low) / max(high - low, 1e-6), 0, 1)


def _draw_room(rng: np.random.Generator, size: int) -> np.ndarray:
    horizon = int(size * rng.uniform(0.35, 0.8))
    picture = np.empty((size, size, 3), np.float32)
    picture[:] = _ramp(_pick_color(rng, 0.35), _pick_color(rng, 0.35), size)
    floor = _pick_color(rng, 0.5) * rng.uniform(0.3, 1)
    picture[horizon:] = floor
    if rng.random() < 0.6:
        _draw_floor_lines(rng, picture, horizon, floor)
    for _ in range(rng.integers(0, 5)):
        _draw_wall_piece(rng, picture, horizon)
    if rng.random() < 0.4:
        corner = int(rng.uniform(0.1, 0.9) * size)
        picture[:horizon, :corner] *= rng.uniform(0.7, 0.95)
    skirting = int(rng.integers(0, 5))
    picture[horizon - skirting : horizon] = picture[horizon - skirting : horizon] * 0.4 + 0.5
    for _ in range(rng.integers(0, 4)):
        _draw_furniture(rng, picture, horizon)
    return picture


def _draw_open_air(rng: np.random.Generator, size: int) -> np.ndarray:
    horizon = int(size * rng.uniform(0.3, 0.75))
    sky = np.array([0.45, 0.65, 0.9]) if rng.random() < 0.5 else np.array([0.75, 0.77, 0.8])
    picture = np.empty((size, size, 3), np.float32)
    picture[:] = _ramp(sky * rng.uniform(0.7, 1.05), np.clip(sky + 0.25, 0, 1), size)
    clouds = np.clip(draw_noise(rng, size, 3) * 2 - 0.9, 0, 1)[..., None] * rng.uniform(0, 0.9)
    picture += (0.95 - picture) * clouds
    skyline = float(horizon)
    for _ in range(rng.integers(0, 9)):
        left, width = rng.uniform(-0.2, 1) * size, rng.uniform(0.08, 0.4) * size
        top = skyline - rng.uniform(0.03, 0.6) * size
        wall = _pick_color(rng, 0.3) * rng.uniform(0.3, 1)
        _fill(picture, _box(left, top, left + width, skyline), wall)
        if rng.random() < 0.6:
            _draw_windows(rng, picture, left, top, width, skyline)
    grounds = ((0.3, 0.4, 0.18), (0.45, 0.44, 0.43), (0.75, 0.66, 0.48), (0.85, 0.86, 0.9), (0.35, 0.3, 0.25))
    ground = np.array(grounds[rng.integers(len(grounds))]) * rng.uniform(0.7, 1.2)
    for _ in range(rng.integers(0, 6)):
        # A tree: a crown of leaves over a trunk.
        x, reach = rng.uniform(0, size), rng.uniform(0.06, 0.25) * size
        y = horizon - reach * rng.uniform(0.8, 1.8)
        leaves = np.array([0.2, 0.35, 0.12]) * rng.uniform(0.4, 1.4, 3)
        _fill(picture, _box(x - 3, y, x + 3, float(horizon)), leaves * 0.5)
        angles = np.sort(rng.uniform(0, 2 * np.pi, 24))
        radii = reach * rng.uniform(0.6, 1.1, 24)
        _fill(picture, np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], 1), leaves)
    picture[horizon:] = ground
    texture = draw_noise(rng, size, 24)
    picture[horizon:] *= (0.7 + 0.6 * texture[horizon:])[..., None]
    picture[:horizon] *= (0.85 + 0.3 * draw_noise(rng, size, 32)[:horizon])[..., None]
    if rng.random() < 0.3:
        _draw_floor_lines(rng, picture, horizon, ground)
    return picture


def _draw_clutter(rng: np.random.Generator, size: int) -> np.ndarray:
    picture = np.empty((size, size, 3), np.float32)
    picture[:] = _ramp(_pick_color(rng, 0.6), _pick_color(rng, 0.6), size)
    for _ in range(rng.integers(8, 50)):
        center, reach = rng.uniform(0, size, 2), rng.uniform(0.02, 0.3) * size
        points = center + rng.normal(0, reach, (rng.integers(3, 7), 2))
        _fill(picture, cv2.convexHull(points.astype(np.float32))[:, 0], _pick_color(rng, 0.7))
    return picture


def _draw_clouds(rng: np.random.Generator, size: int) -> np.ndarray:
    cells = int(rng.integers(2, 16))
    shares = [draw_noise(rng, size, cells)[..., None] for _ in range(2)]
    first, second, third = (_pick_color(rng, 0.6) for _ in range(3))
    mixed = first + (second - first) * shares[0]
    return np.asarray(mixed + (third - mixed) * shares[1] * 0.7, np.float32)


def _draw_pattern(rng: np.random.Generator, size: int) -> np.ndarray:
    angle = rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)])
    row, column = np.mgrid[:size, :size].astype(np.float32)
    along, across = (
        column * np.cos(angle) + row * np.sin(angle),
        row * np.cos(angle) - column * np.sin(angle),
    )
    period = rng.uniform(0.04, 0.3) * size
    share = (along / period) % 1 < rng.uniform(0.1, 0.6)
    if rng.random() < 0.5:
        share ^= (across / period / rng.uniform(0.3, 3)) % 1 < rng.uniform(0.05, 0.5)
    first, second = _pick_color(rng, 0.6), _pick_color(rng, 0.6)
    return np.where(share[..., None], first, second).astype(np.float32)


def _draw_floor_lines(rng: np.random.Generator, picture: np.ndarray, horizon: int, floor: np.ndarray) -> None:
    size = len(picture)
    vanishing = np.array([rng.uniform(-0.3, 1.3) * size, horizon - rng.uniform(0, 0.25) * size])
    line = floor * rng.uniform(0.5, 0.9)
    ground = picture[horizon:]
    for x in np.arange(-4, 5, rng.uniform(0.08, 0.4)) * size:
        ends = np.array([vanishing, [x, size * 1.2]]) - [0, horizon]
        _draw_line(ground, ends, line)
    if rng.random() < 0.5:
        for depth in 1 / np.arange(1, 8, rng.uniform(0.4, 1)):
            y = vanishing[1] + (1.1 * size - vanishing[1]) * depth - horizon
            _draw_line(ground, np.array([[0, y], [size, y]]), line)


def _draw_wall_piece(rng: np.random.Generator, picture: np.ndarray, horizon: int) -> None:
    """A picture, a window or a door."""
    size = len(picture)
    left, width = rng.uniform(-0.1, 1) * size, rng.uniform(0.06, 0.35) * size
    top = rng.uniform(-0.1, 0.7) * horizon
    bottom = float(horizon) if rng.random() < 0.3 else top + rng.uniform(0.1, 0.5) * horizon
    frame, inside = _pick_color(rng, 0.4), _pick_color(rng, 0.6)
    _fill(picture, _box(left, top, left + width, bottom), frame)
    edge = rng.uniform(0.02, 0.15) * min(width, bottom - top)
    left, right, top, bottom = left + edge, left + width - edge, top + edge, bottom - edge
    _fill(picture, _box(left, top, right, bottom), inside)
    if rng.random() < 0.5:
        _fill(picture, rng.uniform((left, top), (right, bottom), (4, 2)), _pick_color(rng, 0.6))


def _draw_furniture(rng: np.random.Generator, picture: np.ndarray, horizon: int) -> None:
    """A box on the floor: front, side and top."""
    size = len(picture)
    left, width = rng.uniform(-0.2, 1) * size, rng.uniform(0.08, 0.4) * size
    bottom = horizon + rng.uniform(0, 0.6) * (size - horizon)
    top = bottom - rng.uniform(0.08, 0.5) * size
    color, slant = _pick_color(rng, 0.5), np.array([rng.uniform(-0.1, 0.1), -rng.uniform(0.01, 0.06)]) * size
    front = _box(left, top, left + width, bottom)
    side = front[[1, 1, 2, 2]] if slant[0] > 0 else front[[0, 0, 3, 3]]
    _fill(picture, side + np.array([[0, 0], slant, slant, [0, 0]]), color * 0.6)
    _fill(picture, front[[0, 1, 1, 0]] + np.array([[0, 0], [0, 0], slant, slant]), np.clip(color * 1.2, 0, 1))
    _fill(picture, front, color)


def _draw_windows(
    rng: np.random.Generator, picture: np.ndarray, left: float, top: float, width: float, bottom: float
) -> None:
    columns, rows = rng.integers(2, 6), rng.integers(2, 7)
    glass = _pick_color(rng, 0.3) * 0.6
    step_x, step_y = width / columns, (bottom - top) / rows
    for column in range(columns):
        for row in range(rows):
            x, y = left + (column + 0.25) * step_x, top + (row + 0.2) * step_y
            _fill(picture, _box(x, y, x + step_x / 2, y + step_y / 2), glass)


def _pick_color(rng: np.random.Generator, saturation: float) -> np.ndarray:
    """RGB about a random grey; `saturation` is how far the channels may part."""
    return np.clip(rng.uniform(0.08, 0.95) + rng.normal(0, saturation / 3, 3) * rng.random(), 0.02, 1)


def _ramp(top: np.ndarray, bottom: np.ndarray, size: int) -> np.ndarray:
    share = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    return np.asarray(top + (bottom - top) * share)


def _box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def _fill(picture: np.ndarray, corners: np.ndarray, color: np.ndarray) -> None:
    points = np.rint(corners * _FRACTIONS).astype(np.int32)
    cv2.fillPoly(picture, [points], tuple(float(c) for c in color), cv2.LINE_AA, 3)


def _draw_line(picture: np.ndarray, ends: np.ndarray, color: np.ndarray) -> None:
    start, end = ((int(x), int(y)) for x, y in np.clip(np.rint(ends), -20000, 20000))
    cv2.line(picture, start, end, tuple(float(c) for c in color), 1, cv2.LINE_AA)
